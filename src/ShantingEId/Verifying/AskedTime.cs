using ShantingEId.Issuing;

namespace ShantingEId.Verifying;

/// <summary>The time a verification is about: now, with the age that a state may have, or an instant that has passed.</summary>
/// <param name="MaxAge">How old the state may be at most; for an instant that has passed, that of what is said about today.</param>
/// <param name="AsOfTime">The instant; null when it is now.</param>
public readonly record struct AskedTime(TimeSpan MaxAge, DateTimeOffset? AsOfTime = null)
{
    /// <summary>Now, as the register itself says.</summary>
    public static AskedTime Now => new(TimeSpan.Zero);

    /// <summary>Reads an entry as of this time.</summary>
    internal ValueTask<Reading> FindAsync(IRegisterReader register, RegisterKey key, CancellationToken cancel) =>
        AsOfTime is { } time ? register.FindAtAsync(key, time, cancel) : register.FindAsync(key, MaxAge, cancel);
}
