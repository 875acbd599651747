using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Deregistering;

/// <summary>Which proceedings to list.</summary>
/// <param name="Holder">Of this company alone; null of all.</param>
/// <param name="OpenOnly">Only those recorded as published or returned.</param>
/// <param name="EndedBefore">Only those whose period to object ended by this instant.</param>
/// <param name="CancelBefore">Only those that should have been cancelled by this instant.</param>
/// <param name="After">Only those with a later number.</param>
/// <param name="Limit">How many at most.</param>
public sealed record DeregistrationQuery(CreditCode? Holder, bool OpenOnly, DateTimeOffset? EndedBefore, DateTimeOffset? CancelBefore, string After, int Limit);

/// <summary>A stretch of proceedings in the order in which something happened to them last, read in one snapshot.</summary>
/// <param name="Rows">Place of the last event and the proceeding; as many as the limit when there are more.</param>
/// <param name="Head">Newest place of the feed.</param>
public sealed record NoticePage(IReadOnlyList<(long Position, SimpleDeregistration Row)> Rows, long Head);

/// <summary>
/// Storage of simple deregistrations, in the register. Writes keep the promises of <see cref="ILicenseStore"/>; each act takes its place in
/// the feed, and is refused with <see cref="ErrorReason.VersionConflict"/> where the proceeding is no longer at the revision it rests on.
/// </summary>
public interface IDeregistrationStore
{
    /// <summary>The proceeding with its objections and events; null when unknown.</summary>
    ValueTask<SimpleDeregistration?> FindDeregistrationAsync(string number, CancellationToken cancel);

    /// <summary>Proceedings by number, with objections and without events.</summary>
    ValueTask<IReadOnlyList<SimpleDeregistration>> ListDeregistrationsAsync(DeregistrationQuery query, CancellationToken cancel);

    /// <summary>Proceedings after a place in the feed, with objections and without events.</summary>
    ValueTask<NoticePage> ReadNoticesAsync(long after, int limit, CancellationToken cancel);

    /// <summary>Adds a proceeding; one that is open for each company.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.DeregistrationOpen"/>; store errors.</exception>
    ValueTask<Committed> AddDeregistrationAsync(SimpleDeregistration added, WriteRequest request);

    /// <summary>Replaces a proceeding by what its last event made of it; with a state, the company's set ends in the same transaction.</summary>
    /// <param name="changed">The proceeding, its revision one higher than the one it rests on.</param>
    /// <param name="cancelled">The end of the set; null when it goes on.</param>
    /// <param name="request">Whose write it is.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.VersionConflict"/>; refusals of the set's transition; store errors.</exception>
    ValueTask<Committed> ChangeDeregistrationAsync(SimpleDeregistration changed, CancelledSet? cancelled, WriteRequest request);
}

/// <summary>A set that ends with the proceeding.</summary>
/// <param name="Judged">The set, and the newest state it was judged by.</param>
/// <param name="State">How it ends.</param>
public sealed record CancelledSet(StatedEntry Judged, StateRecord State);
