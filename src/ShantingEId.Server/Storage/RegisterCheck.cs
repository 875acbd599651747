using Microsoft.Data.Sqlite;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Server.Authority;
using ShantingEId.Verifying;

namespace ShantingEId.Server.Storage;

/// <summary>Something in the register that is not as it must be.</summary>
/// <param name="Subject">The licence, or what else is at fault.</param>
/// <param name="Problem">What is wrong, in Chinese.</param>
public sealed record RegisterProblem(string Subject, string Problem);

/// <summary>
/// Rechecks the whole register from its bytes: file, rows, every signature, every digest, every private key. Reads one
/// snapshot and writes nothing, so it may run beside a working server.
/// </summary>
public static class RegisterCheck
{
    // Each finds what must not exist; joins and not subqueries, so that SQLite builds an index once instead of searching each time.
    private static readonly (string Problem, string Sql)[] Rules =
    [
        ("印章不是恰好四枚", "SELECT s.license_id FROM issued_set s LEFT JOIN seal c ON c.set_id = s.id GROUP BY s.id HAVING count(DISTINCT c.kind) <> 4 OR count(c.id) <> 4"),
        ("变更流与状态不符",
            """
            SELECT s.license_id FROM issued_set s LEFT JOIN feed f ON f.set_id = s.id GROUP BY s.id
            HAVING count(f.position) <> s.state OR sum(f.state = 1) <> 1 OR max(f.state) <> s.state
            """),
        ("操作记录与状态不符",
            """
            SELECT s.license_id FROM issued_set s LEFT JOIN act a ON a.set_id = s.id GROUP BY s.id
            HAVING count(a.id) <> s.state OR sum(a.deed = 'IssueSet') <> 1 OR sum(a.deed = 'RevokeSet') <> (s.state = 2)
            """),
        ("状态未知或时间颠倒", "SELECT license_id FROM issued_set WHERE state NOT IN (1, 2) OR state_effective < issue_time OR state_recorded < state_effective"),
        ("操作没有留存答复", "SELECT s.license_id FROM act a JOIN issued_set s ON s.id = a.set_id LEFT JOIN reply r ON r.actor = a.actor AND r.request_id = a.request_id WHERE r.id IS NULL"),
        ("答复没有对应的操作", "SELECT r.request_id FROM reply r LEFT JOIN act a ON r.actor = a.actor AND r.request_id = a.request_id WHERE a.id IS NULL"),
        ("引用不存在的行", "SELECT \"table\" || ' ' || rowid FROM pragma_foreign_key_check"),
        ("印章编码或状态位置超出已预留的号段",
            """
            SELECT 'counter ' || k.name FROM counter k WHERE k.next <= CASE k.name WHEN 'seal' THEN (SELECT max(CAST(substr(seal_code, 7) AS INTEGER)) FROM seal)
            WHEN 'status' THEN (SELECT count(*) FROM issued_set) END
            """),
        ("数据库文件损坏", "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'"),
    ];

    private sealed record Row(string LicenseId, string Holder, long Version, DateTimeOffset IssueTime, byte[] Digest, IssuedSet? Set, byte[] Reply, byte[][] SealedKeys);

    /// <summary>All problems; none when the register is sound.</summary>
    /// <param name="options">Whose register, and the keys it was issued under.</param>
    public static IReadOnlyList<RegisterProblem> Run(EidServerOptions options)
    {
        var now = options.Clock.GetUtcNow();
        var authority = AuthorityFiles.Load(options.CertificatesDirectory, options.IsProduction, now);
        // Reads codes and signatures here and never asks a register.
        var verifier = new Verifier(authority.BuildKeyRing(now), authority.CodePrefix, authority.Environment, null!, options.Clock);
        var path = Path.Combine(options.DataDirectory, "register.db");
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        var problems = new List<RegisterProblem>();
        try
        {
            connection.Open();
            Query(connection, "BEGIN");
            foreach (var (problem, sql) in Rules)
            {
                problems.AddRange(Query(connection, sql).Select(row => new RegisterProblem(row[0].ToString()!, problem)));
            }

            // Reading is one thread's work, the signatures are everyone's.
            problems.AddRange(Rows(connection).AsParallel().SelectMany(row => Check(row, authority, verifier)));
        }
        catch (Exception error) when ((error is AggregateException ? error.InnerException : error) is SqliteException or InvalidCastException)
        {
            problems.Add(new RegisterProblem("register.db", "无法读取：" + error.Message));
        }

        return problems;
    }

