using ShantingEId.Codes;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Trades;

namespace ShantingEId.Issuing;

/// <summary>一照四章: one licence version, its four seals, the manifest that binds them and the codes that lead to it.</summary>
/// <param name="License">The licence.</param>
/// <param name="Seals">The four seals.</param>
/// <param name="Manifest">Manifest envelope bytes.</param>
/// <param name="LicenseCode">Text of the licence code.</param>
/// <param name="TypedCode">校验短码.</param>
/// <param name="Status">Place in the status lists.</param>
public sealed record IssuedSet(License License, SealSet Seals, byte[] Manifest, string LicenseCode, TypedCode TypedCode, StatusReference Status)
{
    /// <summary>SM3 of the manifest envelope.</summary>
    public ManifestDigest ManifestDigest { get; } = ManifestDigest.Of(Manifest);
}

/// <summary>State of a set in the register. Numbers equal those of the API and of the store.</summary>
public enum SetState
{
    /// <summary>Not known; never in force.</summary>
    Unspecified = 0,

    /// <summary>In force.</summary>
    Active = 1,

    /// <summary>吊销.</summary>
    Revoked = 2,

    /// <summary>已换发: a later version took its place.</summary>
    Superseded = 3,

    /// <summary>歇业, 暂扣.</summary>
    Suspended = 4,

    /// <summary>注销.</summary>
    Cancelled = 5,

    /// <summary>撤销: registered on false papers.</summary>
    Rescinded = 6,

    /// <summary>A change prepared for a later day and taken back before it: never in force.</summary>
    Withdrawn = 7,

    /// <summary>Prepared and not in force yet, or not in force yet at the time asked about. Never stored: it follows from times.</summary>
    Scheduled = 8,
}

/// <summary>What states and transitions are called by people.</summary>
public static class SetStates
{
    /// <summary>Chinese name of a state.</summary>
    public static string Name(SetState state) => state switch
    {
        SetState.Active => "有效",
        SetState.Revoked => "已被吊销",
        SetState.Superseded => "已换发新照",
        SetState.Suspended => "处于暂停状态",
        SetState.Cancelled => "已经注销",
        SetState.Rescinded => "登记已被撤销",
        SetState.Withdrawn => "在生效前已撤回",
        SetState.Scheduled => "尚未生效",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "no name for this state"),
    };

    /// <summary>Chinese name of a transition.</summary>
    public static string Name(SetTransition transition) => transition switch
    {
        SetTransition.Suspend => "暂停",
        SetTransition.Resume => "恢复",
        SetTransition.Revoke => "吊销",
        SetTransition.Rescind => "撤销登记",
        SetTransition.Restore => "恢复登记",
        SetTransition.Cancel => "注销",
        SetTransition.Supersede => "变更登记",
        _ => throw new ArgumentOutOfRangeException(nameof(transition), transition, "no name for this transition"),
    };
}

/// <summary>A state with its times and reason.</summary>
/// <param name="State">The state.</param>
/// <param name="EffectiveTime">Since when it holds in law; later than <paramref name="RecordedTime"/> for a change prepared ahead.</param>
/// <param name="RecordedTime">When the register was told.</param>
/// <param name="Reason">Legal reason; empty for a first licence.</param>
/// <param name="DecidedBy">Who decided; empty for a first licence.</param>
/// <param name="Successor">The licence that took its place; null unless superseded.</param>
public sealed record StateRecord(SetState State, DateTimeOffset EffectiveTime, DateTimeOffset RecordedTime, string Reason, string DecidedBy, LicenseId? Successor = null);

/// <summary>What the register says about one set: immutable bytes, and its state at one instant.</summary>
/// <param name="LicenseId">证照标识.</param>
/// <param name="Manifest">Manifest envelope bytes.</param>
/// <param name="ManifestDigest">Their digest.</param>
/// <param name="LicenseCode">Text of the licence code.</param>
/// <param name="TypedCode">校验短码.</param>
/// <param name="State">The state.</param>
/// <param name="Until">When a change that was prepared ahead ends this state; null when none waits.</param>
public sealed record RegisterEntry(
    LicenseId LicenseId, byte[] Manifest, ManifestDigest ManifestDigest, string LicenseCode, TypedCode TypedCode, StateRecord State, DateTimeOffset? Until = null)
{
    /// <summary>Everything recorded about the permits of a comprehensive licence, in its order; also what will only hold later.</summary>
    public IReadOnlyList<PermitEvent> PermitEvents { get; init; } = [];

    /// <summary>Whether the state still holds at this time, as far as this entry knows.</summary>
    public bool HoldsAt(DateTimeOffset time) => Until is not { } end || time < end;
}
