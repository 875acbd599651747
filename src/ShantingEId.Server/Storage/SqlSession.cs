using System.Data;
using System.Data.Common;
using ShantingEId.Server.Journal;

namespace ShantingEId.Server.Storage;

/// <summary>A statement with its values, in the SQL that SQLite and PostgreSQL share; parameters are written <c>@name</c> in both.</summary>
/// <param name="Text">The SQL.</param>
/// <param name="Values">Its parameters, always in the same order for the same text.</param>
internal readonly record struct Sql(string Text, params (string Name, object Value)[] Values);

/// <summary>One connection with its commands kept, so that each statement is prepared once. For one user at a time.</summary>
internal sealed class SqlSession(DbConnection connection) : IAsyncDisposable
{
    private readonly Dictionary<string, DbCommand> kept = [];
    private Task? pending;

    /// <summary>Whether the connection can still be used.</summary>
    public bool IsOpen => connection.State == ConnectionState.Open;

    /// <summary>Whether the database warned of something; set by who opened the connection.</summary>
    public bool Warned { get; set; }

    /// <summary>Where statements that write are noted, for the journal; null when nobody keeps one.</summary>
    public JournalTape? Tape { get; set; }

    /// <summary>Runs a statement; returns the number of changed rows.</summary>
    public async Task<int> RunAsync(string sql, params (string Name, object Value)[] values)
    {
        var changed = await Command(sql, values).ExecuteNonQueryAsync();
        if (changed > 0)
        {
            Tape?.Note(new Sql(sql, values), changed);
        }

        return changed;
    }

    /// <summary>Runs a statement for as long as it takes.</summary>
    public async Task RunUntimedAsync(string sql)
    {
        await using var command = connection.CreateCommand();
        (command.CommandText, command.CommandTimeout) = (sql, 0);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    /// <summary>Runs a script of many statements, once, for as long as it takes.</summary>
    public async Task RunScriptAsync(string script)
    {
        await using var command = connection.CreateCommand();
        (command.CommandText, command.CommandTimeout) = (script, 0);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>First column of the first row; null when there is none or it is NULL.</summary>
    public async Task<object?> ScalarAsync(Sql statement, CancellationToken cancel = default)
    {
        var value = await Command(statement.Text, statement.Values).ExecuteScalarAsync(cancel) is { } found and not DBNull ? found : null;
        Tape?.Note(statement, value as long?);
        return value;
    }

    /// <summary>Runs a query; the reader must be closed before the next statement.</summary>
    public Task<DbDataReader> QueryAsync(Sql statement, CancellationToken cancel = default)
    {
        Tape?.Note(statement, null);
        return Command(statement.Text, statement.Values).ExecuteReaderAsync(cancel);
    }

    /// <summary>Runs statements that return nothing, in order; where the driver can, in one journey to the database.</summary>
    public async Task RunAllAsync(IEnumerable<Sql> statements)
    {
        if (!connection.CanCreateBatch)
        {
            foreach (var statement in statements)
            {
                await Command(statement.Text, statement.Values).ExecuteNonQueryAsync();
                Tape?.Note(statement, null);
            }

            return;
        }

        await using var batch = connection.CreateBatch();
        foreach (var statement in statements)
        {
            Tape?.Note(statement, null);
            var command = batch.CreateBatchCommand();
            command.CommandText = statement.Text;
            foreach (var (name, value) in statement.Values)
            {
                var parameter = command.CreateParameter();
                (parameter.ParameterName, parameter.Value) = (name, value);
                command.Parameters.Add(parameter);
            }

            batch.BatchCommands.Add(command);
        }

        await batch.ExecuteNonQueryAsync();
    }

    private DbCommand Command(string sql, ReadOnlySpan<(string Name, object Value)> values)
    {
        if (!kept.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            foreach (var (name, _) in values)
            {
                var parameter = command.CreateParameter();
                parameter.ParameterName = name;
                command.Parameters.Add(parameter);
            }

            kept.Add(sql, command);
        }

        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i].Value;
        }

        return command;
    }

    /// <summary>Leaves a statement to itself: the connection is closed when it ends, and not before.</summary>
    public void LeaveTo(Task statement) => pending = statement;

    public async ValueTask DisposeAsync()
    {
        if (pending is { IsCompleted: false } running)
        {
            pending = null;
            _ = running.ContinueWith(_ => DisposeAsync().AsTask(), TaskScheduler.Default);
            return;
        }

        foreach (var command in kept.Values)
        {
            await command.DisposeAsync();
        }

        await connection.DisposeAsync();
    }
}
