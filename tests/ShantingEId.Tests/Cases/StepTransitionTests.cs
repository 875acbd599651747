using ShantingEId.Cases;

namespace ShantingEId.Tests.Cases;

/// <summary>The table of transitions, written out once more as an applicant would be told it, and nothing beside it.</summary>
public sealed class StepTransitionTests
{
    private const string OfOthers =
        """
        Open: Waiting>Open
        Accept: Open>Accepted
        Complete: Accepted>Done
        Return: Open>Returned Accepted>Returned
        Refuse: Open>Refused Accepted>Refused
        Reopen: Returned>Open
        Withdraw: Waiting>Withdrawn Open>Withdrawn Accepted>Withdrawn Returned>Withdrawn
        Ask: Withdrawn>Waiting Refused>Waiting
        """;

    private const string OfLicense =
        """
        Grant: Review>Accepted Accepted>Accepted
        Doubt: Accepted>Review
        Return: Review>Returned
        Refuse: Review>Refused
        Reopen: Returned>Review
        Withdraw: Review>Withdrawn Returned>Withdrawn
        Issue: Accepted>Done Review>Done
        """;

    [Fact]
    public void Nothing_but_the_table_is_allowed()
    {
        foreach (var kind in StepKinds.All)
        {
            var allowed = (kind == StepKind.License ? OfLicense : OfOthers).Split('\n')
                .Select(line => line.Split(": ")).SelectMany(parts => parts[1].Split(' ').Select(pair => $"{parts[0]}: {pair}")).Order();
            var actual = from act in Enum.GetValues<StepAct>() from state in Enum.GetValues<StepState>() let next = StepTransition.Next(kind, state, act)
                         where next is not null select $"{act}: {state}>{next}";
            Assert.Equal(allowed, actual.Order());
        }
    }

    // Done is done: a licence and an evidence are never taken back by a report.
    [Fact]
    public void Nothing_follows_what_is_done() =>
        Assert.All(StepKinds.All, kind => Assert.DoesNotContain(Enum.GetValues<StepAct>(), act => StepTransition.Next(kind, StepState.Done, act) is not null));

    [Fact]
    public void A_refusal_names_the_state_in_words_and_for_machines()
    {
        var error = Assert.Throws<EidException>(() => CaseWorld.Licensed(StepKind.Tax).Act(StepKind.Tax, StepAct.Complete));

        Assert.Equal((ErrorReason.TransitionNotAllowed, "OPEN", "该事项现为“待受理”，不能办结"), (error.Reason, error.Metadata["state"], error.Message));
    }
}
