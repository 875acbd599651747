using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using ShantingEId.Incidents;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Server.Callers;
using ShantingEId.V1;
using Domain = ShantingEId.Incidents;

namespace ShantingEId.Server.Rpc;

/// <summary>Messages of IncidentService. Enum numbers are equal by design, and a test holds it.</summary>
/// <param name="callers">Titles of who did what.</param>
internal sealed class IncidentWire(CallerDirectory callers)
{
    private const int MostListed = 1000;
    private const string RegisterTitle = "登记系统";

    /// <summary>What a request asks for.</summary>
    public static PrepareCommand ToCommand(PrepareIncidentRequest request, string actor)
    {
        var query = request.Query ?? new V1.IncidentQuery();
        if (query.IssuedSets.Count > MostListed)
        {
            throw EidException.OfField(ErrorReason.FilterInvalid, "query.issued_sets", $"一次最多列出 {MostListed} 张执照");
        }

        return new PrepareCommand(
            actor, RequestId.Parse(request.RequestId), (IncidentAct)request.Act,
            new Domain.IncidentQuery(Wire.ToTime(query.SignedFrom, "query.signed_from", ErrorReason.FilterInvalid), Wire.ToTime(query.SignedBefore, "query.signed_before", ErrorReason.FilterInvalid),
                query.ManifestKey, query.SealIssuer, query.Division, (EnterpriseKind)query.Kind),
            [.. query.IssuedSets.Select(ParseSet)], request.Reason, request.Authority);
    }

    /// <summary>A dry run.</summary>
    public static V1.Incident ToPreview(PrepareCommand command, IncidentFindings found, byte[] digest) => AddSample(
        new V1.Incident
        {
            Act = (V1.Incident.Types.Act)command.Act, Query = ToMessage(command.Query), Reason = command.Reason, Authority = command.DecidedBy, SetCount = found.Licences.Count,
            Digest = ByteString.CopyFrom(digest), NewSealCount = Seals(command.Act, found.Licences.Count(one => !one.IsTradeLicense)),
        }, found);

    /// <summary>What was just prepared.</summary>
    public V1.Incident ToMessage(Domain.Incident incident, IncidentFindings found) => AddSample(ToMessage(incident), found);

    /// <summary>An incident.</summary>
    public V1.Incident ToMessage(Domain.Incident incident)
    {
        var running = incident.State == IncidentState.Running;
        var message = new V1.Incident
        {
            Name = IncidentName.Of(incident.Number), Act = (V1.Incident.Types.Act)incident.Act, Query = ToMessage(incident.Query), Reason = incident.Reason, Authority = incident.DecidedBy,
            State = (V1.Incident.Types.State)incident.State, SetCount = incident.SetCount, Digest = ByteString.CopyFrom(incident.Digest), DoneCount = incident.Done,
            SkippedCount = incident.Skipped, FailedCount = incident.Failed, SetsPerSecond = running ? incident.Rate : 0,
            RemainingSeconds = running && incident.Rate > 0 ? (long)Math.Ceiling((incident.SetCount - incident.Next) / incident.Rate) : 0,
            PreparedTime = incident.PreparedTime.ToTimestamp(), ApprovedTime = incident.ApprovedTime?.ToTimestamp(), EndedTime = incident.EndedTime?.ToTimestamp(),
            Remark = incident.Remark, NewSealCount = Seals(incident.Act, incident.SetCount),
        };
        message.Reasons.AddRange(incident.Reasons.Select(each => new V1.Incident.Types.ReasonCount
        {
            Reason = each.Reason, Outcome = (V1.IncidentSet.Types.Outcome)each.Outcome, Count = each.Count,
        }));
        message.Events.AddRange(incident.Events.Select(each => new V1.Incident.Types.Event
        {
            Deed = (V1.Incident.Types.Event.Types.Deed)each.Deed, Time = each.Time.ToTimestamp(), Remark = each.Remark,
            ActorTitle = each.Actor == Domain.Incident.Register ? RegisterTitle : callers.TitleOf(each.Actor),
        }));
        return message;
    }

    /// <summary>A set of a list, as the register has it now.</summary>
    public static IncidentSet ToMessage(LicenseId license, RegisterEntry? entry, SetOutcome outcome, string reason = "", string text = "") => new()
    {
        IssuedSet = RegisterName.Of(license), CreditCode = license.Holder.Value, State = (V1.IssuedSet.Types.State)(entry?.State.State ?? SetState.Unspecified),
        Name = entry is null ? "" : Manifest.TryRead(entry.Manifest)?.License.Facts.Name ?? "",
        Outcome = (IncidentSet.Types.Outcome)outcome, Reason = reason, Message = text,
    };

    private static V1.Incident AddSample(V1.Incident message, IncidentFindings found)
    {
        message.Sample.AddRange(found.Sample.Select(each => new IncidentSet
        {
            IssuedSet = RegisterName.Of(each.Set.License), CreditCode = each.Set.License.Holder.Value, Name = each.Set.Name, State = (V1.IssuedSet.Types.State)each.Set.State,
            Reason = each.Obstacle?.Reason.WireName() ?? "", Message = each.Obstacle?.Message ?? "",
        }));
        return message;
    }

    private static V1.IncidentQuery ToMessage(Domain.IncidentQuery query) => new()
    {
        SignedFrom = query.SignedFrom?.ToTimestamp(), SignedBefore = query.SignedBefore?.ToTimestamp(), ManifestKey = query.ManifestKey, SealIssuer = query.SealIssuer,
        Division = query.Division, Kind = (Enterprise.Types.Kind)query.Kind,
    };

    private static long Seals(IncidentAct act, long sets) => act == IncidentAct.Reissue ? sets * SealKinds.All.Count : 0;

    private static LicenseId ParseSet(string name) => RegisterName.Parse(name).License
        ?? throw EidException.OfField(ErrorReason.LicenseIdInvalid, "query.issued_sets", "应为 issuedSets/{证照标识}，不能用统一社会信用代码：所批准的须是确定的执照");
}
