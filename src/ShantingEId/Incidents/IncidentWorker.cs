using System.Collections.Concurrent;
using System.Security.Cryptography;
using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Incidents;

/// <summary>
/// Does what was approved, set by set, each as a single act by the same machinery. Under which request id is said by incident and licence, so
/// doing a set again changes nothing: a process that died is followed by another, and two at once do no harm. That usually only one works is
/// for speed: it holds a claim which it must keep renewing, and whoever sees it unchanged for the lease, by the own clock's duration, takes it over.
/// </summary>
/// <param name="incidents">The incidents.</param>
/// <param name="desk">Holds what cannot go on.</param>
/// <param name="states">Revokes.</param>
/// <param name="changer">Reissues.</param>
/// <param name="trades">Reissues comprehensive licences.</param>
/// <param name="encodeReply">The reply of a reissue, as a change of that kind of licence would have it.</param>
/// <param name="terms">Bounds.</param>
/// <param name="clock">The one clock.</param>
public sealed class IncidentWorker(
    IIncidentStore incidents, IncidentDesk desk, StateChanger states, RegistrationChanger changer, TradeIssuer trades, Func<ChangedSet, byte[]> encodeReply,
    IncidentTerms terms, RegisterClock clock)
{
    // At most what one commit takes; then progress is stored, and a pause is felt.
    private const int Stretch = 64;
    private const int Page = 500;
    private const int Attempts = 3;
    private const int EnoughToTell = 8;

    // Drawing and signing keep a processor busy by themselves.
    private const int ReissuesAtOnce = 1;
    private readonly string name = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    private readonly IncidentPace pace = new(terms, clock);
    private long beat;
    private readonly Dictionary<string, (string Worker, long Beat, long Since)> seen = [];

    /// <summary>Works on everything that is running and nobody else's, until it is done or held.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        var running = await incidents.ListIncidentsAsync([IncidentState.Running], "", Page, cancel);
        foreach (var incident in running.Reverse())
        {
            if (incident.Worker == name || (IsFree(incident) && await incidents.ClaimIncidentAsync(incident, name)))
            {
                seen.Remove(incident.Number);
                await WorkAsync(incident.Number, cancel);
            }
        }
    }

    /// <summary>Lets others go on at once.</summary>
    public ValueTask ReleaseAsync() => incidents.ReleaseIncidentsAsync(name);

    private bool IsFree(Incident incident)
    {
        if (incident.Worker.Length == 0)
        {
            return true;
        }

        if (!seen.TryGetValue(incident.Number, out var last) || (last.Worker, last.Beat) != (incident.Worker, incident.Beat))
        {
            seen[incident.Number] = (incident.Worker, incident.Beat, clock.GetTimestamp());
            return false;
        }

        return clock.GetElapsedTime(last.Since) >= terms.Lease;
    }

    private async Task WorkAsync(string number, CancellationToken cancel)
    {
        // 1. What is done is what was approved, to the last licence.
        var incident = await incidents.FindIncidentAsync(number, cancel) ?? throw IncidentErrors.NotFound();
        if (!await IsAsApprovedAsync(incident, cancel))
        {
            await desk.HoldAsync(incident, "清单与批准时的摘要不符，已停止执行；请终止后重新准备，并查明登记簿为何被改动", cancel);
            return;
        }

        // 2. Stretch by stretch; the place is stored after each. A crash in between repeats one stretch, under the same request ids.
        var (next, began, worked) = (incident.Next, clock.GetTimestamp(), 0L);
        for (var state = incident.State; state == IncidentState.Running;)
        {
            var licences = await incidents.ReadIncidentSetsAsync(number, next, Size(), cancel);
            if (await DoAsync(incident, licences, next, cancel) is not { } undone)
            {
                return; // Another process has it now.
            }

            if (Obstacle(undone, licences.Count) is { } obstacle)
            {
                await desk.HoldAsync(incident, obstacle, cancel);
                return;
            }

            worked += licences.Count;
            var rate = worked / Math.Max(clock.GetElapsedTime(began).TotalSeconds, 0.001);
            var progress = new IncidentProgress(number, name, next, next + licences.Count, undone, rate, LicenseTime.Stored(clock.GetUtcNow()));
            if (await incidents.AdvanceIncidentAsync(progress) is not { } after)
            {
                return;
            }

            (state, next) = (after, next + licences.Count);
            // Of late: of the last quarter of a minute or so.
            if (clock.GetElapsedTime(began) > TimeSpan.FromSeconds(15))
            {
                (began, worked) = (clock.GetTimestamp(), 0);
            }
        }
    }

    // What takes about half a second, so that a pause is felt and the claim renewed also when it goes slowly.
    private int Size() => (int)Math.Clamp(pace.Rate / 2, terms.AtOnce, Stretch);

    private async Task<bool> IsAsApprovedAsync(Incident incident, CancellationToken cancel)
    {
        var all = new List<LicenseId>();
        while (all.Count < incident.SetCount && await incidents.ReadIncidentSetsAsync(incident.Number, all.Count, Page, cancel) is { Count: > 0 } page)
        {
            all.AddRange(page);
        }

        return all.Count == incident.SetCount && IncidentList.Digest(incident.Act, incident.Reason, incident.DecidedBy, all).AsSpan().SequenceEqual(incident.Digest);
    }

    // Null when another process took it over meanwhile.
    private async Task<IReadOnlyList<UndoneSet>?> DoAsync(Incident incident, IReadOnlyList<LicenseId> licences, long first, CancellationToken cancel)
    {
        var undone = new ConcurrentBag<UndoneSet>();
        foreach (var few in licences.Index().Chunk(incident.Act == IncidentAct.Reissue ? ReissuesAtOnce : terms.AtOnce))
        {
            await pace.WaitAsync(few.Length, cancel);
            if (clock.GetElapsedTime(beat) > terms.Lease / 4)
            {
                beat = clock.GetTimestamp();
                if (!await incidents.BeatIncidentAsync(incident.Number, name))
                {
                    return null;
                }
            }

            await Task.WhenAll(few.Select(async each =>
            {
                if (await DoAsync(incident, each.Item, cancel) is { } error)
                {
                    var outcome = error.Reason.Kind() is ErrorKind.FailedPrecondition or ErrorKind.AlreadyExists or ErrorKind.NotFound && !IsOurs(error) ? SetOutcome.Skipped : SetOutcome.Failed;
                    undone.Add(new UndoneSet(first + each.Index, each.Item, outcome, error.Reason.WireName(), error.Message));
                }
            }));
        }

        return [.. undone.OrderBy(one => one.Ordinal)];
    }

    // Null when it is done. What has nothing to do with this set ends the stretch instead: it is tried again later.
    private async Task<EidException?> DoAsync(Incident incident, LicenseId license, CancellationToken cancel)
    {
        var id = IncidentName.RequestOf(incident.Number, license);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                _ = incident.Act == IncidentAct.Revoke
                    ? await states.ChangeAsync(IncidentActs.Revoke(Incident.Register, id, license, incident.Reason, incident.DecidedBy), cancel)
                    : license.IsTradeLicense ? await trades.ReissueAsync(Incident.Register, id, IncidentActs.NameOf(license), incident.Reason, incident.DecidedBy, encodeReply, cancel)
                    : await changer.ChangeAsync(IncidentActs.Reissue(Incident.Register, id, license, incident.Reason, incident.DecidedBy, encodeReply), cancel);
                return null;
            }
            catch (EidException error) when (error.Reason == ErrorReason.VersionConflict && attempt < Attempts)
            {
                // Somebody changed it at the same moment; judged anew.
            }
            catch (EidException error) when (error.Reason != ErrorReason.ClockSkew && error.Reason.Kind() is not (ErrorKind.Unavailable or ErrorKind.ResourceExhausted))
            {
                return error;
            }
        }
    }

    // What hinders one set like every other is not counted against it.
    private static string? Obstacle(IReadOnlyList<UndoneSet> undone, int count) =>
        undone.FirstOrDefault(one => one.Reason == ErrorReason.SigningKeyUnusable.WireName() || one.Reason == ErrorReason.KeyVaultSealed.WireName()) is { } key ? key.Message
        : count >= EnoughToTell && undone.Count == count && undone.All(one => one.Reason == ErrorReason.InternalFault.WireName() || one.Reason == ErrorReason.SelfCheckFailed.WireName())
            ? undone[0].Message : null;

    private static bool IsOurs(EidException error) => error.Reason is ErrorReason.RequestIdReused or ErrorReason.SigningKeyUnusable or ErrorReason.KeyVaultSealed;
}
