using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using ShantingEId.Incidents;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server.Callers;
using ShantingEId.V1;

namespace ShantingEId.Server.Rpc;

/// <summary>IncidentService: maps messages, decides nothing.</summary>
internal sealed class IncidentRpc(IncidentDesk desk, IIncidentStore incidents, ILicenseStore register, IncidentWire wire) : IncidentService.IncidentServiceBase
{
    private const int DefaultPage = 50, LargestPage = 200;
    private const int DefaultSets = 100, LargestSets = 500;

    /// <inheritdoc/>
    public override async Task<V1.Incident> PrepareIncident(PrepareIncidentRequest request, ServerCallContext context)
    {
        var command = IncidentWire.ToCommand(request, Caller(context));
        if (request.ValidateOnly)
        {
            var (found, digest) = await desk.ValidateAsync(command, context.CancellationToken);
            return IncidentWire.ToPreview(command, found, digest);
        }

        return Read(await desk.PrepareAsync(command, (incident, found) => wire.ToMessage(incident, found).ToByteArray(), context.CancellationToken));
    }

    /// <inheritdoc/>
    public override async Task<V1.Incident> ApproveIncident(ApproveIncidentRequest request, ServerCallContext context) => Read(await desk.ApproveAsync(
        By(request.RequestId, context), IncidentName.Parse(request.Name), request.Digest.ToByteArray(), request.SetCount, context.CancellationToken));

    /// <inheritdoc/>
    public override async Task<V1.Incident> GetIncident(GetIncidentRequest request, ServerCallContext context) =>
        wire.ToMessage(await FindAsync(request.Name, context.CancellationToken));

    /// <inheritdoc/>
    public override async Task<ListIncidentsResponse> ListIncidents(ListIncidentsRequest request, ServerCallContext context)
    {
        var size = PageSize.Of(request.PageSize, DefaultPage, LargestPage);
        if (request.PageToken.Length > 0 && !IncidentName.IsNumber(request.PageToken))
        {
            throw BadToken();
        }

        IncidentState[] states = request.OpenOnly ? [IncidentState.Prepared, IncidentState.Running, IncidentState.Paused] : [];
        var rows = await incidents.ListIncidentsAsync(states, request.PageToken, size, context.CancellationToken);
        return new ListIncidentsResponse { Incidents = { rows.Select(wire.ToMessage) }, NextPageToken = rows.Count == size ? rows[^1].Number : "" };
    }

    /// <inheritdoc/>
    public override async Task<ListIncidentSetsResponse> ListIncidentSets(ListIncidentSetsRequest request, ServerCallContext context)
    {
        var cancel = context.CancellationToken;
        var size = PageSize.Of(request.PageSize, DefaultSets, LargestSets);
        var from = request.PageToken.Length == 0 ? 0 : long.TryParse(request.PageToken, NumberStyles.None, CultureInfo.InvariantCulture, out var token) ? token : throw BadToken();
        var incident = await FindAsync(request.Name, cancel);
        var undone = await incidents.ReadUndoneAsync(incident.Number, from, size, cancel);
        var answer = new ListIncidentSetsResponse();
        if (request.ExceptionsOnly)
        {
            foreach (var one in undone)
            {
                answer.Sets.Add(IncidentWire.ToMessage(one.License, await EntryAsync(one.License, cancel), one.Outcome, one.Reason, one.Message));
            }

            answer.NextPageToken = undone.Count == size ? Token(undone[^1].Ordinal + 1) : "";
            return answer;
        }

        var why = undone.ToDictionary(one => one.Ordinal);
        foreach (var (index, license) in (await incidents.ReadIncidentSetsAsync(incident.Number, from, size, cancel)).Index())
        {
            var one = why.GetValueOrDefault(from + index);
            var outcome = one?.Outcome ?? (from + index < incident.Next ? SetOutcome.Done : SetOutcome.Unspecified);
            answer.Sets.Add(IncidentWire.ToMessage(license, await EntryAsync(license, cancel), outcome, one?.Reason ?? "", one?.Message ?? ""));
        }

        answer.NextPageToken = from + answer.Sets.Count < incident.SetCount && answer.Sets.Count > 0 ? Token(from + answer.Sets.Count) : "";
        return answer;
    }

    /// <inheritdoc/>
    public override Task<V1.Incident> PauseIncident(PauseIncidentRequest request, ServerCallContext context) =>
        ActAsync(IncidentDeed.Pause, request.RequestId, request.Name, request.Remark, context);

    /// <inheritdoc/>
    public override Task<V1.Incident> ContinueIncident(ContinueIncidentRequest request, ServerCallContext context) =>
        ActAsync(IncidentDeed.Continue, request.RequestId, request.Name, request.Remark, context);

    /// <inheritdoc/>
    public override Task<V1.Incident> StopIncident(StopIncidentRequest request, ServerCallContext context) =>
        ActAsync(IncidentDeed.Stop, request.RequestId, request.Name, request.Remark, context);

    private async Task<V1.Incident> ActAsync(IncidentDeed deed, string requestId, string name, string remark, ServerCallContext context) =>
        Read(await desk.ActAsync(By(requestId, context), IncidentName.Parse(name), deed, remark, context.CancellationToken));

    private async Task<Incidents.Incident> FindAsync(string name, CancellationToken cancel) =>
        await incidents.FindIncidentAsync(IncidentName.Parse(name), cancel) ?? throw IncidentErrors.NotFound();

    private async Task<RegisterEntry?> EntryAsync(LicenseId license, CancellationToken cancel) =>
        (await register.FindAsync(RegisterKey.Of(license), TimeSpan.Zero, cancel)).Entry;

    private IncidentCaller By(string requestId, ServerCallContext context) =>
        new(Caller(context), RequestId.Parse(requestId), incident => wire.ToMessage(incident).ToByteArray());

    private static V1.Incident Read(IssueOutcome outcome) => V1.Incident.Parser.ParseFrom(outcome.Reply);

    private static string Token(long place) => place.ToString(CultureInfo.InvariantCulture);

    private static EidException BadToken() => new(ErrorReason.PageTokenInvalid, "page_token 不属于这份清单；请从第一页重新查询",
        [new FieldViolation("page_token", ErrorReason.PageTokenInvalid, "不属于这份清单")]);

    private static string Caller(ServerCallContext context) => CallerGate.CallerOf(context.GetHttpContext()).Name;
}
