namespace ShantingEId;

/// <summary>
/// The one clock, kept honest by the register's own, so that what is to happen at an instant happens at all replicas at once: a machine whose clock
/// is off by more than a quarter of a second takes the register's time. One that is off by more than 5 s is told of; one that is far off (more than
/// 60 s) must not sign anything, for its dates would be wrong for ever. Monotonic time is always the machine's.
/// </summary>
/// <param name="inner">The machine's clock.</param>
public sealed class RegisterClock(TimeProvider inner) : TimeProvider
{
    private static readonly TimeSpan Close = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Noticed = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Unsound = TimeSpan.FromSeconds(60);
    private long skewTicks;

    /// <summary>How far the register's clock is ahead of the machine's; zero while they agree within a quarter of a second.</summary>
    public TimeSpan Skew => new(Interlocked.Read(ref skewTicks));

    /// <summary>Raised when the clocks fall apart by more than 5 s, or come closer again, with the new <see cref="Skew"/>.</summary>
    public event Action<TimeSpan>? SkewChanged;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => inner.LocalTimeZone;

    /// <inheritdoc/>
    public override long TimestampFrequency => inner.TimestampFrequency;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + Skew;

    /// <inheritdoc/>
    public override long GetTimestamp() => inner.GetTimestamp();

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => inner.CreateTimer(callback, state, dueTime, period);

    /// <summary>Compares with the register's clock.</summary>
    /// <param name="storeTime">The register's clock, read between <paramref name="asked"/> and now.</param>
    /// <param name="asked">Monotonic timestamp of the question.</param>
    public void Observe(DateTimeOffset storeTime, long asked)
    {
        // It was read somewhere in between: half the way is the best guess, and wrong by no more than that half. A slow answer says too little to act
        // on, and what lies within the guess moves nothing, or the time would jump with every answer.
        var took = GetElapsedTime(asked);
        var skew = storeTime - (inner.GetUtcNow() - (took / 2));
        if (took > Noticed || (skew - Skew).Duration() <= Close + (took / 2))
        {
            return;
        }

        var next = skew.Duration() > Close ? skew : TimeSpan.Zero;
        var before = new TimeSpan(Interlocked.Exchange(ref skewTicks, next.Ticks));
        if (before.Duration() > Noticed != next.Duration() > Noticed)
        {
            SkewChanged?.Invoke(next);
        }
    }

    /// <summary>Whether this machine's clock may be relied on.</summary>
    public bool IsSound => Skew.Duration() <= Unsound;

    /// <summary>Refuses to go on where a signature would carry a wrong date.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.ClockSkew"/>.</exception>
    public void RequireSound()
    {
        if (!IsSound)
        {
            throw new EidException(ErrorReason.ClockSkew, "本机时钟与登记簿相差超过 60 秒，已停止签发；请校准时钟");
        }
    }
}
