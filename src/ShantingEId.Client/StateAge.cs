using System.Globalization;
using Grpc.Core;

namespace ShantingEId.Client;

/// <summary>Whether the age of a state can be accepted.</summary>
internal enum AgeFinding
{
    /// <summary>Young enough.</summary>
    Accepted,

    /// <summary>Older than accepted, or without a time.</summary>
    TooOld,

    /// <summary>The two clocks are too far apart to tell.</summary>
    ClocksApart,
}

/// <summary>
/// Judges how old a state is when its answer arrives, although the two clocks differ.
///
/// The service's clock is learnt from the <c>date</c> header of its answers. Such a time is never ahead of the service's
/// clock when it arrives: it was cut to the second and then travelled. So of all answers the one that puts the service's clock furthest
/// ahead is nearest to the truth, and an old answer played again, whose date is as old as its state, cannot make its own
/// state look fresh. An age found this way is at most the true one, by up to a second or two for the first answers: what is
/// refused is certainly too old. What was learnt is forgotten after some minutes, so that a service whose clock was set
/// back is believed again; and it never leads further from this machine's clock than the allowance.
/// </summary>
internal sealed class StateAge(TimeProvider clock, TimeSpan allowance)
{
    private static readonly TimeSpan Span = TimeSpan.FromMinutes(5);

    // What an answer may take on its way; a stricter age than this only the service itself can keep.
    private static readonly TimeSpan Way = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly long start = clock.GetTimestamp();

    // The service's time when our stopwatch stood at zero: a stopwatch is not set, as a clock may be.
    private DateTimeOffset? best;
    private DateTimeOffset? bestBefore;
    private TimeSpan since;

    /// <summary>How old the state may be at the service, so that it is not older than accepted when it arrives.</summary>
    public static TimeSpan AtTheService(TimeSpan accepted) => accepted > 2 * Way ? accepted - Way : accepted / 2;

    /// <summary>Takes in the time an answer carries.</summary>
    public void Learn(Metadata headers)
    {
        if (headers.GetValue("date") is not { } text
            || !DateTimeOffset.TryParseExact(text, "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date))
        {
            return;
        }

        lock (gate)
        {
            var elapsed = clock.GetElapsedTime(start);
            if (elapsed - since > Span)
            {
                (bestBefore, best, since) = (elapsed - since > 2 * Span ? null : best, null, elapsed);
            }

            var zero = date - elapsed;
            best = best > zero ? best : zero;
        }
    }

    /// <summary>Judges a state read at a time of the service's clock.</summary>
    public AgeFinding Judge(DateTimeOffset? asOf, TimeSpan accepted)
    {
        var here = clock.GetUtcNow();
        var (earliest, latest) = (here - allowance, here + allowance);
        // Nothing learnt (a gateway that takes the header out): the allowance is given in full.
        var there = Estimate() ?? earliest;
        if (asOf is not { } read)
        {
            return AgeFinding.TooOld;
        }

        if (there < earliest || there > latest || read > latest)
        {
            return AgeFinding.ClocksApart;
        }

        return there - read > (accepted > Way ? accepted : Way) ? AgeFinding.TooOld : AgeFinding.Accepted;
    }

    private DateTimeOffset? Estimate()
    {
        lock (gate)
        {
            var elapsed = clock.GetElapsedTime(start);
            return (best > bestBefore || bestBefore is null ? best : bestBefore) + elapsed;
        }
    }
}
