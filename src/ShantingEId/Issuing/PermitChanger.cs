using System.Text;
using ShantingEId.Crypto;
using ShantingEId.Trades;

namespace ShantingEId.Issuing;

/// <summary>A request to do something to one permit of a comprehensive licence.</summary>
/// <param name="Actor">Registered caller.</param>
/// <param name="RequestId">Makes a retry safe.</param>
/// <param name="License">The licence.</param>
/// <param name="Number">许可证编号.</param>
/// <param name="Act">What is to be done.</param>
/// <param name="Reason">Legal reason, 2 to 200 characters.</param>
/// <param name="DecidedBy">Deciding authority, 2 to 60 characters.</param>
/// <param name="UntilTime">When a suspension ends by itself; null: until further notice, and for every other act.</param>
/// <param name="EncodeReply">Turns the changed entry into the answer's bytes.</param>
public sealed record ChangePermitCommand(
    string Actor, RequestId RequestId, RegisterName License, string Number, PermitAct Act, string Reason, string DecidedBy, DateTimeOffset? UntilTime,
    Func<IssuedSet, RegisterEntry, DateTimeOffset, byte[]> EncodeReply);

/// <summary>Suspends, resumes, ends and confirms single permits; the licence and its other permits stay as they are.</summary>
/// <param name="store">The register.</param>
/// <param name="feed">Tells when every replica has seen a change.</param>
/// <param name="clock">The one clock.</param>
public sealed class PermitChanger(ILicenseStore store, IChangeFeed feed, RegisterClock clock)
{
    /// <summary>Does it. Verifications that begin after this returns see the new state.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.PermitNotFound"/>, <see cref="ErrorReason.TransitionNotAllowed"/>, <see cref="ErrorReason.LicenseTypeMismatch"/>, <see cref="ErrorReason.ChangePending"/>; field and store errors.</exception>
    public async Task<IssueOutcome> ChangeAsync(ChangePermitCommand command, CancellationToken cancel)
    {
        clock.RequireSound();
        var now = LicenseTime.Stored(clock.GetUtcNow());

        // 1. Policy.
        ChangeRules.RequireGrounds(command.Reason, command.DecidedBy);
        if (command.UntilTime is { } until && (command.Act != PermitAct.Suspend || until <= now || until > now.AddYears(10)))
        {
            throw EidException.OfField(ErrorReason.EffectiveTimeInvalid, "until_time", "只用于暂停，应晚于现在，且不超过十年");
        }

        // 2. Once: a repeated request is given its earlier answer.
        var content = Sm3.Hash(Encoding.UTF8.GetBytes(string.Join('\u001F',
            command.Act + "Permit", command.License, command.Number, command.Reason, command.DecidedBy, command.UntilTime?.UtcTicks)));
        return await Once.RunAsync(store, feed, command.Actor, command.RequestId, content, async () =>
        {
            // 3. Which permit, and whether this may be done to it.
            var named = await command.License.FindAsync(store, cancel) ?? throw StoreErrors.NotFound();
            var entry = named.LicenseId.IsTradeLicense ? named : throw StoreErrors.NotATradeLicense();
            var set = await store.LoadSetAsync(entry.LicenseId, cancel) ?? throw StoreErrors.NotFound();
            var newest = (await store.HistoryAsync(entry.LicenseId.Serial, cancel)).Last(one => one.LicenseId == entry.LicenseId);
            if (ChangeRules.IsWaiting(newest.State, now))
            {
                throw StoreErrors.ChangePending(entry.LicenseId, newest.State.EffectiveTime);
            }

            if (newest.State.State is not (SetState.Active or SetState.Suspended))
            {
                throw StoreErrors.TransitionNotAllowed(entry.LicenseId, newest.State.State);
            }

            var permit = set.License.Trade!.Permits.FirstOrDefault(one => one.Number == command.Number) ?? throw StoreErrors.PermitNotFound(command.Number);
            var status = PermitStatus.At(permit, entry.PermitEvents, now, isNow: true);
            if (!command.Act.Allows(status))
            {
                throw StoreErrors.PermitActNotAllowed(status, command.Act);
            }

            // 4. What is recorded: a suspension with an end brings its end along, so that nobody need be awake then.
            var recorded = entry.PermitEvents.Select(one => one.RecordedTime).Append(now).Max();
            List<PermitEvent> events = [new(command.Number, command.Act.Target(status), recorded, recorded, command.Reason, command.DecidedBy)];
            if (command.UntilTime is { } end)
            {
                events.Add(events[0] with { State = PermitActs.Running(status), EffectiveTime = LicenseTime.Stored(end), Reason = "暂停期满" });
            }

            // 5. The commit point.
            var reply = command.EncodeReply(set, entry with { PermitEvents = [.. entry.PermitEvents, .. events] }, recorded);
            return new Written(reply, await store.ChangePermitAsync(
                command.Act + "Permit", newest, entry.PermitEvents.Count, events, new WriteRequest(command.Actor, command.RequestId, content, reply)));
        }, cancel);
    }
}
