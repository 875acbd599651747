using ShantingEId.Issuing;

namespace ShantingEId.Server.Hot;

/// <summary>
/// The last changes of the register by key: decides whether a state that was true at an earlier feed position is true still.
/// Every insertion into a cache and every change goes through its one lock, so a state read before a change can never be
/// inserted after it. Hits take no lock.
/// </summary>
internal sealed class RecentChanges
{
    /// <summary>Changes remembered; what is older can no longer be judged and is read again.</summary>
    public const int Capacity = 16_384;

    private readonly Lock gate = new();
    private readonly Dictionary<RegisterKey, long> newest = [];
    private readonly Queue<(long Position, FeedChange Change)> order = new();
    private long judgedFrom = long.MaxValue;

    /// <summary>Called inside the lock for each key that changed; takes it out of the cache.</summary>
    public Action<RegisterKey> Invalidate { get; set; } = _ => { };

    /// <summary>Changes after this position will be given to <see cref="Apply"/>.</summary>
    public void Begin(long position)
    {
        lock (gate)
        {
            judgedFrom = position;
        }
    }

    /// <summary>Takes in the next change.</summary>
    public void Apply(FeedChange change)
    {
        // A first licence changes nothing that could be cached: what is missing is never cached.
        if (change is { IsIssue: true, LicenseId.Version: 1 })
        {
            return;
        }

        lock (gate)
        {
            foreach (var key in Keys(change))
            {
                newest[key] = change.Position;
                Invalidate(key);
            }

            order.Enqueue((change.Position, change));
            if (order.Count > Capacity)
            {
                Forget(order.Dequeue());
            }
        }
    }

    /// <summary>Runs <paramref name="insert"/> inside the lock if a state read at this position is still the newest.</summary>
    /// <returns>Whether it was; false also when the position is too old to judge.</returns>
    public bool InsertIfCurrent(RegisterKey key, long position, Action insert)
    {
        lock (gate)
        {
            if (position < judgedFrom || (newest.TryGetValue(key, out var changed) && changed > position))
            {
                return false;
            }

            insert();
            return true;
        }
    }

    private void Forget((long Position, FeedChange Change) oldest)
    {
        judgedFrom = oldest.Position;
        foreach (var key in Keys(oldest.Change))
        {
            if (newest.GetValueOrDefault(key) == oldest.Position)
            {
                newest.Remove(key);
            }
        }
    }

    private static RegisterKey[] Keys(FeedChange change) =>
        [RegisterKey.Of(change.ManifestDigest), RegisterKey.Of(change.TypedCode), RegisterKey.Of(change.LicenseId), RegisterKey.NewestOf(change.LicenseId)];
}
