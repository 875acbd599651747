using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using ShantingEId.Server.Callers;

namespace ShantingEId.Server.Telemetry;

/// <summary>
/// Measures one call and traces it, when somebody listens. The span is our own: that of the framework would carry the path, and
/// a JSON path may hold a credit code.
/// </summary>
internal struct CallWatch
{
    /// <summary>Source of the spans.</summary>
    public static readonly ActivitySource Source = new(EidMeters.Name);

    private readonly TimeProvider clock;
    private readonly long began;
    private Activity? span;

    private CallWatch(TimeProvider clock) => (this.clock, began) = (clock, EidMeters.CallDuration.Enabled ? clock.GetTimestamp() : 0);

    /// <summary>Begins with the call.</summary>
    public static CallWatch Begin(TimeProvider clock) => new(clock);

    /// <summary>Begins the span, below that of the caller when it sent one.</summary>
    public void Trace(HttpRequest request, MethodRule rule, Caller? caller)
    {
        if (Source.HasListeners())
        {
            ActivityContext.TryParse(request.Headers.TraceParent, request.Headers.TraceState, isRemote: true, out var parent);
            span = Source.StartActivity(rule.Method, ActivityKind.Server, parent)?.SetTag("eid.method", rule.Method).SetTag("eid.caller", caller?.Name ?? "");
        }
    }

    /// <summary>Ends with the call.</summary>
    /// <param name="rule">The method; null when it got no further than the question who calls, or which method it is.</param>
    /// <param name="caller">The caller; null when it is not registered.</param>
    /// <param name="refused">Why it was refused; null when it was not.</param>
    public readonly void End(MethodRule? rule, Caller? caller, ErrorReason? refused)
    {
        var outcome = refused?.WireName() ?? "OK";
        if (began != 0)
        {
            EidMeters.CallDuration.Record(clock.GetElapsedTime(began).TotalSeconds, new TagList
            {
                { "eid.method", rule?.Method ?? "" }, { "eid.caller", caller?.Name ?? "" }, { "eid.outcome", outcome },
            });
        }

        if (span is not null)
        {
            span.SetTag("eid.outcome", outcome);
            span.SetStatus(refused?.Kind() is ErrorKind.Internal or ErrorKind.Unavailable ? ActivityStatusCode.Error : ActivityStatusCode.Unset);
            span.Dispose();
        }
    }
}
