using ShantingEId.Issuing;

namespace ShantingEId.Server.Storage;

/// <summary>The register that the options name: PostgreSQL, or a SQLite file in the data folder.</summary>
public static class Register
{
    /// <summary>Opens it and its feed; close the feed first.</summary>
    /// <exception cref="EidException">It cannot be opened, or would not keep what it acknowledges.</exception>
    public static (SqlStore Store, IChangeFeed Feed) Open(EidServerOptions options)
    {
        if (options.Postgres is { } connection)
        {
            var postgres = PostgresStore.Open(connection, options.Clock);
            return (postgres, new PostgresFeed(postgres, options.StateBound));
        }

        var sqlite = SqliteStore.OpenFile(SqlitePath(options), options.Clock, options.Synchronous);
        return (sqlite, new SqliteFeed(sqlite, SqlitePath(options) + "-cache", options.StateBound));
    }

    /// <summary>Where a register in a file is.</summary>
    public static string SqlitePath(EidServerOptions options) => Path.Combine(options.DataDirectory, "register.db");
}
