namespace ShantingEId.StatusLists;

/// <summary>How states age.</summary>
public static class StatusAge
{
    /// <summary>A clock a little behind is no reason to refuse; one that is before the states were made cannot tell how old they are.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    /// <summary>From the time on a licence until the register knows it; also what two clocks of an authority may differ.</summary>
    public static readonly TimeSpan TimeToRegister = TimeSpan.FromMinutes(1);
}
