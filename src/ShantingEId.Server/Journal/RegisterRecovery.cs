using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using ShantingEId.Crypto;
using ShantingEId.Server.Approvals;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Storage;

namespace ShantingEId.Server.Journal;

/// <summary>What a recovery will do, or did.</summary>
/// <param name="From">Position of the register before.</param>
/// <param name="To">Position it is brought to.</param>
/// <param name="Epoch">Life of the register that begins then.</param>
/// <param name="Digest">Digest of the last transaction, 32 bytes; with <paramref name="To"/> and <paramref name="Epoch"/> it says exactly what is restored.</param>
/// <param name="IsUnfinished">Whether a recovery was begun and not ended.</param>
public sealed record RecoveryPlan(long From, long To, long Epoch, IReadOnlyList<byte> Digest, bool IsUnfinished)
{
    /// <summary>The act, for people.</summary>
    public const string Act = "从备份恢复登记簿";

    /// <summary>Transactions to be done again.</summary>
    public long Count => To - From;

    /// <summary>To be approved by two people.</summary>
    public ApprovalFile ToApprove() => new(Act, [$"恢复到登记日志第 {To} 笔", $"末笔摘要 {Convert.ToHexStringLower([.. Digest])}", $"此后为登记簿的第 {Epoch} 期"], []);
}

/// <summary>
/// Brings a restored register up to its journal: does again what the journal tells of, and has every answer it gives now held against the answer it gave then.
/// Nobody serves the register meanwhile, and nobody before a check of all of it was clean.
/// </summary>
public static partial class RegisterRecovery
{
    private const int FramesAtOnce = 256;

    /// <summary>Says what would be done, and changes nothing but the schema.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.RegisterOutdated"/>: the journal has a gap or does not belong to the register.</exception>
    public static async Task<RecoveryPlan> PlanAsync(EidServerOptions options)
    {
        await using var session = await OpenAsync(options);
        return (await PlanAsync(session, Folder(options))).Plan;
    }

    /// <summary>Recovers.</summary>
    /// <param name="options">Whose register and journal.</param>
    /// <param name="agreed">What two people approved, from <see cref="RecoveryPlan.ToApprove"/>; where the journal leads elsewhere by now, nothing is done.</param>
    /// <param name="progress">Told of each position that was done.</param>
    /// <returns>What is wrong in the recovered register; while anything is, no server serves it.</returns>
    public static async Task<IReadOnlyList<RegisterProblem>> RunAsync(EidServerOptions options, ApprovalFile agreed, Action<long>? progress = null)
    {
        // 1. The plan that two people approved.
        var authority = AuthorityFiles.Load(options.CertificatesDirectory, options.IsProduction, options.Clock.GetUtcNow());
        var key = RegisterJournal.Key(authority.StatusSecret);
        await using var session = await OpenAsync(options);
        var (plan, chain) = await PlanAsync(session, Folder(options));
        if (plan.ToApprove().SubjectText != agreed.SubjectText)
        {
            throw new EidException(ErrorReason.RegisterOutdated, "登记簿或日志在此期间有变化；请重新制订恢复方案");
        }

        var callers = CallerDirectory.Load(Path.Combine(options.CertificatesDirectory, CallerDirectory.FileName));
        TwoPeople.Require(agreed.SubjectText, authority.Environment, agreed.Approvals, TwoPeople.Of(callers), RecoveryPlan.Act);

        // 2. From here to the end nobody serves it, also after this process died.
        await session.RunAsync("UPDATE feed_head SET epoch = -abs(epoch)");

        // 3. Everything once more, in the order of the commits.
        foreach (var frames in chain.Chunk(FramesAtOnce))
        {
            await session.RunAsync("BEGIN");
            foreach (var found in frames)
            {
                await ReplayAsync(session, found, key, options.Postgres is not null);
            }

            await session.RunAsync("COMMIT");
            progress?.Invoke(frames[^1].Frame.Position);
        }

        await session.RunAsync("BEGIN");
        await NameFill.RunAsync(session); // What programs before the newest schema wrote.
        await session.RunAsync("COMMIT");

        // 4. Only a register without a fault gets a new life.
        var problems = RegisterCheck.Run(options);
        if (problems.Count == 0)
        {
            await session.RunAsync("UPDATE feed_head SET epoch = @epoch", ("@epoch", plan.Epoch));
        }

        return problems;
    }

