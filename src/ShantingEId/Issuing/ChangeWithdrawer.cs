using System.Text;
using ShantingEId.Crypto;

namespace ShantingEId.Issuing;

/// <summary>A request to take back a change that was prepared for a later time.</summary>
/// <param name="Actor">Registered caller.</param>
/// <param name="RequestId">Makes a retry safe.</param>
/// <param name="License">The licence in force that was to be replaced, or its company.</param>
/// <param name="Reason">Reason, 2 to 200 characters.</param>
/// <param name="DecidedBy">Deciding authority, 2 to 60 characters.</param>
/// <param name="EncodeReply">Turns the set that stays into the answer's bytes.</param>
public sealed record WithdrawCommand(
    string Actor, RequestId RequestId, RegisterName License, string Reason, string DecidedBy, Func<IssuedSet, StateRecord, byte[]> EncodeReply);

/// <summary>Takes prepared changes back before they take effect.</summary>
/// <param name="store">The register.</param>
/// <param name="feed">Tells when every replica has seen it.</param>
/// <param name="clock">The one clock.</param>
public sealed class ChangeWithdrawer(ILicenseStore store, IChangeFeed feed, RegisterClock clock)
{
    // Longer than a commit takes: a change must not take force while it is being taken back.
    private static readonly TimeSpan Latest = TimeSpan.FromSeconds(15);

    /// <summary>Withdraws: the licence in force stays as if nothing had been prepared, the prepared one never takes force.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.NoChangePending"/>; field and store errors.</exception>
    public async Task<IssueOutcome> WithdrawAsync(WithdrawCommand command, CancellationToken cancel)
    {
        clock.RequireSound();
        var now = LicenseTime.Stored(clock.GetUtcNow());

        // 1. Policy.
        ChangeRules.RequireGrounds(command.Reason, command.DecidedBy);

        // 2. Once: a repeated request is given its earlier answer.
        var content = Sm3.Hash(Encoding.UTF8.GetBytes(string.Join('\u001F', "WithdrawChange", command.License, command.Reason, command.DecidedBy)));
        return await Once.RunAsync(store, feed, command.Actor, command.RequestId, content, async () =>
        {
            // 3. What waits.
            var entry = await command.License.FindAsync(store, cancel) ?? throw StoreErrors.NotFound();
            var set = await store.LoadSetAsync(entry.LicenseId, cancel) ?? throw StoreErrors.NotFound();
            var history = await store.HistoryAsync(set.License.Id.Serial, cancel);
            var own = history.Where(one => one.LicenseId == entry.LicenseId).ToArray();
            if (own[^1].State is not { State: SetState.Superseded, Successor: { } successor } last || !ChangeRules.IsWaiting(last, now + Latest))
            {
                throw new EidException(ErrorReason.NoChangePending, "该执照没有可以撤回的变更；已经生效或者即将在 15 秒内生效的变更不能撤回，请办理新的变更登记");
            }

            // 4. The commit point: first the prepared one goes, then the one in force is again what it was.
            var recorded = now > last.RecordedTime ? now : last.RecordedTime;
            var gone = new StateRecord(SetState.Withdrawn, recorded, recorded, command.Reason, command.DecidedBy);
            var stays = own[^2].State with { RecordedTime = recorded };
            var reply = command.EncodeReply(set, stays);
            return new Written(reply, await store.ChangeStatesAsync("WithdrawChange", [(history.Last(one => one.LicenseId == successor), gone), (own[^1], stays)],
                new WriteRequest(command.Actor, command.RequestId, content, reply)));
        }, cancel);
    }
}
