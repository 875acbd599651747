using ShantingEId.Codes;
using ShantingEId.Licenses;
using ShantingEId.Trades;

namespace ShantingEId.Issuing;

/// <summary>One change of the register, in commit order.</summary>
/// <param name="Position">Its place in the feed, from 1, rising, without gaps that are ever filled.</param>
/// <param name="LicenseId">The licence it is about.</param>
/// <param name="Holder">Its company.</param>
/// <param name="ManifestDigest">Its manifest.</param>
/// <param name="TypedCode">Its typed code.</param>
/// <param name="State">The state after the change, with its times and reason.</param>
/// <param name="IsIssue">Whether it is the issue of this licence.</param>
/// <param name="Permit">What was recorded of one of its permits; null when it concerns the whole, whose state is then <paramref name="State"/>.</param>
public sealed record FeedChange(
    long Position, LicenseId LicenseId, CreditCode Holder, ManifestDigest ManifestDigest, TypedCode TypedCode, StateRecord State, bool IsIssue, PermitEvent? Permit = null);

/// <summary>A stretch of the feed, read in one snapshot.</summary>
/// <param name="Changes">Changes after the asked position, in order; as many as the limit when there are more.</param>
/// <param name="Head">Newest position in the snapshot.</param>
/// <param name="IsMember">Whether the replica that asked is still a member, so that writers wait for it (see <see cref="IChangeFeed.SettleAsync"/>).</param>
/// <param name="StoreTime">The store's own clock, where it has one of its own; null where it runs in this machine.</param>
public sealed record FeedPage(IReadOnlyList<FeedChange> Changes, long Head, bool IsMember, DateTimeOffset? StoreTime);

/// <summary>
/// The changes of the register in commit order, and the agreement between replicas that keeps cached states honest.
/// <para>A replica answers from its cache only while less than <c>bound</c> (monotonic time) has passed since it began its last
/// complete reading of the feed, and only while it was a member in that reading. A writer acknowledges a change only after
/// every member has confirmed it or <c>bound</c> has passed since the commit. So nobody answers from before an acknowledged change,
/// whatever became of caches, notices or networks in between; notices only make it quick.</para>
/// </summary>
public interface IChangeFeed
{
    /// <summary>Makes this replica a member for which writers wait; null when this store lets only one process cache and another one does.</summary>
    /// <param name="bound">How long this replica answers from its cache after a reading.</param>
    /// <param name="cancel">Gives up.</param>
    ValueTask<string?> JoinAsync(TimeSpan bound, CancellationToken cancel);

    /// <summary>Reads changes after a position, together with the head and the membership, in one snapshot.</summary>
    ValueTask<FeedPage> ReadFeedAsync(string? member, long after, int limit, CancellationToken cancel);

    /// <summary>Tells writers that this member has taken in everything up to a position.</summary>
    ValueTask ConfirmAsync(string member, long position, CancellationToken cancel);

    /// <summary>Ends the membership; the replica must not answer from its cache any more.</summary>
    ValueTask LeaveAsync(string member);

    /// <summary>Returns when a change may have been committed anywhere, or after this time; a hint and no more.</summary>
    ValueTask WaitForChangeAsync(TimeSpan atMost, CancellationToken cancel);

    /// <summary>
    /// Returns when no replica answers from before this position: each member has confirmed it, or its bound has passed since
    /// the call. A member that let its bound pass is put out; it may come back by joining again. Never cancelled.
    /// </summary>
    ValueTask SettleAsync(long position);
}
