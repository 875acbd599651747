using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ShantingEId.Server.Callers;
using ShantingEId.V1;

namespace ShantingEId.Server.Rpc;

/// <summary>
/// Many look-ups in one stream. As many as the limit are at work or waiting to be written; only when one has been written is
/// another taken from the stream. So a caller that does not read its answers is not read from either, and costs no memory.
/// </summary>
internal sealed partial class VerifyBatch(LookupDesk desk, CallerQuotas quotas, TimeProvider clock, IHostApplicationLifetime lifetime, ILogger<VerifyBatch> log)
{
    /// <summary>Items taken and not yet answered, at most.</summary>
    public const int AtOnce = 64;

    /// <summary>Answers every item, in the order in which they finish.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.Draining"/> when the server is to stop before the caller has ended.</exception>
    public async Task RunAsync(IAsyncStreamReader<VerifyCodesRequest> items, IServerStreamWriter<VerifyCodesResponse> answers, Caller caller, CancellationToken cancel)
    {
        // What a caller may not ask alone it may not ask in a batch.
        var mayVerify = caller.MayCall(MethodRule.Of("VerificationService", "VerifyCode"));
        var mayLookup = caller.MayCall(MethodRule.Of("VerificationService", "LookupLicense"));
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel };
        using var writing = new SemaphoreSlim(1, 1);
        await Parallel.ForEachAsync(items.UntilStopAsync(lifetime.ApplicationStopping, cancel), options, async (item, cancelled) =>
        {
            // An item counts like a call; over the quota it waits, and so does the stream behind it.
            while (!quotas.TryTake(caller, out var wait))
            {
                await Task.Delay(wait, clock, cancelled);
            }

            var answer = await AnswerAsync(item, item.QuestionCase switch
            {
                VerifyCodesRequest.QuestionOneofCase.Verify => LookupQuestion.Of(item.Verify, caller) with { Refused = mayVerify ? null : CallerGate.NotGranted() },
                VerifyCodesRequest.QuestionOneofCase.Lookup => LookupQuestion.Of(item.Lookup, caller) with { Refused = mayLookup ? null : CallerGate.NotGranted() },
                _ => new LookupQuestion(caller, "VerifyCodes", "", false, "") { Refused = NoQuestion() },
            }, cancelled);
            await writing.WaitAsync(cancelled);
            try
            {
                await answers.WriteAsync(answer, cancelled);
            }
            finally
            {
                writing.Release();
            }
        });
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw new EidException(ErrorReason.Draining, "服务正在停止；已答复的各项有效，请重新发送其余各项") { RetryAfter = TimeSpan.FromSeconds(5) };
        }
    }

    private async Task<VerifyCodesResponse> AnswerAsync(VerifyCodesRequest item, LookupQuestion question, CancellationToken cancel)
    {
        try
        {
            return new VerifyCodesResponse { Item = item.Item, Verification = Wire.ToMessage(await desk.AnswerAsync(question, cancel)) };
        }
        catch (EidException error)
        {
            // Faults of ours too: the next item may fare better, and the caller sees which one did not.
            if (error.Reason.Kind() is ErrorKind.Internal or ErrorKind.Unavailable)
            {
                ItemFailed(question.Method, error);
            }

            return new VerifyCodesResponse { Item = item.Item, Error = ErrorWire.ToStatus(error) };
        }
    }

    private static EidException NoQuestion() => new(ErrorReason.QuestionInvalid, "应写明 verify 或 lookup", [new FieldViolation("question", ErrorReason.QuestionInvalid, "应写明 verify 或 lookup")]);

    [LoggerMessage(EventName = "ItemFailed", Level = LogLevel.Error, Message = "Fault in an item ({Method}) of VerifyCodes")]
    private partial void ItemFailed(string method, Exception error);
}
