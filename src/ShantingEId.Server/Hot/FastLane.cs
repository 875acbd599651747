using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Ledger;
using ShantingEId.Server.Telemetry;

namespace ShantingEId.Server.Hot;

/// <summary>
/// Answers a unary <c>VerifyCode</c> whose answer is at hand, straight from the bytes of the request, without entering the gRPC library:
/// that is where half of a hit's time would go. What is not simple here (no finished answer, no allowance, a read mask, a
/// body in pieces) is left untouched to the ordinary way, which gives the same answer; a test compares the two.
/// Who calls, whether it may, and quotas were settled by the gate before.
/// </summary>
/// <param name="answers">Finished answers.</param>
/// <param name="follower">Says whether cached states may be used.</param>
/// <param name="clock">The one clock.</param>
/// <param name="ledger">Where every look-up stands before its answer leaves; null only in a benchmark of the bare path.</param>
internal sealed class FastLane(HotAnswers answers, FeedFollower follower, RegisterClock clock, LookupLedger? ledger = null)
{
    /// <summary>The one method this serves.</summary>
    public const string Path = "/shanting.eid.v1.VerificationService/VerifyCode";

    private const int FrameHead = 5;
    private const int LongestRequest = FrameHead + 4096;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20);
    private const byte ReceiptTag = (10 << 3) | 2;

    private readonly record struct Hit(HotView View, bool WithReceipt, string Reference);

    /// <summary>Answers, or leaves the request as it was.</summary>
    /// <returns>Whether it was answered.</returns>
    public ValueTask<bool> TryAnswerAsync(HttpContext context, Caller caller)
    {
        if (!context.Request.Headers.ContentType.ToString().Equals("application/grpc", StringComparison.Ordinal))
        {
            return new(false);
        }

        // 1. The allowance first, then the state (HotLookup, rule 2).
        var allowance = follower.Current;

        // 2. The whole body, if it is here or about to be; nothing is consumed until it is ours.
        var reading = ReadSoonAsync(context.Request.BodyReader);
        if (!reading.IsCompletedSuccessfully)
        {
            return GatherAsync(context, caller, allowance, reading);
        }

        var read = reading.Result;
        return read.IsCompleted ? AnswerAsync(context, caller, allowance, read) : GatherAsync(context, caller, allowance, new(read));
    }

    private async ValueTask<bool> GatherAsync(HttpContext context, Caller caller, Freshness allowance, ValueTask<ReadResult> reading)
    {
        var body = context.Request.BodyReader;
        var read = await reading;
        while (!read.IsCompleted && !read.IsCanceled && read.Buffer.Length <= LongestRequest)
        {
            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            read = await ReadSoonAsync(body);
        }

        return await AnswerAsync(context, caller, allowance, read);
    }

    private ValueTask<bool> AnswerAsync(HttpContext context, Caller caller, Freshness allowance, ReadResult read)
    {
        var body = context.Request.BodyReader;
        if (!read.IsCompleted || read.Buffer.Length > LongestRequest || Find(read.Buffer, caller) is not { } hit || !follower.IsFresh(allowance))
        {
            body.AdvanceTo(read.Buffer.Start);
            return new(false);
        }

        body.AdvanceTo(read.Buffer.End);

        // 3. Durable in the ledger before the answer leaves; a failure there is the answer.
        var view = hit.View;
        if (ledger is null)
        {
            Answer(context, caller, allowance, view, null);
            return new(true);
        }

        var record = hit.Reference.Length == 0 ? view.Record : Receipts.LookupRecord.WithReference(view.Record, hit.Reference);
        return FinishAsync(ledger.AppendAsync(record, clock.GetUtcNow(), allowance.AsOf, hit.WithReceipt), context, caller, allowance, view, hit.WithReceipt);
    }

    // Hundreds wait here for one flush: this keeps only what the answer needs.
    private static async ValueTask<bool> FinishAsync(ValueTask<LedgerPlace> appending, HttpContext context, Caller caller, Freshness allowance, HotView view, bool withReceipt)
    {
        var place = await appending;
        Answer(context, caller, allowance, view, withReceipt ? place : null);
        return true;
    }

    // 4. The answer: what was prepared, as of when, and the receipt.
    private static void Answer(HttpContext context, Caller caller, Freshness allowance, HotView view, LedgerPlace? receiptOf)
    {
        Write(context.Response, view, allowance, receiptOf);
        HotMeters.Count(HotTier.Memory);
        EidMeters.CountVerdict("VerifyCode", caller.Name, view.Verdict, view.Reason);
    }

    // A body that keeps us waiting is the ordinary way's, where the call has a deadline.
    private ValueTask<ReadResult> ReadSoonAsync(PipeReader body)
    {
        var reading = body.ReadAsync();
        return reading.IsCompleted ? reading : WaitAsync(reading);

        async ValueTask<ReadResult> WaitAsync(ValueTask<ReadResult> pending)
        {
            var wait = new Wait(body);
            ReadResult read;
            await using (clock.CreateTimer(static state => ((Wait)state!).Stop(), wait, Patience, Timeout.InfiniteTimeSpan))
            {
                read = await pending;
            }

            // The body came in the same moment: the cancelling is still in the pipe, and the next to read, the gRPC library, would
            // take it for a broken request. So it is taken out here.
            if (wait.IsStopped && !read.IsCanceled)
            {
                body.AdvanceTo(read.Buffer.Start);
                read = await body.ReadAsync();
            }

            return read;
        }
    }

    private sealed class Wait(PipeReader body)
    {
        public bool IsStopped { get; private set; }

        // On a connection that is gone this throws, and what a timer throws ends the process. The read then ends by itself.
        public void Stop()
        {
            try
            {
                body.CancelPendingRead();
                IsStopped = true;
            }
            catch (Exception)
            {
            }
        }
    }

    private Hit? Find(in ReadOnlySequence<byte> body, Caller caller)
    {
        if (body.IsSingleSegment)
        {
            return Find(body.FirstSpan, caller);
        }

        Span<byte> joined = stackalloc byte[(int)body.Length];
        body.CopyTo(joined);
        return Find(joined, caller);
    }

    private Hit? Find(ReadOnlySpan<byte> frame, Caller caller)
    {
        // One uncompressed message and nothing after it.
        if (frame.Length < FrameHead || frame[0] != 0 || BinaryPrimitives.ReadUInt32BigEndian(frame[1..]) != frame.Length - FrameHead)
        {
            return null;
        }

        return SimpleRequest.TryRead(frame[FrameHead..], out var request) && answers.Find(request.Code, caller, request.Purpose) is { } view
            ? new Hit(view, request.WithReceipt, request.Reference.Length == 0 ? "" : System.Text.Encoding.ASCII.GetString(request.Reference))
            : null;
    }

    private static void Write(HttpResponse response, HotView view, Freshness allowance, LedgerPlace? place)
    {
        var asOf = allowance.AsOfField;
        var receipt = place?.ReceiptSize(view.Facts.Length) ?? 0;
        var receiptField = receipt > 0 ? 1 + VarintSize(receipt) + receipt : 0;
        var length = view.Reply.Length + asOf.Length + receiptField;

        response.ContentType = "application/grpc";
        response.HttpContext.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers["grpc-status"] = "0";
        var output = response.BodyWriter.GetSpan(FrameHead + length);
        output[0] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(output[1..], (uint)length);
        view.Reply.CopyTo(output[FrameHead..]);
        var at = FrameHead + view.Reply.Length;
        asOf.CopyTo(output[at..]);
        at += asOf.Length;
        if (receipt > 0)
        {
            output[at++] = ReceiptTag;
            at += WriteVarint(output[at..], receipt);
            at += place!.Value.WriteReceipt(view.Facts, output[at..]);
        }

        response.BodyWriter.Advance(at);
    }

    private static int VarintSize(int value) => value < 1 << 7 ? 1 : value < 1 << 14 ? 2 : 3;

    private static int WriteVarint(Span<byte> output, int value)
    {
        var i = 0;
        while (value >= 0x80)
        {
            output[i++] = (byte)(value | 0x80);
            value >>= 7;
        }

        output[i++] = (byte)value;
        return i;
    }
}
