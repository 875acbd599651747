using ShantingEId.Issuing;
using ShantingEId.Server.Journal;

namespace ShantingEId.Server.Storage;

/// <summary>The register that the options name: PostgreSQL, or a SQLite file in the data folder.</summary>
public static class Register
{
    /// <summary>Opens it and its feed; close the feed first.</summary>
    /// <param name="options">Which, and where its journal is.</param>
    /// <param name="secret">The deployment's <c>status.secret</c>, which authenticates the journal; null opens without one, which a register that has one refuses.</param>
    /// <exception cref="EidException">It cannot be opened, would not keep what it acknowledges, or is behind its journal.</exception>
    public static (SqlStore Store, IChangeFeed Feed) Open(EidServerOptions options, byte[]? secret = null)
    {
        var journal = secret is not null && options.JournalPath is { } folder ? RegisterJournal.Open(folder, secret) : null;
        if (options.Postgres is { } connection)
        {
            var postgres = PostgresStore.Open(connection, options.Clock, journal);
            return (postgres, new PostgresFeed(postgres, options.StateBound));
        }

        var sqlite = SqliteStore.OpenFile(SqlitePath(options), options.Clock, options.Synchronous, journal);
        return (sqlite, new SqliteFeed(sqlite, SqlitePath(options) + "-cache", options.StateBound));
    }

    /// <summary>Where a register in a file is.</summary>
    public static string SqlitePath(EidServerOptions options) => Path.Combine(options.DataDirectory, "register.db");
}
