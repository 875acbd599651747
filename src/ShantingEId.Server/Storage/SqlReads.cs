using System.Data.Common;
using System.Globalization;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Server.Journal;
using ShantingEId.Trades;

namespace ShantingEId.Server.Storage;

/// <summary>Everything that is read of the register, in the SQL that SQLite and PostgreSQL share.</summary>
internal static class SqlReads
{
    // The state at an instant: of the changes that had taken effect by then the one recorded last. A change that was recorded for
    // its own time counts for "now" as soon as it is seen: the clock of who reads may be behind that of who wrote.
    private const string Asked = "@at";
    private const string Now = "@at OR {0} <= {1}";

    private static readonly Dictionary<(RegisterKeyKind, bool IsNow), string> Entries = new[] { true, false }
        .SelectMany(isNow => Enum.GetValues<RegisterKeyKind>().Select(kind => (kind, isNow))).ToDictionary(key => key, key => EntryStatement(key.kind, key.isNow));

    /// <summary>Where the register stands in its journal.</summary>
    public static async ValueTask<JournalHead> JournalHeadAsync(SqlSession session)
    {
        await using var row = await session.QueryAsync(new Sql("SELECT journal, journal_digest, epoch, position FROM feed_head"));
        await row.ReadAsync();
        return new JournalHead(row.GetInt64(0), row.GetFieldValue<byte[]>(1), row.GetInt64(2), row.GetInt64(3));
    }

    /// <summary>Reads one entry, in one statement, which is one snapshot.</summary>
    /// <param name="session">Where.</param>
    /// <param name="key">What is asked for.</param>
    /// <param name="time">The instant asked about; the time of reading when it is now.</param>
    /// <param name="isNow">Whether it is now.</param>
    /// <param name="asOf">When the reading began.</param>
    /// <param name="cancel">Gives up.</param>
    public static async ValueTask<Reading> FindEntryAsync(SqlSession session, RegisterKey key, DateTimeOffset time, bool isNow, DateTimeOffset asOf, CancellationToken cancel)
    {
        object value = key.Kind == RegisterKeyKind.Manifest ? Convert.FromHexString(key.Value) : key.Value;
        await using var row = await session.QueryAsync(new Sql(Entries[(key.Kind, isNow)], ("@key", value), ("@at", time.ToUnixTimeMilliseconds())), cancel);
        if (!await row.ReadAsync(cancel))
        {
            return new Reading(null, asOf, 0);
        }

        var (start, newest) = (Time(row.GetInt64(11)), Time(row.GetInt64(12)));
        var began = !row.IsDBNull(5);
        var state = began ? State(row, 5) : new StateRecord(SetState.Scheduled, start, Time(row.GetInt64(13)), "", "");
        // At most one change waits for its time, and it is the newest.
        DateTimeOffset? until = !isNow ? null : !began ? start : newest > time && newest > state.EffectiveTime ? newest : null;
        var entry = new RegisterEntry(LicenseId.Parse(row.GetString(0)), row.GetFieldValue<byte[]>(1), Digest(row.GetFieldValue<byte[]>(2)), row.GetString(3),
            Typed(row.GetString(4)), state, until);
        var position = row.GetInt64(14);
        if (entry.LicenseId.IsTradeLicense)
        {
            // A second snapshot, taken later: what it knows beyond the position does no harm, and the feed will tell of it once more.
            await row.DisposeAsync();
            entry = entry with { PermitEvents = await PermitRows.EventsAsync(session, entry.LicenseId.Serial, cancel) };
        }

        return new Reading(entry, asOf, position);
    }

