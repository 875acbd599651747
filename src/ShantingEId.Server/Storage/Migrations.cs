using System.Globalization;
using Npgsql;

namespace ShantingEId.Server.Storage;

/// <summary>
/// Brings a database to the newest schema: numbered SQL files, each applied once, forward only. The version of a schema is the number of its
/// last file, so there are no gaps. What a new file may do is said in docs/upgrading.md.
/// </summary>
internal static class Migrations
{
    // Replicas of the version before go on serving: a table that they hold is not waited for longer than PostgreSQL waits before it looks for
    // a deadlock (1 s), or theirs might be the transaction that it ends. Everything behind us waits as long as we do, so we let go and try again.
    private const string PostgresPatience = "SET LOCAL lock_timeout = '500ms'";
    private const int Attempts = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150);

    // Any number that nobody else uses in the database: replicas that start at once migrate one after the other.
    private const string PostgresLock = "SELECT pg_advisory_xact_lock(3704062021)";

    /// <summary>Applies what is missing to a SQLite file.</summary>
    public static async ValueTask ApplySqliteAsync(SqlSession session)
    {
        var scripts = Scripts("Sqlite");
        var version = new Sql("PRAGMA user_version");
        // A register that is up to date is only read: it must open on a full disk too, and while another process writes.
        if (await VersionAsync(session, version, scripts.Count) < scripts.Count)
        {
            await session.RunAsync("BEGIN IMMEDIATE");
            await ApplyAsync(session, scripts, version, "PRAGMA user_version = {0}");
        }
    }

    /// <summary>Applies what is missing to a PostgreSQL database, while other replicas use it.</summary>
    public static async ValueTask ApplyPostgresAsync(SqlSession session)
    {
        var scripts = Scripts("Postgres");
        var version = new Sql("SELECT version FROM schema_version");
        for (var attempt = 1; await session.ScalarAsync(new Sql("SELECT to_regclass('schema_version')::text")) is null || await VersionAsync(session, version, scripts.Count) < scripts.Count; attempt++)
        {
            try
            {
                await session.RunAsync("BEGIN");
                await session.RunAsync(PostgresLock);
                await session.RunAsync(PostgresPatience);
                await session.RunAsync("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)");
                await session.RunAsync("INSERT INTO schema_version SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM schema_version)");
                await ApplyAsync(session, scripts, version, "UPDATE schema_version SET version = {0}");
            }
            catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected && attempt < Attempts)
            {
                await session.RunAsync("ROLLBACK");
                await Task.Delay(Pause);
            }
        }
    }

    private static async Task ApplyAsync(SqlSession session, List<string> scripts, Sql version, string setVersion)
    {
        var before = await VersionAsync(session, version, scripts.Count);
        foreach (var script in scripts.Skip((int)before))
        {
            using var stream = new StreamReader(typeof(Migrations).Assembly.GetManifestResourceStream(script)!);
            await session.RunScriptAsync(await stream.ReadToEndAsync());
        }

        if (before > 0)
        {
            await NameFill.RunAsync(session);
        }

        await session.RunScriptAsync(string.Format(CultureInfo.InvariantCulture, setVersion, scripts.Count));
        await session.RunAsync("COMMIT");
    }

    private static async Task<long> VersionAsync(SqlSession session, Sql version, int newest)
    {
        var current = (long)(await session.ScalarAsync(version))!;
        return current <= newest ? current : throw new EidException(ErrorReason.StoreUnavailable, $"登记簿的结构版本 {current} 比本程序新，请升级程序");
    }

    private static List<string> Scripts(string dialect) =>
        [.. typeof(Migrations).Assembly.GetManifestResourceNames().Where(name => name.Contains($".Migrations.{dialect}.", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
}
