using System.Collections.Frozen;

namespace ShantingEId.Issuing;

/// <summary>What can be done to a set once it was issued.</summary>
public enum SetTransition
{
    /// <summary>歇业 (条例 30), 暂扣.</summary>
    Suspend,

    /// <summary>恢复营业, 发还.</summary>
    Resume,

    /// <summary>吊销 (条例 43–48): marked inside the licence, the company itself goes on until it is cancelled.</summary>
    Revoke,

    /// <summary>撤销 a registration made on false papers (条例 40–41).</summary>
    Rescind,

    /// <summary>撤销 taken back, the former state restored (条例 42).</summary>
    Restore,

    /// <summary>注销 (条例 31–34).</summary>
    Cancel,

    /// <summary>换发: a later version takes its place.</summary>
    Supersede,
}

/// <summary>The one table of what may follow what; everything else is refused.</summary>
public static class SetTransitions
{
    private static readonly FrozenDictionary<SetTransition, (SetState[] From, SetState To)> Table = new Dictionary<SetTransition, (SetState[] From, SetState To)>
    {
        [SetTransition.Suspend] = ([SetState.Active], SetState.Suspended),
        [SetTransition.Resume] = ([SetState.Suspended], SetState.Active),
        [SetTransition.Revoke] = ([SetState.Active, SetState.Suspended], SetState.Revoked),
        [SetTransition.Rescind] = ([SetState.Active, SetState.Suspended, SetState.Revoked, SetState.Cancelled], SetState.Rescinded),
        // To what it was before: see StateChanger.
        [SetTransition.Restore] = ([SetState.Rescinded], SetState.Unspecified),
        // 吊销后还须注销: a revoked company is wound up and then cancelled.
        [SetTransition.Cancel] = ([SetState.Active, SetState.Suspended, SetState.Revoked], SetState.Cancelled),
        [SetTransition.Supersede] = ([SetState.Active], SetState.Superseded),
    }.ToFrozenDictionary();

    /// <summary>Whether it may be done to a set in this state.</summary>
    public static bool Allows(this SetTransition transition, SetState from) => Table[transition].From.Contains(from);

    /// <summary>The state it leads to; <see cref="SetState.Unspecified"/> for <see cref="SetTransition.Restore"/>, which leads back.</summary>
    public static SetState Target(this SetTransition transition) => Table[transition].To;

    /// <summary>The states in which it may be done.</summary>
    public static IReadOnlyList<SetState> AllowedBefore(SetTransition transition) => Table[transition].From;

    /// <summary>What may be done to a set in this state.</summary>
    public static IEnumerable<SetTransition> AllowedFrom(SetState from) => Table.Keys.Where(transition => transition.Allows(from)).Order();
}
