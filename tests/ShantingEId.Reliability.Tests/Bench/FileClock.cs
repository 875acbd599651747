using System.Globalization;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>
/// The machine's clock with a wall time of its own, apart by the seconds that stand in a file, which may change at any time. The
/// server reads every wall time from its one clock, so this is to it what a wrong system clock is; with EID_FAKETIME=1 the
/// tests really give the process a wrong system clock (libfaketime), which costs three times the processor.
/// </summary>
/// <param name="file">E.g. <c>+600</c>.</param>
public sealed class FileClock(string file) : TimeProvider
{
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(50);
    private readonly Lock gate = new();
    private long looked = long.MinValue;
    private TimeSpan offset;

    /// <summary>Whether libfaketime does it instead.</summary>
    public static bool IsFaked => Environment.GetEnvironmentVariable("EID_FAKETIME") == "1";

    /// <summary>How long a change takes to be felt by everything in a server that looks at the clocks.</summary>
    public static TimeSpan Felt => TimeSpan.FromMilliseconds(IsFaked ? 1800 : 600);

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
        {
            var now = GetTimestamp();
            if (looked == long.MinValue || GetElapsedTime(looked, now) > Often)
            {
                offset = TimeSpan.FromSeconds(double.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture));
                looked = now;
            }

            return System.GetUtcNow() + offset;
        }
    }
}
