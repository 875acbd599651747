using System.Text.Json;
using ShantingEId.Server.Telemetry;

namespace ShantingEId.Server.Hot;

/// <summary>Where a look-up was answered from.</summary>
internal enum HotTier
{
    /// <summary>Memory of this process.</summary>
    Memory,

    /// <summary>Redis.</summary>
    Redis,

    /// <summary>Redis had an entry that is too old to judge or no longer true.</summary>
    RedisTooOld,

    /// <summary>Redis had an entry that is not ours: altered, moved, or of another deployment.</summary>
    RedisRefused,

    /// <summary>Redis did not answer in time, or not at all.</summary>
    RedisAway,

    /// <summary>The register.</summary>
    Store,

    /// <summary>The register, because no cached state may be used now or the caller wants a younger one.</summary>
    Bypass,
}

/// <summary>Counts look-ups by tier.</summary>
internal static class HotMeters
{
    private static readonly KeyValuePair<string, object?>[] Tags = [.. Enum.GetValues<HotTier>().Select(tier => KeyValuePair.Create("eid.tier", (object?)JsonNamingPolicy.SnakeCaseUpper.ConvertName(tier.ToString())))];
    private static readonly long[] Totals = new long[Tags.Length];

    /// <summary>Counts one.</summary>
    public static void Count(HotTier tier)
    {
        if (tier != HotTier.Memory)
        {
            Interlocked.Increment(ref Totals[(int)tier]);
        }

        if (EidMeters.CacheReads.Enabled)
        {
            EidMeters.CacheReads.Add(1, Tags[(int)tier]);
        }
    }

    /// <summary>How many so far in this process; not kept for <see cref="HotTier.Memory"/>, which is too hot for a shared counter.</summary>
    public static long Total(HotTier tier) => Interlocked.Read(ref Totals[(int)tier]);
}
