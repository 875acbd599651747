using Microsoft.Data.Sqlite;
using Npgsql;
using ShantingEId.Server.Storage;
using ShantingEId.TestSupport;

namespace ShantingEId.Server.Tests.Storage;

/// <summary>A fresh register that several stores open at once, and a way to look behind their backs.</summary>
public abstract class Registers : IAsyncDisposable
{
    private readonly List<SqlStore> opened = [];

    /// <summary>Another store on the same register.</summary>
    public SqlStore Open()
    {
        var store = OpenStore();
        lock (opened)
        {
            opened.Add(store);
        }

        return store;
    }

    public abstract Task<long> NumberAsync(string sql);

    public abstract Task RunAsync(string sql);

    public async ValueTask DisposeAsync()
    {
        foreach (var store in opened)
        {
            await store.DisposeAsync();
        }

        await EndAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract SqlStore OpenStore();

    protected virtual ValueTask EndAsync() => ValueTask.CompletedTask;
}

public sealed class SqliteRegisters : Registers
{
    private readonly string folder = Directory.CreateTempSubdirectory("eid-register-").FullName;

    private string File => Path.Combine(folder, "register.db");

    public override async Task<long> NumberAsync(string sql) => (long)(await CommandAsync(sql, command => command.ExecuteScalarAsync()))!;

    public override Task RunAsync(string sql) => CommandAsync(sql, command => command.ExecuteNonQueryAsync());

    protected override SqlStore OpenStore() => SqliteStore.OpenFile(File, TimeProvider.System);

    protected override ValueTask EndAsync()
    {
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private async Task<T> CommandAsync<T>(string sql, Func<SqliteCommand, Task<T>> run)
    {
        await using var connection = new SqliteConnection($"Data Source={File};Pooling=false");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await run(command);
    }
}

public sealed class PostgresRegisters(PostgresServer server, string database) : Registers
{
    public PostgresServer Server => server;

    public string ConnectionString => server.ConnectionString(0, database);

    /// <summary>In the cluster that tests share; skips where it cannot run.</summary>
    public static async Task<PostgresRegisters> CreateAsync()
    {
        Need();
        var server = await PostgresServer.Shared;
        return new PostgresRegisters(server, await server.CreateDatabaseAsync());
    }

    public static void Need()
    {
        if (Environment.GetEnvironmentVariable("CI") is null)
        {
            Assert.SkipWhen(PostgresServer.Obstacle.Length > 0, PostgresServer.Obstacle);
        }

        Assert.Equal("", PostgresServer.Obstacle);
    }

    public override async Task<long> NumberAsync(string sql) => (long)(await CommandAsync(sql, command => command.ExecuteScalarAsync()))!;

    public override Task RunAsync(string sql) => CommandAsync(sql, command => command.ExecuteNonQueryAsync());

    protected override SqlStore OpenStore() => PostgresStore.Open(ConnectionString, TimeProvider.System);

    private async Task<T> CommandAsync<T>(string sql, Func<NpgsqlCommand, Task<T>> run)
    {
        await using var connection = server.Connect(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await run(command);
    }
}
