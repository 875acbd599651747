using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Incidents;

/// <summary>What is done to each set. Numbers equal those of the API and of the store.</summary>
public enum IncidentAct
{
    /// <summary>Not said.</summary>
    Unspecified = 0,

    /// <summary>吊销.</summary>
    Revoke = 1,

    /// <summary>换发 of licence and all four seals, for the same facts.</summary>
    Reissue = 2,
}

/// <summary>Where an incident stands.</summary>
public enum IncidentState
{
    /// <summary>Not known.</summary>
    Unspecified = 0,

    /// <summary>Waits for a second person.</summary>
    Prepared = 1,

    /// <summary>Approved; the register works on it.</summary>
    Running = 2,

    /// <summary>Held.</summary>
    Paused = 3,

    /// <summary>Every set has its outcome.</summary>
    Completed = 4,

    /// <summary>Ended before its end.</summary>
    Stopped = 5,
}

/// <summary>What people do to an incident.</summary>
public enum IncidentDeed
{
    /// <summary>Not said.</summary>
    Unspecified = 0,

    /// <summary>准备.</summary>
    Prepare = 1,

    /// <summary>批准.</summary>
    Approve = 2,

    /// <summary>暂停.</summary>
    Pause = 3,

    /// <summary>继续.</summary>
    Continue = 4,

    /// <summary>终止.</summary>
    Stop = 5,
}

/// <summary>What became of one set.</summary>
public enum SetOutcome
{
    /// <summary>Nothing yet.</summary>
    Unspecified = 0,

    /// <summary>Done.</summary>
    Done = 1,

    /// <summary>Its state did not allow it.</summary>
    Skipped = 2,

    /// <summary>It could not be done; a person must see to it.</summary>
    Failed = 3,
}

/// <summary>The one table of what may be done to an incident when.</summary>
public static class IncidentDeeds
{
    private static readonly Dictionary<IncidentDeed, (IncidentState[] From, IncidentState To)> Table = new()
    {
        [IncidentDeed.Approve] = ([IncidentState.Prepared], IncidentState.Running),
        [IncidentDeed.Pause] = ([IncidentState.Running], IncidentState.Paused),
        [IncidentDeed.Continue] = ([IncidentState.Paused], IncidentState.Running),
        [IncidentDeed.Stop] = ([IncidentState.Prepared, IncidentState.Running, IncidentState.Paused], IncidentState.Stopped),
    };

    /// <summary>The state a deed leads to; null where it is not allowed.</summary>
    public static IncidentState? Leads(this IncidentDeed deed, IncidentState from) => Table.TryGetValue(deed, out var row) && row.From.Contains(from) ? row.To : null;

    /// <summary>Whether nothing can follow.</summary>
    public static bool IsEnd(this IncidentState state) => state is IncidentState.Completed or IncidentState.Stopped;

    /// <summary>The transition that each set goes through.</summary>
    public static SetTransition Transition(this IncidentAct act) => act switch
    {
        IncidentAct.Revoke => SetTransition.Revoke,
        IncidentAct.Reissue => SetTransition.Supersede,
        _ => throw new ArgumentOutOfRangeException(nameof(act), act, "no such act"),
    };
}

/// <summary>Something a person did, or the register by itself.</summary>
/// <param name="Deed">What.</param>
/// <param name="Time">When.</param>
/// <param name="Actor">Registered caller, or <see cref="Incident.Register"/>.</param>
/// <param name="Remark">Why; may be empty.</param>
public sealed record IncidentEvent(IncidentDeed Deed, DateTimeOffset Time, string Actor, string Remark);

/// <summary>A set that was not done, and why.</summary>
/// <param name="Ordinal">Its place in the list, from 0.</param>
/// <param name="License">The licence.</param>
/// <param name="Outcome">Skipped or failed.</param>
/// <param name="Reason">Machine reason on the wire.</param>
/// <param name="Message">The same in Chinese.</param>
public sealed record UndoneSet(long Ordinal, LicenseId License, SetOutcome Outcome, string Reason, string Message);

/// <summary>How many sets were not done for one reason.</summary>
/// <param name="Outcome">Skipped or failed.</param>
/// <param name="Reason">Machine reason on the wire.</param>
/// <param name="Count">How many.</param>
public sealed record ReasonCount(SetOutcome Outcome, string Reason, long Count);

/// <summary>An incident: a frozen list of sets to which one act is done.</summary>
public sealed record Incident
{
    /// <summary>Actor of what the register does by itself; no caller can have this name.</summary>
    public const string Register = "#incidents";

    /// <summary>Its number.</summary>
    public required string Number { get; init; }

    /// <summary>What is done.</summary>
    public required IncidentAct Act { get; init; }

    /// <summary>How the sets were found.</summary>
    public required IncidentQuery Query { get; init; }

    /// <summary>Legal reason.</summary>
    public required string Reason { get; init; }

    /// <summary>Deciding authority.</summary>
    public required string DecidedBy { get; init; }

    /// <summary>How many sets the list holds.</summary>
    public required long SetCount { get; init; }

    /// <summary>SM3 of act, grounds and list: <see cref="IncidentList.Digest"/>.</summary>
    public required byte[] Digest { get; init; }

    /// <summary>Who prepared it.</summary>
    public required string PreparedBy { get; init; }

    /// <summary>When the list was frozen.</summary>
    public required DateTimeOffset PreparedTime { get; init; }

    /// <summary>Where it stands.</summary>
    public IncidentState State { get; init; } = IncidentState.Prepared;

    /// <summary>Rises with each deed of a person.</summary>
    public long Revision { get; init; } = 1;

    /// <summary>Who approved it; "" before.</summary>
    public string ApprovedBy { get; init; } = "";

    /// <summary>When.</summary>
    public DateTimeOffset? ApprovedTime { get; init; }

    /// <summary>When it was completed or stopped.</summary>
    public DateTimeOffset? EndedTime { get; init; }

    /// <summary>Every set before this place of the list has its outcome.</summary>
    public long Next { get; init; }

    /// <summary>Done.</summary>
    public long Done { get; init; }

    /// <summary>Skipped.</summary>
    public long Skipped { get; init; }

    /// <summary>Failed.</summary>
    public long Failed { get; init; }

    /// <summary>Sets a second, of late.</summary>
    public double Rate { get; init; }

    /// <summary>Why it stands still; may be empty.</summary>
    public string Remark { get; init; } = "";

    /// <summary>Which process works on it; "" when none does.</summary>
    public string Worker { get; init; } = "";

    /// <summary>Rises whenever that process shows that it lives.</summary>
    public long Beat { get; init; }

    /// <summary>What people did; empty where it was not asked for.</summary>
    public IReadOnlyList<IncidentEvent> Events { get; init; } = [];

    /// <summary>Why sets were not done; empty where it was not asked for.</summary>
    public IReadOnlyList<ReasonCount> Reasons { get; init; } = [];
}
