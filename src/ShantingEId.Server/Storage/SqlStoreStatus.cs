using ShantingEId.StatusLists;

namespace ShantingEId.Server.Storage;

/// <content>What the status lists are made of; statements in <see cref="StatusRows"/>.</content>
public abstract partial class SqlStore
{
    internal ValueTask<long> HeadAsync(CancellationToken cancel) => ReadAsync(session => StatusRows.HeadAsync(session, cancel), cancel);

    internal ValueTask<List<StatusRow>> StatusPageAsync(DateTimeOffset now, long after, int limit, CancellationToken cancel) =>
        ReadAsync(session => StatusRows.PageAsync(session, now, after, limit, cancel), cancel);

    internal ValueTask<List<StatusRow>> ChangedStatusesAsync(DateTimeOffset now, long after, long head, CancellationToken cancel) =>
        ReadAsync(session => StatusRows.ChangedAsync(session, now, after, head, cancel), cancel);

    internal ValueTask<List<SealRow>> StatusSealsAsync(DateTimeOffset now, string? holder, CancellationToken cancel) =>
        ReadAsync(session => StatusRows.SealsAsync(session, now, holder, cancel), cancel);

    internal ValueTask<IReadOnlyList<PackedSuccession>> SuccessionsAsync(DateTimeOffset now, CancellationToken cancel) =>
        ReadAsync(session => StatusRows.SuccessionsAsync(session, now, cancel), cancel);
}
