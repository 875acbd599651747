using System.Diagnostics;

namespace ShantingEId.Server.Storage;

/// <summary>
/// Waits until no replica answers from before a change: one look at the members for all changes that wait in this process. A change
/// is settled when each member has seen it, or when a member's bound has passed since we began to wait for it.
/// <para>A silent member is put out in two steps, because it may still answer from its last reading as a member. The one that first
/// finds it silent marks it: readings from then on tell it that it is no member. Whoever begins to wait after that, and waits its full
/// bound in vain, takes it off the list: by then its last reading as a member has run out. So no replica is ever off the list
/// while it may answer from its cache. All times are durations of this process; no clock of another machine counts.</para>
/// </summary>
internal sealed class PostgresSettling(PostgresStore store, TimeSpan ownBound) : IDisposable
{
    // What a replica takes to notice that its time is over, as it checks after the reading.
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(32);

    private readonly Lock gate = new();
    private readonly List<Waiter> waiters = [];
    private readonly SemaphoreSlim look = new(0, 1);
    private TimeSpan largestBound = ownBound;
    private bool looking;
    private long settled;

    private sealed record Member(string Id, long Seen, TimeSpan Bound, bool Expelled);

    private sealed class Waiter(long position)
    {
        public long Position => position;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Since when it waits: since its first look at the members, or since the call while they cannot be read.</summary>
        public long Began { get; set; } = Stopwatch.GetTimestamp();

        /// <summary>Members that were marked already when it began; null before its first look.</summary>
        public HashSet<string>? Marked { get; set; }
    }

    /// <summary>Returns when nobody answers from before this position.</summary>
    public Task SettleAsync(long position)
    {
        lock (gate)
        {
            if (position <= settled)
            {
                return Task.CompletedTask;
            }

            var waiter = new Waiter(position);
            waiters.Add(waiter);
            if (!looking)
            {
                looking = true;
                _ = Task.Run(LookAsync);
            }
            else
            {
                Look();
            }

            return waiter.Done.Task;
        }
    }

    /// <summary>Looks again now: some member has seen more, or somebody else waits.</summary>
    public void Look()
    {
        try
        {
            look.Release();
        }
        catch (SemaphoreFullException)
        {
            // It will look anyway.
        }
    }

    public void Dispose() => look.Dispose();

    private async Task LookAsync()
    {
        var pause = FirstPause;
        while (true)
        {
            Waiter[] waiting;
            lock (gate)
            {
                if (waiters.Count == 0)
                {
                    looking = false;
                    return;
                }

                waiting = [.. waiters];
            }

            var members = await TryAsync(ReadMembersAsync);
            foreach (var waiter in waiting)
            {
                await JudgeAsync(waiter, members);
            }

            await look.WaitAsync(pause);
            pause = pause < LongestPause ? pause * 2 : pause;
        }
    }

    private async Task JudgeAsync(Waiter waiter, List<Member>? members)
    {
        // 1. The list cannot be read: whoever is on it has run out of time when the largest bound known has passed.
        if (members is null)
        {
            if (Stopwatch.GetElapsedTime(waiter.Began) >= largestBound + Margin)
            {
                Finish(waiter);
            }

            return;
        }

        // 2. The first look begins the waiting, so that who is marked by now was marked before.
        if (waiter.Marked is null)
        {
            (waiter.Began, waiter.Marked) = (Stopwatch.GetTimestamp(), [.. members.Where(member => member.Expelled).Select(member => member.Id)]);
        }

        // 3. Everyone who has not seen the change must have run out of time.
        var waited = Stopwatch.GetElapsedTime(waiter.Began);
        var behind = members.Where(member => member.Seen < waiter.Position).ToArray();
        if (behind.Any(member => waited < member.Bound + Margin))
        {
            return;
        }

        // 4. Those are put out, one step further each time. It may fail: the next change waits as long, and tries again.
        foreach (var silent in behind)
        {
            await TryAsync(session => waiter.Marked.Contains(silent.Id)
                ? session.RunAsync("DELETE FROM member WHERE id = @id AND expelled = 1", ("@id", silent.Id))
                : session.RunAsync("UPDATE member SET expelled = 1 WHERE id = @id AND seen < @position", ("@id", silent.Id), ("@position", waiter.Position)));
        }

        Finish(waiter);
    }

    private void Finish(Waiter waiter)
    {
        lock (gate)
        {
            waiters.Remove(waiter);
            // Nobody answers from before it ever again: who joins later reads first.
            settled = Math.Max(settled, waiter.Position);
        }

        waiter.Done.TrySetResult();
    }

    private async Task<List<Member>> ReadMembersAsync(SqlSession session)
    {
        var members = new List<Member>();
        await using var row = await session.QueryAsync(new Sql("SELECT id, seen, bound, expelled FROM member"));
        while (await row.ReadAsync())
        {
            members.Add(new Member(row.GetString(0), row.GetInt64(1), TimeSpan.FromMilliseconds(row.GetInt64(2)), row.GetInt64(3) != 0));
        }

        largestBound = members.Select(member => member.Bound).Append(largestBound).Max();
        return members;
    }

    private async Task<T?> TryAsync<T>(Func<SqlSession, Task<T>> work)
    {
        try
        {
            return await store.ReadAsync(session => new ValueTask<T>(work(session)), CancellationToken.None);
        }
        catch (EidException)
        {
            return default;
        }
    }
}
