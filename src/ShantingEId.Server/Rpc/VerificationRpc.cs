using Grpc.Core;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Hot;
using ShantingEId.V1;

namespace ShantingEId.Server.Rpc;

/// <summary>VerificationService: messages in, the desk's answer out.</summary>
internal sealed class VerificationRpc(LookupDesk desk, HotAnswers hot, VerifyBatch batch, LookupList lookups) : VerificationService.VerificationServiceBase
{
    /// <inheritdoc/>
    public override async Task<Verification> VerifyCode(VerifyCodeRequest request, ServerCallContext context)
    {
        var question = LookupQuestion.Of(request, CallerOf(context));
        var answer = await desk.AnswerAsync(question, context.CancellationToken);
        hot.Keep(question, answer); // Who asks again is answered in the fast lane.
        return Wire.ToMessage(answer);
    }

    /// <inheritdoc/>
    public override async Task<Verification> LookupLicense(LookupLicenseRequest request, ServerCallContext context) =>
        Wire.ToMessage(await desk.AnswerAsync(LookupQuestion.Of(request, CallerOf(context)), context.CancellationToken));

    /// <inheritdoc/>
    public override async Task<Verification> VerifySeal(VerifySealRequest request, ServerCallContext context) =>
        Wire.ToMessage(await desk.AnswerAsync(LookupQuestion.Of(request, CallerOf(context)), context.CancellationToken));

    /// <inheritdoc/>
    public override async Task<AskQuestionsResponse> AskQuestions(AskQuestionsRequest request, ServerCallContext context) =>
        Wire.ToAnswers(await desk.AnswerAsync(LookupQuestion.Of(request, CallerOf(context)), context.CancellationToken));

    /// <inheritdoc/>
    public override Task VerifyCodes(IAsyncStreamReader<VerifyCodesRequest> requestStream, IServerStreamWriter<VerifyCodesResponse> responseStream, ServerCallContext context) =>
        batch.RunAsync(requestStream, responseStream, CallerOf(context), context.CancellationToken);

    /// <inheritdoc/>
    public override Task<ListLookupsResponse> ListLookups(ListLookupsRequest request, ServerCallContext context) =>
        lookups.ListAsync(request, CallerOf(context), context.CancellationToken);

    private static Caller CallerOf(ServerCallContext context) => CallerGate.CallerOf(context.GetHttpContext());
}
