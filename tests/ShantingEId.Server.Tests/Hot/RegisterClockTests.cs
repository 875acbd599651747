using Microsoft.Extensions.Time.Testing;

namespace ShantingEId.Server.Tests.Hot;

/// <summary>I48: a clock that is off is noticed; one that is far off signs nothing.</summary>
public sealed class RegisterClockTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
    private readonly FakeTimeProvider machine = new(Start);

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(0.25, 0, true)]
    [InlineData(-0.25, 0, true)]
    [InlineData(0.3, 0.3, true)]
    [InlineData(-4.9, -4.9, true)]
    [InlineData(5.1, 5.1, true)]
    [InlineData(-30, -30, true)]
    [InlineData(60, 60, true)]
    [InlineData(60.1, 60.1, false)]
    [InlineData(-600, -600, false)]
    public void The_registers_time_is_taken_beyond_a_quarter_of_a_second_and_signing_ends_beyond_sixty(double ahead, double skew, bool sound)
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
        clock.Observe(Start.AddMinutes(10).AddSeconds(3), clock.GetTimestamp());
        clock.Observe(Start.AddSeconds(4.9), clock.GetTimestamp());
        Assert.Equal(Start.AddSeconds(4.9), clock.GetUtcNow());
        clock.Observe(Start, clock.GetTimestamp());

        Assert.Equal([TimeSpan.FromMinutes(10), TimeSpan.Zero], told.Select((skew, turn) => turn == 0 ? skew : skew - TimeSpan.FromSeconds(4.9)));
        Assert.Equal(Start, clock.GetUtcNow());
        clock.RequireSound();
    }

    // An answer that took a second tells the time to half a second.
    [Fact]
    public void Answers_move_nothing_by_less_than_they_can_know()
    {
        var clock = new RegisterClock(machine);
        foreach (var (took, off, skew) in ((double, double, double)[])[(1, 0.7, 0), (1, 0.8, 0.8), (0, 0.6, 0.8), (0, 0.5, 0.5), (2, -0.7, 0.5), (0, 0.24, 0)])
        {
            var asked = clock.GetTimestamp();
            machine.Advance(TimeSpan.FromSeconds(took));
            clock.Observe(machine.GetUtcNow().AddSeconds(off - (took / 2)), asked);

            Assert.Equal(TimeSpan.FromSeconds(skew), clock.Skew);
        }
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
