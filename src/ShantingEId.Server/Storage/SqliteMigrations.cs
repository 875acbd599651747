using System.Globalization;
using Microsoft.Data.Sqlite;

namespace ShantingEId.Server.Storage;

/// <summary>Brings a database to the newest schema: numbered SQL files, each applied once, forward only.</summary>
internal static class SqliteMigrations
{
    /// <summary>Applies what is missing; refuses a database newer than this program.</summary>
    public static void Apply(SqliteConnection connection)
    {
        var scripts = typeof(SqliteMigrations).Assembly.GetManifestResourceNames()
            .Where(name => name.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray();
        // A register that is up to date is only read: it must open on a full disk too, and while another process writes.
        if (Version(connection) == scripts.Length)
        {
            return;
        }

        using var transaction = new SqliteTransactionScope(connection);
        var current = Version(connection);
        if (current > scripts.Length)
        {
            throw new EidException(ErrorReason.StoreUnavailable, $"登记簿的结构版本 {current} 比本程序新，请升级程序");
        }

        foreach (var script in scripts.Skip(current))
        {
            using var stream = new StreamReader(typeof(SqliteMigrations).Assembly.GetManifestResourceStream(script)!);
            transaction.Run(stream.ReadToEnd());
        }

        transaction.Run(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {scripts.Length}"));
        transaction.Commit();
    }

    private static int Version(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        return (int)(long)command.ExecuteScalar()!;
    }
}
