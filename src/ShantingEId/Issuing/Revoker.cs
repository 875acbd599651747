using System.Text;
using ShantingEId.Crypto;
using ShantingEId.Licenses;

namespace ShantingEId.Issuing;

/// <summary>A request to end a set.</summary>
/// <param name="Actor">Registered caller.</param>
/// <param name="RequestId">Makes a retry safe.</param>
/// <param name="License">Which set: a licence, or the company's set in force.</param>
/// <param name="Reason">Legal reason, 2 to 200 characters.</param>
/// <param name="DecidedBy">Deciding authority, 2 to 60 characters.</param>
/// <param name="EffectiveTime">From when; null is now.</param>
/// <param name="EncodeReply">Turns the changed entry into the answer's bytes.</param>
public sealed record RevokeCommand(
    string Actor, RequestId RequestId, RegisterName License, string Reason, string DecidedBy, DateTimeOffset? EffectiveTime,
    Func<IssuedSet, StateRecord, byte[]> EncodeReply);

/// <summary>Ends sets: licence and four seals at once (吊销).</summary>
/// <param name="store">The register.</param>
/// <param name="feed">Tells when every replica has seen a change.</param>
/// <param name="clock">The one clock.</param>
public sealed class Revoker(ILicenseStore store, IChangeFeed feed, RegisterClock clock)
{
    /// <summary>Revokes. Verifications that begin after this returns see the new state.</summary>
    public async Task<IssueOutcome> RevokeAsync(RevokeCommand command, CancellationToken cancel)
    {
        clock.RequireSound();
        var now = clock.GetUtcNow();

        // 1. Policy.
        if (FaceText.Problem(command.Reason, 2, 200) is { Length: > 0 } reasonProblem)
        {
            throw Field(ErrorReason.ReasonRequired, "reason", reasonProblem);
        }

        if (FaceText.Problem(command.DecidedBy, 2, 60) is { Length: > 0 } authorityProblem)
        {
            throw Field(ErrorReason.TextInvalid, "authority", authorityProblem);
        }

        // 2. Seen before?
        var content = Sm3.Hash(Encoding.UTF8.GetBytes(string.Join('\u001F',
            "RevokeSet", command.License, command.Reason, command.DecidedBy, command.EffectiveTime?.UtcTicks)));
        if (await store.FindReplyAsync(command.Actor, command.RequestId, cancel) is { } earlier)
        {
            return await IssueOutcome.RepeatAsync(earlier, content, feed);
        }

        // 3. What is to end, and from when.
        var entry = await command.License.FindAsync(store, cancel) ?? throw StoreErrors.NotFound();
        var set = await store.LoadSetAsync(entry.LicenseId, cancel) ?? throw StoreErrors.NotFound();
        // Times recorded for one licence never go back, whatever the clocks of two replicas differ by.
        var recorded = now > entry.State.RecordedTime ? now : entry.State.RecordedTime;
        var effective = command.EffectiveTime ?? recorded;
        if (effective < set.License.IssueTime || effective > recorded)
        {
            throw Field(ErrorReason.EffectiveTimeInvalid, "effective_time", "生效时间不能早于签发时间，也不能晚于现在");
        }

        if (entry.State.State != SetState.Active)
        {
            // It may be this very request that ended it, since step 2.
            if (await store.FindReplyAsync(command.Actor, command.RequestId, cancel) is { } twin)
            {
                return await IssueOutcome.RepeatAsync(twin, content, feed);
            }

            throw StoreErrors.AlreadyRevoked(entry.LicenseId);
        }

        // 4. The commit point.
        var state = new StateRecord(SetState.Revoked, effective, recorded, command.Reason, command.DecidedBy);
        var reply = command.EncodeReply(set, state);
        var committed = await store.ChangeStateAsync(entry.LicenseId, state, new WriteRequest(command.Actor, command.RequestId, content, reply));
        if (committed.Earlier is { } raced)
        {
            return await IssueOutcome.RepeatAsync(raced, content, feed);
        }

        // 5. Acknowledged means that nobody answers from before: every replica has seen it, or may not use its cache any more.
        await feed.SettleAsync(committed.Position);
        return new IssueOutcome(reply, false);
    }

    private static EidException Field(ErrorReason reason, string field, string problem) =>
        new(reason, $"{field} {problem}", [new FieldViolation(field, reason, problem)]);
}
