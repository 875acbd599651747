using System.Collections.Frozen;
using System.Globalization;

namespace ShantingEId.Server.Callers;

/// <summary>What a caller may use, as <c>callers.json</c> gives it; what is left out is the default of its role.</summary>
/// <param name="CallsPerSecond">Calls in a second, in the long run.</param>
/// <param name="Burst">Calls at once after a rest.</param>
/// <param name="MissesPerMinute">Look-ups in a minute that find nothing, or something never issued: who tries codes runs into this first.</param>
/// <param name="Streams">Streaming calls open at once.</param>
internal sealed record Quota(int? CallsPerSecond = null, int? Burst = null, int? MissesPerMinute = null, int? Streams = null)
{
    /// <summary>Highest number that can be given.</summary>
    public const int Highest = 1_000_000;

    /// <summary>Whether every number given can be one.</summary>
    public bool IsSensible => ((int?[])[CallsPerSecond, Burst, MissesPerMinute, Streams]).All(number => number is null or (> 0 and <= Highest));
}

/// <summary>Counts what each caller uses. Kept in memory for each process: the limit of a deployment is that of a replica times its replicas.</summary>
internal sealed class CallerQuotas
{
    private readonly FrozenDictionary<Caller, Use> uses;
    private readonly Use unregistered;

    /// <summary>Starts with nothing used.</summary>
    /// <param name="callers">Everybody registered.</param>
    /// <param name="clock">Its monotonic time.</param>
    /// <param name="unlimited">For benchmarks: counts as ever, with limits nobody reaches.</param>
    public CallerQuotas(IEnumerable<Caller> callers, TimeProvider clock, bool unlimited = false)
    {
        var highest = new Quota(Quota.Highest, Quota.Highest, Quota.Highest, Quota.Highest);
        // A caller compares by everything in it; here only the object itself counts.
        uses = callers.ToFrozenDictionary<Caller, Caller, Use>(caller => caller, caller => new Use(unlimited ? highest : caller.Quota ?? new Quota(), caller.Role, clock), ReferenceEqualityComparer.Instance);
        unregistered = new Use(new Quota(CallsPerSecond: 50, Burst: 100, Streams: 16), CallerRole.HolderApp, clock);
    }

    /// <summary>Takes one call, or says how long to wait.</summary>
    public bool TryTake(Caller caller, out TimeSpan wait) => uses[caller].Calls.TryTake(out wait);

    /// <summary>Takes one call; null is anybody who is not registered, together.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.RateLimited"/>.</exception>
    public void Take(Caller? caller)
    {
        var use = UseOf(caller);
        if (!use.Calls.TryTake(out var wait))
        {
            throw Refusal(caller, "calls_per_second", use.CallsPerSecond, wait);
        }
    }

    /// <summary>Refuses a look-up to a caller that has looked for too many things that do not exist.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.RateLimited"/>.</exception>
    public void RequireLookup(Caller caller)
    {
        var use = uses[caller];
        if (use.Misses is { } misses && !misses.HasRoom(out var wait))
        {
            throw Refusal(caller, "misses_per_minute", use.MissesPerMinute, wait);
        }
    }

    /// <summary>Counts a look-up that found nothing, or something never issued.</summary>
    public void CountMiss(Caller caller) => uses[caller].Misses?.Take();

    /// <summary>Takes the place of a streaming call, or of one that carries a document; give it back with <see cref="LeaveStream"/>.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.RateLimited"/>.</exception>
    public void EnterStream(Caller? caller)
    {
        var use = UseOf(caller);
        if (Interlocked.Increment(ref use.OpenStreams) > use.Streams)
        {
            Interlocked.Decrement(ref use.OpenStreams);
            throw Refusal(caller, "streams", use.Streams, TimeSpan.FromSeconds(1));
        }
    }

    /// <summary>Gives the place of a streaming call back.</summary>
    public void LeaveStream(Caller? caller) => Interlocked.Decrement(ref UseOf(caller).OpenStreams);

    private Use UseOf(Caller? caller) => caller is null ? unregistered : uses[caller];

    private static EidException Refusal(Caller? caller, string quota, int limit, TimeSpan wait) =>
        new(ErrorReason.RateLimited, quota switch
        {
            "misses_per_minute" => "查无结果的查询过多，请稍后再试",
            "streams" => "同时进行的流式调用和文件核验过多",
            _ => "调用过于频繁，请稍后再试",
        })
        {
            RetryAfter = wait,
            Metadata = new Dictionary<string, string>
            {
                ["caller"] = caller?.Name ?? "", ["quota"] = quota, ["limit"] = limit.ToString(CultureInfo.InvariantCulture),
            },
        };

    private sealed class Use
    {
        public int OpenStreams;

        public Use(Quota quota, CallerRole role, TimeProvider clock)
        {
            CallsPerSecond = quota.CallsPerSecond ?? 2000;
            Calls = new Pace(CallsPerSecond, TimeSpan.FromSeconds(1), quota.Burst ?? 2 * CallsPerSecond, clock);
            // A clerk at the window looks for companies that do not exist yet; whoever verifies codes has no reason to.
            MissesPerMinute = quota.MissesPerMinute ?? (role == CallerRole.Staff ? int.MaxValue : 60);
            Misses = MissesPerMinute == int.MaxValue ? null : new Pace(MissesPerMinute, TimeSpan.FromMinutes(1), MissesPerMinute, clock);
            Streams = quota.Streams ?? 32;
        }

        public int CallsPerSecond { get; }

        public Pace Calls { get; }

        public int MissesPerMinute { get; }

        public Pace? Misses { get; }

        public int Streams { get; }
    }
}
