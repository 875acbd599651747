using Microsoft.Data.Sqlite;
using ShantingEId.Issuing;

namespace ShantingEId.Server.Storage;

/// <summary>One write transaction. Disposing without <see cref="Commit"/> rolls back.</summary>
internal sealed class SqliteTransactionScope : IDisposable
{
    private readonly SqliteConnection connection;
    private bool ended;

    public SqliteTransactionScope(SqliteConnection connection)
    {
        this.connection = connection;
        Run("BEGIN IMMEDIATE");
    }

    /// <summary>Runs a statement; returns the number of changed rows.</summary>
    public int Run(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = Command(sql, parameters);
        return command.ExecuteNonQuery();
    }

    /// <summary>First column of the first row; null when there is none or it is NULL.</summary>
    public object? Scalar(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = Command(sql, parameters);
        return command.ExecuteScalar() is { } value and not DBNull ? value : null;
    }

    /// <summary>The reply committed earlier for this request, seen from inside the transaction.</summary>
    public StoredReply? FindReply(WriteRequest request)
    {
        using var command = Command("SELECT content_digest, reply, position FROM reply WHERE actor = $actor AND request_id = $request",
            [("$actor", request.Actor), ("$request", request.RequestId.Value)]);
        using var row = command.ExecuteReader();
        return row.Read() ? new StoredReply(row.GetFieldValue<byte[]>(0), row.GetFieldValue<byte[]>(1), row.GetInt64(2)) : null;
    }

    /// <summary>What goes with every deed: its log entry, its feed entry, its reply. Returns its place in the feed.</summary>
    public long Record(WriteRequest request, string deed, long setId, StateRecord state)
    {
        var time = state.RecordedTime.ToUnixTimeMilliseconds();
        var position = (long)Scalar("UPDATE feed_head SET position = position + 1 RETURNING position")!;
        Run("INSERT INTO reply (actor, request_id, content_digest, reply, position) VALUES ($actor, $request, $digest, $reply, $position)",
            ("$actor", request.Actor), ("$request", request.RequestId.Value), ("$digest", request.ContentDigest), ("$reply", request.Reply), ("$position", position));
        Run(
            """
            INSERT INTO feed (position, set_id, state, recorded_time, state_effective, state_reason, state_decided_by)
            VALUES ($position, $set, $state, $time, $effective, $reason, $by)
            """,
            ("$position", position), ("$set", setId), ("$state", (int)state.State), ("$time", time),
            ("$effective", state.EffectiveTime.ToUnixTimeMilliseconds()), ("$reason", state.Reason), ("$by", state.DecidedBy));
        Run("INSERT INTO act (actor, request_id, deed, set_id, recorded_time) VALUES ($actor, $request, $deed, $set, $time)",
            ("$actor", request.Actor), ("$request", request.RequestId.Value), ("$deed", deed), ("$set", setId), ("$time", time));
        return position;
    }

    /// <summary>Commits; with synchronous=FULL the log is flushed to disk before this returns.</summary>
    public void Commit()
    {
        Run("COMMIT");
        ended = true;
    }

    public void Dispose()
    {
        if (ended)
        {
            return;
        }

        try
        {
            Run("ROLLBACK");
        }
        catch (SqliteException)
        {
            // A failed COMMIT or a full disk may have rolled back already; the first error is the one to report.
        }
    }

    private SqliteCommand Command(string sql, ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }
}
