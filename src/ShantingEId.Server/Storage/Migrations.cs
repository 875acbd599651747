using System.Globalization;

namespace ShantingEId.Server.Storage;

/// <summary>Brings a database to the newest schema: numbered SQL files, each applied once, forward only.</summary>
internal static class Migrations
{
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

    /// <summary>Applies what is missing to a PostgreSQL database.</summary>
    public static async ValueTask ApplyPostgresAsync(SqlSession session)
    {
        var scripts = Scripts("Postgres");
        var version = new Sql("SELECT version FROM schema_version");
        if (await session.ScalarAsync(new Sql("SELECT to_regclass('schema_version')::text")) is null || await VersionAsync(session, version, scripts.Count) < scripts.Count)
        {
            await session.RunAsync("BEGIN");
            await session.RunAsync(PostgresLock);
            await session.RunAsync("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)");
            await session.RunAsync("INSERT INTO schema_version SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM schema_version)");
            await ApplyAsync(session, scripts, version, "UPDATE schema_version SET version = {0}");
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
