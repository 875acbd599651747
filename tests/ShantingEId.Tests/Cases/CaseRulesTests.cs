using ShantingEId.Calendar;
using ShantingEId.Cases;
using static ShantingEId.Tests.Cases.CaseWorld;

namespace ShantingEId.Tests.Cases;

/// <summary>How cases go on: order, deadlines, ends, and what the departments come to know when.</summary>
public sealed class CaseRulesTests
{
    private static readonly StepKind[] Everything = [.. StepKinds.All];

    [Fact]
    public void Everything_waits_for_the_licence_and_the_bank_for_the_seals_too()
    {
        var opened = Open(Everything);
        Assert.Equal(StepState.Accepted, opened.State(StepKind.License));
        Assert.All(opened.Steps.Where(step => step.Kind != StepKind.License), step => Assert.Equal((StepState.Waiting, false, null), (step.State, step.IsShown, step.Deadline)));
        Assert.Equal([StepKind.License, StepKind.SealEngraving], Rules.WaitsFor(opened, opened.Find(StepKind.BankAppointment)!));

        var licensed = Rules.Issue(opened, License, Noon);
        Assert.Equal([StepKind.BankAppointment], licensed.Steps.Where(step => step.State == StepState.Waiting).Select(step => step.Kind));
        Assert.Equal([StepKind.SealEngraving], Rules.WaitsFor(licensed, licensed.Find(StepKind.BankAppointment)!));
        Assert.Equal((License, License.ToString()), (licensed.License, licensed.Find(StepKind.License)!.Evidence!.Reference));

        Assert.Equal(StepState.Open, licensed.Done(StepKind.SealEngraving).State(StepKind.BankAppointment));
    }

    [Fact]
    public void Where_no_physical_seals_are_asked_for_or_come_the_bank_waits_for_the_licence_alone()
    {
        Assert.Equal(StepState.Open, Licensed(StepKind.BankAppointment).State(StepKind.BankAppointment));
        var both = Licensed(StepKind.SealEngraving, StepKind.BankAppointment);
        Assert.Equal(StepState.Waiting, both.Act(StepKind.SealEngraving, StepAct.Return, "样例理由").State(StepKind.BankAppointment));
        Assert.Equal(StepState.Open, both.Act(StepKind.SealEngraving, StepAct.Refuse, "样例理由").State(StepKind.BankAppointment));
        Assert.Equal(StepState.Open, both.Act(StepKind.SealEngraving, StepAct.Withdraw, "样例理由").State(StepKind.BankAppointment));
    }

    [Theory]
    [InlineData(StepAct.Refuse, StepState.Refused)]
    [InlineData(StepAct.Withdraw, StepState.Withdrawn)]
    public void Without_a_licence_everything_ends(StepAct act, StepState end)
    {
        var ended = Open([StepKind.Tax, StepKind.BankAppointment], new Finding("SAMPLE", "样例")).Act(StepKind.License, act, "样例理由");

        Assert.Equal((end, CaseState.Closed), (ended.State(StepKind.License), ended.State));
        Assert.All(ended.Steps.Skip(1), step => Assert.Equal((StepState.Withdrawn, "营业执照未核发，本事项随之终止", false), (step.State, step.Reason, step.IsShown)));
        Assert.Equal(ErrorReason.CaseClosed, Assert.Throws<EidException>(() => Rules.Add(ended, [StepKind.HousingFund], "staff", Noon)).Reason);
    }

    [Fact]
    public void A_case_is_completed_when_all_is_done_but_for_what_was_withdrawn_and_closed_when_something_was_refused()
    {
        var two = Licensed(StepKind.Tax, StepKind.HousingFund);
        Assert.Equal(CaseState.Running, two.Done(StepKind.Tax).State);
        Assert.Equal(CaseState.Completed, two.Done(StepKind.Tax).Done(StepKind.HousingFund).State);
        Assert.Equal(CaseState.Completed, two.Done(StepKind.Tax).Act(StepKind.HousingFund, StepAct.Withdraw, "样例理由").State);
        Assert.Equal(CaseState.Closed, two.Done(StepKind.Tax).Act(StepKind.HousingFund, StepAct.Refuse, "样例理由").State);
        Assert.Equal(CaseState.Running, two.Done(StepKind.Tax).Act(StepKind.HousingFund, StepAct.Return, "样例理由").State);
    }

