namespace ShantingEId.Incidents;

/// <summary>How fast incidents are worked on, and when a process counts as gone.</summary>
/// <param name="MostPerSecond">Sets a second at most.</param>
/// <param name="LeastPerSecond">However busy the machine is, not slower than this.</param>
/// <param name="AtOnce">Revocations under way at once.</param>
/// <param name="Lease">A process that gave no sign for this long has lost its work to another.</param>
/// <param name="Period">How often a process looks for work.</param>
public sealed record IncidentTerms(double MostPerSecond, double LeastPerSecond, int AtOnce, TimeSpan Lease, TimeSpan Period)
{
    /// <summary>Good for a machine with two processors; the lease is many times as long as the slowest stretch takes.</summary>
    public static IncidentTerms Default { get; } = new(1000, 20, 8, TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(1));
}

/// <summary>
/// Lets look-ups go first. The work is cut into small stretches; before each it is seen how long a thread of this process has to wait for its
/// turn. Where that is more than a moment the rate is halved, where it is not it rises again: as on a road that is shared.
/// </summary>
/// <param name="terms">The bounds.</param>
/// <param name="clock">The one clock; durations alone.</param>
public sealed class IncidentPace(IncidentTerms terms, TimeProvider clock)
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(2);
    private const double Rise = 1.05, Fall = 0.5;
    private double rate = Math.Min(100, terms.MostPerSecond);
    private long due = clock.GetTimestamp();

    /// <summary>The rate that is allowed now, in sets a second.</summary>
    public double Rate => rate;

    /// <summary>Returns when the next sets may be done.</summary>
    /// <param name="sets">How many.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task WaitAsync(int sets, CancellationToken cancel)
    {
        // 1. How busy is it?
        Observe(await TurnAsync());

        // 2. Not before its time; what was missed is not made up for, or a pause would be followed by a burst.
        var wait = clock.GetElapsedTime(clock.GetTimestamp(), due);
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, clock, cancel);
        }

        due = Math.Max(due, clock.GetTimestamp()) + (long)(sets / rate * clock.TimestampFrequency);
    }

    /// <summary>Takes in how long somebody had to wait for a turn.</summary>
    internal void Observe(TimeSpan turn) => rate = turn > Moment ? Math.Max(terms.LeastPerSecond, rate * Fall) : Math.Min(terms.MostPerSecond, rate * Rise);

    // What a request that arrives now has to wait until a thread takes it up.
    private async Task<TimeSpan> TurnAsync()
    {
        var asked = clock.GetTimestamp();
        var turn = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        ThreadPool.UnsafeQueueUserWorkItem(_ => turn.SetResult(clock.GetElapsedTime(asked)), null);
        return await turn.Task;
    }
}
