using System.Collections.Concurrent;
using ShantingEId.Issuing;
using ShantingEId.Seals;

namespace ShantingEId.Server.Hot;

/// <summary>A register entry in the cache. What refers to it sees at once when it is no longer current.</summary>
internal sealed class HotSlot(RegisterEntry entry)
{
    private volatile RegisterEntry? current = entry;

    /// <summary>The entry; null once it changed or was dropped.</summary>
    public RegisterEntry? Current => current;

    /// <summary>Ends it.</summary>
    public void End() => current = null;
}

/// <summary>
/// Hot look-ups: this process, then Redis, then the register. The rules, in the order in which they protect:
/// <list type="number">
/// <item>Signed bytes never change and may be cached for ever. State is never cached without the feed position at which it was read.</item>
/// <item>A cached state counts only under an allowance (<see cref="Freshness"/>): less than the bound, default 1 s of monotonic time,
/// since this replica began a complete reading of the feed that found it a member. The allowance is taken before the state is
/// looked at and checked after it. No allowance: the register is read; register unreachable too: UNAVAILABLE, never VALID.</item>
/// <item>A writer acknowledges a change only after every member confirmed it or its bound passed (<see cref="IChangeFeed.SettleAsync"/>).
/// 2 and 3 together: nobody is told VALID after a revocation was acknowledged.</item>
/// <item>A state goes into the cache only if the feed holds no later change of its key, decided under the lock that changes take
/// too (<see cref="RecentChanges"/>): a slow reader cannot put back what a revocation has just taken out.</item>
/// <item>An entry from Redis is judged by the same rule, from the position it carries; a keyed MAC over key, position, value and
/// environment says that it is ours. Redis may vanish, lag, be restored or be poisoned: entries are then missing, too old to
/// judge or not ours, and the register is read.</item>
/// <item>Requests for one key share one reading, but only under an allowance, and a change ends the sharing: what began before a
/// change answers nobody who came after it.</item>
/// <item>What is not found is never cached: a new licence is visible at once.</item>
/// <item>A state that a prepared change will end counts only until that time, by this replica's clock.</item>
/// <item>What is asked as of a past instant is read from the register.</item>
/// </list>
/// Without Redis the same code runs with the tier left out.
/// </summary>
internal sealed class HotLookup : IRegisterReader
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private readonly ILicenseStore store;
    private readonly FeedFollower follower;
    private readonly RecentChanges changes;
    private readonly RedisTier? redis;
    private readonly TimeProvider clock;
    private readonly GenerationCache<RegisterKey, HotSlot> slots;
    private readonly ConcurrentDictionary<RegisterKey, Task<Reading>> flights = new();

    /// <summary>Makes the cache.</summary>
    public HotLookup(ILicenseStore store, FeedFollower follower, RecentChanges changes, RedisTier? redis, RegisterClock clock, EidServerOptions options)
    {
        (this.store, this.follower, this.changes, this.redis, this.clock) = (store, follower, changes, redis, clock);
        slots = new(options.CacheEntries, EqualityComparer<RegisterKey>.Default, slot => slot.End());
        changes.Invalidate = key =>
        {
            slots.Remove(key)?.End();
            flights.TryRemove(key, out _);
        };
    }

    /// <inheritdoc/>
    public async ValueTask<Reading> FindAsync(RegisterKey key, TimeSpan maxAge, CancellationToken cancel)
    {
        // 1. The allowance first (rule 2). None, or the caller wants younger: the register.
        var allowance = follower.Current;
        if (!follower.IsFresh(allowance) || clock.GetElapsedTime(allowance.Began) > maxAge)
        {
            HotMeters.Count(HotTier.Bypass);
            return Insert(key, await ReadRegisterAsync(key, cancel));
        }

        // 2. This process.
        if (SlotOf(key)?.Current is { } entry && entry.HoldsAt(clock.GetUtcNow()) && follower.IsFresh(allowance))
        {
            HotMeters.Count(HotTier.Memory);
            return Under(allowance, entry);
        }

        // 3. One reading for all who ask now (rule 6): Redis, then the register.
        var mine = new TaskCompletionSource<Reading>(TaskCreationOptions.RunContinuationsAsynchronously);
        var flight = flights.GetOrAdd(key, mine.Task);
        if (flight == mine.Task)
        {
            _ = FlyAsync(key, mine, allowance);
        }

        return await flight.WaitAsync(cancel);
    }

    /// <inheritdoc/>
    public ValueTask<Reading> FindAtAsync(RegisterKey key, DateTimeOffset time, CancellationToken cancel) => InTimeAsync(store.FindAtAsync(key, time, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<SealEntry?> FindSealAsync(SealCode code, CancellationToken cancel) => InTimeAsync(store.FindSealAsync(code, cancel), cancel);

    /// <summary>The cached entry of a key, for who wants to keep a reference; null when there is none.</summary>
    public HotSlot? SlotOf(RegisterKey key)
    {
        if (!slots.TryGet(key, out var slot, out var isOld))
        {
            return null;
        }

        if (isOld)
        {
            // Only while it still stands there: a newer one, to which others refer by now, must be ended by the next change and
            // not be pushed out unended.
            changes.InsertIfCurrent(key, long.MaxValue, () =>
            {
                if (slots.TryGet(key, out var standing, out var stillOld) && stillOld && ReferenceEquals(standing, slot))
                {
                    slots.Set(key, slot!);
                }
            });
        }

        return slot;
    }

    private async Task FlyAsync(RegisterKey key, TaskCompletionSource<Reading> result, Freshness allowance)
    {
        try
        {
            var reading = await ReadRedisAsync(key, allowance) ?? await ReadStoreAsync(key);
            flights.TryRemove(KeyValuePair.Create(key, result.Task));
            result.SetResult(reading);
        }
#pragma warning disable CA1031 // Whatever it is, those who wait must hear of it.
        catch (Exception error)
#pragma warning restore CA1031
        {
            flights.TryRemove(KeyValuePair.Create(key, result.Task));
            result.SetException(error);
            _ = result.Task.Exception; // Those who waited may have given up; nobody need observe it.
        }
    }

    private async ValueTask<Reading?> ReadRedisAsync(RegisterKey key, Freshness allowance)
    {
        if (redis is null || await redis.GetAsync(key) is not { Entry: { } entry } found)
        {
            return null;
        }

        // True when it was read, and nothing in the feed since; the feed is as far as the allowance at least. Checked last,
        // because the answer took time to come.
        var kept = Insert(key, found);
        if (!ReferenceEquals(kept.Entry, SlotOf(key)?.Current) || !entry.HoldsAt(clock.GetUtcNow()) || !follower.IsFresh(allowance))
        {
            HotMeters.Count(HotTier.RedisTooOld);
            return null;
        }

        HotMeters.Count(HotTier.Redis);
        return Under(allowance, entry);
    }

    // Read after the change that made it what it is, so known at least as of then; unless another's clock, by which it was recorded, is ahead.
    private Reading Under(Freshness allowance, RegisterEntry entry)
    {
        var told = entry.State.RecordedTime;
        return new Reading(entry, told > allowance.AsOf && told <= clock.GetUtcNow() ? told : allowance.AsOf, allowance.Position);
    }

    private async ValueTask<Reading> ReadStoreAsync(RegisterKey key)
    {
        // Nobody's token: others wait for the same reading. The store has limits of its own.
        var reading = await ReadRegisterAsync(key, CancellationToken.None);
        HotMeters.Count(HotTier.Store);
        if (reading.Entry is not null)
        {
            redis?.Set(key, reading);
        }

        return Insert(key, reading);
    }

    // That the register is away is an answer, and must come before the caller's deadline. Nothing is read from a reading that is late.
    private ValueTask<Reading> ReadRegisterAsync(RegisterKey key, CancellationToken cancel) => InTimeAsync(store.FindAsync(key, TimeSpan.Zero, cancel), cancel);

    private async ValueTask<T> InTimeAsync<T>(ValueTask<T> reading, CancellationToken cancel)
    {
        if (reading.IsCompleted)
        {
            return await reading;
        }

        try
        {
            return await reading.AsTask().WaitAsync(Patience, clock, cancel);
        }
        catch (TimeoutException error)
        {
            throw new EidException(ErrorReason.StoreUnavailable, "登记簿没有及时答复，请稍后重试", error) { RetryAfter = Patience };
        }
    }

    private Reading Insert(RegisterKey key, Reading reading)
    {
        if (reading.Entry is { } entry)
        {
            changes.InsertIfCurrent(key, reading.Position, () =>
            {
                // The same state again: what refers to the standing slot may go on doing so.
                if (slots.TryGet(key, out var standing, out var isOld) && !isOld && standing!.Current is { } same
                    && same.State == entry.State && same.Until == entry.Until && same.PermitEvents.SequenceEqual(entry.PermitEvents) && same.ManifestDigest.Equals(entry.ManifestDigest))
                {
                    return;
                }

                slots.Remove(key)?.End();
                slots.Set(key, new HotSlot(entry));
            });
        }

        return reading;
    }
}