    // Monday noon: one working day is Tuesday; from Friday it is Monday; and Qingming 2026 (4 to 6 April) is no working day.
    [Fact]
    public void Deadlines_are_working_days_from_when_the_step_was_opened()
    {
        Assert.Equal(new DateOnly(2026, 3, 10), Licensed(StepKind.Tax).Find(StepKind.Tax)!.Deadline);
        Assert.Equal(new DateOnly(2026, 3, 12), Open([]).Find(StepKind.License)!.Deadline);
        Assert.Equal(new DateOnly(2026, 3, 16), Rules.Issue(Open([StepKind.Tax]), License, Noon.AddDays(4)).Find(StepKind.Tax)!.Deadline);
        Assert.Equal(new DateOnly(2026, 4, 7), Rules.Issue(Open([StepKind.Tax]), License, new(2026, 4, 3, 4, 0, 0, TimeSpan.Zero)).Find(StepKind.Tax)!.Deadline);
        // 23:59 in China is the same day, a minute later the next.
        Assert.Equal(new DateOnly(2026, 3, 10), Rules.Issue(Open([StepKind.Tax]), License, new(2026, 3, 9, 15, 59, 0, TimeSpan.Zero)).Find(StepKind.Tax)!.Deadline);
        Assert.Equal(new DateOnly(2026, 3, 11), Rules.Issue(Open([StepKind.Tax]), License, new(2026, 3, 9, 16, 0, 0, TimeSpan.Zero)).Find(StepKind.Tax)!.Deadline);
    }

    [Fact]
    public void The_deadline_rests_while_the_applicant_mends_and_begins_anew_after_it()
    {
        var returned = Licensed(StepKind.Tax).Act(StepKind.Tax, StepAct.Return, "样例：缺章程");
        Assert.False(returned.Find(StepKind.Tax)!.IsOverdue(new DateOnly(2026, 5, 1)));

        var reopened = Rules.Act(returned, StepKind.Tax, StepAct.Reopen, "staff", Noon.AddDays(7));

        Assert.Equal((StepState.Open, new DateOnly(2026, 3, 17), ""), (reopened.State(StepKind.Tax), reopened.Find(StepKind.Tax)!.Deadline, reopened.Find(StepKind.Tax)!.Reason));
        Assert.False(reopened.Find(StepKind.Tax)!.IsOverdue(new DateOnly(2026, 3, 17)));
        Assert.True(reopened.Find(StepKind.Tax)!.IsOverdue(new DateOnly(2026, 3, 18)));
        Assert.True(reopened.Act(StepKind.Tax, StepAct.Accept).Find(StepKind.Tax)!.IsOverdue(new DateOnly(2026, 3, 18)));
        Assert.False(reopened.Done(StepKind.Tax).Find(StepKind.Tax)!.IsOverdue(new DateOnly(2026, 3, 18)));
    }

    [Fact]
    public void Steps_can_be_asked_for_apart_and_again_and_never_twice()
    {
        var later = Rules.Add(Licensed(), [StepKind.Tax], "staff", Noon.AddDays(1));
        Assert.Equal((StepState.Open, new DateOnly(2026, 3, 11), CaseState.Running), (later.State(StepKind.Tax), later.Find(StepKind.Tax)!.Deadline, later.State));
        foreach (var goesOn in (CaseFile[])[later, later.Act(StepKind.Tax, StepAct.Accept), later.Done(StepKind.Tax), later.Act(StepKind.Tax, StepAct.Return, "样例理由")])
        {
            Assert.Equal(ErrorReason.StepExists, Assert.Throws<EidException>(() => Rules.Add(goesOn, [StepKind.Tax], "staff", Noon)).Reason);
        }

        foreach (var ended in (CaseFile[])[later.Act(StepKind.Tax, StepAct.Refuse, "样例理由"), later.Act(StepKind.Tax, StepAct.Withdraw, "样例理由")])
        {
            var again = Rules.Add(ended, [StepKind.Tax], "staff", Noon.AddDays(8));
            Assert.Equal((StepState.Open, new DateOnly(2026, 3, 18), ""), (again.State(StepKind.Tax), again.Find(StepKind.Tax)!.Deadline, again.Find(StepKind.Tax)!.Reason));
        }

        Assert.Equal(ErrorReason.StepExists, Assert.Throws<EidException>(() => Rules.Add(later, [StepKind.License], "staff", Noon)).Reason);
    }

    [Fact]
    public void Whatever_is_asked_for_is_named_once_and_held_by_somebody()
    {
        var small = new CaseRules(StepCatalogue.BuiltIn.Without(plan => plan.Kind == StepKind.HousingFund), WorkCalendar.Announced);
        Assert.Equal([StepKind.Tax, StepKind.BankAppointment], small.RequireOffered([StepKind.BankAppointment, StepKind.Tax]));
        Refused(ErrorReason.EnumInvalid, "steps[1]", [StepKind.Tax, StepKind.Tax]);
        Refused(ErrorReason.EnumInvalid, "steps[0]", [StepKind.Unspecified]);
        Refused(ErrorReason.EnumInvalid, "steps[0]", [(StepKind)99]);
        Refused(ErrorReason.StepNotOffered, "steps[1]", [StepKind.Tax, StepKind.HousingFund]);

        void Refused(ErrorReason reason, string field, StepKind[] kinds)
        {
            var error = Assert.Throws<EidException>(() => small.RequireOffered(kinds));
            Assert.Equal((reason, field), (error.Reason, Assert.Single(error.Violations).Field));
        }
    }

