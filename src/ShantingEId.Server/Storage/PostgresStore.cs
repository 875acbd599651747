using System.Data.Common;
using Npgsql;
using ShantingEId.Server.Journal;

namespace ShantingEId.Server.Storage;

/// <summary>
/// The register for any number of replicas: PostgreSQL through Npgsql. An acknowledged commit is on the server's disk, and on its
/// synchronous standby where it has one (<see cref="PostgresConnections"/> refuses less).
/// </summary>
public sealed class PostgresStore : SqlStore
{
    /// <summary>Channel on which followers of the feed are woken.</summary>
    internal const string FeedChannel = "eid_feed";

    private const int Readers = 32;

    // Longer than a healthy server or a standby needs. After that the callers are told that the outcome is unknown, and COMMIT goes on.
    private static readonly TimeSpan CommitPatience = TimeSpan.FromSeconds(10);
    private static readonly string Feed = SqlReads.FeedStatement(
        "(SELECT count(*) FROM member m WHERE m.id = @member AND m.expelled = 0)", "(extract(epoch FROM clock_timestamp()) * 1000)::bigint");

    private readonly PostgresConnections connections;
    private readonly SqlSessions readers;

    private PostgresStore(PostgresConnections connections, TimeProvider clock, RegisterJournal? journal)
        : base(clock, journal)
    {
        this.connections = connections;
        readers = new SqlSessions(async cancel => new SqlSession(await connections.OpenAsync(cancel)), Readers);
    }

    /// <inheritdoc/>
    private protected override string BeginStatement => "BEGIN";

    /// <inheritdoc/>
    private protected override Sql? Notice { get; } = new Sql($"SELECT pg_notify('{FeedChannel}', '')");

    /// <inheritdoc/>
    private protected override string FeedStatement => Feed;

    /// <summary>Opens the register and brings its schema up to date.</summary>
    /// <param name="connectionString">As Npgsql reads it; never logged.</param>
    /// <param name="clock">Says when a reading began.</param>
    /// <exception cref="EidException">The server cannot be reached, or does not keep what it acknowledged.</exception>
    public static PostgresStore Open(string connectionString, TimeProvider clock) => Open(connectionString, clock, null);

    /// <summary>Opens the register, with its journal.</summary>
    internal static PostgresStore Open(string connectionString, TimeProvider clock, RegisterJournal? journal)
    {
        var store = new PostgresStore(new PostgresConnections(connectionString), clock, journal);
        try
        {
            // Before the first port is opened, and with nothing else to do meanwhile.
            Task.Run(() => store.StartAsync(Migrations.ApplyPostgresAsync)).GetAwaiter().GetResult();
            return store;
        }
        catch (Exception error)
        {
            store.Dispose();
            throw error as EidException ?? PostgresErrors.Translate(error, committing: false);
        }
    }

    /// <summary>A connection beside the others, to listen on.</summary>
    internal ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancel) => connections.OpenAsync(cancel);

    /// <inheritdoc/>
    private protected override async ValueTask<T> UseAsync<T>(Func<SqlSession, ValueTask<T>> use, CancellationToken cancel)
    {
        try
        {
            return await readers.UseAsync(use, cancel);
        }
        catch (NpgsqlException error) when (PostgresErrors.IsConnectionLost(error))
        {
            // A server that was restarted takes every old connection along. A new one tells whether it is back.
            await readers.ClearAsync();
            return await readers.UseAsync(use, cancel);
        }
    }

    /// <inheritdoc/>
    private protected override async ValueTask<SqlSession> OpenWriterAsync()
    {
        var connection = await connections.OpenAsync(CancellationToken.None);
        var session = new SqlSession(connection);
        connection.Notice += (_, said) => session.Warned |= said.Notice.InvariantSeverity == "WARNING";
        return session;
    }

    /// <summary>
    /// Commits, with neither token nor timeout: a cancelled COMMIT that waits for its standby is reported as done, and is not.
    /// </summary>
    private protected override async Task CommitAsync(SqlSession session)
    {
        var commit = CommitOnStandbyAsync(session);
        try
        {
            await commit.WaitAsync(CommitPatience);
        }
        catch (TimeoutException)
        {
            session.LeaveTo(commit);
            throw;
        }
    }

    // Somebody with the right to may end the wait for the standby by hand. PostgreSQL then warns and reports success: the
    // commit is here, and perhaps not there. A later commit without a warning carries it along.
    private static async Task CommitOnStandbyAsync(SqlSession session)
    {
        session.Warned = false;
        await session.RunUntimedAsync("COMMIT");
        while (session.Warned)
        {
            session.Warned = false;
            await session.RunUntimedAsync("UPDATE feed_head SET position = position");
        }
    }

    /// <summary>Rolls back by closing: the server forgets what the connection had not committed, in whatever state it is.</summary>
    private protected override ValueTask<bool> UndoAsync(SqlSession session) => new(false);

    /// <inheritdoc/>
    private protected override bool IsOwnFault(DbException error) => error is NpgsqlException own && PostgresErrors.IsOwnFault(own);

    /// <inheritdoc/>
    private protected override bool MayRepeat(Exception error) => PostgresErrors.MayRepeat(error);

    /// <inheritdoc/>
    private protected override EidException Translate(Exception error, bool committing) => PostgresErrors.Translate(error, committing);

    /// <inheritdoc/>
    private protected override async ValueTask CloseAsync()
    {
        await readers.DisposeAsync();
        await connections.DisposeAsync();
    }
}
