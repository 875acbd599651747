using System.Text;
using ShantingEId.Calendar;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;

namespace ShantingEId.Incidents;

/// <summary>A request to prepare an incident.</summary>
/// <param name="Actor">Registered caller.</param>
/// <param name="RequestId">Makes a retry safe.</param>
/// <param name="Act">What is to be done.</param>
/// <param name="Query">To which sets.</param>
/// <param name="Listed">Or to exactly these; empty where a query is given.</param>
/// <param name="Reason">Legal reason, 2 to 200 characters.</param>
/// <param name="DecidedBy">Deciding authority, 2 to 60 characters.</param>
public sealed record PrepareCommand(
    string Actor, RequestId RequestId, IncidentAct Act, IncidentQuery Query, IReadOnlyList<LicenseId> Listed, string Reason, string DecidedBy);

/// <summary>What a search found.</summary>
/// <param name="Licences">All of it, in order.</param>
/// <param name="Sample">The first of them, with what would become of each as things are now.</param>
public sealed record IncidentFindings(IReadOnlyList<LicenseId> Licences, IReadOnlyList<(FoundSet Set, EidException? Obstacle)> Sample);

/// <summary>Whose deed it is, and how its answer is kept.</summary>
/// <param name="Actor">Registered caller.</param>
/// <param name="RequestId">Makes a retry safe.</param>
/// <param name="EncodeReply">Turns the incident into the answer's bytes.</param>
public sealed record IncidentCaller(string Actor, RequestId RequestId, Func<Incident, byte[]> EncodeReply);

/// <summary>What people do with incidents: prepare, approve (another person), pause, continue, stop.</summary>
/// <param name="register">The sets.</param>
/// <param name="incidents">The incidents.</param>
/// <param name="changer">Says what would become of a set that is reissued.</param>
/// <param name="trades">The same of a comprehensive licence.</param>
/// <param name="feed">Needed by <see cref="Once"/>.</param>
/// <param name="clock">The one clock.</param>
public sealed class IncidentDesk(ILicenseStore register, IIncidentStore incidents, RegistrationChanger changer, TradeIssuer trades, IChangeFeed feed, RegisterClock clock)
{
    private const string Numbers = "incident";
    private const int SampleSize = 10;
    private const int Page = 500;

    /// <summary>Finds the sets and says what would become of the first of them; writes nothing.</summary>
    public async Task<(IncidentFindings Found, byte[] Digest)> ValidateAsync(PrepareCommand command, CancellationToken cancel)
    {
        RequireForm(command);
        var found = await FindAsync(command, cancel);
        return (found, IncidentList.Digest(command.Act, command.Reason, command.DecidedBy, found.Licences));
    }

    /// <summary>Finds the sets and freezes the list. What is signed afterwards is not in it.</summary>
    /// <param name="command">What is asked for.</param>
    /// <param name="encodeReply">Turns the incident into the answer's bytes.</param>
    /// <param name="cancel">Gives up before the commit.</param>
    public async Task<IssueOutcome> PrepareAsync(PrepareCommand command, Func<Incident, IncidentFindings, byte[]> encodeReply, CancellationToken cancel)
    {
        clock.RequireSound();
        RequireForm(command);
        var content = Sm3.Hash(Encoding.UTF8.GetBytes(string.Join('\u001F',
            "PrepareIncident", (int)command.Act, command.Query.SignedFrom?.UtcTicks, command.Query.SignedBefore?.UtcTicks, command.Query.ManifestKey, command.Query.SealIssuer,
            command.Query.Division, (int)command.Query.Kind, string.Join(',', command.Listed), command.Reason, command.DecidedBy)));
        return await Once.RunAsync(register, feed, command.Actor, command.RequestId, content, async () =>
        {
            var found = await FindAsync(command, cancel);
            var now = LicenseTime.Stored(clock.GetUtcNow());
            var incident = new Incident
            {
                Number = IncidentName.Number(WorkCalendar.DayOf(now), await register.ReserveAsync(Numbers, 1, cancel)), Act = command.Act, Query = command.Query,
                Reason = command.Reason, DecidedBy = command.DecidedBy, SetCount = found.Licences.Count,
                Digest = IncidentList.Digest(command.Act, command.Reason, command.DecidedBy, found.Licences), PreparedBy = command.Actor, PreparedTime = now,
                Events = [new IncidentEvent(IncidentDeed.Prepare, now, command.Actor, "")],
            };
            var reply = encodeReply(incident, found);
            // Nothing that anybody may have cached has changed.
            return new Written(reply, await incidents.AddIncidentAsync(incident, found.Licences, new WriteRequest(command.Actor, command.RequestId, content, reply)), IsCached: false);
        }, cancel);
    }

