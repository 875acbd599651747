using System.Collections.Frozen;
using ShantingEId.Calendar;

namespace ShantingEId.Trades;

/// <summary>State of one permit. Where a set has the same state the numbers are the same, and equal those of the API and of the store.</summary>
public enum PermitState
{
    /// <summary>Not known; never in force.</summary>
    Unspecified = 0,

    /// <summary>In force.</summary>
    Active = 1,

    /// <summary>吊销, 撤销.</summary>
    Revoked = 2,

    /// <summary>暂停.</summary>
    Suspended = 4,

    /// <summary>注销.</summary>
    Cancelled = 5,

    /// <summary>Its term is over. Never stored: it follows from the day.</summary>
    Expired = 6,

    /// <summary>Its term has not begun. Never stored.</summary>
    Scheduled = 8,

    /// <summary>In force, and what was promised for it has been checked and found kept.</summary>
    Confirmed = 9,
}

/// <summary>What can be done to one permit of a comprehensive licence.</summary>
public enum PermitAct
{
    /// <summary>暂停, for a time or until further notice.</summary>
    Suspend = 1,

    /// <summary>恢复.</summary>
    Resume = 2,

    /// <summary>吊销, 撤销.</summary>
    Revoke = 3,

    /// <summary>注销.</summary>
    Cancel = 4,

    /// <summary>承诺核查通过: what was promised is kept.</summary>
    Confirm = 5,
}

/// <summary>Something that was recorded of one permit.</summary>
/// <param name="Number">许可证编号.</param>
/// <param name="State">Its state from then on.</param>
/// <param name="EffectiveTime">From when it holds; ahead of <paramref name="RecordedTime"/> for the end of a suspension that has one.</param>
/// <param name="RecordedTime">When the register was told.</param>
/// <param name="Reason">Legal reason.</param>
/// <param name="DecidedBy">Who decided.</param>
public sealed record PermitEvent(string Number, PermitState State, DateTimeOffset EffectiveTime, DateTimeOffset RecordedTime, string Reason, string DecidedBy);

/// <summary>A permit and its state at one instant.</summary>
/// <param name="Permit">The permit.</param>
/// <param name="State">The state.</param>
/// <param name="Since">Since when.</param>
/// <param name="Until">When it is known to end: the last instant of the term, or of a suspension; null when nothing is known.</param>
/// <param name="Reason">Legal reason of a state that was recorded, else empty.</param>
/// <param name="DecidedBy">Who decided, else empty.</param>
/// <param name="IsChecked">Whether what was promised for it was found kept.</param>
public sealed record PermitStatus(Permit Permit, PermitState State, DateTimeOffset Since, DateTimeOffset? Until, string Reason, string DecidedBy, bool IsChecked)
{
    /// <summary>Whether it may be relied on.</summary>
    public bool IsInForce => State is PermitState.Active or PermitState.Confirmed;

    /// <summary>When a suspension ends; null where there is none, or none whose end is known. The end of the term ends no suspension: then the permit has expired.</summary>
    public DateTimeOffset? SuspendedUntil => State == PermitState.Suspended && Until is { } until && !(Permit.ExpireDate is { } last && until >= WorkCalendar.EndOf(last)) ? until : null;

    /// <summary>
    /// The state at an instant. As with sets: of what had taken effect by then the one recorded last; and the term counts, whatever was
    /// recorded, unless the permit has ended before.
    /// </summary>
    /// <param name="permit">The permit.</param>
    /// <param name="events">Everything recorded about the licence's permits, in its order.</param>
    /// <param name="time">The instant.</param>
    /// <param name="isNow">Whether the instant is now: then what was recorded for its own time counts as soon as it is seen, whatever clocks differ by.</param>
    public static PermitStatus At(Permit permit, IReadOnlyList<PermitEvent> events, DateTimeOffset time, bool isNow)
    {
        var own = events.Where(one => one.Number == permit.Number).ToArray();
        var at = Array.FindLastIndex(own, one => one.EffectiveTime <= time || (isNow && one.EffectiveTime <= one.RecordedTime));
        var (from, end) = (WorkCalendar.StartOf(permit.GrantDate), permit.ExpireDate is { } last ? WorkCalendar.EndOf(last) : (DateTimeOffset?)null);
        var isChecked = own.Take(at + 1).Any(one => one.State == PermitState.Confirmed);
        var status = at < 0 ? new PermitStatus(permit, PermitState.Active, from, end, "", "", false)
            : new PermitStatus(permit, own[at].State, own[at].EffectiveTime, end, own[at].Reason, own[at].DecidedBy, isChecked);
        if (status.State is PermitState.Revoked or PermitState.Cancelled)
        {
            return status with { Until = null };
        }

        // Recorded after it and for later: the end of a suspension.
        var next = own.Skip(at + 1).FirstOrDefault(one => one.EffectiveTime > time)?.EffectiveTime;
        return end <= time ? status with { State = PermitState.Expired, Since = end.Value, Until = null, Reason = "", DecidedBy = "" }
            : from > time ? status with { State = PermitState.Scheduled, Since = from, Until = from }
            : status with { Until = next is { } soon && (end is null || soon < end) ? soon : end };
    }
}

