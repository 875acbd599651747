using Grpc.Core;
using Microsoft.Extensions.Logging;
using ShantingEId.Licenses;
using ShantingEId.Server.Callers;
using ShantingEId.V1;
using ShantingEId.Verifying;
using Verdict = ShantingEId.Verifying.Verdict;

namespace ShantingEId.Server.Rpc;

/// <summary>VerificationService: purpose, question, answer cut to the purpose.</summary>
internal sealed partial class VerificationRpc(Verifier verifier, CallerDirectory callers, EidServerOptions options, ILogger<VerificationRpc> log) : VerificationService.VerificationServiceBase
{
    /// <inheritdoc/>
    public override async Task<V1.Verification> VerifyCode(VerifyCodeRequest request, ServerCallContext context)
    {
        var purpose = RequirePurpose(request.Purpose, context);
        return Answer(await verifier.VerifyCodeAsync(request.Code, options.StateBound, context.CancellationToken), purpose, context);
    }

    /// <inheritdoc/>
    public override async Task<V1.Verification> LookupLicense(LookupLicenseRequest request, ServerCallContext context)
    {
        var purpose = RequirePurpose(request.Purpose, context);
        if (!CreditCode.TryParse(request.CreditCode, out var holder, out var problem))
        {
            throw new EidException(ErrorReason.UsccInvalid, problem, [new FieldViolation("credit_code", ErrorReason.UsccInvalid, problem)]);
        }

        return Answer(await verifier.LookupAsync(holder, options.StateBound, context.CancellationToken), purpose, context);
    }

    private Purpose RequirePurpose(string name, ServerCallContext context) => callers.RequirePurpose(CallerGate.CallerOf(context.GetHttpContext()), name);

    private V1.Verification Answer(Verifying.Verification answer, Purpose purpose, ServerCallContext context)
    {
        if (answer.Verdict == Verdict.NotIssued || answer.Reason == VerdictReason.RegisterMismatch)
        {
            var caller = CallerGate.CallerOf(context.GetHttpContext()).Name;
            Alert(answer.Verdict, answer.Reason, caller);
        }

        var message = Wire.ToMessage(answer);
        FieldMask.Apply(message, purpose);
        return message;
    }

    [LoggerMessage(EventName = "SecurityAlert", Level = LogLevel.Critical, Message = "Security alert: verdict {Verdict} ({Reason}) for caller {Caller}")]
    private partial void Alert(Verdict verdict, VerdictReason reason, string caller);
}
