using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Hosting;
using ShantingEId.Issuing;
using ShantingEId.Server.Callers;
using ShantingEId.V1;
using Domain = ShantingEId.Issuing;

namespace ShantingEId.Server.Rpc;

/// <summary>IssuanceService: maps messages, decides nothing.</summary>
internal sealed class IssuanceRpc(Issuer issuer, Revoker revoker, ILicenseStore store, IssuingAuthority authority, IHostApplicationLifetime lifetime) : IssuanceService.IssuanceServiceBase
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
        return Wire.ToMessage(set, entry.State, request.View == GetIssuedSetRequest.Types.View.Full ? authority : null);
    }

    /// <inheritdoc/>
    public override async Task<V1.IssuedSet> RevokeSet(RevokeSetRequest request, ServerCallContext context)
    {
        var command = new RevokeCommand(
            Caller(context), RequestId.Parse(request.RequestId), RegisterName.Parse(request.Name), request.Reason, request.Authority,
            Wire.ToTime(request.EffectiveTime), (set, state) => Wire.ToMessage(set, state).ToByteArray());
        var outcome = await revoker.RevokeAsync(command, context.CancellationToken);
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
    internal static byte[] EncodeNew(Domain.IssuedSet set) =>
        Wire.ToMessage(set, new StateRecord(SetState.Active, set.License.IssueTime, set.License.IssueTime, "", "")).ToByteArray();

    private static string Caller(ServerCallContext context) => CallerGate.CallerOf(context.GetHttpContext()).Name;
}