    private static string EntryStatement(RegisterKeyKind kind, bool isNow)
    {
        string By(string effective, string recorded) => string.Format(CultureInfo.InvariantCulture, isNow ? Now : Asked, effective, recorded);
        var where = kind switch
        {
            RegisterKeyKind.Manifest => "s.manifest_digest = @key",
            RegisterKeyKind.TypedCode => "s.typed_code = @key",
            RegisterKeyKind.License => "s.license_id = @key",
            // The newest that has taken force; one that was prepared and taken back never does.
            _ => $"""
                s.id = (SELECT c.id FROM issued_set c WHERE c.credit_code = @key AND c.state <> 7 AND (c.start_time <= {By("c.start_time", "c.start_recorded")})
                  ORDER BY c.start_time DESC, c.version DESC LIMIT 1)
                """,
        };
        return $"""
            SELECT s.license_id, s.manifest, s.manifest_digest, s.license_code, s.typed_code,
              f.state, f.state_effective, f.recorded_time, f.state_reason, f.state_decided_by, f.state_successor,
              s.start_time, s.state_effective, s.start_recorded, (SELECT position FROM feed_head)
            FROM issued_set s LEFT JOIN feed f ON f.position =
              (SELECT max(g.position) FROM feed g WHERE g.set_id = s.id AND g.permit = '' AND (g.state_effective <= {By("g.state_effective", "g.recorded_time")}))
            WHERE {where}
            """;
    }

    /// <summary>What is known of a seal; null when there is none of this code.</summary>
    public static async ValueTask<SealEntry?> FindSealAsync(SqlSession session, SealCode code, CancellationToken cancel)
    {
        await using var row = await session.QueryAsync(new Sql(
            """
            SELECT m.credit_code, m.license_id, 3, f.state_effective, f.recorded_time, f.state_reason, f.state_decided_by, r.license_id
            FROM seal c JOIN issued_set m ON m.id = c.set_id LEFT JOIN issued_set r ON r.id = c.replaced_by
            LEFT JOIN feed f ON f.position = (SELECT min(g.position) FROM feed g WHERE g.set_id = r.id)
            WHERE c.seal_code = @code
            """, ("@code", code.Value)), cancel);
        return await row.ReadAsync(cancel)
            ? new SealEntry(CreditCode.Parse(row.GetString(0)), LicenseId.Parse(row.GetString(1)), row.IsDBNull(7) ? null : State(row, 2)) : null;
    }

    /// <summary>Everything recorded about the versions of a licence, in its order.</summary>
    public static async ValueTask<IReadOnlyList<StatedEntry>> HistoryAsync(SqlSession session, string serial, CancellationToken cancel)
    {
        var history = new List<StatedEntry>();
        await using var row = await session.QueryAsync(new Sql(
            """
            SELECT s.license_id, f.position, f.state, f.state_effective, f.recorded_time, f.state_reason, f.state_decided_by, f.state_successor
            FROM issued_set s JOIN feed f ON f.set_id = s.id WHERE s.credit_code = @serial AND f.permit = '' ORDER BY f.position
            """, ("@serial", serial)), cancel);
        while (await row.ReadAsync(cancel))
        {
            history.Add(new StatedEntry(LicenseId.Parse(row.GetString(0)), State(row, 2), row.GetInt64(1)));
        }

        return history;
    }

    public static async ValueTask<StoredReply?> FindReplyAsync(SqlSession session, string actor, string requestId, CancellationToken cancel)
    {
        await using var row = await session.QueryAsync(new Sql(
            "SELECT content_digest, reply, position FROM reply WHERE actor = @actor AND request_id = @request", ("@actor", actor), ("@request", requestId)), cancel);
        return await row.ReadAsync(cancel) ? new StoredReply(row.GetFieldValue<byte[]>(0), row.GetFieldValue<byte[]>(1), row.GetInt64(2)) : null;
    }

    /// <summary>The statement for <see cref="ReadFeedAsync"/>: one statement is one snapshot, of the head, the changes and what else the store adds.</summary>
    /// <param name="membership">1 while the replica <c>@member</c> is a member.</param>
    /// <param name="clock">The store's own time in Unix milliseconds, or NULL.</param>
    public static string FeedStatement(string membership, string clock) =>
        $"""
        SELECT h.position, {membership}, {clock}, c.* FROM feed_head h LEFT JOIN (
          SELECT f.position AS place, s.license_id, f.permit, s.manifest_digest, s.typed_code,
            f.state, f.state_effective, f.recorded_time, f.state_reason, f.state_decided_by, f.state_successor,
            CASE WHEN f.recorded_time = s.start_recorded AND f.state_effective = s.start_time THEN 1 ELSE 0 END
          FROM feed f JOIN issued_set s ON s.id = f.set_id WHERE f.position > @after ORDER BY f.position LIMIT @limit
        ) c ON 1 = 1 ORDER BY c.place
        """;

