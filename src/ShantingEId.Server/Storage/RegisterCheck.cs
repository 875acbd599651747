using System.Data.Common;
using Microsoft.Data.Sqlite;
using ShantingEId.Cases;
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
/// Rechecks the whole register from its bytes, in a file or in PostgreSQL: rows, every signature, every digest, every private
/// key. Reads one snapshot and writes nothing, so it may run beside working servers.
/// </summary>
public static class RegisterCheck
{
    private const int RowsAtOnce = 200;

    // Each finds what must not exist; joins and not subqueries, so that SQLite builds an index once instead of searching each time.
    private static readonly (string Problem, string Sql)[] Rules =
    [
        ("印章不是恰好四枚", "SELECT s.license_id FROM issued_set s LEFT JOIN seal c ON c.set_id = s.id GROUP BY s.id HAVING count(DISTINCT c.kind) <> 4 OR count(c.id) <> 4"),
        ("变更流与状态不符",
            """
            SELECT s.license_id FROM issued_set s LEFT JOIN feed f ON f.set_id = s.id GROUP BY s.id
            HAVING count(f.position) <> s.state OR count(CASE f.state WHEN 1 THEN 1 END) <> 1 OR max(f.state) <> s.state
            """),
        ("操作记录与状态不符",
            """
            SELECT s.license_id FROM issued_set s LEFT JOIN act a ON a.set_id = s.id GROUP BY s.id
            HAVING count(a.id) <> s.state OR count(CASE a.deed WHEN 'IssueSet' THEN 1 END) <> 1
              OR count(CASE a.deed WHEN 'RevokeSet' THEN 1 END) <> CASE s.state WHEN 2 THEN 1 ELSE 0 END
            """),
        ("状态未知或时间颠倒", "SELECT license_id FROM issued_set WHERE state NOT IN (1, 2) OR state_effective < issue_time OR state_recorded < state_effective"),
        ("操作没有留存答复", "SELECT s.license_id FROM act a JOIN issued_set s ON s.id = a.set_id LEFT JOIN reply r ON r.actor = a.actor AND r.request_id = a.request_id WHERE r.id IS NULL"),
        ("变更流的序号超出已记的最新序号", "SELECT 'feed ' || f.position FROM feed f JOIN feed_head h ON f.position > h.position"),
        ("留存答复的序号与变更流不符",
            """
            SELECT s.license_id FROM reply r JOIN act a ON a.actor = r.actor AND a.request_id = r.request_id JOIN issued_set s ON s.id = a.set_id
            LEFT JOIN feed f ON f.position = r.position AND f.set_id = a.set_id WHERE r.position > 0 AND f.position IS NULL
            """),
        ("印章编码或状态位置超出已预留的号段",
            """
            SELECT 'counter ' || k.name FROM counter k WHERE k.next <= CASE k.name WHEN 'seal' THEN (SELECT max(CAST(substr(seal_code, 7) AS INTEGER)) FROM seal)
            WHEN 'status' THEN (SELECT count(*) FROM issued_set) END
            """),
    ];

    // What PostgreSQL enforces by itself, with page checksums where the cluster has them.
    private static readonly (string Problem, string Sql)[] FileRules =
    [
        ("引用不存在的行", "SELECT \"table\" || ' ' || rowid FROM pragma_foreign_key_check"),
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
        var problems = new List<RegisterProblem>();
        try
        {
            using var snapshot = new Snapshot(options);
            foreach (var (problem, sql) in (IEnumerable<(string, string)>)[.. Rules, .. CaseCheck.Rules, .. options.Postgres is null ? FileRules : []])
            {
                problems.AddRange(snapshot.Query(sql).Select(row => new RegisterProblem(row[0].ToString()!, problem)));
            }

            problems.AddRange(CheckCases(snapshot));

            // Reading is one thread's work, the signatures are everyone's.
            problems.AddRange(Rows(snapshot).AsParallel().SelectMany(row => Check(row, authority, verifier)));
        }
        catch (Exception error) when ((error is AggregateException ? error.InnerException : error) is DbException or InvalidCastException)
        {
            problems.Add(new RegisterProblem(options.Postgres is null ? "register.db" : "PostgreSQL", "无法读取：" + error.Message));
        }

        return problems;
    }

