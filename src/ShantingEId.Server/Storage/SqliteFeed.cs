using System.Collections.Concurrent;
using ShantingEId.Issuing;

namespace ShantingEId.Server.Storage;

/// <summary>
/// The feed of a register in one file, for one follower in each process. One process at a time may answer from a cache: the one that holds the lock file beside
/// the register, which the system takes back when the process dies. It is told of its own commits at once and looks for
/// those of others; a process without the lock lets the bound pass before it acknowledges a change.
/// </summary>
public sealed class SqliteFeed : IChangeFeed, IDisposable
{
    private const string OnlyMember = "only";
    // What the holder of the lock takes to notice that its time is over, as it checks after the reading.
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(50);
    private readonly ConcurrentDictionary<TaskCompletionSource, long> waiting = new();
    private readonly SemaphoreSlim changed = new(0, 1);
    private readonly Lock gate = new();
    private readonly SqliteStore store;
    private readonly string path;
    private readonly TimeSpan bound;
    private FileStream? held;
    private long seen;

    /// <summary>Follows a register.</summary>
    /// <param name="store">The register.</param>
    /// <param name="path">The lock file.</param>
    /// <param name="bound">How long the process with the lock answers from its cache after a reading; the same for all processes of a register.</param>
    public SqliteFeed(SqliteStore store, string path, TimeSpan bound)
    {
        (this.store, this.path, this.bound) = (store, path, bound);
        store.Committed += Announce;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        store.Committed -= Announce;
        held?.Dispose();
        changed.Dispose();
    }

    /// <inheritdoc/>
    public ValueTask<string?> JoinAsync(TimeSpan bound, CancellationToken cancel)
    {
        lock (gate)
        {
            held ??= TryLock();
            return new(held is null ? null : OnlyMember);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<FeedPage> ReadFeedAsync(string? member, long after, int limit, CancellationToken cancel) =>
        (await store.ReadFeedAsync(member, after, limit, cancel)) with { IsMember = member is not null && held is not null };

    /// <inheritdoc/>
    public ValueTask ConfirmAsync(string member, long position, CancellationToken cancel)
    {
        Volatile.Write(ref seen, position);
        foreach (var (waiter, wanted) in waiting)
        {
            if (wanted <= position && waiting.TryRemove(waiter, out _))
            {
                waiter.TrySetResult();
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask LeaveAsync(string member)
    {
        lock (gate)
        {
            held?.Dispose();
            held = null;
            return ValueTask.CompletedTask;
        }
    }

    /// <inheritdoc/>
    public async ValueTask WaitForChangeAsync(TimeSpan atMost, CancellationToken cancel) => await changed.WaitAsync(atMost, cancel);

    /// <inheritdoc/>
    public async ValueTask SettleAsync(long position)
    {
        if (held is not null)
        {
            if (Volatile.Read(ref seen) >= position)
            {
                return;
            }

            var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting[waiter] = position;
            if (Volatile.Read(ref seen) < position)
            {
                await Task.WhenAny(waiter.Task, Task.Delay(bound + Margin));
            }

            waiting.TryRemove(waiter, out _);
            return;
        }

        // Nobody has the lock: nobody caches, and whoever takes it now reads the feed first.
        if (!IsFree())
        {
            await Task.Delay(bound + Margin);
        }
    }

    // One at a time: two writes of this process that look at once would each take the other for a process that caches, and wait for it.
    private bool IsFree()
    {
        lock (gate)
        {
            using var free = TryLock();
            return free is not null;
        }
    }

    /// <summary>Wakes the follower of this process: something was committed here.</summary>
    private void Announce()
    {
        try
        {
            changed.Release();
        }
        catch (SemaphoreFullException)
        {
            // It has been told already.
        }
    }

    private FileStream? TryLock()
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
