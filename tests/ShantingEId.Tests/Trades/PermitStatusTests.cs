using System.Security.Cryptography;
using ShantingEId.Calendar;
using ShantingEId.Trades;

namespace ShantingEId.Tests.Trades;

/// <summary>The state of one permit at an instant.</summary>
public sealed class PermitStatusTests
{
    private static readonly DateOnly First = new(2026, 3, 2);
    private static readonly DateOnly Last = new(2031, 3, 1);
    private static readonly DateTimeOffset Begin = WorkCalendar.StartOf(First);
    private static readonly DateTimeOffset End = WorkCalendar.EndOf(Last);

    [Fact]
    public void The_term_begins_and_ends_with_the_day_in_China()
    {
        Assert.Equal(PermitState.Scheduled, At(Begin.AddMilliseconds(-1)).State);
        Assert.Equal(PermitState.Active, At(Begin).State);
        Assert.Equal(PermitState.Active, At(End.AddMilliseconds(-1)).State);
        Assert.Equal((PermitState.Expired, End), (At(End).State, At(End).Since));
        Assert.Equal(End, At(Begin).Until);
        Assert.Equal(PermitState.Active, At(End.AddYears(9), expires: false).State);
    }

    [Fact]
    public void A_revocation_outlives_the_term_and_a_suspension_does_not()
    {
        var revoked = Event(PermitState.Revoked, Begin.AddDays(1));
        var suspended = Event(PermitState.Suspended, Begin.AddDays(1));
        Assert.Equal(PermitState.Revoked, At(End.AddDays(1), revoked).State);
        Assert.Equal(PermitState.Expired, At(End.AddDays(1), suspended).State);
        Assert.Null(At(End.AddDays(-1), revoked).Until);
        Assert.Equal(End, At(End.AddDays(-1), suspended).Until);
        Assert.Null(At(End.AddDays(-1), suspended).SuspendedUntil);
    }

    [Fact]
    public void What_was_recorded_for_its_own_time_counts_now_though_the_clock_of_who_asks_is_behind()
    {
        var revoked = Event(PermitState.Revoked, Begin.AddDays(1));
        Assert.Equal(PermitState.Active, At(Begin, revoked).State);
        Assert.Equal(PermitState.Revoked, PermitStatus.At(Permit(), [revoked], Begin, isNow: true).State);
        // The end of a suspension is for later, also now.
        var end = revoked with { State = PermitState.Active, EffectiveTime = Begin.AddDays(9) };
        Assert.Equal(PermitState.Revoked, PermitStatus.At(Permit(), [end with { RecordedTime = Begin }, revoked], Begin.AddDays(8), isNow: true).State);
    }

    [Fact]
    public void Events_of_other_numbers_count_for_nothing()
    {
        Assert.Equal(PermitState.Active, At(Begin.AddDays(2), Event(PermitState.Revoked, Begin.AddDays(1)) with { Number = "JY2" }).State);
    }

    [Fact]
    public void Random_lives_are_what_a_strip_of_time_painted_in_order_says()
    {
        for (var life = 0; life < 300; life++)
        {
            // The model: hours after the first day, each painted by every event from its time on; a later stroke covers an earlier one.
            var strip = Enumerable.Repeat(PermitState.Active, 200).ToArray();
            var events = new List<PermitEvent>();
            var now = 0;
            while ((now += RandomNumberGenerator.GetInt32(1, 20)) < strip.Length - 40)
            {
                if (strip[now] == PermitState.Suspended)
                {
                    Record(PermitState.Active, now);
                }
                else
                {
                    Record(PermitState.Suspended, now);
                    if (RandomNumberGenerator.GetInt32(2) == 0)
                    {
                        Record(PermitState.Active, now + RandomNumberGenerator.GetInt32(1, 40), now);
                    }
                }
            }

            for (var hour = 0; hour < strip.Length; hour++)
            {
                Assert.Equal(strip[hour], At(Begin.AddHours(hour), [.. events]).State);
                Assert.Equal(strip[hour], At(Begin.AddHours(hour).AddMinutes(59), [.. events]).State);
            }

            void Record(PermitState state, int effective, int? recorded = null)
            {
                events.Add(new PermitEvent("JY1", state, Begin.AddHours(effective), Begin.AddHours(recorded ?? effective), "样例", "样例机关"));
                Array.Fill(strip, state, effective, strip.Length - effective);
            }
        }
    }

    private static PermitEvent Event(PermitState state, DateTimeOffset time) => new("JY1", state, time, time, "样例", "样例机关");

    private static Permit Permit(bool expires = true) => new("FOOD_BUSINESS", "食品经营许可", "JY1", "市场监督管理部门", First, expires ? Last : null, null);

    private static PermitStatus At(DateTimeOffset time, params PermitEvent[] events) => PermitStatus.At(Permit(), events, time, isNow: false);

    private static PermitStatus At(DateTimeOffset time, bool expires) => PermitStatus.At(Permit(expires), [], time, isNow: false);
}