    public static async ValueTask<FeedPage> ReadFeedAsync(SqlSession session, string statement, string member, long after, int limit, CancellationToken cancel)
    {
        await using var row = await session.QueryAsync(new Sql(statement, ("@member", member), ("@after", after), ("@limit", (long)limit)), cancel);
        var page = new FeedPage([], 0, false, null);
        var changes = new List<FeedChange>();
        while (await row.ReadAsync(cancel))
        {
            page = new FeedPage(changes, row.GetInt64(0), row.GetInt64(1) == 1, row.IsDBNull(2) ? null : Time(row.GetInt64(2)));
            if (!row.IsDBNull(3))
            {
                var (id, state) = (LicenseId.Parse(row.GetString(4)), State(row, 8));
                var permit = row.GetString(5) is { Length: > 0 } number
                    ? new PermitEvent(number, (PermitState)state.State, state.EffectiveTime, state.RecordedTime, state.Reason, state.DecidedBy) : null;
                changes.Add(new FeedChange(row.GetInt64(3), id, id.Holder, Digest(row.GetFieldValue<byte[]>(6)), Typed(row.GetString(7)), state, permit is null && row.GetInt32(14) == 1, permit));
            }
        }

        return page;
    }

    public static async ValueTask<IssuedSet?> LoadSetAsync(SqlSession session, LicenseId id, CancellationToken cancel)
    {
        byte[] manifestBytes;
        string code, typed;
        StatusReference status;
        await using (var row = await session.QueryAsync(new Sql(
            "SELECT manifest, license_code, typed_code, status_list, status_index FROM issued_set WHERE license_id = @key", ("@key", id.ToString())), cancel))
        {
            if (!await row.ReadAsync(cancel))
            {
                return null;
            }

            (manifestBytes, code, typed) = (row.GetFieldValue<byte[]>(0), row.GetString(1), row.GetString(2));
            status = new StatusReference(row.GetInt32(3), row.GetInt32(4));
        }

        if (!Envelope.TryParse(manifestBytes, out var envelope) || !Manifest.TryRead(envelope, out var manifest))
        {
            throw new EidException(ErrorReason.InternalFault, "登记簿中的清单无法读取");
        }

        if (manifest.Seals.Count == 0)
        {
            return new IssuedSet(manifest.License, SealSet.None, manifestBytes, code, Typed(typed), status);
        }

        // Which seals belong to a set is signed: those that its manifest names, made for it or for an earlier one.
        var seals = new List<IssuedSeal>();
        await using (var row = await session.QueryAsync(new Sql("SELECT kind, seal_code, ses_seal, certificate FROM seal WHERE seal_code IN (@one, @two, @three, @four)",
            ("@one", manifest.Seals[0].Code.Value), ("@two", manifest.Seals[1].Code.Value), ("@three", manifest.Seals[2].Code.Value), ("@four", manifest.Seals[3].Code.Value)), cancel))
        {
            while (await row.ReadAsync(cancel))
            {
                // Private keys stay behind: nobody who reads a set needs them.
                seals.Add(new IssuedSeal((SealKind)row.GetInt32(0), SealCode.Parse(row.GetString(1)), SesSeal.Parse(row.GetFieldValue<byte[]>(2)),
                    Sm2Certificate.Parse(row.GetFieldValue<byte[]>(3)), []));
            }
        }

        return new IssuedSet(manifest.License, SealSet.Create(seals), manifestBytes, code, Typed(typed), status);
    }

    private static StateRecord State(DbDataReader row, int at) =>
        new((SetState)row.GetInt32(at), Time(row.GetInt64(at + 1)), Time(row.GetInt64(at + 2)), row.GetString(at + 3), row.GetString(at + 4),
            row.GetString(at + 5) is { Length: > 0 } successor ? LicenseId.Parse(successor) : null);

    private static ManifestDigest Digest(byte[] bytes) =>
        ManifestDigest.FromBytes(bytes) ?? throw new EidException(ErrorReason.InternalFault, "登记簿中的清单摘要无法读取");

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static TypedCode Typed(string text) =>
        TypedCode.TryParse(text, out var code) ? code : throw new EidException(ErrorReason.InternalFault, "登记簿中的校验短码无法读取");
}
