namespace ShantingEId.Server.Callers;

/// <summary>
/// Lets so many through in a time, with a burst. One number is kept: the instant at which everything taken so far would be
/// paid back (generic cell rate algorithm, as ATM networks used it), so that taking is one exchange without a lock.
/// </summary>
/// <param name="count">How many.</param>
/// <param name="per">In what time.</param>
/// <param name="burst">How many at once after a rest.</param>
/// <param name="clock">Its monotonic time.</param>
internal sealed class Pace(int count, TimeSpan per, int burst, TimeProvider clock)
{
    private readonly double ticksPerStamp = (double)TimeSpan.TicksPerSecond / clock.TimestampFrequency;
    private readonly long interval = Math.Max(1, (long)(per.TotalSeconds * clock.TimestampFrequency / count));
    private readonly long window = Math.Max(1, (long)(per.TotalSeconds * clock.TimestampFrequency / count)) * burst;
    private long paidBack = long.MinValue;

    /// <summary>Takes one, or says how long to wait.</summary>
    public bool TryTake(out TimeSpan wait)
    {
        var now = clock.GetTimestamp();
        while (true)
        {
            var before = Volatile.Read(ref paidBack);
            var after = Math.Max(before, now) + interval;
            if (after - now > window)
            {
                wait = ToTime(after - now - window);
                return false;
            }

            if (Interlocked.CompareExchange(ref paidBack, after, before) == before)
            {
                wait = TimeSpan.Zero;
                return true;
            }
        }
    }

    /// <summary>Whether one could be taken, without taking it.</summary>
    public bool HasRoom(out TimeSpan wait)
    {
        var now = clock.GetTimestamp();
        var over = Math.Max(Volatile.Read(ref paidBack), now) + interval - now - window;
        wait = over > 0 ? ToTime(over) : TimeSpan.Zero;
        return over <= 0;
    }

    /// <summary>Takes one, whether there is room or not; what is taken too much delays the next, by one window at most.</summary>
    public void Take()
    {
        var now = clock.GetTimestamp();
        long before, after;
        do
        {
            before = Volatile.Read(ref paidBack);
            after = Math.Min(Math.Max(before, now) + interval, now + (2 * window));
        }
        while (Interlocked.CompareExchange(ref paidBack, after, before) != before);
    }

    private TimeSpan ToTime(long stamps) => TimeSpan.FromTicks((long)Math.Ceiling(stamps * ticksPerStamp));
}
