using System.Data.Common;
using System.Formats.Cbor;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Org.BouncyCastle.Crypto.Digests;
using ShantingEId.V1;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>
/// An independent reader of the register: plain SQL that SQLite and PostgreSQL both understand, its own SM3 and its own reading of the manifest. It shares
/// nothing with the store but the database's layout, so that a mistake of the store is not repeated here.
/// </summary>
public sealed partial class RegisterAudit : IDisposable
{
    private const string Actor = "staff";
    private readonly List<string> problems = [];
    private readonly DbConnection database;

    /// <summary>Reads the register in a file.</summary>
    public RegisterAudit(string path)
        : this(new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString()))
    {
    }

    /// <summary>Reads the register behind a connection, and closes it at the end.</summary>
    public RegisterAudit(DbConnection database)
    {
        this.database = database;
        database.Open();
    }

    /// <summary>The newest row; a later check may start after it.</summary>
    public long NewestRow => Number(Rows("SELECT coalesce(max(id), 0) FROM issued_set").Single()[0]);

    /// <summary>Sets in the register.</summary>
    public long Sets => Number(Rows("SELECT count(*) FROM issued_set").Single()[0]);

    /// <summary>Deeds of the log whose request ids begin so.</summary>
    public long Acts(string prefix) => Number(Rows("SELECT count(*) FROM act WHERE request_id LIKE @prefix", ("@prefix", prefix + "%")).Single()[0]);

    /// <summary>How many of these requests have an answer in the register.</summary>
    public int CountReplies(IEnumerable<string> requestIds) =>
        requestIds.Count(id => Rows("SELECT 1 FROM reply WHERE request_id = @request", ("@request", id)).Count == 1);

    /// <summary>Everything, against every acknowledgement.</summary>
    public static IReadOnlyList<string> CheckAll(string path, IReadOnlyCollection<Ack> acks)
    {
        using var audit = new RegisterAudit(path);
        return audit.Check(acks, afterRow: 0, whole: true);
    }

    /// <summary>Everything behind a connection, against every acknowledgement.</summary>
    public static IReadOnlyList<string> CheckAll(DbConnection database, IReadOnlyCollection<Ack> acks)
    {
        using var audit = new RegisterAudit(database);
        return audit.Check(acks, afterRow: 0, whole: true);
    }

    /// <summary>Compares the register with what clients were told.</summary>
    /// <param name="acks">Acknowledgements to find.</param>
    /// <param name="afterRow">Sets up to this row were read before and are not read again.</param>
    /// <param name="whole">Also what needs every row: duplicates, and SQLite's own check of the file.</param>
    public IReadOnlyList<string> Check(IReadOnlyCollection<Ack> acks, long afterRow, bool whole)
    {
        try
        {
            CheckAcks(acks);
            CheckCounts(afterRow);
            CheckBytes(afterRow);
            CheckTrades(afterRow);
            if (whole)
            {
                CheckWholeFile();
                CheckPermitsOfAll();
            }
        }
        catch (Exception error) when (error is DbException or InvalidCastException)
        {
            problems.Add("the register cannot be read: " + error.Message);
        }

        return problems;
    }

    /// <summary>Licences whose recorded times do not rise with their places in the feed.</summary>
    public IReadOnlyList<string> TimesThatGoBack() =>
        [.. Rows(
            """
            SELECT s.license_id || ' at ' || b.position FROM feed a JOIN feed b ON b.set_id = a.set_id AND b.position > a.position JOIN issued_set s ON s.id = a.set_id
            WHERE b.recorded_time < a.recorded_time OR b.state_effective < a.state_effective
            """).Select(row => (string)row[0])];

    public void Dispose() => database.Dispose();

    private void CheckAcks(IReadOnlyCollection<Ack> acks)
    {
        CheckOneAnswer(acks);
        // The log has no index by request, so it is read once.
        var log = Rows("SELECT request_id, deed, set_id FROM act WHERE actor = @actor", ("@actor", Actor)).ToLookup(row => (string)row[0]);
        foreach (var ack in acks)
        {
            var rows = Rows(
                """
                SELECT s.id, s.manifest_digest, s.state, r.reply FROM reply r JOIN issued_set s ON s.license_id = @license
                WHERE r.actor = @actor AND r.request_id = @request
                """, ("@license", ack.LicenseId), ("@actor", Actor), ("@request", ack.RequestId));
            if (rows.Count != 1)
            {
                problems.Add($"acked {ack.Deed} of {ack.LicenseId} has {rows.Count} sets with a reply");
                continue;
            }

            var (set, digest, state) = (Number(rows[0][0]), Convert.ToHexStringLower((byte[])rows[0][1]), Number(rows[0][2]));
            var (isChange, deed) = (ack.Deed is "ChangeRegistration" or "ChangeTradeLicense", ack.Deed == "IssueTradeLicense" ? "IssueSet" : ack.Deed);
            var reply = ack.Deed == "ChangeRegistration" ? ChangeRegistrationResponse.Parser.ParseFrom((byte[])rows[0][3]).IssuedSet : IssuedSet.Parser.ParseFrom((byte[])rows[0][3]);
            // A change stands there twice, for the set that begins and for the one that ends; taken back, for the one that never begins and for the one that stays.
            var (isWithdrawal, acts) = (ack.Deed == "WithdrawChange", log[ack.RequestId].Select(act => (Deed: (string)act[1], Set: Number(act[2]))).ToList());
            if (!acts.Remove((deed, set)) || acts.Count != (isChange || isWithdrawal ? 1 : 0) || acts.Any(act => act.Deed != (isWithdrawal ? deed : "Supersede") || act.Set == set))
            {
                problems.Add($"acked {ack.Deed} of {ack.LicenseId} does not stand in the log once");
            }

            if (digest != ack.Digest || (ack.Deed == "RevokeSet" && state != 2))
            {
                problems.Add($"acked {ack.Deed} of {ack.LicenseId} is recorded with state {state} and digest {digest}");
            }

            if (reply.License.LicenseId != ack.LicenseId || Convert.ToHexStringLower(reply.ManifestDigest.Span) != ack.Digest
                || !States(ack.Deed).Contains(reply.State))
            {
                problems.Add($"the stored reply to {ack.Deed} of {ack.LicenseId} is another");
            }

            CheckPermitAck(ack, set, reply);
        }
    }

    // What was prepared waits for its time.
    private static IssuedSet.Types.State[] States(string deed) => deed switch
    {
        "RevokeSet" => [IssuedSet.Types.State.Revoked],
        "ChangeRegistration" => [IssuedSet.Types.State.Active, IssuedSet.Types.State.Scheduled],
        _ => [IssuedSet.Types.State.Active],
    };

    private void CheckOneAnswer(IReadOnlyCollection<Ack> acks)
    {
        foreach (var twice in acks.GroupBy(ack => ack.RequestId).Where(group => group.Distinct().Count() != 1))
        {
            problems.Add($"request {twice.Key} was answered in two ways");
        }
    }

    // One entry of feed and log for the beginning of a set and one more for its end, and an answer for each. Every set here was issued or
    // took another's place, and then was revoked or replaced, or neither. What was done to single permits, and what was prepared and taken back, is counted by itself.
    private void CheckCounts(long afterRow)
    {
        Complain(afterRow, "does not stand in the feed once for each state",
            """
            SELECT s.license_id FROM issued_set s LEFT JOIN feed f ON f.set_id = s.id AND f.permit = '' WHERE s.id > @after AND NOT EXISTS (SELECT 1 FROM act w WHERE w.set_id = s.id AND w.deed = 'WithdrawChange') GROUP BY s.id, s.license_id, s.state
            HAVING count(f.position) <> CASE s.state WHEN 1 THEN 1 ELSE 2 END OR count(CASE WHEN f.state = 1 THEN 1 END) <> 1
              OR count(CASE WHEN f.state = s.state THEN 1 END) <> 1 OR max(f.state) <> s.state OR s.state NOT IN (1, 2, 3)
            """);
        Complain(afterRow, "does not stand in the log once for each deed",
            """
            SELECT s.license_id FROM issued_set s LEFT JOIN act a ON a.set_id = s.id AND a.deed NOT LIKE '%Permit' WHERE s.id > @after AND NOT EXISTS (SELECT 1 FROM act w WHERE w.set_id = s.id AND w.deed = 'WithdrawChange') GROUP BY s.id, s.license_id, s.state
            HAVING count(CASE WHEN a.deed IN ('IssueSet', 'ChangeRegistration', 'ChangeTradeLicense') THEN 1 END) <> 1
              OR count(CASE WHEN a.deed = 'RevokeSet' THEN 1 END) <> CASE s.state WHEN 2 THEN 1 ELSE 0 END
              OR count(CASE WHEN a.deed = 'Supersede' THEN 1 END) <> CASE s.state WHEN 3 THEN 1 ELSE 0 END OR count(a.id) <> CASE s.state WHEN 1 THEN 1 ELSE 2 END
            """);
        Complain(afterRow, "was prepared and taken back, and does not stand there so: one that never began, and one that is in force as before",
            """
            SELECT s.license_id FROM issued_set s WHERE s.id > @after AND (s.state = 7 OR EXISTS (SELECT 1 FROM act w WHERE w.set_id = s.id AND w.deed = 'WithdrawChange'))
              AND (SELECT count(*) FROM feed f WHERE f.set_id = s.id AND (f.state IN (1, 3) AND s.state = 1 OR f.state IN (1, 7) AND s.state = 7)) <> CASE s.state WHEN 1 THEN 3 WHEN 7 THEN 2 ELSE -1 END
            """);
        Complain(afterRow, "was replaced, and not by the version after it at the same instant",
            """
            SELECT s.license_id FROM issued_set s LEFT JOIN issued_set n ON n.credit_code = s.credit_code AND n.version = s.version + 1
            WHERE s.id > @after AND s.state = 3 AND (n.id IS NULL OR n.start_time <> s.state_effective)
            """);
        Complain(afterRow, "has seals in use that its successor renewed, or has none that were",
            """
            SELECT s.license_id FROM issued_set s WHERE s.id > @after AND
              (SELECT count(*) FROM seal c JOIN issued_set n ON n.id = c.replaced_by WHERE c.set_id = s.id AND n.version = s.version + 1) <> CASE WHEN s.state = 3 AND length(s.credit_code) = 18 THEN 4 ELSE 0 END
            """);
        Complain(afterRow, "has a deed without exactly one reply",
            """
            SELECT s.license_id FROM issued_set s JOIN act a ON a.set_id = s.id
            WHERE s.id > @after AND (SELECT count(*) FROM reply r WHERE r.actor = a.actor AND r.request_id = a.request_id) <> 1
            """);
    }

    private void CheckBytes(long afterRow)
    {
        foreach (var row in Rows("SELECT id, license_id, credit_code, manifest, manifest_digest FROM issued_set WHERE id > @after", ("@after", afterRow)))
        {
            var (license, manifest) = ((string)row[1], (byte[])row[3]);
            if (!Sm3(manifest).AsSpan().SequenceEqual((byte[])row[4]))
            {
                problems.Add($"{license}: manifest digest does not fit the manifest");
            }

            // Every set of a company has a new name here, and so four seals of its own; a comprehensive licence has none, but permits.
            var stored = Rows("SELECT kind, seal_code, ses_seal FROM seal WHERE set_id = @set ORDER BY kind", ("@set", row[0]))
                .Select(seal => $"{seal[0]} {seal[1]} {Convert.ToHexStringLower(Sm3((byte[])seal[2]))}");
            try
            {
                var (id, holder, seals, permits) = ReadManifest(manifest);
                var borne = Rows("SELECT number FROM permit WHERE set_id = @set", ("@set", row[0])).Select(permit => (string)permit[0]).Order(StringComparer.Ordinal);
                if (id != license || holder != ((string)row[2])[..HolderDigits] || !seals.SequenceEqual(stored) || !permits.Order(StringComparer.Ordinal).SequenceEqual(borne))
                {
                    problems.Add($"{license}: the manifest names other seals or permits, another licence or another company");
                }
            }
            catch (Exception error) when (error is CborContentException or InvalidOperationException)
            {
                problems.Add($"{license}: manifest is not readable");
            }
        }
    }

    private void CheckWholeFile()
    {
        // The rows themselves are asked, not the unique indexes that forbid the duplicates: an empty text in front takes the
        // index out of the question in both dialects, and so does in SQLite for the last doubt.
        Complain(0, "occurs twice (seal code)", "SELECT min(seal_code) FROM seal WHERE id > @after GROUP BY seal_code || '' HAVING count(*) > 1");
        Complain(0, "occurs twice (licence)", "SELECT min(license_id) FROM issued_set WHERE id > @after GROUP BY license_id || '' HAVING count(*) > 1");
        Complain(0, "occurs twice (company and version)", "SELECT min(credit_code) FROM issued_set WHERE id > @after GROUP BY credit_code || '', version + 0 HAVING count(*) > 1");
        Complain(0, "occurs twice (place in the status lists)", "SELECT min(license_id) FROM issued_set WHERE id > @after GROUP BY status_list + 0, status_index + 0 HAVING count(*) > 1");
        Complain(0, "has two sets in force", "SELECT min(credit_code) FROM issued_set WHERE id > @after AND state + 0 = 1 GROUP BY credit_code || '' HAVING count(*) > 1");
        Complain(0, "is a reply without a deed",
            """
            SELECT r.request_id FROM reply r LEFT JOIN act a ON a.actor = r.actor AND a.request_id = r.request_id
            LEFT JOIN incident_event i ON i.actor = r.actor AND i.request_id = r.request_id
            LEFT JOIN seal_grant g ON g.granted_by = r.actor AND g.grant_request = r.request_id WHERE r.id > @after AND a.id IS NULL AND i.id IS NULL AND g.number IS NULL
              AND NOT EXISTS (SELECT 1 FROM case_file c WHERE c.opened_by = r.actor AND c.open_request = r.request_id)
              AND NOT EXISTS (SELECT 1 FROM case_event e WHERE e.asked_by = r.actor AND e.request_id = r.request_id)
              AND NOT EXISTS (SELECT 1 FROM deregistration_event d WHERE d.actor = r.actor AND d.request_id = r.request_id)
            """);
        Complain(0, "is a seal without a set", "SELECT seal_code FROM seal WHERE id > @after AND set_id NOT IN (SELECT id FROM issued_set)");
        Complain(0, "is a feed entry without a set", "SELECT 'feed ' || position FROM feed WHERE position > @after AND set_id NOT IN (SELECT id FROM issued_set)");
        CheckIntegrity();
    }

    private void CheckIntegrity()
    {
        if (database is SqliteConnection && Rows("PRAGMA integrity_check") is not [["ok"]])
        {
            problems.Add("integrity_check failed");
        }
    }

    private void Complain(long afterRow, string what, string sql) =>
        problems.AddRange(Rows(sql, ("@after", afterRow)).Select(row => $"{row[0]} {what}"));

    // The two databases count in integers of different widths.
    private static long Number(object value) => Convert.ToInt64(value, CultureInfo.InvariantCulture);

    private List<object[]> Rows(string sql, params (string Name, object Value)[] parameters)
    {
        using var command = database.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
        }

        using var reader = command.ExecuteReader();
        var rows = new List<object[]>();
        while (reader.Read())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add(row);
        }

        return rows;
    }

    // COSE_Sign1 around the map { 1 form, 2 environment, 3 licence { 1 id, 2 credit code, ... }, 4 seals [[kind, code, digest]],
    // 5 trade [code, name, premises, permits [[code, name, number, ...]]] }.
    private static (string Id, string Holder, List<string> Seals, List<string> Permits) ReadManifest(byte[] bytes)
    {
        var envelope = new CborReader(bytes);
        envelope.ReadTag();
        envelope.ReadStartArray();
        envelope.SkipValue();
        envelope.SkipValue();
        var map = new CborReader(envelope.ReadByteString());
        string id = "", holder = "";
        var (seals, permits) = (new List<string>(), new List<string>());
        for (var fields = map.ReadStartMap()!.Value; fields > 0; fields--)
        {
            switch (map.ReadInt32())
            {
                case 3:
                    for (var left = map.ReadStartMap()!.Value; left > 0; left--)
                    {
                        var key = map.ReadInt32();
                        (id, holder) = key switch { 1 => (map.ReadTextString(), holder), 2 => (id, map.ReadTextString()), _ => (id, holder) };
                        if (key > 2)
                        {
                            map.SkipValue();
                        }
                    }

                    map.ReadEndMap();
                    break;
                case 4:
                    for (var left = map.ReadStartArray()!.Value; left > 0; left--)
                    {
                        map.ReadStartArray();
                        seals.Add($"{map.ReadInt32()} {map.ReadTextString()} {Convert.ToHexStringLower(map.ReadByteString())}");
                        map.ReadEndArray();
                    }

                    map.ReadEndArray();
                    break;
                case 5:
                    permits.AddRange(ReadNumbers(map));
                    break;
                default:
                    map.SkipValue();
                    break;
            }
        }

        return (id, holder, seals, permits);
    }

    private static byte[] Sm3(byte[] bytes)
    {
        var digest = new SM3Digest();
        digest.BlockUpdate(bytes);
        var result = new byte[digest.GetDigestSize()];
        digest.DoFinal(result);
        return result;
    }
}
