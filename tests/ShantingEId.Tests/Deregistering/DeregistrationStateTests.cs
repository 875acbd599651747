using ShantingEId.Calendar;
using ShantingEId.Deregistering;
using ShantingEId.Licenses;

namespace ShantingEId.Tests.Deregistering;

/// <summary>Where a proceeding stands at an instant, by what was recorded and by time alone.</summary>
public sealed class DeregistrationStateTests
{
    private static readonly DateTimeOffset Applied = Day("2026-03-02").AddHours(10);
    private static readonly DateTimeOffset End = Day("2026-03-24"); // 24:00 of Monday the 23rd
    private static readonly DateTimeOffset ConfirmUntil = Day("2026-04-14");

    private static readonly SimpleDeregistration Running = new()
    {
        Number = "JZ202600000001", Holder = CreditCode.Parse("91370406MA3ABC127Q"), License = LicenseId.ForBusinessLicense(CreditCode.Parse("11370406MB9TE5T085"), CreditCode.Parse("91370406MA3ABC127Q"), 1),
        Name = "样例公司", IsPublished = true, Applicant = "staff", Commitment = new Commitment(new byte[32], "样例", 2), ConfirmsItself = false,
        Recorded = DeregistrationState.Published, Revision = 1, AppliedTime = Applied, PeriodEnd = End, ConfirmUntil = ConfirmUntil, CancelUntil = Day("2026-03-25"), UpdatedTime = Applied,
    };

    [Fact]
    public void Without_objection_it_becomes_confirmable_at_the_end_and_lapses()
    {
        At(Running, Applied, DeregistrationState.Published);
        At(Running, End.AddTicks(-1), DeregistrationState.Published);
        At(Running, End, DeregistrationState.Confirmable);
        At(Running, ConfirmUntil.AddTicks(-1), DeregistrationState.Confirmable);
        At(Running, ConfirmUntil, DeregistrationState.Lapsed);
    }

    [Fact]
    public void One_that_confirms_itself_never_lapses_but_becomes_overdue()
    {
        var itself = Running with { ConfirmsItself = true };
        At(itself, ConfirmUntil.AddYears(1), DeregistrationState.Confirmable);
        Assert.Equal((false, false, true), (itself.IsOverdueAt(End), itself.IsOverdueAt(itself.CancelUntil.AddTicks(-1)), itself.IsOverdueAt(itself.CancelUntil)));
        Assert.False(Running.IsOverdueAt(itself.CancelUntil));
        Assert.False((itself with { Recorded = DeregistrationState.Cancelled }).IsOverdueAt(ConfirmUntil));
    }

    [Fact]
    public void An_objection_that_stands_at_the_end_ends_it_also_when_it_is_withdrawn_later()
    {
        var objected = Objected(Running, withdrawn: null);
        At(objected, End.AddTicks(-1), DeregistrationState.Objected);
        At(objected, End, DeregistrationState.Terminated);
        At(Objected(Running, withdrawn: End), End.AddDays(1), DeregistrationState.Terminated);
        At(Objected(Running, withdrawn: End.AddDays(3)), End.AddDays(5), DeregistrationState.Terminated);
        At(Objected(Running with { Recorded = DeregistrationState.Returned, MendUntil = ConfirmUntil }, withdrawn: null), End, DeregistrationState.Terminated);
        Assert.True(objected.HasStandingObjection);
        Assert.False(Objected(Running, withdrawn: End).HasStandingObjection);
    }

    [Fact]
    public void An_objection_withdrawn_in_time_leaves_no_trace()
    {
        var withdrawn = Objected(Running, withdrawn: End.AddTicks(-1));
        At(withdrawn, End.AddTicks(-1), DeregistrationState.Published);
        At(withdrawn, End, DeregistrationState.Confirmable);
    }

    [Fact]
    public void A_returned_one_waits_to_be_mended_and_lapses()
    {
        var returned = Running with { Recorded = DeregistrationState.Returned, MendUntil = Day("2026-03-31") };
        At(returned, End.AddDays(-1), DeregistrationState.Returned);
        At(returned, End, DeregistrationState.Returned);
        At(returned, returned.MendUntil!.Value.AddTicks(-1), DeregistrationState.Returned);
        At(returned, returned.MendUntil.Value, DeregistrationState.Lapsed);
    }

    [Theory]
    [InlineData(DeregistrationState.Cancelled)]
    [InlineData(DeregistrationState.Terminated)]
    [InlineData(DeregistrationState.Withdrawn)]
    [InlineData(DeregistrationState.Lapsed)]
    public void What_has_ended_stays_so(DeregistrationState end)
    {
        At(Running with { Recorded = end }, Applied, end);
        At(Objected(Running with { Recorded = end }, withdrawn: null), ConfirmUntil.AddYears(1), end);
    }

    // The table once more, by hand: a change of the rules must be meant twice.
    [Fact]
    public void Acts_are_possible_in_these_states_and_no_others()
    {
        var expected = new Dictionary<DeregistrationAct, string>
        {
            [DeregistrationAct.Apply] = "", [DeregistrationAct.Expire] = "", [DeregistrationAct.Unspecified] = "",
            [DeregistrationAct.RaiseObjection] = "Published Objected Returned",
            [DeregistrationAct.WithdrawObjection] = "Published Objected Returned Confirmable Terminated Withdrawn Lapsed",
            [DeregistrationAct.Return] = "Published Objected Confirmable",
            [DeregistrationAct.Resubmit] = "Returned",
            [DeregistrationAct.Terminate] = "Published Objected Returned Confirmable",
            [DeregistrationAct.Withdraw] = "Published Objected Returned Confirmable",
            [DeregistrationAct.Confirm] = "Confirmable",
        };
        Assert.Equal(Enum.GetValues<DeregistrationAct>().Order(), expected.Keys.Order());
        Assert.All(expected, row => Assert.Equal(row.Value, string.Join(' ', Enum.GetValues<DeregistrationState>().Where(state => row.Key.IsAllowed(state)))));
        Assert.Equal("Cancelled Terminated Withdrawn Lapsed", string.Join(' ', Enum.GetValues<DeregistrationState>().Where(state => state.IsEnd())));
    }

