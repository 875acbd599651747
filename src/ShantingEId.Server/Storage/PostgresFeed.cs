using Npgsql;
using ShantingEId.Issuing;

namespace ShantingEId.Server.Storage;

/// <summary>
/// The feed for any number of replicas over one PostgreSQL. Members stand in a table: what each has seen, and its bound. Notices
/// (LISTEN) only make it quick; whatever they miss is found by looking. One follower in each process.
/// </summary>
public sealed class PostgresFeed : IChangeFeed, IAsyncDisposable
{
    private const string SeenChannel = "eid_seen";

    // Quick, because nothing rests on it: what is lost with the server only makes a writer wait longer.
    private const string Confirm =
        $"""
        WITH quick AS (SELECT set_config('synchronous_commit', 'off', true)),
        moved AS (UPDATE member SET seen = @position FROM quick WHERE id = @id AND seen < @position RETURNING id)
        SELECT pg_notify('{SeenChannel}', id) FROM moved
        """;

    private static readonly TimeSpan ListenAgain = TimeSpan.FromMilliseconds(200);
    private readonly PostgresStore store;
    private readonly PostgresSettling settling;
    private readonly SemaphoreSlim changed = new(0, 1);
    private readonly CancellationTokenSource ending = new();
    private readonly Lock gate = new();
    private Task? listening;

    /// <summary>Follows a register.</summary>
    /// <param name="store">The register.</param>
    /// <param name="bound">What to wait out when the register cannot say who its members are: the bound of this deployment.</param>
    public PostgresFeed(PostgresStore store, TimeSpan bound)
    {
        this.store = store;
        settling = new PostgresSettling(store, bound);
        store.Committed += Announce;
    }

    /// <inheritdoc/>
    public async ValueTask<string?> JoinAsync(TimeSpan bound, CancellationToken cancel)
    {
        Listen();
        // It has not read anything, and so it answers nothing from before its reading, which comes after this.
        var id = Guid.NewGuid().ToString("N");
        await store.ReadAsync(async session => await session.RunAsync(
            "INSERT INTO member (id, seen, bound, expelled) SELECT @id, position, @bound, 0 FROM feed_head ON CONFLICT (id) DO NOTHING",
            ("@id", id), ("@bound", (long)Math.Ceiling(bound.TotalMilliseconds))), cancel);
        return id;
    }

    /// <inheritdoc/>
    public ValueTask<FeedPage> ReadFeedAsync(string? member, long after, int limit, CancellationToken cancel) => store.ReadFeedAsync(member, after, limit, cancel);

    /// <inheritdoc/>
    public async ValueTask ConfirmAsync(string member, long position, CancellationToken cancel) =>
        await store.ReadAsync(async session => await session.ScalarAsync(new Sql(Confirm, ("@id", member), ("@position", position)), cancel), cancel);

    /// <inheritdoc/>
    public async ValueTask LeaveAsync(string member) =>
        await store.ReadAsync(async session => await session.RunAsync("DELETE FROM member WHERE id = @id", ("@id", member)), CancellationToken.None);

    /// <inheritdoc/>
    public async ValueTask WaitForChangeAsync(TimeSpan atMost, CancellationToken cancel)
    {
        Listen();
        await changed.WaitAsync(atMost, cancel);
    }

    /// <inheritdoc/>
    public async ValueTask SettleAsync(long position)
    {
        Listen();
        await settling.SettleAsync(position);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        store.Committed -= Announce;
        await ending.CancelAsync();
        await (listening ?? Task.CompletedTask);
        ending.Dispose();
        settling.Dispose();
        changed.Dispose();
    }

    private void Announce()
    {
        try
        {
            changed.Release();
        }
        catch (SemaphoreFullException)
        {
            // It has been told already, and has not looked yet.
        }
    }

    private void Listen()
    {
        if (listening is null)
        {
            lock (gate)
            {
                listening ??= Task.Run(ListenAsync);
            }
        }
    }

    private async Task ListenAsync()
    {
        while (!ending.IsCancellationRequested)
        {
            try
            {
                await using var connection = await store.OpenAsync(ending.Token);
                connection.Notification += (_, notice) => (notice.Channel == SeenChannel ? settling.Look : (Action)Announce)();
                await using (var command = new NpgsqlCommand($"LISTEN {PostgresStore.FeedChannel}; LISTEN {SeenChannel}", connection))
                {
                    await command.ExecuteNonQueryAsync(ending.Token);
                }

                Announce(); // Something may have changed while nobody listened.
                while (true)
                {
                    await connection.WaitAsync(ending.Token);
                }
            }
            catch (Exception error) when (error is NpgsqlException or EidException or OperationCanceledException)
            {
                await Task.Delay(ListenAgain, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
