using System.Runtime.CompilerServices;
using Grpc.Core;
using ShantingEId.V1;

namespace ShantingEId.Client;

/// <summary>Which changes are wanted.</summary>
public sealed record EidChangeFilter
{
    /// <summary>Leading digits of the code of the division, 2 to 6 each; empty for all that are registered for you.</summary>
    public IReadOnlyList<string> Regions { get; init; } = [];

    /// <summary>Kinds; empty for all.</summary>
    public IReadOnlyList<Change.Types.Kind> Kinds { get; init; } = [];
}

/// <summary>
/// The change feed over as many connections as it takes: goes on after the last mark, and drops what comes a second time. A
/// connection that gives no sign of life is given up: the service sends one every few seconds.
/// </summary>
internal sealed class ChangeWatch(ChangeService.ChangeServiceClient service, Retries retries, TimeProvider clock)
{
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan StreamCeiling = TimeSpan.FromHours(1);

    public async IAsyncEnumerable<Change> RunAsync(long afterMark, EidChangeFilter filter, [EnumeratorCancellation] CancellationToken cancel)
    {
        var mark = afterMark;
        for (var attempt = 1; ; attempt++)
        {
            using var silent = new CancellationTokenSource(Silence, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, silent.Token);
            using var call = service.WatchChanges(
                new WatchChangesRequest { AfterMark = mark, Regions = { filter.Regions }, Kinds = { filter.Kinds } }, Retries.Ending(StreamCeiling, either.Token));
            RpcException? failure;
            while (true)
            {
                (var response, failure) = await NextAsync(call).ConfigureAwait(false);
                if (response is null)
                {
                    break;
                }

                attempt = 1;
                if (response.Change is { } change && change.Mark > mark)
                {
                    // The caller may take its time with a change; that is not the service's silence.
                    silent.CancelAfter(Timeout.InfiniteTimeSpan);
                    mark = change.Mark;
                    yield return change;
                }

                mark = Math.Max(mark, response.Mark);
                silent.CancelAfter(Silence);
            }

            cancel.ThrowIfCancellationRequested();
            var error = failure is null || silent.IsCancellationRequested
                ? new EidError { Code = StatusCode.Unavailable, Reason = EidError.ConnectionLost, Message = "连接中断，从上次的序号继续" } : EidError.From(failure);
            if (!Retries.MayRepeat(error))
            {
                throw new EidCallException(error, failure);
            }

            await retries.PauseAsync(error, Retries.Wait(error, attempt), cancel).ConfigureAwait(false);
        }
    }

    private static async Task<(WatchChangesResponse? Response, RpcException? Cut)> NextAsync(AsyncServerStreamingCall<WatchChangesResponse> call)
    {
        try
        {
            return await call.ResponseStream.MoveNext(CancellationToken.None).ConfigureAwait(false) ? (call.ResponseStream.Current, null) : (null, null);
        }
        catch (RpcException error)
        {
            return (null, error);
        }
    }
}
