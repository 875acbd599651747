using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using ShantingEId.Server.Callers;
using ShantingEId.Verifying;

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
    private static readonly Dictionary<Verdict, string> VerdictNames =
        Enum.GetValues<Verdict>().ToDictionary(verdict => verdict, verdict => JsonNamingPolicy.SnakeCaseUpper.ConvertName(verdict.ToString()));

    /// <summary>Every call, by method, caller and outcome: <c>OK</c> or a machine reason.</summary>
    public static readonly Histogram<double> CallDuration = Meter.CreateHistogram<double>("eid.call.duration", "s", "Calls by method, caller and outcome");

    /// <summary>Answers about licences, by method, caller, verdict and reason.</summary>
    public static readonly Counter<long> Verdicts = Meter.CreateCounter<long>("eid.verdicts", "{answer}", "Answers about licences by verdict and reason");

    /// <summary>Register entries asked for, by the tier that answered or could not (see <c>HotTier</c>).</summary>
    public static readonly Counter<long> CacheReads = Meter.CreateCounter<long>("eid.cache.reads", "{read}", "Register entries by the tier that answered");

    /// <summary>Time the store took, by operation.</summary>
    public static readonly Histogram<double> StoreDuration = Meter.CreateHistogram<double>("eid.store.duration", "s", "Time of operations of the store");

    /// <summary>Look-ups in one tick of the ledger.</summary>
    public static readonly Histogram<int> LedgerTickSize = Meter.CreateHistogram<int>("eid.ledger.tick.size", "{lookup}", "Look-ups made durable together");

    /// <summary>Time a tick of the ledger took to be on disk.</summary>
    public static readonly Histogram<double> LedgerFlushDuration = Meter.CreateHistogram<double>("eid.ledger.flush.duration", "s", "Time until a tick is on disk");

    /// <summary>Counts an operation of the store that ended well: <c>read</c>, or <c>write</c> for a whole group.</summary>
    public static void CountStore(string operation, long began)
    {
        if (StoreDuration.Enabled)
        {
            StoreDuration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, KeyValuePair.Create("eid.operation", (object?)operation));
        }
    }

    /// <summary>Counts an answer about a licence, of a single call or an item of a batch.</summary>
    /// <param name="method">Name of the method.</param>
    /// <param name="caller">Short name of the caller.</param>
    /// <param name="verdict">The verdict.</param>
    /// <param name="reason">Its machine reason; empty when valid.</param>
    public static void CountVerdict(string method, string caller, Verdict verdict, string reason)
    {
        if (Verdicts.Enabled)
        {
            Verdicts.Add(1, new TagList { { "eid.method", method }, { "eid.caller", caller }, { "eid.verdict", VerdictNames[verdict] }, { "eid.reason", reason } });
        }

        // The call's own span, if this call is traced.
        if (CallWatch.Source.HasListeners())
        {
            Activity.Current?.SetTag("eid.verdict", VerdictNames[verdict]).SetTag("eid.reason", reason);
        }
    }
}
