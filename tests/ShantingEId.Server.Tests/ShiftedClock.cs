namespace ShantingEId.Server.Tests;

/// <summary>The machine's clock, which tests put forward or back. Its time stamps, by which paces are kept, go on as they are.</summary>
public sealed class ShiftedClock : TimeProvider
{
    public TimeSpan Shift { get; set; }

    /// <summary>Where the clock stands still instead.</summary>
    public DateTimeOffset? Stopped { get; set; }

    public override DateTimeOffset GetUtcNow() => Stopped ?? (System.GetUtcNow() + Shift);
}
