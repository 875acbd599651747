using ShantingEId.Licenses;

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
    ValueTask<Committed> AddSetAsync(IssuedSet issuedSet, DateTimeOffset now, WriteRequest request);

    /// <summary>Ends a set that is active, with feed entry, log entry and reply, in one transaction.</summary>
    /// <returns>Where it stands in the feed, and the earlier reply if there was one.</returns>
    /// <exception cref="EidException"><see cref="ErrorReason.LicenseNotFound"/>; <see cref="ErrorReason.AlreadyRevoked"/>; store errors.</exception>
    ValueTask<Committed> ChangeStateAsync(LicenseId id, StateRecord state, WriteRequest request);
}
