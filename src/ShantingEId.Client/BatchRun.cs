using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Grpc.Core;
using ShantingEId.V1;

namespace ShantingEId.Client;

/// <summary>The answer to one item of a batch.</summary>
/// <param name="Item">Its place in what was given, from 0.</param>
/// <param name="Text">The code as given.</param>
/// <param name="Answer">The answer; null when there is none.</param>
/// <param name="Error">Why there is none; null when there is one.</param>
public sealed record EidBatchAnswer(long Item, string Text, EidAnswer? Answer, EidError? Error)
{
    /// <summary>Whether you may rely on the licence.</summary>
    public bool IsValid => Answer is { IsValid: true };

    /// <summary>The receipt of a refused item, checked, where one was asked for.</summary>
    public EidReceipt? RefusalReceipt { get; init; }
}

/// <summary>
/// One batch over as many connections as it takes. An item is taken from the source only when one of the places is free, and its place
/// is free again only when the caller has taken its answer: neither side ever holds more than the places.
///
/// What is sent and not answered stays in <see cref="open"/>. After a broken connection all of it is sent again; an answer
/// whose item is not open any more is a repetition and is dropped, so each item is answered once.
/// </summary>
internal sealed class BatchRun(
    VerificationService.VerificationServiceClient service, Retries retries, AnswerCheck check, EidClientOptions options,
    Func<long, string, VerifyCodesRequest> request, TimeSpan maxAge)
    : IDisposable
{
    // As many as the service works on at once; more would only wait there.
    private const int Places = 64;

    private static readonly TimeSpan StreamCeiling = TimeSpan.FromHours(1);

    private readonly Lock gate = new();
    private readonly SortedDictionary<long, Open> open = [];
    private readonly SemaphoreSlim places = new(Places);
    private Channel<Open> outbox = Channel.CreateUnbounded<Open>();
    private bool allTaken;
    private Exception? sourceFailure;

    public void Dispose() => places.Dispose();

    public async IAsyncEnumerable<EidBatchAnswer> RunAsync(IAsyncEnumerable<string> texts, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var taking = TakeAsync(texts, ending.Token);
        try
        {
            var progress = options.Clock.GetTimestamp();
            for (var attempt = 1; !IsDone(); attempt++)
            {
                // 1. A connection: what is unanswered goes first, in its order.
                using var broken = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
                using var call = service.VerifyCodes(Retries.Ending(StreamCeiling, broken.Token));
                var sending = SendAsync(call.RequestStream, Reopen(), broken.Token);

                // 2. Answers, until all are in or the connection breaks.
                RpcException? failure = null;
                var met = false;
                while (true)
                {
                    var (response, cut) = await NextAsync(call).ConfigureAwait(false);
                    if (response is null)
                    {
                        failure = cut;
                        break;
                    }

                    if (!met)
                    {
                        check.Age.Learn(await call.ResponseHeadersAsync.ConfigureAwait(false));
                        met = true;
                    }

                    if (Settle(response) is { } answer)
                    {
                        (attempt, progress) = (1, options.Clock.GetTimestamp());
                        yield return answer;
                        places.Release();
                    }
                }

                await broken.CancelAsync().ConfigureAwait(false);
                await sending.ConfigureAwait(false);
                cancel.ThrowIfCancellationRequested();
                if (sourceFailure is { } fault)
                {
                    throw new InvalidOperationException("the source of the batch failed", fault);
                }

                if (IsDone())
                {
                    break;
                }

                // 3. Broken with items open: again, unless it is refused for good or has been quiet for too long.
                var error = failure is null
                    ? new EidError { Code = StatusCode.Unavailable, Reason = EidError.ConnectionLost, Message = "连接中断，没有收到完整的答复" } : EidError.From(failure);
                var wait = Retries.Wait(error, attempt);
                if (!Retries.MayRepeat(error) || options.Clock.GetElapsedTime(progress) + wait > options.BatchPatience)
                {
                    throw new EidCallException(error, failure);
                }

                await retries.PauseAsync(error, wait, cancel).ConfigureAwait(false);
            }
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await taking.ConfigureAwait(false);
        }
    }

    // Runs beside the connections: taking from the source outlives any of them.
    private async Task TakeAsync(IAsyncEnumerable<string> texts, CancellationToken cancel)
    {
        try
        {
            var item = 0L;
            await foreach (var text in texts.WithCancellation(cancel).ConfigureAwait(false))
            {
                await places.WaitAsync(cancel).ConfigureAwait(false);
                lock (gate)
                {
                    var taken = new Open(request(item, text), text);
                    open.Add(item++, taken);
                    outbox.Writer.TryWrite(taken);
                }
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The caller has what it wanted.
        }
        catch (Exception error)
        {
            sourceFailure = error;
        }

        lock (gate)
        {
            allTaken = true;
            CloseWhenDone();
        }
    }

    private static async Task SendAsync(IClientStreamWriter<VerifyCodesRequest> stream, ChannelReader<Open> queue, CancellationToken broken)
    {
        try
        {
            await foreach (var item in queue.ReadAllAsync(broken).ConfigureAwait(false))
            {
                await stream.WriteAsync(item.Request, broken).ConfigureAwait(false);
            }

            await stream.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (error is RpcException or OperationCanceledException or InvalidOperationException or IOException or HttpRequestException)
        {
            // The reading side learns why the connection broke; here the transport sometimes lets its own exceptions through.
        }
    }

    private static async Task<(VerifyCodesResponse? Response, RpcException? Cut)> NextAsync(AsyncDuplexStreamingCall<VerifyCodesRequest, VerifyCodesResponse> call)
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

    // The answer of an open item; null for a repetition, and for an item that is sent again because its trouble passes.
    private EidBatchAnswer? Settle(VerifyCodesResponse response)
    {
        Open? item;
        lock (gate)
        {
            if (!open.TryGetValue(response.Item, out item))
            {
                return null;
            }
        }

        var error = response.ResultCase == VerifyCodesResponse.ResultOneofCase.Error ? EidError.From(response.Error) : null;
        if (error is not null && Retries.MayRepeat(error) && options.Clock.GetElapsedTime(item.Troubled ??= options.Clock.GetTimestamp()) < options.BatchPatience)
        {
            _ = SendLaterAsync(item, Retries.Wait(error, ++item.Attempts));
            return null;
        }

        lock (gate)
        {
            open.Remove(response.Item);
            CloseWhenDone();
        }

        try
        {
            var asked = Asked.Of(item.Request, maxAge);
            return error is null
                ? new EidBatchAnswer(response.Item, item.Text, check.Accept(asked, response.Verification), null)
                : new EidBatchAnswer(response.Item, item.Text, null, error) { RefusalReceipt = error.Receipt.IsEmpty ? null : check.RefusalReceipt(asked, error) };
        }
        catch (EidCallException refused)
        {
            return new EidBatchAnswer(response.Item, item.Text, null, refused.Error);
        }
    }

    private async Task SendLaterAsync(Open item, TimeSpan wait)
    {
        await Task.Delay(wait, options.Clock).ConfigureAwait(false);
        lock (gate)
        {
            outbox.Writer.TryWrite(item);
        }
    }

    // A fresh queue for a fresh connection.
    private ChannelReader<Open> Reopen()
    {
        lock (gate)
        {
            outbox.Writer.TryComplete();
            outbox = Channel.CreateUnbounded<Open>();
            foreach (var item in open.Values)
            {
                outbox.Writer.TryWrite(item);
            }

            CloseWhenDone();
            return outbox.Reader;
        }
    }

    private bool IsDone()
    {
        lock (gate)
        {
            return allTaken && open.Count == 0;
        }
    }

    // Called under the lock. No item can come any more: the service is told so.
    private void CloseWhenDone()
    {
        if (allTaken && open.Count == 0)
        {
            outbox.Writer.TryComplete();
        }
    }

    private sealed class Open(VerifyCodesRequest request, string text)
    {
        public VerifyCodesRequest Request { get; } = request;

        public string Text { get; } = text;

        /// <summary>When it was first put off; null while it never was.</summary>
        public long? Troubled { get; set; }

        public int Attempts { get; set; }
    }
}
