using Npgsql;
using ShantingEId.Server.Tests.Incidents;
using ShantingEId.Server.Tests.Life;
using ShantingEId.Server.Tests.Storage;
using ShantingEId.TestSupport;

namespace ShantingEId.Server.Tests.Journal;

/// <summary>A deployment whose register can be put away and brought back, as an operator does with its backups.</summary>
public interface IRestorable
{
    /// <summary>Takes a copy; the server is stopped.</summary>
    Task BackUpAsync();

    /// <summary>Puts the copy in the place of the register; the server is stopped.</summary>
    Task RestoreAsync();
}

public sealed class RestoreFixture : ServerFixture, IRestorable
{
    public override EidServerOptions Options() => base.Options() with { Incidents = Slowly.Terms };

    public Task BackUpAsync()
    {
        File.Copy(RegisterPath, RegisterPath + ".backup", overwrite: true);
        Assert.False(File.Exists(RegisterPath + "-wal"), "the register was not closed");
        return Task.CompletedTask;
    }

    public Task RestoreAsync()
    {
        foreach (var left in (string[])["-wal", "-shm"])
        {
            File.Delete(RegisterPath + left);
        }

        File.Copy(RegisterPath + ".backup", RegisterPath, overwrite: true);
        return Task.CompletedTask;
    }
}

public sealed class PostgresRestoreFixture : PostgresServerFixture, IRestorable
{
    public override EidServerOptions Options() => base.Options() with { Incidents = Slowly.Terms };

    public Task BackUpAsync() => CopyAsync(Database, Database + "_backup");

    public Task RestoreAsync() => CopyAsync(Database + "_backup", Database);

    private async Task CopyAsync(string from, string to)
    {
        await using var connection = Server.Connect("postgres");
        await connection.OpenAsync();
        foreach (var sql in (string[])[$"DROP DATABASE IF EXISTS {to} WITH (FORCE)", $"CREATE DATABASE {to} TEMPLATE {from}"])
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
        }
    }
}

/// <summary>What happens around a backup.</summary>
internal static class Backups
{
    /// <summary>Two starts of the server behind the backup, so that the journal has a file of each; the backup is in its place then.</summary>
    public static async Task LiveBehindAsync(ServerFixture server, IRestorable copies)
    {
        await LifeClient.Of(server).FoundAsync();
        await server.StopAsync();
        await copies.BackUpAsync();
        for (var start = 0; start < 2; start++)
        {
            await server.StartAsync();
            await LifeClient.Of(server).FoundAsync();
            await server.StopAsync();
        }

        await copies.RestoreAsync();
    }
}
