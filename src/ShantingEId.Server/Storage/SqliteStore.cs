using Microsoft.Data.Sqlite;
using ShantingEId.Codes;
using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Server.Storage;

/// <summary>
/// The register on one machine: SQLite with a write-ahead log and synchronous=FULL, so an acknowledged commit is on disk.
/// One writer at a time (BEGIN IMMEDIATE keeps other processes out), any number of readers, who never wait for it.
/// </summary>
public sealed class SqliteStore : ILicenseStore, IDisposable
{
    private const int BusySeconds = 10;
    private readonly string connectionString;
    private readonly TimeProvider clock;
    private readonly SqliteConnection writer;
    private readonly SemaphoreSlim writing = new(1, 1);
    private readonly SqliteReaders readers;

    private SqliteStore(string connectionString, SqliteConnection writer, TimeProvider clock)
    {
        this.clock = clock;
        this.connectionString = connectionString;
        this.writer = writer;
        readers = new SqliteReaders(() =>
        {
            var reader = Open(this.connectionString);
            Execute(reader, "PRAGMA cache_size = -8192"); // 8 MiB: rows of sets lie far apart, between the seals
            return reader;
        });
    }

    /// <summary>Opens or creates the register.</summary>
    /// <param name="path">Database file; its folder must exist.</param>
    /// <param name="clock">Says when a reading began.</param>
    /// <param name="synchronous">FULL. Anything less loses acknowledged sets on power failure; tests alone use it to prove that they notice.</param>
    public static SqliteStore OpenFile(string path, TimeProvider clock, string synchronous = "FULL")
    {
        return Guard(() =>
        {
            var connectionString = new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = BusySeconds, Pooling = false }.ToString();
            var writer = Open(connectionString);
            Execute(writer, "PRAGMA journal_mode = WAL");
            Execute(writer, $"PRAGMA synchronous = {synchronous}");
            Execute(writer, "PRAGMA foreign_keys = ON");
            SqliteMigrations.Apply(writer);
            return new SqliteStore(connectionString, writer, clock);
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        readers.Dispose();
        writer.Dispose();
        writing.Dispose();
    }

    /// <inheritdoc/>
    public ValueTask<StoredReply?> FindReplyAsync(string actor, RequestId requestId, CancellationToken cancel) =>
        new(Guard(() => readers.Use(reader => reader.FindReply(actor, requestId.Value))));

    /// <inheritdoc/>
    public ValueTask<Reading> FindAsync(RegisterKey key, TimeSpan maxAge, CancellationToken cancel)
    {
        var asOf = clock.GetUtcNow();
        return new(Guard(() => readers.Use(reader => reader.FindEntry(key, asOf))));
    }

    /// <summary>A stretch of the feed; see <see cref="IChangeFeed.ReadFeedAsync"/>.</summary>
    internal FeedPage ReadFeed(long after, int limit) => Guard(() => readers.Use(reader => reader.ReadFeed(after, limit)));

    /// <inheritdoc/>
    public ValueTask<IssuedSet?> LoadSetAsync(LicenseId id, CancellationToken cancel) =>
        new(Guard(() => readers.Use(reader => reader.LoadSet(id))));

    /// <inheritdoc/>
    public async ValueTask<long> ReserveAsync(string sequence, int count, CancellationToken cancel) =>
        await WriteAsync(transaction =>
        {
            var next = transaction.Scalar("SELECT next FROM counter WHERE name = $name", ("$name", sequence)) is long stored ? stored : 1;
            transaction.Run("INSERT INTO counter (name, next) VALUES ($name, $next) ON CONFLICT (name) DO UPDATE SET next = excluded.next",
                ("$name", sequence), ("$next", next + count));
            return next;
        });

    /// <inheritdoc/>
    public async ValueTask<Committed> AddSetAsync(IssuedSet issuedSet, DateTimeOffset now, WriteRequest request) =>
        await WriteAsync(transaction =>
        {
            if (transaction.FindReply(request) is { } earlier)
            {
                return new Committed(earlier, earlier.Position);
            }

            var id = issuedSet.License.Id;
            var holder = issuedSet.License.Facts.CreditCode.Value;
            if (transaction.Scalar("SELECT license_id FROM issued_set WHERE credit_code = $holder AND state = 1", ("$holder", holder)) is string active)
            {
                throw StoreErrors.Exists(LicenseId.Parse(active));
            }

            var newest = transaction.Scalar("SELECT max(version) FROM issued_set WHERE credit_code = $holder", ("$holder", holder)) as long? ?? 0;
            if (id.Version != newest + 1)
            {
                throw new EidException(ErrorReason.VersionConflict, "该企业的执照在此期间已有变化，请重试");
            }

            var time = now.ToUnixTimeMilliseconds();
            transaction.Run(
                """
                INSERT INTO issued_set (license_id, credit_code, version, issue_time, manifest, manifest_digest, license_code, typed_code,
                  status_list, status_index, state, state_effective, state_recorded, state_reason, state_decided_by)
                VALUES ($id, $holder, $version, $time, $manifest, $digest, $code, $typed, $list, $index, 1, $time, $time, '', '')
                """,
                ("$id", id.ToString()), ("$holder", holder), ("$version", id.Version), ("$time", time), ("$manifest", issuedSet.Manifest),
                ("$digest", issuedSet.ManifestDigest.Bytes.ToArray()), ("$code", issuedSet.LicenseCode), ("$typed", issuedSet.TypedCode.Value),
                ("$list", issuedSet.Status.List), ("$index", issuedSet.Status.Index));
            var setId = (long)transaction.Scalar("SELECT last_insert_rowid()")!;
            foreach (var seal in issuedSet.Seals.Seals)
            {
                transaction.Run(
                    "INSERT INTO seal (set_id, kind, seal_code, ses_seal, certificate, sealed_key) VALUES ($set, $kind, $code, $seal, $certificate, $key)",
                    ("$set", setId), ("$kind", (int)seal.Kind), ("$code", seal.Code.Value), ("$seal", seal.Seal.Der.ToArray()),
                    ("$certificate", seal.Certificate.Der.ToArray()), ("$key", seal.SealedKey));
            }

            return new Committed(null, transaction.Record(request, "IssueSet", setId, new StateRecord(SetState.Active, now, now, "", "")));
        });

    /// <inheritdoc/>
    public async ValueTask<Committed> ChangeStateAsync(LicenseId id, StateRecord state, WriteRequest request) =>
        await WriteAsync(transaction =>
        {
            if (transaction.FindReply(request) is { } earlier)
            {
                return new Committed(earlier, earlier.Position);
            }

            if (transaction.Scalar("SELECT id FROM issued_set WHERE license_id = $id", ("$id", id.ToString())) is not long setId)
            {
                throw StoreErrors.NotFound();
            }

            var changed = transaction.Run(
                """
                UPDATE issued_set SET state = $state, state_effective = $effective, state_recorded = $recorded,
                  state_reason = $reason, state_decided_by = $by WHERE id = $set AND state = 1
                """,
                ("$set", setId), ("$state", (int)state.State), ("$effective", state.EffectiveTime.ToUnixTimeMilliseconds()),
                ("$recorded", state.RecordedTime.ToUnixTimeMilliseconds()), ("$reason", state.Reason), ("$by", state.DecidedBy));
            if (changed == 0)
            {
                throw StoreErrors.AlreadyRevoked(id);
            }

            return new Committed(null, transaction.Record(request, "RevokeSet", setId, state));
        });

    // One writer in this process; BEGIN IMMEDIATE for the others. The transaction takes no cancellation token on purpose:
    // a caller who gives up must not be able to make a commit ambiguous.
    private async Task<T> WriteAsync<T>(Func<SqliteTransactionScope, T> work)
    {
        await writing.WaitAsync();
        try
        {
            return Guard(() =>
            {
                using var transaction = new SqliteTransactionScope(writer);
                var result = work(transaction);
                transaction.Commit();
                return result;
            });
        }
        finally
        {
            writing.Release();
        }
    }

    private static SqliteConnection Open(string connectionString)
    {
        var connection = new SqliteConnection(connectionString);
        connection.Open();
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static T Guard<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException error)
        {
            throw SqliteErrors.Translate(error);
        }
    }
}
