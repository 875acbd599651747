using System.Text;
using ShantingEId.Calendar;
using ShantingEId.Crypto;
using ShantingEId.Licenses;
using ShantingEId.Seals;

namespace ShantingEId.Issuing;

/// <summary>A request to issue.</summary>
/// <param name="Actor">Registered caller.</param>
/// <param name="RequestId">Makes a retry safe.</param>
/// <param name="Enterprise">What to print and sign, unchecked.</param>
/// <param name="EncodeReply">Turns the finished set into the answer's bytes, which are stored with it.</param>
public sealed record IssueCommand(string Actor, RequestId RequestId, EnterpriseInput Enterprise, Func<IssuedSet, StateRecord, byte[]> EncodeReply);

/// <summary>What came of an issue.</summary>
/// <param name="Reply">The answer's bytes; the same for every repetition of the request.</param>
/// <param name="Repeated">Whether they were committed earlier.</param>
public sealed record IssueOutcome(byte[] Reply, bool Repeated)
{
    /// <summary>
    /// The earlier answer, if it was given to the same question. The earlier attempt may have died between its commit and its
    /// acknowledgement, so this waits like the first one until every replica has seen the change.
    /// </summary>
    /// <exception cref="EidException"><see cref="ErrorReason.RequestIdReused"/>.</exception>
    internal static async Task<IssueOutcome> RepeatAsync(StoredReply earlier, byte[] content, IChangeFeed feed)
    {
        if (!earlier.ContentDigest.AsSpan().SequenceEqual(content))
        {
            throw new EidException(ErrorReason.RequestIdReused, "request_id 已用于内容不同的另一请求；请换用新的 request_id");
        }

        await feed.SettleAsync(earlier.Position);
        return new IssueOutcome(earlier.Reply, true);
    }
}

/// <summary>Issues one licence with its four seals: all or none.</summary>
/// <param name="maker">Makes the set.</param>
/// <param name="store">The register.</param>
/// <param name="feed">Tells when every replica has seen a change.</param>
/// <param name="clock">The one clock.</param>
public sealed class Issuer(SetMaker maker, ILicenseStore store, IChangeFeed feed, RegisterClock clock)
{
    /// <summary>Runs every check of an issue, also whether the seals can be drawn, and returns the licence as it would be; writes nothing.</summary>
    public async Task<License> ValidateAsync(EnterpriseInput enterprise, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var facts = Check(enterprise, now);
        maker.RequireDrawable(facts, SealKinds.All);
        return await PrepareLicenseAsync(facts, now, cancel);
    }

    /// <summary>Issues. Once this returns, the set is on disk and verifies; when it throws, nothing was issued.</summary>
    /// <exception cref="EidException">Any reason of the catalogue for issuing.</exception>
    public async Task<IssueOutcome> IssueAsync(IssueCommand command, CancellationToken cancel)
    {
        // 1. Policy: every violation at once.
        var facts = Check(command.Enterprise, clock.GetUtcNow());
        return await RunAsync(command.Actor, command.RequestId, ContentDigest(facts), at => PrepareLicenseAsync(facts, at, cancel), command.EncodeReply, cancel);
    }

    /// <summary>Issues what <paramref name="prepare"/> decides on: a business licence, or a comprehensive one.</summary>
    internal async Task<IssueOutcome> RunAsync(
        string actor, RequestId requestId, byte[] content, Func<DateTimeOffset, Task<License>> prepare, Func<IssuedSet, StateRecord, byte[]> encodeReply, CancellationToken cancel)
    {
        clock.RequireSound();
        var now = LicenseTime.Stored(clock.GetUtcNow());

        // 2. Once: a repeated request is given its earlier answer.
        return await Once.RunAsync(store, feed, actor, requestId, content, async () =>
        {
            // 3. The licence.
            var license = await prepare(now);

            // 4 to 7. Numbers, pictures, keys, signatures and our own check of them. All of it stays in memory until step 8: a crash
            // before that issued nothing.
            var set = await maker.MakeAsync(license, [], now, cancel);

            // 8. The commit point. One transaction, never cancelled; after it a retry with the same request id returns the reply.
            var started = new StateRecord(SetState.Active, now, now, "", "");
            var reply = encodeReply(set, started);
            var committed = await store.AddSetAsync(set, started, new WriteRequest(actor, requestId, content, reply));

            // 9. A first licence is cached nowhere. A later one replaces what replicas may still answer for the company.
            return new Written(reply, committed, IsCached: license.Id.Version > 1);
        }, cancel);
    }

    private static byte[] ContentDigest(EnterpriseFacts facts)
    {
        // U+001F cannot occur in checked text, so the join cannot be read two ways.
        var input = facts.ToInput();
        var text = string.Join('\u001F', "IssueSet", input.CreditCode, input.Name, (int)input.Kind, input.Type, input.Representative,
            input.Capital, input.EstablishDate, input.Address, input.BusinessScope);
        return Sm3.Hash(Encoding.UTF8.GetBytes(text));
    }

    private static EnterpriseFacts Check(EnterpriseInput enterprise, DateTimeOffset now) => EnterpriseFacts.Parse(enterprise, WorkCalendar.DayOf(now));

    private async Task<License> PrepareLicenseAsync(EnterpriseFacts facts, DateTimeOffset now, CancellationToken cancel)
    {
        var newest = (await store.FindAsync(RegisterKey.Of(facts.CreditCode), TimeSpan.Zero, cancel)).Entry;
        if (newest is { State.State: SetState.Active or SetState.Suspended })
        {
            throw StoreErrors.Exists(newest.LicenseId);
        }

        // What was cancelled or rescinded does not come back by a new licence under the old code.
        if (newest is { State.State: SetState.Cancelled or SetState.Rescinded })
        {
            throw StoreErrors.TransitionNotAllowed(newest.LicenseId, newest.State.State);
        }

        // A version that was prepared and taken back keeps its number.
        var version = newest is null ? 1 : (await store.HistoryAsync(facts.CreditCode.Value, cancel)).Max(one => one.LicenseId.Version) + 1;
        var id = LicenseId.ForBusinessLicense(maker.Authority.CreditCode, facts.CreditCode, version);
        return new License(id, facts, maker.Authority.Name, maker.Authority.CreditCode, LicenseTime.Whole(now));
    }
}
