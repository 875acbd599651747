using System.Diagnostics;
using System.Diagnostics.Metrics;
using ShantingEId.Server.Callers;

namespace ShantingEId.Server.Telemetry;

/// <summary>
/// What this server measures, in one place. Nothing of it names a company, a person or a code: tags are methods, short names of
/// callers, verdicts and reasons. Without a listener an instrument costs a look at one field; make tags only where
/// <see cref="Instrument.Enabled"/> says that somebody listens.
/// </summary>
internal static class EidMeters
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "ShantingEId";

    private static readonly Meter Meter = new(Name);

    /// <summary>Every call, by method, caller and outcome: <c>OK</c>, a machine reason, or the gRPC status where there is no reason.</summary>
    public static readonly Histogram<double> CallDuration = Meter.CreateHistogram<double>("eid.call.duration", "s", "Calls by method, caller and outcome");

    /// <summary>Answers about licences, by method, caller, verdict and reason.</summary>
    public static readonly Counter<long> Verdicts = Meter.CreateCounter<long>("eid.verdicts", "{answer}", "Answers about licences by verdict and reason");

    /// <summary>Register entries asked for, by the tier that answered: <c>memory</c>, <c>redis</c>, <c>store</c>.</summary>
    public static readonly Counter<long> CacheReads = Meter.CreateCounter<long>("eid.cache.reads", "{read}", "Register entries by the tier that answered");

    /// <summary>Time the store took, by operation.</summary>
    public static readonly Histogram<double> StoreDuration = Meter.CreateHistogram<double>("eid.store.duration", "s", "Time of operations of the store");

    /// <summary>Look-ups in one tick of the ledger.</summary>
    public static readonly Histogram<int> LedgerTickSize = Meter.CreateHistogram<int>("eid.ledger.tick.size", "{lookup}", "Look-ups made durable together");

    /// <summary>Time a tick of the ledger took to be on disk.</summary>
    public static readonly Histogram<double> LedgerFlushDuration = Meter.CreateHistogram<double>("eid.ledger.flush.duration", "s", "Time until a tick is on disk");

    /// <summary>Counts a call that ended.</summary>
    /// <param name="call">The call; null when it got no further than the question who calls.</param>
    /// <param name="refused">Why it was refused; null when it was not.</param>
    /// <param name="began">When it began by the clock's timestamp; 0 when nobody listened then.</param>
    /// <param name="clock">The clock.</param>
    public static void CountCall(GatedCall? call, ErrorReason? refused, long began, TimeProvider clock)
    {
        if (began == 0)
        {
            return;
        }

        var tags = new TagList
        {
            { "eid.method", call?.Rule.Method ?? "" }, { "eid.caller", call?.Caller?.Name ?? "" }, { "eid.outcome", refused?.WireName() ?? "OK" },
        };
        CallDuration.Record(clock.GetElapsedTime(began).TotalSeconds, tags);
    }

    /// <summary>Counts an answer about a licence.</summary>
    public static void CountVerdict(string method, string caller, string verdict, string reason)
    {
        if (Verdicts.Enabled)
        {
            Verdicts.Add(1, new TagList { { "eid.method", method }, { "eid.caller", caller }, { "eid.verdict", verdict }, { "eid.reason", reason } });
        }
    }
}
