using System.Text;
using ShantingEId.Crypto;
using ShantingEId.Licenses;

namespace ShantingEId.Issuing;

/// <summary>A request to pause, resume or end a set.</summary>
/// <param name="Actor">Registered caller.</param>
/// <param name="RequestId">Makes a retry safe.</param>
/// <param name="Transition">What is to be done; not <see cref="SetTransition.Supersede"/>, which is a change of the registration.</param>
/// <param name="License">Which set: a licence, or the company's newest.</param>
/// <param name="Reason">Legal reason, 2 to 200 characters.</param>
/// <param name="DecidedBy">Deciding authority, 2 to 60 characters.</param>
/// <param name="EffectiveTime">From when; null is now.</param>
/// <param name="EncodeReply">Turns the changed entry into the answer's bytes; null where nobody waits for any.</param>
public sealed record ChangeStateCommand(
    string Actor, RequestId RequestId, SetTransition Transition, RegisterName License, string Reason, string DecidedBy, DateTimeOffset? EffectiveTime,
    Func<IssuedSet, StateRecord, byte[]>? EncodeReply)
{
    /// <summary>Name of the deed in the log, e.g. <c>RevokeSet</c>.</summary>
    public string Deed => Transition + "Set";
}

/// <summary>Pauses, resumes and ends sets: licence and four seals at once.</summary>
/// <param name="store">The register.</param>
/// <param name="feed">Tells when every replica has seen a change.</param>
/// <param name="clock">The one clock.</param>
public sealed class StateChanger(ILicenseStore store, IChangeFeed feed, RegisterClock clock)
{
    /// <summary>Does it. Verifications that begin after this returns see the new state.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.TransitionNotAllowed"/>, <see cref="ErrorReason.AlreadyRevoked"/>, <see cref="ErrorReason.ChangePending"/>; field and store errors.</exception>
    public async Task<IssueOutcome> ChangeAsync(ChangeStateCommand command, CancellationToken cancel)
    {
        clock.RequireSound();
        var now = LicenseTime.Stored(clock.GetUtcNow());

        // 1. Policy.
        ChangeRules.RequireGrounds(command.Reason, command.DecidedBy);

        // 2. Once: a repeated request is given its earlier answer.
        var content = Sm3.Hash(Encoding.UTF8.GetBytes(string.Join('\u001F',
            command.Deed, command.License, command.Reason, command.DecidedBy, command.EffectiveTime?.UtcTicks)));
        return await Once.RunAsync(store, feed, command.Actor, command.RequestId, content, async () =>
        {
            // 3. What is to be changed, by everything that is recorded of it.
            var id = command.License.License ?? (await command.License.FindAsync(store, cancel) ?? throw StoreErrors.NotFound()).LicenseId;
            var history = (await store.HistoryAsync(id.Serial, cancel)).Where(one => one.LicenseId == id).ToArray();
            var state = Judge(command, history.Length > 0 ? history : throw StoreErrors.NotFound(), now);

            // 4. The commit point.
            var reply = command.EncodeReply?.Invoke(await store.LoadSetAsync(id, cancel) ?? throw StoreErrors.NotFound(), state) ?? [];
            return new Written(reply, await store.ChangeStatesAsync(command.Deed, [(history[^1], state)], new WriteRequest(command.Actor, command.RequestId, content, reply)));
        }, cancel);
    }

    private static StateRecord Judge(ChangeStateCommand command, StatedEntry[] history, DateTimeOffset now)
    {
        ChangeRules.RequireAllowed(command.Transition, history[^1], now);
        var last = history[^1].State;

        // Times recorded for one licence never go back, whatever the clocks of two replicas differ by; nor do those from which states
        // hold, or nobody could say what was in force in between.
        var recorded = now > last.RecordedTime ? now : last.RecordedTime;
        var effective = command.EffectiveTime is { } asked ? LicenseTime.Stored(asked) : (command.Transition == SetTransition.Restore ? last.EffectiveTime : recorded);
        if (effective < last.EffectiveTime || effective > recorded)
        {
            throw EidException.OfField(ErrorReason.EffectiveTimeInvalid, "effective_time", "生效时间不能早于现状态的生效时间，也不能晚于现在");
        }

        var target = command.Transition == SetTransition.Restore ? history[^2].State.State : command.Transition.Target();
        return new StateRecord(target, effective, recorded, command.Reason, command.DecidedBy);
    }
}