    [Fact]
    public void A_licence_that_could_not_be_issued_goes_to_a_person_and_one_that_was_is_the_truth()
    {
        var finding = new Finding("LICENSE_EXISTS", "样例");
        var doubted = Rules.Doubt(Open([StepKind.Tax]), finding, Noon);
        Assert.Equal((StepState.Review, StepState.Waiting), (doubted.State(StepKind.License), doubted.State(StepKind.Tax)));
        Assert.Equal([finding], doubted.Findings);

        // The same issue by another attempt: it exists, so it is done, and hearing it again changes nothing.
        var issued = Rules.Issue(doubted, License, Noon);
        Assert.Equal((StepState.Done, StepState.Open), (issued.State(StepKind.License), issued.State(StepKind.Tax)));
        Assert.Same(issued, Rules.Issue(issued, License, Noon));
        Assert.Same(issued, Rules.Doubt(issued, finding, Noon));
    }

    [Fact]
    public void A_licence_that_is_being_issued_cannot_be_given_up()
    {
        var granted = Open([StepKind.Tax]);
        foreach (var act in (StepAct[])[StepAct.Withdraw, StepAct.Return, StepAct.Refuse, StepAct.Reopen])
        {
            Assert.Equal(ErrorReason.TransitionNotAllowed, Assert.Throws<EidException>(() => granted.Act(StepKind.License, act, "样例理由")).Reason);
        }
    }

    [Fact]
    public void Mended_facts_are_issued_under_a_request_of_their_own_and_stay_the_companys()
    {
        var opened = Open([], new Finding("SAMPLE", "样例"));
        var mended = CaseRules.Mend(opened, Facts(Input with { Name = "枣庄市山亭区样例果品有限公司" }), []);

        Assert.Equal(("枣庄市山亭区样例果品有限公司", 2, 0), (mended.Facts.Name, mended.FactsRevision, mended.Findings.Count));
        Assert.NotEqual(opened.Id.IssueRequest(opened.FactsRevision), mended.Id.IssueRequest(mended.FactsRevision));
        var other = Facts(Input with { CreditCode = OtherCompany });
        Assert.Equal(ErrorReason.LintFailed, Assert.Throws<EidException>(() => CaseRules.Mend(opened, other, [])).Reason);
    }

    [Fact]
    public void Times_of_a_case_never_go_back()
    {
        var early = Rules.Act(Licensed(StepKind.Tax), StepKind.Tax, StepAct.Accept, "tax-bureau", Noon.AddHours(-3));

        Assert.Equal(early.Events.Select(each => each.Step.StateTime).Order(), early.Events.Select(each => each.Step.StateTime));
    }

    // Whatever is done in whatever order: the state is the history's, nobody is opened before its turn, and nothing is lost.
    [Fact]
    public void Random_histories_keep_order_and_end_well()
    {
        var random = new Crypto.TestRandom("histories of cases");
        StepAct[] acts = [StepAct.Accept, StepAct.Complete, StepAct.Return, StepAct.Refuse, StepAct.Reopen, StepAct.Withdraw, StepAct.Grant];
        for (var round = 0; round < 300; round++)
        {
            var subject = Open([.. Everything.Where(_ => random.Below(2) == 0)], random.Below(2) == 0 ? [] : [new Finding("SAMPLE", "样例")]);
            for (var turn = 0; turn < 40; turn++)
            {
                var before = subject;
                try
                {
                    subject = random.Below(12) switch
                    {
                        0 => Rules.Issue(subject, License, Noon.AddMinutes(turn)),
                        1 => Rules.Add(subject, [Everything[random.Below(Everything.Length)]], "staff", Noon.AddMinutes(turn)),
                        _ => subject.Act(Everything[random.Below(Everything.Length)], acts[random.Below(acts.Length)], "样例理由"),
                    };
                }
                catch (EidException error)
                {
                    Assert.Contains(error.Reason, (ErrorReason[])[ErrorReason.TransitionNotAllowed, ErrorReason.StepNotFound, ErrorReason.StepExists, ErrorReason.CaseClosed]);
                }

                Assert.Equal(before.Events, subject.Events.Take(before.Events.Count));
                var licensed = subject.State(StepKind.License) == StepState.Done;
                Assert.Equal(licensed, subject.License is not null);
                Assert.All(subject.Steps.Where(step => step.Kind != StepKind.License), step =>
                {
                    Assert.True(licensed || !step.IsShown, step.ToString());
                    Assert.Equal(step.State == StepState.Waiting, Rules.WaitsFor(subject, step).Count > 0);
                    Assert.False(step.State.IsDue() && step.Deadline is null);
                });
                foreach (var steps in subject.Events.GroupBy(each => each.Step.Kind, each => each.Step.State))
                {
                    Assert.True(StepTransition.Begins(steps.Key, steps.First()));
                    Assert.All(steps.Zip(steps.Skip(1)), pair => Assert.True(StepTransition.Leads(steps.Key, pair.First, pair.Second), $"{steps.Key} {pair}"));
                }
            }
        }
    }
}
