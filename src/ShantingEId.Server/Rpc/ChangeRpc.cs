using Grpc.Core;
using Microsoft.Extensions.Hosting;
using ShantingEId.Issuing;
using ShantingEId.Server.Callers;
using ShantingEId.V1;

namespace ShantingEId.Server.Rpc;

/// <summary>
/// ChangeService: the feed as it stands in the register, from a mark on. Nothing is kept for a reader between two calls, so
/// nothing can be lost with a server: the mark is all there is, and the reader has it.
/// </summary>
internal sealed class ChangeRpc(IChangeFeed feed, FeedNotice notice, TimeProvider clock, IHostApplicationLifetime lifetime) : ChangeService.ChangeServiceBase
{
    private const int Stretch = 500;
    private const int MaxStretches = 20;
    private const int DefaultPage = 100;
    private const int LargestPage = 500;
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public override async Task WatchChanges(WatchChangesRequest request, IServerStreamWriter<WatchChangesResponse> responseStream, ServerCallContext context)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            await WatchAsync(request, responseStream, CallerGate.CallerOf(context.GetHttpContext()), either.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw new EidException(ErrorReason.Draining, "服务正在停止；请从最后收到的 mark 继续") { RetryAfter = TimeSpan.FromSeconds(1) };
        }
    }

    /// <inheritdoc/>
    public override async Task<ListChangesResponse> ListChanges(ListChangesRequest request, ServerCallContext context)
    {
        var filter = ChangeFilter.Parse(request.Regions, request.Kinds, CallerGate.CallerOf(context.GetHttpContext()));
        var size = PageSize.Of(request.PageSize, DefaultPage, LargestPage);
        var answer = new ListChangesResponse { Mark = request.AfterMark };

        // Changes that do not pass are read over, up to a limit: a rare filter must not read the whole register in one call.
        for (var i = 0; i < MaxStretches && !answer.IsCurrent && answer.Changes.Count < size; i++)
        {
            var (changes, mark, isCurrent) = await ReadAsync(answer.Mark, context.CancellationToken);
            foreach (var change in changes.Where(filter.Passes))
            {
                if (answer.Changes.Count == size)
                {
                    return answer;
                }

                answer.Changes.Add(Wire.ToMessage(change));
                answer.Mark = change.Position;
            }

            (answer.Mark, answer.IsCurrent) = (mark, isCurrent);
        }

        return answer;
    }

    private async Task WatchAsync(WatchChangesRequest request, IServerStreamWriter<WatchChangesResponse> stream, Caller caller, CancellationToken cancel)
    {
        var filter = ChangeFilter.Parse(request.Regions, request.Kinds, caller);
        var mark = request.AfterMark;
        long? written = null; // The clock's timestamp of the last message; none yet, so the first quiet moment is told at once.
        while (true)
        {
            // 1. What is there, in order. The stream is written to no faster than it is read, and meanwhile nothing is taken from the register.
            var (changes, read, isCurrent) = await ReadAsync(mark, cancel);
            foreach (var change in changes.Where(filter.Passes))
            {
                await stream.WriteAsync(new WatchChangesResponse { Change = Wire.ToMessage(change), Mark = change.Position }, cancel);
                written = clock.GetTimestamp();
            }

            // 2. A sign of life, which also carries the mark over changes that did not pass.
            mark = read;
            if (written is null || clock.GetElapsedTime(written.Value) >= SignOfLife)
            {
                await stream.WriteAsync(new WatchChangesResponse { Mark = mark }, cancel);
                written = clock.GetTimestamp();
            }

            // 3. Sleep until the feed moves, or until the next sign of life is due.
            if (isCurrent)
            {
                var due = SignOfLife - clock.GetElapsedTime(written.Value);
                await notice.WaitAsync(mark, due > TimeSpan.Zero ? due : TimeSpan.Zero, cancel);
            }
        }
    }

    // A stretch with fewer changes than asked for holds everything up to the head it was read with.
    private async Task<(IReadOnlyList<FeedChange> Changes, long Mark, bool IsCurrent)> ReadAsync(long after, CancellationToken cancel)
    {
        if (after < 0)
        {
            throw MarkInvalid("不能为负数");
        }

        var page = await feed.ReadFeedAsync(null, after, Stretch, cancel);
        if (after > page.Head)
        {
            throw MarkInvalid("大于最新的变更");
        }

        return page.Changes.Count < Stretch ? (page.Changes, page.Head, true) : (page.Changes, page.Changes[^1].Position, false);
    }

    private static EidException MarkInvalid(string problem) =>
        new(ErrorReason.MarkInvalid, "after_mark " + problem, [new FieldViolation("after_mark", ErrorReason.MarkInvalid, problem)]);
}