/// <summary>The one table of what may be done to a permit.</summary>
public static class PermitActs
{
    private static readonly FrozenDictionary<PermitAct, (PermitState[] From, PermitState To, string Name)> Table = new Dictionary<PermitAct, (PermitState[] From, PermitState To, string Name)>
    {
        [PermitAct.Suspend] = ([PermitState.Active, PermitState.Confirmed], PermitState.Suspended, "暂停"),
        // To what it was before.
        [PermitAct.Resume] = ([PermitState.Suspended], PermitState.Unspecified, "恢复"),
        [PermitAct.Revoke] = ([PermitState.Active, PermitState.Confirmed, PermitState.Suspended], PermitState.Revoked, "吊销"),
        [PermitAct.Cancel] = ([PermitState.Active, PermitState.Confirmed, PermitState.Suspended, PermitState.Expired], PermitState.Cancelled, "注销"),
        [PermitAct.Confirm] = ([PermitState.Active], PermitState.Confirmed, "承诺核查通过"),
    }.ToFrozenDictionary();

    /// <summary>Whether it may be done to a permit in this state.</summary>
    public static bool Allows(this PermitAct act, PermitStatus status) =>
        Table[act].From.Contains(status.State) && (act != PermitAct.Confirm || status.Permit.OnCommitment);

    /// <summary>The state it leads to.</summary>
    /// <param name="act">What is done.</param>
    /// <param name="before">The permit before it.</param>
    public static PermitState Target(this PermitAct act, PermitStatus before) => act == PermitAct.Resume ? Running(before) : Table[act].To;

    /// <summary>In force, with what was checked so far.</summary>
    public static PermitState Running(PermitStatus permit) => permit.IsChecked ? PermitState.Confirmed : PermitState.Active;

    /// <summary>Chinese name of an act.</summary>
    public static string Name(this PermitAct act) => Table[act].Name;

    /// <summary>Chinese name of a state.</summary>
    public static string Name(this PermitState state) => state switch
    {
        PermitState.Active => "有效",
        PermitState.Revoked => "已被吊销",
        PermitState.Suspended => "暂停",
        PermitState.Cancelled => "已注销",
        PermitState.Expired => "已过有效期",
        PermitState.Scheduled => "尚未生效",
        PermitState.Confirmed => "有效（承诺已核查）",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "no name for this state"),
    };
}

/// <summary>Which permits are due.</summary>
/// <param name="IsFollowUp">Whether a check of a commitment is due; else the end of the term.</param>
/// <param name="Through">Due by this day.</param>
/// <param name="Department">Only those of this 主管部门; empty for all.</param>
/// <param name="After">After this place of the list; 0 from the beginning.</param>
/// <param name="Limit">At most so many.</param>
public sealed record DuePermitQuery(bool IsFollowUp, DateOnly Through, string Department, long After, int Limit);

/// <summary>A permit that is due: its commitment to be checked, or its term to be renewed.</summary>
/// <param name="Place">Its place in the list.</param>
/// <param name="LicenseId">The licence.</param>
/// <param name="HolderName">Name of the company.</param>
/// <param name="Number">许可证编号.</param>
/// <param name="Code">Short name.</param>
/// <param name="Department">主管部门.</param>
/// <param name="Due">The day.</param>
public sealed record DuePermit(long Place, Licenses.LicenseId LicenseId, string HolderName, string Number, string Code, string Department, DateOnly Due);