    [Theory]
    [InlineData("2026-03-02", true, false, "2026-03-23")] // 20 days end on Sunday the 22nd
    [InlineData("2026-03-03", true, false, "2026-03-23")]
    [InlineData("2026-03-02", false, false, "2026-03-12")] // 10 days
    [InlineData("2026-03-05", false, false, "2026-03-16")] // Sunday the 15th
    [InlineData("2026-03-02", true, true, "2026-03-30")] // 20 working days
    public void Last_days_are_counted_by_the_calendar(string applied, bool published, bool inWorkingDays, string last) =>
        Assert.Equal(DateOnly.Parse(last, null), new DeregistrationTerms { PublicationInWorkingDays = inWorkingDays }.LastDayToObject(WorkCalendar.Announced, DateOnly.Parse(applied, null), published));

    [Fact]
    public void Terms_below_the_laws_are_refused_where_they_are_meant()
    {
        new DeregistrationTerms().Require(lawful: true);
        new DeregistrationTerms { PublicationDays = 1, IndividualDays = 1 }.Require(lawful: false);
        Assert.All<DeregistrationTerms>(
            [
                new() { PublicationDays = 19 }, new() { IndividualDays = 9 }, new() { ConfirmDays = 0 }, new() { MendDays = 0 }, new() { CancelWorkingDays = 0 },
                new() { PublicationDays = 366 }, new() { CancelWorkingDays = 31 },
            ],
            terms => Assert.Throws<ArgumentException>(() => terms.Require(lawful: true)));
        Assert.Throws<ArgumentException>(() => new DeregistrationTerms { PublicationDays = 0 }.Require(lawful: false));
    }

    [Fact]
    public void Every_impediment_has_a_text_and_is_either_declared_or_known_to_the_register()
    {
        var all = Enum.GetValues<Impediment>().Where(each => each != Impediment.Unspecified).ToArray();
        Assert.Equal(all.Length, all.Select(each => each.ChineseName()).Distinct().Count());
        Assert.Equal([Impediment.NotInForce, Impediment.ChangePending, Impediment.EarlierObjection, Impediment.NoticeOutdated], all.Where(each => !each.IsGround()));
        Assert.Equal([Impediment.RevokedOrClosed, Impediment.Other], all.Where(each => each.IsGround()).Except(Impediments.Declared));
        Assert.False(Impediment.Unspecified.IsGround());
        Assert.False(((Impediment)99).IsGround());
    }

    [Theory]
    [InlineData("deregistrations/JZ202600000001", true)]
    [InlineData("deregistrations/JZ2026000000011234567890", true)]
    [InlineData("JZ202600000001", false)]
    [InlineData("deregistrations/", false)]
    [InlineData("deregistrations/JZ2026", false)]
    [InlineData("deregistrations/JZ20260000000A", false)]
    [InlineData("deregistrations/jz202600000001", false)]
    [InlineData("deregistrations/JZ２０２６00000001", false)]
    [InlineData("deregistrations/JZ202600000001/objections/1", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_name_is_read_strictly(string? name, bool good)
    {
        if (good)
        {
            Assert.Equal(name, DeregistrationName.Of(DeregistrationName.Parse(name)));
        }
        else
        {
            Assert.Equal(ErrorReason.DeregistrationNotFound, Assert.Throws<EidException>(() => DeregistrationName.Parse(name)).Reason);
        }
    }

    [Fact]
    public void The_name_of_an_objection_is_read_strictly()
    {
        Assert.Equal(("JZ202600000001", 12), DeregistrationName.ParseObjection("deregistrations/JZ202600000001/objections/12"));
        Assert.Equal("deregistrations/JZ202600000001/objections/12", DeregistrationName.Of("JZ202600000001", 12));
        Assert.Equal("JZ202600000012", DeregistrationName.Number(new DateOnly(2026, 1, 1), 12));
        foreach (var bad in (string?[])["deregistrations/JZ202600000001", "deregistrations/JZ202600000001/objections/", "deregistrations/JZ202600000001/objections/-1", "deregistrations/JZ202600000001/objections/+1", "", null])
        {
            Assert.Equal(ErrorReason.ObjectionNotFound, Assert.Throws<EidException>(() => DeregistrationName.ParseObjection(bad)).Reason);
        }
    }

    private static void At(SimpleDeregistration one, DateTimeOffset now, DeregistrationState expected) => Assert.Equal(expected, one.StateAt(now));

    private static SimpleDeregistration Objected(SimpleDeregistration one, DateTimeOffset? withdrawn) =>
        one with { Objections = [new Objection(1, "tax-bureau", "税务局", Impediment.TaxesOutstanding, "样例：欠税", Applied.AddDays(1), withdrawn)] };

    private static DateTimeOffset Day(string day) => new(DateTime.Parse(day, null), TimeSpan.FromHours(8));
}