    private static IEnumerable<RegisterProblem> CheckCases(Snapshot snapshot)
    {
        foreach (var name in snapshot.Query("SELECT case_id FROM case_file").Select(row => (string)row[0]))
        {
            var problem = Try(() => CaseId.TryParse(name, out var id) ? snapshot.LoadCase(id) : null) is { } subject ? CaseCheck.Problem(subject) : "办件无法读取";
            if (problem.Length > 0)
            {
                yield return new RegisterProblem(name, problem);
            }
        }

        // A request that only learned what another one had done has a reply and changed nothing.
        foreach (var row in snapshot.Query(CaseCheck.OrphanReplies))
        {
            var about = Try(() => V1.Case.Parser.ParseFrom((byte[])row[1]))?.Name ?? "";
            if (Try(() => snapshot.LoadCase(CaseName.ParseId(about))) is null)
            {
                yield return new RegisterProblem((string)row[0], "答复没有对应的操作");
            }
        }
    }

    private static IEnumerable<Row> Rows(Snapshot snapshot)
    {
        for (long after = 0; ;)
        {
            var page = snapshot.Query(
                """
                SELECT s.license_id, s.credit_code, s.version, s.issue_time, s.manifest_digest, s.id, r.reply FROM issued_set s
                LEFT JOIN act a ON a.set_id = s.id AND a.deed = 'IssueSet' LEFT JOIN reply r ON r.actor = a.actor AND r.request_id = a.request_id
                WHERE s.id > @after ORDER BY s.id LIMIT @limit
                """, ("@after", after), ("@limit", (long)RowsAtOnce));
            foreach (var row in page)
            {
                after = (long)row[5];
                var keys = snapshot.Query("SELECT sealed_key FROM seal WHERE set_id = @set ORDER BY kind", ("@set", after)).ConvertAll(key => (byte[])key[0]);
                yield return new Row((string)row[0], (string)row[1], (long)row[2], DateTimeOffset.FromUnixTimeMilliseconds((long)row[3]),
                    (byte[])row[4], Try(() => snapshot.LoadSet(LicenseId.Parse((string)row[0]))), row[6] as byte[] ?? [], [.. keys]);
            }

            if (page.Count < RowsAtOnce)
            {
                break;
            }
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

    /// <summary>One reading transaction over everything. A check has nothing else to do while it waits for a row.</summary>
    private sealed class Snapshot : IDisposable
    {
        private readonly PostgresConnections? connections;
        private readonly SqlSession session;

        public Snapshot(EidServerOptions options)
        {
            connections = options.Postgres is { } postgres ? new PostgresConnections(postgres) : null;
            DbConnection connection = connections is not null ? Wait(connections.OpenAsync(CancellationToken.None))
                : new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Register.SqlitePath(options), Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
            session = new SqlSession(connection);
            if (connections is null)
            {
                connection.Open();
            }

            Wait(new ValueTask<int>(session.RunAsync(connections is null ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")));
        }

        public IssuedSet? LoadSet(LicenseId id) => Wait(SqlReads.LoadSetAsync(session, id, CancellationToken.None));

        public CaseFile? LoadCase(CaseId id) => Wait(CaseRows.FindAsync(session, CaseKey.Of(id), CancellationToken.None));

        public List<object[]> Query(string sql, params (string Name, object Value)[] values)
        {
            using var reader = Wait(new ValueTask<DbDataReader>(session.QueryAsync(new Sql(sql, values))));
            var rows = new List<object[]>();
            while (reader.Read())
            {
                rows.Add(new object[reader.FieldCount]);
                reader.GetValues(rows[^1]);
            }

            return rows;
        }

        public void Dispose()
        {
            session.DisposeAsync().AsTask().GetAwaiter().GetResult();
            connections?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }

        private static T Wait<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();
    }
}
