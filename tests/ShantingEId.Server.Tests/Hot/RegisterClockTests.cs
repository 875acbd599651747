using Microsoft.Extensions.Time.Testing;

namespace ShantingEId.Server.Tests.Hot;

/// <summary>I48: a clock that is off is noticed; one that is far off signs nothing.</summary>
public sealed class RegisterClockTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
    private readonly FakeTimeProvider machine = new(Start);

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(4.9, 0, true)]
    [InlineData(-4.9, 0, true)]
    [InlineData(5.1, 5.1, true)]
    [InlineData(-30, -30, true)]
    [InlineData(60, 60, true)]
    [InlineData(60.1, 60.1, false)]
    [InlineData(-600, -600, false)]
    public void The_registers_time_is_taken_beyond_five_seconds_and_signing_ends_beyond_sixty(double ahead, double skew, bool sound)
    {
        var clock = new RegisterClock(machine);
        clock.Observe(Start.AddSeconds(ahead), clock.GetTimestamp());

        Assert.Equal(Start.AddSeconds(skew), clock.GetUtcNow());
        if (sound)
        {
            clock.RequireSound();
        }
        else
        {
            Assert.Equal(ErrorReason.ClockSkew, Assert.Throws<EidException>(clock.RequireSound).Reason);
        }
    }

    [Fact]
    public void A_mended_clock_is_trusted_again_and_both_turns_are_told()
    {
        var clock = new RegisterClock(machine);
        var told = new List<TimeSpan>();
        clock.SkewChanged += told.Add;
        clock.Observe(Start.AddMinutes(10), clock.GetTimestamp());
        clock.Observe(Start.AddMinutes(10), clock.GetTimestamp());
        clock.Observe(Start, clock.GetTimestamp());

        Assert.Equal([TimeSpan.FromMinutes(10), TimeSpan.Zero], told);
        Assert.Equal(Start, clock.GetUtcNow());
        clock.RequireSound();
    }

    // The answer took twenty seconds: the register's time lies anywhere in them.
    [Fact]
    public void An_answer_that_took_too_long_says_nothing()
    {
        var clock = new RegisterClock(machine);
        var asked = clock.GetTimestamp();
        machine.Advance(TimeSpan.FromSeconds(20));
        clock.Observe(Start, asked);

        Assert.Equal(TimeSpan.Zero, clock.Skew);
    }
}
