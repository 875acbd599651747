using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Hosting;
using ShantingEId.Issuing;
using ShantingEId.Server.Callers;
using ShantingEId.V1;
using Domain = ShantingEId.Issuing;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace ShantingEId.Server.Rpc;

/// <summary>IssuanceService: maps messages, decides nothing.</summary>
internal sealed class IssuanceRpc(
    Issuer issuer, RegistrationChanger changer, ChangeWithdrawer withdrawer, StateChanger states, ILicenseStore store, IssuingAuthority authority, RegisterClock clock, IHostApplicationLifetime lifetime)
    : IssuanceService.IssuanceServiceBase
{
    private const int RowsAtOnce = 8;

    /// <inheritdoc/>
    public override async Task<V1.IssuedSet> IssueSet(IssueSetRequest request, ServerCallContext context)
    {
        var requestId = RequestId.Parse(request.RequestId);
        var input = Wire.ToInput(request.Enterprise);
        if (request.ValidateOnly)
        {
            var license = await issuer.ValidateAsync(input, context.CancellationToken);
            return new V1.IssuedSet { License = Wire.ToMessage(license), Warnings = { license.Facts.Warnings } };
        }

        var outcome = await issuer.IssueAsync(new IssueCommand(Caller(context), requestId, input, EncodeNew), context.CancellationToken);
        return V1.IssuedSet.Parser.ParseFrom(outcome.Reply);
    }

    /// <inheritdoc/>
    public override async Task ImportSets(IAsyncStreamReader<ImportSetsRequest> requestStream, IServerStreamWriter<ImportSetsResponse> responseStream, ServerCallContext context)
    {
        // Drawing and signing keep a processor busy; the rows beyond that wait for the same commit (GroupCommit).
        var options = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(RowsAtOnce, Environment.ProcessorCount), CancellationToken = context.CancellationToken };
        using var writing = new SemaphoreSlim(1, 1);
        await Parallel.ForEachAsync(requestStream.UntilStopAsync(lifetime.ApplicationStopping, context.CancellationToken), options, async (row, cancel) =>
        {
            var answer = await ImportAsync(row, Caller(context), cancel);
            await writing.WaitAsync(cancel);
            try
            {
                await responseStream.WriteAsync(answer, cancel);
            }
            finally
            {
                writing.Release();
            }
        });
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw new EidException(ErrorReason.Draining, "服务正在停止；已答复的各行有效，请用同样的 request_id 重新导入其余各行") { RetryAfter = TimeSpan.FromSeconds(5) };
        }
    }

    /// <inheritdoc/>
    public override async Task<V1.IssuedSet> GetIssuedSet(GetIssuedSetRequest request, ServerCallContext context)
    {
        if (!Enum.IsDefined(request.View))
        {
            throw new EidException(ErrorReason.EnumInvalid, "view 取值无法识别", [new FieldViolation("view", ErrorReason.EnumInvalid, "取值无法识别")]);
        }

        var entry = await RegisterName.Parse(request.Name).FindAsync(store, context.CancellationToken) ?? throw StoreErrors.NotFound();
        var set = await store.LoadSetAsync(entry.LicenseId, context.CancellationToken) ?? throw StoreErrors.NotFound();
        if (set.License.Trade is not null)
        {
            return TradeWire.ToMessage(set, entry.State, entry.PermitEvents, clock.GetUtcNow(), entry.Until, request.View == GetIssuedSetRequest.Types.View.Full ? authority : null);
        }

        return Wire.ToMessage(set, entry.State, request.View == GetIssuedSetRequest.Types.View.Full ? authority : null, entry.Until);
    }

    /// <inheritdoc/>
    public override async Task<ChangeRegistrationResponse> ChangeRegistration(ChangeRegistrationRequest request, ServerCallContext context)
    {
        var command = ChangeWire.ToCommand(request, Caller(context));
        if (request.ValidateOnly)
        {
            return ChangeWire.ToPreview(await changer.ValidateAsync(command, context.CancellationToken));
        }

        var outcome = await changer.ChangeAsync(command, context.CancellationToken);
        return ChangeRegistrationResponse.Parser.ParseFrom(outcome.Reply);
    }

    /// <inheritdoc/>
    public override async Task<V1.IssuedSet> WithdrawChange(WithdrawChangeRequest request, ServerCallContext context)
    {
        var command = new WithdrawCommand(Caller(context), RequestId.Parse(request.RequestId), RegisterName.Parse(request.Name), request.Reason, request.Authority,
            (set, state) => Wire.ToMessage(set, state).ToByteArray());
        var outcome = await withdrawer.WithdrawAsync(command, context.CancellationToken);
        return V1.IssuedSet.Parser.ParseFrom(outcome.Reply);
    }

    /// <inheritdoc/>
    public override Task<V1.IssuedSet> SuspendSet(SuspendSetRequest request, ServerCallContext context) =>
        ChangeStateAsync(SetTransition.Suspend, request.RequestId, request.Name, request.Reason, request.Authority, request.EffectiveTime, context);

    /// <inheritdoc/>
    public override Task<V1.IssuedSet> ResumeSet(ResumeSetRequest request, ServerCallContext context) =>
        ChangeStateAsync(SetTransition.Resume, request.RequestId, request.Name, request.Reason, request.Authority, request.EffectiveTime, context);

    /// <inheritdoc/>
    public override Task<V1.IssuedSet> RevokeSet(RevokeSetRequest request, ServerCallContext context) =>
        ChangeStateAsync(SetTransition.Revoke, request.RequestId, request.Name, request.Reason, request.Authority, request.EffectiveTime, context);

    /// <inheritdoc/>
    public override Task<V1.IssuedSet> RescindSet(RescindSetRequest request, ServerCallContext context) =>
        ChangeStateAsync(SetTransition.Rescind, request.RequestId, request.Name, request.Reason, request.Authority, request.EffectiveTime, context);

    /// <inheritdoc/>
    public override Task<V1.IssuedSet> RestoreSet(RestoreSetRequest request, ServerCallContext context) =>
        ChangeStateAsync(SetTransition.Restore, request.RequestId, request.Name, request.Reason, request.Authority, request.EffectiveTime, context);

    /// <inheritdoc/>
    public override Task<V1.IssuedSet> CancelSet(CancelSetRequest request, ServerCallContext context) =>
        ChangeStateAsync(SetTransition.Cancel, request.RequestId, request.Name, request.Reason, request.Authority, request.EffectiveTime, context);

    private async Task<V1.IssuedSet> ChangeStateAsync(
        SetTransition transition, string requestId, string name, string reason, string decidedBy, Timestamp? effectiveTime, ServerCallContext context)
    {
        var command = new ChangeStateCommand(Caller(context), RequestId.Parse(requestId), transition, RegisterName.Parse(name), reason, decidedBy,
            Wire.ToTime(effectiveTime), (set, state) => Wire.ToMessage(set, state).ToByteArray());
        var outcome = await states.ChangeAsync(command, context.CancellationToken);
        return V1.IssuedSet.Parser.ParseFrom(outcome.Reply);
    }

    private async Task<ImportSetsResponse> ImportAsync(ImportSetsRequest row, string actor, CancellationToken cancel)
    {
        try
        {
            StrictMessage.RefuseUnknownFields(row);
            var request = row.Request ?? new IssueSetRequest();
            if (request.ValidateOnly)
            {
                throw new EidException(ErrorReason.MalformedRequest, "批量导入不支持 validate_only；请改用 IssueSet 逐条预检");
            }

            var command = new IssueCommand(actor, RequestId.Parse(request.RequestId), Wire.ToInput(request.Enterprise), EncodeNew);
            var outcome = await issuer.IssueAsync(command, cancel);
            return new ImportSetsResponse
            {
                Row = row.Row, IssuedSet = V1.IssuedSet.Parser.ParseFrom(outcome.Reply),
                Outcome = outcome.Repeated ? ImportSetsResponse.Types.Outcome.Repeated : ImportSetsResponse.Types.Outcome.Issued,
            };
        }
        catch (EidException error) when (error.Reason.Kind() is not (ErrorKind.Internal or ErrorKind.Unavailable or ErrorKind.ResourceExhausted))
        {
            // The row's own fault. A failing store or a full disk is not, and ends the stream instead.
            return new ImportSetsResponse
            {
                Row = row.Row, Outcome = ImportSetsResponse.Types.Outcome.Refused, Reason = error.Reason.WireName(), Message = error.Message,
            };
        }
    }

    /// <summary>The answer of an issue.</summary>
    internal static byte[] EncodeNew(Domain.IssuedSet set, StateRecord state) => Wire.ToMessage(set, state).ToByteArray();

    private static string Caller(ServerCallContext context) => CallerGate.CallerOf(context.GetHttpContext()).Name;
}