    private static IEnumerable<Row> Rows(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            """
            SELECT s.license_id, s.credit_code, s.version, s.issue_time, s.manifest_digest, s.id, r.reply FROM issued_set s
            LEFT JOIN act a ON a.set_id = s.id AND a.deed = 'IssueSet' LEFT JOIN reply r ON r.actor = a.actor AND r.request_id = a.request_id ORDER BY s.id
            """;
        using var sets = command.ExecuteReader();
        // Not disposed: it would close the connection, which the caller owns.
        var reader = new SqliteReader(connection);
        while (sets.Read())
        {
            var keys = Query(connection, "SELECT sealed_key FROM seal WHERE set_id = " + sets.GetInt64(5) + " ORDER BY kind").ConvertAll(row => (byte[])row[0]);
            yield return new Row(sets.GetString(0), sets.GetString(1), sets.GetInt64(2), DateTimeOffset.FromUnixTimeMilliseconds(sets.GetInt64(3)),
                sets.GetFieldValue<byte[]>(4), Try(() => reader.LoadSet(LicenseId.Parse(sets.GetString(0)))), sets.IsDBNull(6) ? [] : sets.GetFieldValue<byte[]>(6), [.. keys]);
        }
    }

    private static IEnumerable<RegisterProblem> Check(Row row, IssuingAuthority authority, Verifier verifier)
    {
        if (row.Set is not { } set)
        {
            return [new RegisterProblem(row.LicenseId, "清单、印章或短码无法读取")];
        }

        var license = set.License;
        var sameRow = license.Id.ToString() == row.LicenseId && license.Facts.CreditCode.Value == row.Holder && license.Id.Version == row.Version && license.IssueTime == row.IssueTime;
        List<string> problems =
        [
            SetCheck.Problem(set, verifier, authority.Intermediates, authority.Roots, license.IssueTime),
            sameRow ? "" : "清单与登记行不符",
            set.ManifestDigest.Equals(ManifestDigest.FromBytes(row.Digest)) ? "" : "清单摘要不符",
            verifier.ReadCode(set.LicenseCode).Code?.Status == set.Status ? "" : "证照码的状态位置与登记行不符",
            ReplyFits(row.Reply, row.LicenseId, set) ? "" : "留存的答复不是这套证照的",
        ];
        problems.AddRange(set.Seals.Seals.Zip(row.SealedKeys, (seal, key) => KeyFits(key, seal, authority.Vault) ? "" : $"印章 {seal.Code} 的私钥无法解封或与证书不符"));
        return problems.Where(problem => problem.Length > 0).Select(problem => new RegisterProblem(row.LicenseId, problem));
    }

    private static bool KeyFits(byte[] sealedKey, IssuedSeal seal, KeyVault vault)
    {
        using var key = Try(() => vault.Open(sealedKey, seal.Code.Value));
        return key is not null && key.PublicKey.Equals(seal.Certificate.PublicKey);
    }

    private static bool ReplyFits(byte[] reply, string licenseId, IssuedSet set) =>
        Try(() => V1.IssuedSet.Parser.ParseFrom(reply)) is { } answer
        && answer.License?.LicenseId == licenseId && answer.ManifestDigest.Span.SequenceEqual(set.ManifestDigest.Bytes);

    // What cannot even be read is a finding, not a reason to stop.
    private static T? Try<T>(Func<T?> read) where T : class
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is EidException or Google.Protobuf.InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static List<object[]> Query(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<object[]>();
        while (reader.Read())
        {
            rows.Add(new object[reader.FieldCount]);
            reader.GetValues(rows[^1]);
        }

        return rows;
    }
}
