namespace ShantingEId.Cases;

/// <summary>What is done to a step.</summary>
public enum StepAct
{
    /// <summary>Asked for once more by the applicant.</summary>
    Ask,

    /// <summary>What it waited for is settled.</summary>
    Open,

    /// <summary>Taken up by its department.</summary>
    Accept,

    /// <summary>Done by its department.</summary>
    Complete,

    /// <summary>Given back for mending.</summary>
    Return,

    /// <summary>Refused.</summary>
    Refuse,

    /// <summary>What was to be mended is mended.</summary>
    Reopen,

    /// <summary>Withdrawn by the applicant, or with the licence.</summary>
    Withdraw,

    /// <summary>A licence is granted by a person, and will now be issued.</summary>
    Grant,

    /// <summary>A granted licence could not be issued for reasons a person must look at.</summary>
    Doubt,

    /// <summary>A licence was issued.</summary>
    Issue,
}

/// <summary>The one table of what may follow what.</summary>
public static class StepTransition
{
    // A licence goes another way than the steps that departments hold: nobody reports it, we issue it. While it is ACCEPTED its issue is
    // under way or was cut short, and nothing but its end may follow: so no set is ever issued for a step that was given up.
    private static readonly Dictionary<(StepAct, StepState), StepState> OfLicense = new()
    {
        [(StepAct.Grant, StepState.Review)] = StepState.Accepted,
        [(StepAct.Grant, StepState.Accepted)] = StepState.Accepted,
        [(StepAct.Doubt, StepState.Accepted)] = StepState.Review,
        [(StepAct.Return, StepState.Review)] = StepState.Returned,
        [(StepAct.Refuse, StepState.Review)] = StepState.Refused,
        [(StepAct.Reopen, StepState.Returned)] = StepState.Review,
        [(StepAct.Withdraw, StepState.Review)] = StepState.Withdrawn,
        [(StepAct.Withdraw, StepState.Returned)] = StepState.Withdrawn,
        [(StepAct.Issue, StepState.Accepted)] = StepState.Done,
        // Two attempts at one issue, of which the first was in doubt: a set that exists is the truth.
        [(StepAct.Issue, StepState.Review)] = StepState.Done,
    };

    private static readonly Dictionary<(StepAct, StepState), StepState> OfOthers = new()
    {
        [(StepAct.Open, StepState.Waiting)] = StepState.Open,
        [(StepAct.Accept, StepState.Open)] = StepState.Accepted,
        [(StepAct.Complete, StepState.Accepted)] = StepState.Done,
        [(StepAct.Return, StepState.Open)] = StepState.Returned,
        [(StepAct.Return, StepState.Accepted)] = StepState.Returned,
        [(StepAct.Refuse, StepState.Open)] = StepState.Refused,
        [(StepAct.Refuse, StepState.Accepted)] = StepState.Refused,
        [(StepAct.Reopen, StepState.Returned)] = StepState.Open,
        [(StepAct.Withdraw, StepState.Waiting)] = StepState.Withdrawn,
        [(StepAct.Withdraw, StepState.Open)] = StepState.Withdrawn,
        [(StepAct.Withdraw, StepState.Accepted)] = StepState.Withdrawn,
        [(StepAct.Withdraw, StepState.Returned)] = StepState.Withdrawn,
        [(StepAct.Ask, StepState.Withdrawn)] = StepState.Waiting,
        [(StepAct.Ask, StepState.Refused)] = StepState.Waiting,
    };

    /// <summary>What the step comes to; null when the act is not allowed there.</summary>
    public static StepState? Next(StepKind kind, StepState state, StepAct act) =>
        (kind == StepKind.License ? OfLicense : OfOthers).TryGetValue((act, state), out var next) ? next : null;

    /// <summary>Whether one state can follow another at all; for who rechecks a history.</summary>
    public static bool Leads(StepKind kind, StepState from, StepState to) => Enum.GetValues<StepAct>().Any(act => Next(kind, from, act) == to);

    /// <summary>Whether a step can begin in a state: a licence is granted at once or looked at by a person, anything else waits.</summary>
    public static bool Begins(StepKind kind, StepState state) => kind == StepKind.License ? state is StepState.Accepted or StepState.Review : state == StepState.Waiting;
}
