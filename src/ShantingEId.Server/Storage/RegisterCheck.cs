using System.Data.Common;
using Microsoft.Data.Sqlite;
using ShantingEId.Cases;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Incidents;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Journal;
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
        ("变更流与状态不符",
            """
            SELECT s.license_id FROM issued_set s LEFT JOIN feed f ON f.position = (SELECT max(g.position) FROM feed g WHERE g.set_id = s.id AND g.permit = '')
            WHERE f.position IS NULL OR f.state <> s.state OR f.state_effective <> s.state_effective OR f.recorded_time <> s.state_recorded
            """),
        ("变更流不是从签发开始",
            """
            SELECT s.license_id FROM issued_set s LEFT JOIN feed f ON f.position = (SELECT min(g.position) FROM feed g WHERE g.set_id = s.id AND g.permit = '')
            WHERE f.position IS NULL OR f.state <> 1 OR f.state_effective <> s.start_time OR f.recorded_time <> s.start_recorded
            """),
        ("状态变更不合规定或登记时间倒退",
            $"""
            SELECT s.license_id FROM (SELECT set_id, state, recorded_time, lag(state) OVER w AS was, lag(recorded_time) OVER w AS told
              FROM feed WHERE permit = '' WINDOW w AS (PARTITION BY set_id ORDER BY position)) f JOIN issued_set s ON s.id = f.set_id
            WHERE f.recorded_time < f.told OR (f.was IS NOT NULL AND f.was * 10 + f.state NOT IN ({Steps}))
            """),
        ("操作记录与变更流不符",
            """
            SELECT s.license_id FROM issued_set s WHERE (SELECT count(*) FROM act a WHERE a.set_id = s.id) <> (SELECT count(*) FROM feed f WHERE f.set_id = s.id)
              OR (SELECT count(*) FROM act a WHERE a.set_id = s.id AND a.deed IN ('IssueSet', 'ChangeRegistration', 'ChangeTradeLicense')) <> 1
            """),
        ("接替的执照不存在、不属于同一主体或生效时间不衔接",
            """
            SELECT s.license_id FROM feed f JOIN issued_set s ON s.id = f.set_id LEFT JOIN issued_set n ON n.license_id = f.state_successor
            WHERE f.state = 3 AND f.permit = '' AND (n.id IS NULL OR n.credit_code <> s.credit_code OR n.version <= s.version OR n.start_time <> f.state_effective)
            """),
        ("时间颠倒", "SELECT license_id FROM issued_set WHERE start_time < issue_time OR start_time >= issue_time + 1000 OR state_effective < start_time AND state <> 7"),
        ("操作没有留存答复", "SELECT s.license_id FROM act a JOIN issued_set s ON s.id = a.set_id LEFT JOIN reply r ON r.actor = a.actor AND r.request_id = a.request_id WHERE r.id IS NULL"),
        ("变更流的序号超出已记的最新序号", "SELECT 'feed ' || f.position FROM feed f JOIN feed_head h ON f.position > h.position"),
        ("留存答复的序号与变更流不符",
            """
            SELECT min(s.license_id) FROM reply r JOIN act a ON a.actor = r.actor AND a.request_id = r.request_id JOIN issued_set s ON s.id = a.set_id
            LEFT JOIN feed f ON f.position = r.position AND f.set_id = a.set_id WHERE r.position > 0 GROUP BY r.id HAVING count(f.position) = 0
            """),
        ("印章编码或状态位置超出已预留的号段",
            """
            SELECT 'counter ' || k.name FROM counter k WHERE k.next <= CASE k.name WHEN 'seal' THEN (SELECT max(CAST(substr(seal_code, 7) AS INTEGER)) FROM seal)
            WHEN 'status' THEN (SELECT count(*) FROM issued_set) END
            """),
    ];

    // Which state may follow which, as was * 10 + becomes: what the table of transitions allows, a rescission taken back, and a
    // prepared change taken back (the old set is in force again, the new one never was).
    private static string Steps => string.Join(", ", Enum.GetValues<SetTransition>()
        .SelectMany(transition => Enum.GetValues<SetState>().Where(from => transition.Allows(from)).SelectMany(from => transition == SetTransition.Restore
            ? SetTransitions.AllowedBefore(SetTransition.Rescind).Select(to => ((int)from * 10) + (int)to) : [((int)from * 10) + (int)transition.Target()]))
        .Append(((int)SetState.Superseded * 10) + (int)SetState.Active).Append(((int)SetState.Active * 10) + (int)SetState.Withdrawn).Distinct().Order());

    // What PostgreSQL enforces by itself, with page checksums where the cluster has them.
    private static readonly (string Problem, string Sql)[] FileRules =
    [
        ("引用不存在的行", "SELECT \"table\" || ' ' || rowid FROM pragma_foreign_key_check"),
        ("数据库文件损坏", "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'"),
    ];

    private sealed record Row(string LicenseId, string Serial, long Version, DateTimeOffset IssueTime, byte[] Digest, IssuedSet? Set, V1.IssuedSet? Reply, IReadOnlyList<(string Code, byte[] SealedKey)> Made, IReadOnlyList<object[]> Permits);

    private sealed record FrozenList(Incident Incident, IReadOnlyList<LicenseId> Licences);

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
            foreach (var (problem, sql) in (IEnumerable<(string, string)>)[.. Rules, .. CaseCheck.Rules, .. DeregistrationCheck.Rules, .. PermitCheck.Rules, .. FilingCheck.Rules, .. IncidentCheck.Rules, .. CopyCheck.Rules, .. SealUseCheck.Rules, .. PresentationCheck.Rules, .. options.Postgres is null ? FileRules : []])
            {
                problems.AddRange(snapshot.Query(sql).Select(row => new RegisterProblem(row[0].ToString()!, problem)));
            }

            problems.AddRange(CheckCases(snapshot));
            problems.AddRange(FilingCheck.Problems(snapshot.Query(FilingCheck.Filings)));
            problems.AddRange(CopyCheck.Problems(snapshot.Query(CopyCheck.HandedOut)));
            problems.AddRange(CheckIncidents(snapshot));
            problems.AddRange(ByPages(snapshot, SealUseCheck.Uses, row => new RegisterProblem($"用印 {row[0]}", SealUseCheck.Problem(row))));
            problems.AddRange(ByPages(snapshot, PermitCheck.Changes, row => new RegisterProblem((string)row[1], PermitCheck.Problem(row))));

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

    private static IEnumerable<RegisterProblem> CheckIncidents(Snapshot snapshot)
    {
        foreach (var number in snapshot.Query("SELECT number FROM incident").Select(row => (string)row[0]))
        {
            var problem = Try(() => snapshot.LoadIncident(number)) is { } found ? IncidentCheck.Problem(found.Incident, found.Licences) : "批量处置无法读取";
            if (problem.Length > 0)
            {
                yield return new RegisterProblem(number, problem);
            }
        }
    }

    // A register of years has millions of uses of seals, and of changes of permits; each is judged by itself.
    private static IEnumerable<RegisterProblem> ByPages(Snapshot snapshot, string sql, Func<object[], RegisterProblem> judge)
    {
        for (long after = 0; ;)
        {
            var page = snapshot.Query(sql, ("@after", after), ("@limit", (long)RowsAtOnce));
            foreach (var row in page)
            {
                after = (long)row[0];
                if (judge(row) is { Problem.Length: > 0 } problem)
                {
                    yield return problem;
                }
            }

            if (page.Count < RowsAtOnce)
            {
                break;
            }
        }
    }

    private static IEnumerable<Row> Rows(Snapshot snapshot)
    {
        for (long after = 0; ;)
        {
            var page = snapshot.Query(
                """
                SELECT s.license_id, s.credit_code, s.version, s.issue_time, s.manifest_digest, s.id, r.reply, a.deed FROM issued_set s
                LEFT JOIN act a ON a.set_id = s.id AND a.deed IN ('IssueSet', 'ChangeRegistration', 'ChangeTradeLicense') LEFT JOIN reply r ON r.actor = a.actor AND r.request_id = a.request_id
                WHERE s.id > @after ORDER BY s.id LIMIT @limit
                """, ("@after", after), ("@limit", (long)RowsAtOnce));
            foreach (var row in page)
            {
                after = (long)row[5];
                var made = snapshot.Query("SELECT seal_code, sealed_key FROM seal WHERE set_id = @set", ("@set", after)).ConvertAll(seal => ((string)seal[0], (byte[])seal[1]));
                var serial = (string)row[1];
                yield return new Row((string)row[0], serial, (long)row[2], DateTimeOffset.FromUnixTimeMilliseconds((long)row[3]),
                    (byte[])row[4], Try(() => snapshot.LoadSet(LicenseId.Parse((string)row[0]))), Reply(row[6] as byte[] ?? [], row[7] as string), made,
                    PermitCheck.BearsPermits(serial) ? snapshot.Query(PermitCheck.Borne, ("@set", after)) : []);
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
        var sameRow = license.Id.ToString() == row.LicenseId && license.Id.Serial == row.Serial && license.Id.Version == row.Version && license.IssueTime == row.IssueTime;
        List<string> problems =
        [
            SetCheck.Problem(set, verifier, authority.Intermediates, authority.Roots, license.IssueTime),
            sameRow ? "" : "清单与登记行不符",
            set.ManifestDigest.Equals(ManifestDigest.FromBytes(row.Digest)) ? "" : "清单摘要不符",
            verifier.ReadCode(set.LicenseCode).Code?.Status == set.Status ? "" : "证照码的状态位置与登记行不符",
            row.Reply?.License?.LicenseId == row.LicenseId && row.Reply.ManifestDigest.Span.SequenceEqual(set.ManifestDigest.Bytes) ? "" : "留存的答复不是这套证照的",
            PermitCheck.Problem(license.Trade, row.Permits),
        ];
        // Seals of an earlier set are checked where they were made.
        foreach (var (code, key) in row.Made)
        {
            var seal = set.Seals.Seals.FirstOrDefault(seal => seal.Code.Value == code);
            problems.Add(seal is null ? $"印章 {code} 不在清单中" : KeyFits(key, seal, authority.Vault) ? "" : $"印章 {code} 的私钥无法解封或与证书不符");
        }

        return problems.Where(problem => problem.Length > 0).Select(problem => new RegisterProblem(row.LicenseId, problem));
    }

    /// <summary>Where the register stands in its journal; null when it cannot be read, which <see cref="Run"/> tells.</summary>
    internal static JournalHead? ReadHead(EidServerOptions options)
    {
        try
        {
            using var snapshot = new Snapshot(options);
            return snapshot.Head();
        }
        catch (Exception error) when ((error is AggregateException ? error.InnerException : error) is DbException or InvalidCastException)
        {
            return null;
        }
    }

    private static bool KeyFits(byte[] sealedKey, IssuedSeal seal, KeyVault vault)
    {
        using var key = Try(() => vault.Open(sealedKey, seal.Code.Value));
        return key is not null && key.PublicKey.Equals(seal.Certificate.PublicKey);
    }

    private static V1.IssuedSet? Reply(byte[] reply, string? deed) =>
        Try(() => deed is "IssueSet" or "ChangeTradeLicense" ? V1.IssuedSet.Parser.ParseFrom(reply) : V1.ChangeRegistrationResponse.Parser.ParseFrom(reply).IssuedSet);

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
            if (connections is not null)
            {
                // Between two pages a whole register's signatures may be checked; this transaction holds nobody up.
                Wait(new ValueTask<int>(session.RunAsync("SET LOCAL idle_in_transaction_session_timeout = 0")));
            }
        }

        public IssuedSet? LoadSet(LicenseId id) => Wait(SqlReads.LoadSetAsync(session, id, CancellationToken.None));

        public CaseFile? LoadCase(CaseId id) => Wait(CaseRows.FindAsync(session, CaseKey.Of(id), CancellationToken.None));

        public FrozenList? LoadIncident(string number) => Wait(IncidentRows.FindAsync(session, number, CancellationToken.None)) is { } incident
            ? new FrozenList(incident, Wait(IncidentRows.SetsAsync(session, number, 0, IncidentList.Most + 1, CancellationToken.None))) : null;

        public JournalHead Head() => Wait(SqlReads.JournalHeadAsync(session));

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
