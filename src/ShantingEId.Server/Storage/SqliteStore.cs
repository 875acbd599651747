using System.Data.Common;
using Microsoft.Data.Sqlite;
using ShantingEId.Server.Journal;

namespace ShantingEId.Server.Storage;

/// <summary>
/// The register on one machine: SQLite with a write-ahead log and synchronous=FULL, so an acknowledged commit is on disk.
/// One writer at a time (BEGIN IMMEDIATE keeps other processes out), any number of readers, who never wait for it.
/// </summary>
public sealed class SqliteStore : SqlStore
{
    private const int BusySeconds = 10;
    private static readonly string Feed = SqlReads.FeedStatement("@member = @member", "NULL");
    private readonly string connectionString;
    private readonly string synchronous;
    private readonly SqlSessions readers;

    private SqliteStore(string connectionString, string synchronous, TimeProvider clock, RegisterJournal? journal)
        : base(clock, journal)
    {
        this.connectionString = connectionString;
        this.synchronous = synchronous;
        // Rows of sets lie far apart, between the seals: each reader keeps 8 MiB of pages. No limit: SQLite's readers wait for nothing.
        readers = new SqlSessions(_ => new(new SqlSession(Open("PRAGMA cache_size = -8192"))), int.MaxValue);
    }

    /// <inheritdoc/>
    private protected override string BeginStatement => "BEGIN IMMEDIATE";

    /// <inheritdoc/>
    private protected override Sql? Notice => null;

    /// <inheritdoc/>
    private protected override string FeedStatement => Feed;

    /// <summary>Opens or creates the register.</summary>
    /// <param name="path">Database file; its folder must exist.</param>
    /// <param name="clock">Says when a reading began.</param>
    /// <param name="synchronous">FULL. Anything less loses acknowledged sets on power failure; tests alone use it to prove that they notice.</param>
    public static SqliteStore OpenFile(string path, TimeProvider clock, string synchronous = "FULL") => OpenFile(path, clock, synchronous, null);

    /// <summary>Opens or creates the register, with its journal.</summary>
    internal static SqliteStore OpenFile(string path, TimeProvider clock, string synchronous, RegisterJournal? journal)
    {
        var store = new SqliteStore(new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = BusySeconds, Pooling = false }.ToString(), synchronous, clock, journal);
        try
        {
            // SQLite does its work before it returns: nothing here waits for another thread.
            store.StartAsync(Migrations.ApplySqliteAsync).GetAwaiter().GetResult();
            return store;
        }
        catch (Exception error)
        {
            store.Dispose();
            throw error is SqliteException sqlite ? SqliteErrors.Translate(sqlite) : error;
        }
    }

    /// <inheritdoc/>
    private protected override ValueTask<T> UseAsync<T>(Func<SqlSession, ValueTask<T>> use, CancellationToken cancel) => readers.UseAsync(use, cancel);

    /// <inheritdoc/>
    private protected override ValueTask<SqlSession> OpenWriterAsync() =>
        // The driver looks for a busy register every 150 ms; SQLite itself looks more often, so that two processes take turns.
        new(new SqlSession(Open("PRAGMA busy_timeout = 2000", "PRAGMA journal_mode = WAL", $"PRAGMA synchronous = {synchronous}", "PRAGMA foreign_keys = ON",
            "PRAGMA temp_store = MEMORY"))); // What a savepoint may have to undo; in a file it is a dozen writes more for each set.

    /// <summary>Commits; with synchronous=FULL the log is flushed to disk before this returns.</summary>
    private protected override Task CommitAsync(SqlSession session) => session.RunAsync("COMMIT");

    /// <inheritdoc/>
    private protected override async ValueTask<bool> UndoAsync(SqlSession session)
    {
        try
        {
            await session.RunAsync("ROLLBACK");
        }
        catch (SqliteException)
        {
            // A failed COMMIT or a full disk may have rolled back already; the first error is the one to report.
        }

        return true;
    }

    /// <inheritdoc/>
    private protected override bool IsOwnFault(DbException error) => error is SqliteException sqlite && SqliteErrors.IsOwnFault(sqlite);

    /// <inheritdoc/>
    private protected override bool MayRepeat(Exception error) => false;

    /// <inheritdoc/>
    private protected override EidException Translate(Exception error, bool committing) =>
        error is SqliteException sqlite ? SqliteErrors.Translate(sqlite) : new EidException(ErrorReason.InternalFault, "登记簿写入时出错", error);

    /// <inheritdoc/>
    private protected override ValueTask CloseAsync() => readers.DisposeAsync();

    private SqliteConnection Open(params ReadOnlySpan<string> settings)
    {
        var connection = new SqliteConnection(connectionString);
        try
        {
            connection.Open();
            foreach (var setting in settings)
            {
                using var command = connection.CreateCommand();
                command.CommandText = setting;
                command.ExecuteNonQuery();
            }

            return connection;
        }
        catch (SqliteException)
        {
            connection.Dispose();
            throw;
        }
    }
}