    /// <summary>Approves the list that has this digest and length; by another person than who prepared it.</summary>
    public Task<IssueOutcome> ApproveAsync(IncidentCaller caller, string number, byte[] digest, long setCount, CancellationToken cancel) =>
        ActAsync(caller, number, IncidentDeed.Approve, $"{Convert.ToHexStringLower(digest)} {setCount}", "", incident =>
        {
            if (incident.PreparedBy == caller.Actor)
            {
                throw IncidentErrors.SamePerson();
            }

            if (incident.SetCount != setCount || !incident.Digest.AsSpan().SequenceEqual(digest))
            {
                throw IncidentErrors.Differs();
            }
        }, cancel);

    /// <summary>Pauses, continues or stops.</summary>
    public Task<IssueOutcome> ActAsync(IncidentCaller caller, string number, IncidentDeed deed, string remark, CancellationToken cancel) =>
        ActAsync(caller, number, deed, remark, remark, _ => { }, cancel);

    /// <summary>Holds what the register cannot go on with, so that a person looks at it.</summary>
    public async Task HoldAsync(Incident incident, string remark, CancellationToken cancel)
    {
        // The same id at every replica and in every attempt.
        var caller = new IncidentCaller(Incident.Register, RequestId.Parse($"{incident.Number}-hold-{incident.Revision}"), _ => []);
        await ActAsync(caller, incident.Number, IncidentDeed.Pause, remark.Length > 200 ? remark[..200] : remark, cancel);
    }

    private async Task<IssueOutcome> ActAsync(
        IncidentCaller caller, string number, IncidentDeed deed, string asked, string remark, Action<Incident> judge, CancellationToken cancel)
    {
        if (FaceText.Problem(remark, 0, 200) is { Length: > 0 } problem)
        {
            throw EidException.OfField(ErrorReason.TextInvalid, "remark", problem);
        }

        var content = Sm3.Hash(Encoding.UTF8.GetBytes(string.Join('\u001F', "Incident", number, deed, asked)));
        return await Once.RunAsync(register, feed, caller.Actor, caller.RequestId, content, async () =>
        {
            // 1. May it be done now, by this person?
            var incident = await incidents.FindIncidentAsync(number, cancel) ?? throw IncidentErrors.NotFound();
            judge(incident);
            var state = deed.Leads(incident.State) ?? throw IncidentErrors.NotAllowed(incident.State);

            // 2. The commit point.
            var last = incident.Events[^1].Time;
            var now = LicenseTime.Stored(clock.GetUtcNow()) is var read && read > last ? read : last;
            var changed = incident with
            {
                State = state, Revision = incident.Revision + 1, Remark = remark, Events = [.. incident.Events, new IncidentEvent(deed, now, caller.Actor, remark)],
                ApprovedBy = deed == IncidentDeed.Approve ? caller.Actor : incident.ApprovedBy, ApprovedTime = deed == IncidentDeed.Approve ? now : incident.ApprovedTime,
                EndedTime = state.IsEnd() ? now : null,
            };
            var reply = caller.EncodeReply(changed);
            return new Written(reply, await incidents.ChangeIncidentAsync(incident, changed, new WriteRequest(caller.Actor, caller.RequestId, content, reply)), IsCached: false);
        }, cancel);
    }

    private static void RequireForm(PrepareCommand command)
    {
        if (command.Act == IncidentAct.Unspecified || !Enum.IsDefined(command.Act))
        {
            throw EidException.OfField(ErrorReason.EnumInvalid, "act", "取值无法识别");
        }

        ChangeRules.RequireGrounds(command.Reason, command.DecidedBy);
        command.Query.RequireForm(command.Listed.Count > 0);
    }