    private static async Task<(RecoveryPlan Plan, IReadOnlyList<FoundFrame> Chain)> PlanAsync(SqlSession session, string folder)
    {
        var head = await SqlReads.JournalHeadAsync(session);
        var chain = JournalChain.After(folder, head);
        if (chain.Missing is { } missing)
        {
            throw new EidException(ErrorReason.RegisterOutdated, head.Position + 1 == missing
                ? $"登记日志接不上登记簿的第 {head.Position} 笔：缺少其后的日志文件，或日志不是这个登记簿的"
                : $"登记日志缺少第 {missing} 笔；请找回当时写的日志文件");
        }

        if (chain.Frames.Count > 0 && chain.Frames[0].Frame.FeedBefore != head.Feed)
        {
            throw Gap(chain.Frames[0].Frame, head.Feed);
        }

        var epoch = chain.Frames.Select(found => found.Frame.Epoch).Append(Math.Abs(head.Epoch)).Max() + 1;
        return (new RecoveryPlan(head.Position, head.Position + chain.Frames.Count, epoch, chain.Frames.Count > 0 ? chain.Frames[^1].Frame.Digest : head.Digest, head.Epoch < 0), chain.Frames);
    }

    private static async Task ReplayAsync(SqlSession session, FoundFrame found, byte[] key, bool postgres)
    {
        var frame = found.Frame;
        var statements = found.Read(key) ?? throw new EidException(ErrorReason.RegisterOutdated, $"登记日志第 {frame.Position} 笔被改动过，或不是本机关写的");
        var head = await SqlReads.JournalHeadAsync(session);
        if (head.Feed != frame.FeedBefore)
        {
            throw Gap(frame, head.Feed);
        }

        foreach (var (sql, answer) in statements)
        {
            await SayAgainAsync(session, sql, answer, frame.Position, postgres);
        }

        await session.RunAsync("UPDATE feed_head SET position = @feed, journal = @journal, journal_digest = @digest",
            ("@feed", frame.FeedAfter), ("@journal", frame.Position), ("@digest", frame.Digest));
    }

    private static async Task SayAgainAsync(SqlSession session, Sql sql, long? answer, long position, bool postgres)
    {
        var returns = Returning().IsMatch(sql.Text);
        if (postgres && returns && answer is { } row && InsertedTable().Match(sql.Text) is { Success: true, Groups: [_, var table] })
        {
            // PostgreSQL does not take numbers of rows back when a transaction fails: the row gets the number it had.
            await session.ScalarAsync(new Sql("SELECT setval(pg_get_serial_sequence(@table, 'id'), @row, false)", ("@table", table.Value), ("@row", row)));
        }

        var said = returns ? await session.ScalarAsync(sql) as long? : await session.RunAsync(sql.Text, sql.Values);
        if (answer is not null && said != answer)
        {
            throw new EidException(ErrorReason.RegisterOutdated, $"登记日志第 {position} 笔重做的结果与当时不同：登记簿不是写这份日志的那一个，或被改动过");
        }
    }

    private static EidException Gap(JournalFrame frame, long feed) => new(ErrorReason.RegisterOutdated,
        $"登记簿的变更序号为 {feed}，日志第 {frame.Position} 笔之前应为 {frame.FeedBefore}：其间有没有记日志的写入（例如旧版程序的），请改用其后的备份");

    private static string Folder(EidServerOptions options) => options.JournalPath is { } folder && Directory.Exists(folder) ? folder
        : throw new EidException(ErrorReason.RegisterOutdated, "找不到登记日志；请用 --journal 指明目录");

    private static async Task<SqlSession> OpenAsync(EidServerOptions options)
    {
        if (options.Postgres is { } postgres)
        {
            var connections = new PostgresConnections(postgres); // Lives as long as its one connection.
            var session = new SqlSession(await connections.OpenAsync(CancellationToken.None));
            await Migrations.ApplyPostgresAsync(session);
            return session;
        }

        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Register.SqlitePath(options), Pooling = false }.ToString());
        var file = new SqlSession(connection);
        connection.Open();
        await file.RunScriptAsync("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
        await Migrations.ApplySqliteAsync(file);
        return file;
    }

    [GeneratedRegex(@"\bRETURNING\b")]
    private static partial Regex Returning();

    [GeneratedRegex(@"^INSERT INTO (\w+)[\s\S]*RETURNING id\s*$")]
    private static partial Regex InsertedTable();
}
