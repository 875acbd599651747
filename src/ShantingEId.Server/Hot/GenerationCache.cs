using System.Collections.Concurrent;

namespace ShantingEId.Server.Hot;

/// <summary>
/// A bounded table for many readers: two generations, and what is used in the old one moves to the young one. When the young
/// one is full the old one is dropped. Reading takes no lock; writing is for one thread at a time.
/// </summary>
/// <param name="capacity">Entries of one generation; at most twice as many are kept.</param>
/// <param name="comparer">Compares keys.</param>
/// <param name="dropped">Told of each entry that was dropped for want of room.</param>
internal sealed class GenerationCache<TKey, TValue>(int capacity, IEqualityComparer<TKey> comparer, Action<TValue>? dropped = null)
    where TKey : notnull
    where TValue : class
{
    private volatile ConcurrentDictionary<TKey, TValue> young = new(comparer);
    private volatile ConcurrentDictionary<TKey, TValue> old = new(comparer);
    private int filled; // counted here: asking a concurrent dictionary locks all of it

    /// <summary>The young generation, for look-ups by another form of the key.</summary>
    public ConcurrentDictionary<TKey, TValue> Young => young;

    /// <summary>Finds an entry; one found in the old generation should be added again by its owner.</summary>
    public bool TryGet(TKey key, out TValue? value, out bool isOld)
    {
        isOld = false;
        if (young.TryGetValue(key, out value))
        {
            return true;
        }

        isOld = old.TryGetValue(key, out value);
        return isOld;
    }

    /// <summary>Adds or replaces an entry.</summary>
    public void Set(TKey key, TValue value)
    {
        if (!young.TryAdd(key, value))
        {
            young[key] = value;
            return;
        }

        if (++filled > capacity)
        {
            var dying = old;
            old = young;
            young = new(comparer);
            filled = 0;
            foreach (var (lost, entry) in dying)
            {
                if (!old.TryGetValue(lost, out var kept) || !ReferenceEquals(kept, entry))
                {
                    dropped?.Invoke(entry);
                }
            }
        }
    }

    /// <summary>Takes an entry out and hands it over; null when there was none.</summary>
    public TValue? Remove(TKey key)
    {
        young.TryRemove(key, out var found);
        return old.TryRemove(key, out var older) ? found ?? older : found;
    }
}
