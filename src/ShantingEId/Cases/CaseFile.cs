using ShantingEId.Codes;
using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Cases;

/// <summary>What shows that a step is done.</summary>
/// <param name="Text">What was done; may be empty.</param>
/// <param name="Reference">The department's own number of it; may be empty.</param>
public sealed record Evidence(string Text, string Reference);

/// <summary>Something that a person should look at before a licence is granted.</summary>
/// <param name="Check">Name of the check.</param>
/// <param name="Text">Chinese text.</param>
public sealed record Finding(string Check, string Text);

/// <summary>One step as it stands.</summary>
/// <param name="Kind">What is done in it.</param>
/// <param name="State">How far it is.</param>
/// <param name="StateTime">When it came to this state.</param>
/// <param name="OpenTime">When it was opened last; null until then, and its department does not know of it until then.</param>
/// <param name="Deadline">Last day on which it is in time, China's civil time; null until it is opened.</param>
/// <param name="Reason">Why it was returned, refused, withdrawn or doubted; empty otherwise.</param>
/// <param name="Evidence">What shows that it is done; null until then.</param>
public sealed record CaseStep(StepKind Kind, StepState State, DateTimeOffset StateTime, DateTimeOffset? OpenTime, DateOnly? Deadline, string Reason, Evidence? Evidence)
{
    /// <summary>Whether the department may know of it: it was opened.</summary>
    public bool IsShown => OpenTime is not null;

    /// <summary>Whether its deadline is past on this day, and it is the department's turn.</summary>
    public bool IsOverdue(DateOnly today) => State.IsDue() && Deadline < today;
}

/// <summary>One change of a step. History and state are one: a step stands as its last event left it.</summary>
/// <param name="Step">The step as it was from here on.</param>
/// <param name="Actor">Who did it; empty where it followed from another step.</param>
public sealed record StepEvent(CaseStep Step, string Actor);

/// <summary>办件: a founding seen from the one window. Changed by <see cref="CaseRules"/> alone, which gives a new one.</summary>
public sealed record CaseFile
{
    /// <summary>Its name for those who work on it.</summary>
    public required CaseId Id { get; init; }

    /// <summary>Opens its progress to the applicant.</summary>
    public required ProgressCode Progress { get; init; }

    /// <summary>Caller that opened it.</summary>
    public required string OpenedBy { get; init; }

    /// <summary>The request that opened it: a retry finds the case by it.</summary>
    public required RequestId OpenRequest { get; init; }

    /// <summary>SM3 of what was asked when it was opened.</summary>
    public required byte[] ContentDigest { get; init; }

    /// <summary>The facts as applied for.</summary>
    public required EnterpriseFacts Facts { get; init; }

    /// <summary>Rises with every mending of the facts, from 1.</summary>
    public required int FactsRevision { get; init; }

    /// <summary>When it was opened.</summary>
    public required DateTimeOffset OpenTime { get; init; }

    /// <summary>The licence that was issued; null until then.</summary>
    public LicenseId? License { get; init; }

    /// <summary>Why it was not granted at once.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>What happened, oldest first. Their number is the case's version: nothing changes without one.</summary>
    public required IReadOnlyList<StepEvent> Events
    {
        get;
        init
        {
            field = value;
            Steps = [.. value.GroupBy(each => each.Step.Kind, (_, of) => of.Last().Step).OrderBy(step => step.Kind)];
        }
    }

    /// <summary>The steps as they stand, in the order of their kinds.</summary>
    public IReadOnlyList<CaseStep> Steps { get; private init; } = [];

    /// <summary>How far it is.</summary>
    public CaseState State => Steps.Any(step => !step.State.HasEnded()) ? CaseState.Running
        : Steps.All(step => step.State is StepState.Done or StepState.Withdrawn) && Find(StepKind.License) is { State: StepState.Done } ? CaseState.Completed : CaseState.Closed;

    /// <summary>A step; null when it was not asked for.</summary>
    public CaseStep? Find(StepKind kind) => Steps.FirstOrDefault(step => step.Kind == kind);
}
