using ShantingEId.Codes;
using ShantingEId.Licenses;

namespace ShantingEId.Issuing;

/// <summary>An answer kept for a request id.</summary>
/// <param name="ContentDigest">SM3 of what was asked.</param>
/// <param name="Reply">The answer's bytes.</param>
public sealed record StoredReply(byte[] ContentDigest, byte[] Reply);

/// <summary>A write that must happen with its reply, once.</summary>
/// <param name="Actor">Who asked; request ids of different callers never meet.</param>
/// <param name="RequestId">Caller's request id.</param>
/// <param name="ContentDigest">SM3 of what was asked.</param>
/// <param name="Reply">Bytes that every repetition of the request will receive.</param>
public sealed record WriteRequest(string Actor, RequestId RequestId, byte[] ContentDigest, byte[] Reply);

/// <summary>
/// The register's storage: one for a single machine (SQLite), one for many (PostgreSQL). When a write returns, it is on disk
/// and visible to every later read; when it throws <see cref="ErrorReason.StoreUnavailable"/> nothing was written; when it
/// throws <see cref="ErrorReason.OutcomeUnknown"/> the caller must retry with the same request id. All members may be called
/// concurrently, also from several processes.
/// </summary>
public interface ILicenseStore
{
    /// <summary>The answer kept for a caller's request id, or null.</summary>
    ValueTask<StoredReply?> FindReplyAsync(string actor, RequestId requestId, CancellationToken cancel);

    /// <summary>Sets aside running numbers for ever: they are never given again, also when unused.</summary>
    /// <returns>The first of <paramref name="count"/> consecutive numbers, from 1.</returns>
    ValueTask<long> ReserveAsync(string sequence, int count, CancellationToken cancel);

    /// <summary>The entry of a manifest, or null when this register never issued it.</summary>
    ValueTask<RegisterEntry?> FindAsync(ManifestDigest digest, CancellationToken cancel);

    /// <summary>The entry of a typed code, or null.</summary>
    ValueTask<RegisterEntry?> FindAsync(TypedCode code, CancellationToken cancel);

    /// <summary>The entry of a licence, or null.</summary>
    ValueTask<RegisterEntry?> FindAsync(LicenseId id, CancellationToken cancel);

    /// <summary>The company's entry in force, else its newest, or null.</summary>
    ValueTask<RegisterEntry?> FindAsync(CreditCode holder, CancellationToken cancel);

    /// <summary>The whole set, without its private keys; null when unknown.</summary>
    ValueTask<IssuedSet?> LoadSetAsync(LicenseId id, CancellationToken cancel);

    /// <summary>
    /// Adds a set with its seals, codes, state, feed entry, log entry and reply in one transaction. Never cancelled once
    /// begun. When the request id was committed meanwhile, its reply is returned and nothing is added.
    /// </summary>
    /// <returns>Null when added, else the earlier reply.</returns>
    /// <exception cref="EidException"><see cref="ErrorReason.LicenseExists"/>; <see cref="ErrorReason.VersionConflict"/>; store errors.</exception>
    ValueTask<StoredReply?> AddSetAsync(IssuedSet issuedSet, DateTimeOffset now, WriteRequest request);

    /// <summary>Ends a set that is active, with feed entry, log entry and reply, in one transaction.</summary>
    /// <returns>Null when changed, else the earlier reply.</returns>
    /// <exception cref="EidException"><see cref="ErrorReason.LicenseNotFound"/>; <see cref="ErrorReason.AlreadyRevoked"/>; store errors.</exception>
    ValueTask<StoredReply?> ChangeStateAsync(LicenseId id, StateRecord state, WriteRequest request);
}