    private async Task<IncidentFindings> FindAsync(PrepareCommand command, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var licences = new List<LicenseId>();
        var sample = new List<FoundSet>();
        await foreach (var set in command.Listed.Count > 0 ? ListedAsync(command.Listed, cancel) : SearchAsync(command, now, cancel))
        {
            licences.Add(set.License);
            if (sample.Count < SampleSize)
            {
                sample.Add(set);
            }

            if (licences.Count > IncidentList.Most)
            {
                throw EidException.OfField(ErrorReason.FilterInvalid, "query", $"涉及的执照超过 {IncidentList.Most} 套，请分批处置");
            }
        }

        if (licences.Count == 0)
        {
            throw IncidentErrors.Empty();
        }

        var judged = new List<(FoundSet, EidException?)>();
        foreach (var set in sample)
        {
            judged.Add((set, await ObstacleAsync(command, set, now, cancel)));
        }

        return new IncidentFindings(licences, judged);
    }

    private async IAsyncEnumerable<FoundSet> SearchAsync(PrepareCommand command, DateTimeOffset now, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var (query, states) = (command.Query, SetTransitions.AllowedBefore(command.Act.Transition()));
        for (long after = 0; ;)
        {
            var page = await incidents.ScanSetsAsync(query, states, now, after, Page, cancel);
            foreach (var set in page)
            {
                after = set.Row;
                if ((!query.NeedsManifest || query.Fits(set.Manifest)) && (query.SealIssuer.Length == 0 || await HasIssuerAsync(set.License, query.SealIssuer, cancel)))
                {
                    yield return set;
                }
            }

            if (page.Count < Page)
            {
                yield break;
            }
        }
    }

    private async Task<bool> HasIssuerAsync(LicenseId license, string issuer, CancellationToken cancel) =>
        (await register.LoadSetAsync(license, cancel))?.Seals.Seals.Any(seal => seal.Certificate.IssuerCommonName == issuer) == true;

    private async IAsyncEnumerable<FoundSet> ListedAsync(IReadOnlyList<LicenseId> listed, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var license in listed.Distinct())
        {
            var entry = (await register.FindAsync(RegisterKey.Of(license), TimeSpan.Zero, cancel)).Entry ?? throw new EidException(ErrorReason.LicenseNotFound, "登记簿中没有所列的一张执照")
            {
                Metadata = new Dictionary<string, string> { ["license_id"] = license.ToString() },
            };
            yield return new FoundSet(0, license, Manifest.TryRead(entry.Manifest)?.License.Facts.Name ?? "", entry.State.State, []);
        }
    }

    // What would be said of this set if it were its turn now.
    private async Task<EidException?> ObstacleAsync(PrepareCommand command, FoundSet set, DateTimeOffset now, CancellationToken cancel)
    {
        try
        {
            if (command.Act == IncidentAct.Reissue && set.License.IsTradeLicense)
            {
                await trades.ValidateReissueAsync(IncidentActs.NameOf(set.License), command.Reason, command.DecidedBy, cancel);
            }
            else if (command.Act == IncidentAct.Reissue)
            {
                await changer.ValidateAsync(IncidentActs.Reissue("", command.RequestId, set.License, command.Reason, command.DecidedBy, _ => []), cancel);
            }
            else
            {
                ChangeRules.RequireAllowed(command.Act.Transition(), (await register.HistoryAsync(set.License.Serial, cancel)).Last(one => one.LicenseId == set.License), now);
            }

            return null;
        }
        catch (EidException error) when (error.Reason.Kind() is ErrorKind.FailedPrecondition or ErrorKind.InvalidArgument or ErrorKind.NotFound)
        {
            return error;
        }
    }
}

/// <summary>The acts of incidents as the commands of a single act.</summary>
internal static class IncidentActs
{
    /// <summary>What a licence is called in a command.</summary>
    public static RegisterName NameOf(LicenseId license) => RegisterName.Parse(RegisterName.Of(license));

    /// <summary>吊销; nobody waits for the answer.</summary>
    public static ChangeStateCommand Revoke(string actor, RequestId id, LicenseId license, string reason, string decidedBy) =>
        new(actor, id, SetTransition.Revoke, NameOf(license), reason, decidedBy, null, null);

    /// <summary>换发: no item changes, and every seal counts as lost.</summary>
    public static ChangeCommand Reissue(string actor, RequestId id, LicenseId license, string reason, string decidedBy, Func<ChangedSet, byte[]> encodeReply) =>
        new(actor, id, NameOf(license), FaceItems.None, new EnterpriseInput(), SealKinds.All, reason, decidedBy, null, encodeReply);
}
