using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;

namespace ShantingEId.Stamping;

/// <summary>用印授权: what a company lets one caller do with its seals.</summary>
/// <param name="Number">Number in the register, from 1.</param>
/// <param name="Holder">The company.</param>
/// <param name="Caller">Registered caller that may stamp.</param>
/// <param name="Kinds">Which seals.</param>
/// <param name="Uses">For which uses.</param>
/// <param name="Reference">Reference of the company's 授权书.</param>
/// <param name="Until">It ends at this instant.</param>
/// <param name="GrantedBy">Caller who recorded it.</param>
/// <param name="GrantedTime">When.</param>
/// <param name="Withdrawal">When and why it was withdrawn; null while it was not.</param>
/// <param name="Count">How often it was used.</param>
public sealed record SealGrant(
    long Number, CreditCode Holder, string Caller, IReadOnlyList<SealKind> Kinds, IReadOnlyList<string> Uses, string Reference, DateTimeOffset Until,
    string GrantedBy, DateTimeOffset GrantedTime, SealGrantWithdrawal? Withdrawal = null, long Count = 0)
{
    /// <summary>Whether it is in force at this time.</summary>
    public bool HoldsAt(DateTimeOffset time) => Withdrawal is null && time < Until;

    /// <summary>Whether it covers this seal and this use.</summary>
    public bool Covers(SealKind kind, string use) => Kinds.Contains(kind) && Uses.Contains(use);
}

/// <summary>How a grant ended before its time.</summary>
/// <param name="Time">When.</param>
/// <param name="By">Caller who recorded it.</param>
/// <param name="Reason">Why.</param>
public sealed record SealGrantWithdrawal(DateTimeOffset Time, string By, string Reason);

/// <summary>用印记录: one seal used once, on however many pages.</summary>
/// <param name="Position">Place in the feed; 0 until it is committed.</param>
/// <param name="Grant">Number of the grant it rests on.</param>
/// <param name="License">The set the seal belonged to then.</param>
/// <param name="Code">印章编码.</param>
/// <param name="Kind">章型.</param>
/// <param name="Use">用途, its code.</param>
/// <param name="Caller">Who stamped.</param>
/// <param name="RequestId">Under which name.</param>
/// <param name="RecordedTime">When it was judged, by the register's clock.</param>
/// <param name="SignedTime">签章时间, whole seconds.</param>
/// <param name="Title">Title of the document, as the caller gave it.</param>
/// <param name="Digest">SM3 of the document before it was stamped; the digest itself where only that was sent. 32 bytes.</param>
/// <param name="DataHash">原文杂凑 inside the signature, 32 bytes.</param>
/// <param name="PropertyInfo">原文属性 inside the signature.</param>
/// <param name="Pages">Pages with an imprint, from 1, e.g. <c>1-3,7</c>; empty where only a digest was sent.</param>
/// <param name="StampedTime">Time of the time stamp; null without one.</param>
public sealed record SealUse(
    long Position, long Grant, LicenseId License, SealCode Code, SealKind Kind, string Use, string Caller, string RequestId, DateTimeOffset RecordedTime, DateTimeOffset SignedTime,
    string Title, byte[] Digest, byte[] DataHash, string PropertyInfo, string Pages, DateTimeOffset? StampedTime);

/// <summary>Grants of seals and what was done with them: part of the register, with the same promises as <see cref="ILicenseStore"/>.</summary>
public interface ISealUseStore
{
    /// <summary>A grant by its number; null when there is none.</summary>
    ValueTask<SealGrant?> FindSealGrantAsync(long number, CancellationToken cancel);

    /// <summary>Grants of a company, newest first.</summary>
    /// <param name="holder">The company.</param>
    /// <param name="before">Only numbers below this.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancel">Gives up.</param>
    ValueTask<IReadOnlyList<SealGrant>> ListSealGrantsAsync(CreditCode holder, long before, int limit, CancellationToken cancel);

    /// <summary>Grants of a company to a caller that are in force at a time, oldest first.</summary>
    ValueTask<IReadOnlyList<SealGrant>> FindSealGrantsAsync(CreditCode holder, string caller, DateTimeOffset time, CancellationToken cancel);

    /// <summary>Adds a grant with its reply.</summary>
    ValueTask<Committed> AddSealGrantAsync(SealGrant grant, WriteRequest request);

    /// <summary>Withdraws a grant, with its reply.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.VersionConflict"/>: withdrawn by somebody else meanwhile.</exception>
    ValueTask<Committed> WithdrawSealGrantAsync(SealGrant withdrawn, WriteRequest request);

    /// <summary>The private key of a seal, sealed by the vault under the seal's code; null when there is no such seal.</summary>
    ValueTask<byte[]?> LoadSealedKeyAsync(SealCode code, CancellationToken cancel);

    /// <summary>
    /// Records a use with its reply, in one transaction that holds grant and set: only if the set is still in the state it was judged
    /// by and the grant is still there. Whoever ends either at the same moment waits for this, or this finds it ended.
    /// </summary>
    /// <param name="use">The use.</param>
    /// <param name="judged">The set with the newest state it was judged by.</param>
    /// <param name="request">The reply.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.VersionConflict"/>: something was done to the set meanwhile; <see cref="ErrorReason.SealUseNotGranted"/>: the grant has ended meanwhile.</exception>
    ValueTask<Committed> AddSealUseAsync(SealUse use, StatedEntry judged, WriteRequest request);

    /// <summary>Uses of a company's seals, newest first.</summary>
    /// <param name="holder">The company.</param>
    /// <param name="before">Only places in the feed below this.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancel">Gives up.</param>
    ValueTask<IReadOnlyList<SealUse>> ListSealUsesAsync(CreditCode holder, long before, int limit, CancellationToken cancel);
}
