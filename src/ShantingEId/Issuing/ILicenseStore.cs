using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Trades;

namespace ShantingEId.Issuing;

/// <summary>An answer kept for a request id.</summary>
/// <param name="ContentDigest">SM3 of what was asked.</param>
/// <param name="Reply">The answer's bytes.</param>
/// <param name="Position">Place of its change in the feed.</param>
public sealed record StoredReply(byte[] ContentDigest, byte[] Reply, long Position);

/// <summary>How a write ended.</summary>
/// <param name="Earlier">Null when it was written now, else the reply that its twin committed earlier.</param>
/// <param name="Position">Place of the change in the feed.</param>
public sealed record Committed(StoredReply? Earlier, long Position);

/// <summary>One state that was recorded of a set.</summary>
/// <param name="LicenseId">The set.</param>
/// <param name="State">The state.</param>
/// <param name="Position">Its place in the feed.</param>
public sealed record StatedEntry(LicenseId LicenseId, StateRecord State, long Position);

/// <summary>A write that must happen with its reply, once.</summary>
/// <param name="Actor">Who asked; request ids of different callers never meet.</param>
/// <param name="RequestId">Caller's request id.</param>
/// <param name="ContentDigest">SM3 of what was asked.</param>
/// <param name="Reply">Bytes that every repetition of the request will receive.</param>
public sealed record WriteRequest(string Actor, RequestId RequestId, byte[] ContentDigest, byte[] Reply);

/// <summary>
/// The register's storage: one for a single machine (SQLite), one for many (PostgreSQL). When a write returns, it is on disk
/// and visible to every later read of the store; when it throws <see cref="ErrorReason.StoreUnavailable"/> nothing was written; when it
/// throws <see cref="ErrorReason.OutcomeUnknown"/> the caller must retry with the same request id. All members may be called
/// concurrently, also from several processes.
/// </summary>
public interface ILicenseStore : IRegisterReader
{
    /// <summary>The answer kept for a caller's request id, or null.</summary>
    ValueTask<StoredReply?> FindReplyAsync(string actor, RequestId requestId, CancellationToken cancel);

    /// <summary>Sets aside running numbers for ever: they are never given again, also when unused.</summary>
    /// <returns>The first of <paramref name="count"/> consecutive numbers, from 1.</returns>
    ValueTask<long> ReserveAsync(string sequence, int count, CancellationToken cancel);

    /// <summary>The whole set, without its private keys; null when unknown.</summary>
    ValueTask<IssuedSet?> LoadSetAsync(LicenseId id, CancellationToken cancel);

    /// <summary>
    /// Adds a set with its seals, codes, state, feed entry, log entry and reply in one transaction. Never cancelled once
    /// begun. When the request id was committed meanwhile, its reply is returned and nothing is added.
    /// </summary>
    /// <returns>Where it stands in the feed, and the earlier reply if there was one.</returns>
    /// <exception cref="EidException"><see cref="ErrorReason.LicenseExists"/>; <see cref="ErrorReason.VersionConflict"/>; store errors.</exception>
    ValueTask<Committed> AddSetAsync(IssuedSet issuedSet, StateRecord started, WriteRequest request);

    /// <summary>
    /// Adds the set that takes another's place, with its own new seals, and ends the other from the same instant on: one
    /// transaction. Seals that both manifests name stay as they are.
    /// </summary>
    /// <param name="issuedSet">The new set.</param>
    /// <param name="fresh">Kinds of seals that are new in it.</param>
    /// <param name="started">Its state.</param>
    /// <param name="replaced">The set it replaces, in force.</param>
    /// <param name="ended">The state of that one.</param>
    /// <param name="request">The reply.</param>
    /// <returns>Where it stands in the feed, and the earlier reply if there was one.</returns>
    /// <exception cref="EidException"><see cref="ErrorReason.VersionConflict"/>: something was done to it meanwhile; store errors.</exception>
    ValueTask<Committed> ReplaceSetAsync(IssuedSet issuedSet, IReadOnlyCollection<SealKind> fresh, StateRecord started, StatedEntry replaced, StateRecord ended, WriteRequest request);

    /// <summary>Changes states of sets together, with feed entries, log entries and reply, in one transaction.</summary>
    /// <param name="deed">What is done, e.g. <c>RevokeSet</c>; for the log.</param>
    /// <param name="changes">Each set with the newest state it was judged by, and its new state; in the order in which they are done.</param>
    /// <param name="request">The reply.</param>
    /// <returns>Where it stands in the feed, and the earlier reply if there was one.</returns>
    /// <exception cref="EidException"><see cref="ErrorReason.VersionConflict"/>: something was done to one of them meanwhile; store errors.</exception>
    ValueTask<Committed> ChangeStatesAsync(string deed, IReadOnlyList<(StatedEntry Judged, StateRecord State)> changes, WriteRequest request);

    /// <summary>Everything recorded about the versions of a licence, in the order in which it was recorded; of a company's business licence by its credit code.</summary>
    /// <param name="serial">流水号.</param>
    /// <param name="cancel">Gives up.</param>
    ValueTask<IReadOnlyList<StatedEntry>> HistoryAsync(string serial, CancellationToken cancel);

    /// <summary>The newest version of each comprehensive licence of a company, in force or not, as recorded now.</summary>
    ValueTask<IReadOnlyList<RegisterEntry>> FindTradeLicensesAsync(CreditCode holder, CancellationToken cancel);

    /// <summary>Records what was done to one permit of a comprehensive licence, with feed entries, log entry and reply, in one transaction.</summary>
    /// <param name="deed">What is done, e.g. <c>SuspendPermit</c>; for the log.</param>
    /// <param name="judged">The set with the newest state it was judged by.</param>
    /// <param name="known">How many events of its permits it was judged by.</param>
    /// <param name="events">What is recorded, in order.</param>
    /// <param name="request">The reply.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.VersionConflict"/>: something was done to it meanwhile; store errors.</exception>
    ValueTask<Committed> ChangePermitAsync(string deed, StatedEntry judged, int known, IReadOnlyList<PermitEvent> events, WriteRequest request);

    /// <summary>Permits of licences in force whose follow-up or renewal is due; see <see cref="DuePermit"/>.</summary>
    /// <param name="query">Which.</param>
    /// <param name="cancel">Gives up.</param>
    ValueTask<IReadOnlyList<DuePermit>> ListDuePermitsAsync(DuePermitQuery query, CancellationToken cancel);
}
