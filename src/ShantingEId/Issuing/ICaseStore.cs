using ShantingEId.Cases;
using ShantingEId.Codes;
using ShantingEId.Licenses;

namespace ShantingEId.Issuing;

/// <summary>By what a case is asked for.</summary>
public enum CaseKeyKind
{
    /// <summary>Its id.</summary>
    Id,

    /// <summary>进度查询码.</summary>
    Progress,

    /// <summary>统一社会信用代码: the company's newest case.</summary>
    Holder,

    /// <summary>The request that opened it.</summary>
    Request,
}

/// <summary>A question for one case.</summary>
/// <param name="Kind">By what.</param>
/// <param name="Value">The one spelling of it.</param>
/// <param name="Actor">With a request, whose.</param>
public readonly record struct CaseKey(CaseKeyKind Kind, string Value, string Actor = "")
{
    /// <summary>A case.</summary>
    public static CaseKey Of(CaseId id) => new(CaseKeyKind.Id, id.Value);

    /// <summary>The case of a progress code.</summary>
    public static CaseKey Of(ProgressCode code) => new(CaseKeyKind.Progress, code.Value);

    /// <summary>A company's newest case.</summary>
    public static CaseKey Of(CreditCode holder) => new(CaseKeyKind.Holder, holder.Value);

    /// <summary>The case that a request opened.</summary>
    public static CaseKey Of(string actor, RequestId request) => new(CaseKeyKind.Request, request.Value, actor);
}

/// <summary>One change of a step, in commit order.</summary>
/// <param name="Position">Its place in the feed, which is one with that of the sets.</param>
/// <param name="Step">Which step.</param>
/// <param name="Holder">Of which company.</param>
/// <param name="Event">What happened.</param>
public sealed record PlacedEvent(long Position, StepName Step, CreditCode Holder, StepEvent Event);

/// <summary>A stretch of the steps' changes, read in one snapshot.</summary>
/// <param name="Changes">Changes after the asked position, in order; as many as the limit when there are more.</param>
/// <param name="Head">Newest position in the snapshot.</param>
public sealed record StepPage(IReadOnlyList<PlacedEvent> Changes, long Head);

/// <summary>The cases of the one window, in the register beside the sets. Promises what <see cref="ILicenseStore"/> promises.</summary>
public interface ICaseStore
{
    /// <summary>A case with its whole history; null when there is none.</summary>
    ValueTask<CaseFile?> FindCaseAsync(CaseKey key, CancellationToken cancel);

    /// <summary>
    /// Writes what has changed between two forms of a case: its events with their places in the feed, in order, and the reply where one
    /// is to be kept, in one transaction. Never cancelled once begun. When the request id was committed meanwhile, its reply is
    /// returned and nothing is written.
    /// </summary>
    /// <param name="before">The case as it was read; null for a new one.</param>
    /// <param name="after">The case as it shall be.</param>
    /// <param name="request">Under which request.</param>
    /// <param name="keepReply">Whether the request ends with this; else a retry of it must go on from here.</param>
    /// <returns>Where its last event stands in the feed, and the earlier reply if there was one.</returns>
    /// <exception cref="EidException">
    /// <see cref="ErrorReason.VersionConflict"/>: it is no longer as it was read, or the request opened a case before. <see cref="ErrorReason.CaseExists"/>:
    /// the company has another one that goes on. Store errors.
    /// </exception>
    ValueTask<Committed> WriteCaseAsync(CaseFile? before, CaseFile after, WriteRequest request, bool keepReply);

    /// <summary>Changes of steps after a position.</summary>
    ValueTask<StepPage> ReadStepsAsync(long after, int limit, CancellationToken cancel);

    /// <summary>Of every step whose deadline lies before a day, and that has not ended, the change that stands; of those after a position.</summary>
    ValueTask<StepPage> ReadOverdueAsync(DateOnly today, long after, int limit, CancellationToken cancel);
}
