using System.Text;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Stamping;

namespace ShantingEId.Documents.Stamping;

/// <summary>A request to stamp.</summary>
/// <param name="Actor">Registered caller.</param>
/// <param name="RequestId">Makes a retry safe.</param>
/// <param name="Holder">Whose seal.</param>
/// <param name="Kind">Which seal.</param>
/// <param name="Use">For which use, by its code.</param>
/// <param name="Title">Title of the document, 1 to 100 characters.</param>
/// <param name="Subject">What is stamped.</param>
/// <param name="EncodeReply">Turns use and signature into the bytes that are kept; without the document.</param>
/// <param name="ReadSignature">Takes the signature, DER, out of such bytes again.</param>
public sealed record StampCommand(
    string Actor, RequestId RequestId, CreditCode Holder, SealKind Kind, string Use, string Title, StampSubject Subject,
    Func<SealUse, SesSignature, byte[]> EncodeReply, Func<byte[], byte[]> ReadSignature);

/// <summary>What came of it.</summary>
/// <param name="Reply">The bytes that were kept.</param>
/// <param name="Document">The stamped document; null where only a digest was sent.</param>
public sealed record StampOutcome(byte[] Reply, byte[]? Document);

/// <summary>
/// 用印: uses the seal of a company once, for who was granted it, while it is in force. The private key is opened for the one
/// signature and leaves with it; the document is never kept, only what was signed and the signature.
/// </summary>
/// <param name="register">The register's sets.</param>
/// <param name="store">Grants, keys and the log of uses.</param>
/// <param name="feed">Tells when every replica has seen a change.</param>
/// <param name="vault">Opens the key.</param>
/// <param name="table">Which seals each use allows.</param>
/// <param name="check">Judges our own work like a stranger.</param>
/// <param name="turns">How much is worked on at once: documents are of anybody's making, and large ones take a second.</param>
/// <param name="clock">The one clock.</param>
/// <param name="times">Time stamps; null where none are asked for.</param>
public sealed class StampDesk(
    ILicenseStore register, ISealUseStore store, IChangeFeed feed, KeyVault vault, SealUseTable table, StampCheck check, Turns turns, RegisterClock clock, StampTimes? times = null)
{
    /// <summary>Stamps.</summary>
    /// <exception cref="EidException">
    /// <see cref="ErrorReason.SealUseNotGranted"/>, <see cref="ErrorReason.SealUseNotAllowed"/>, <see cref="ErrorReason.SealNotInForce"/>,
    /// <see cref="ErrorReason.StampPlaceInvalid"/>, <see cref="ErrorReason.TimeStampUnavailable"/>; errors of documents and of the store.
    /// </exception>
    public async Task<StampOutcome> StampAsync(StampCommand command, CancellationToken cancel)
    {
        clock.RequireSound();

        // 1. The form of it, and whether such a seal stands on such documents at all.
        SealGrantDesk.RequireText(command.Title, "title", 1, 100);
        var use = table.Require(command.Use, "use");
        if (!use.Seals.Contains(command.Kind))
        {
            throw SealErrors.NotAllowed(use, command.Kind);
        }

        // 2. Once: a repeated request is given the signature of its first time, on the same document.
        byte[]? document = null;
        var content = Sm3.Hash(Encoding.UTF8.GetBytes(string.Join('\u001F', "Stamp", command.Holder, command.Kind, command.Use, command.Title, command.Subject.Identity)));
        var outcome = await Once.RunAsync(register, feed, command.Actor, command.RequestId, content, async () =>
        {
            var (written, stamped) = await StampOnceAsync(command, content, cancel);
            document = stamped;
            return written;
        }, cancel);
        return new StampOutcome(outcome.Reply, outcome.Repeated ? await InTurnAsync(command, () => Task.FromResult(command.Subject.Again(SesSignature.Parse(command.ReadSignature(outcome.Reply)))), cancel) : document);
    }

    // A digest is no work.
    private Task<T> InTurnAsync<T>(StampCommand command, Func<Task<T>> work, CancellationToken cancel) =>
        command.Subject is StampSubject.Document ? turns.RunAsync(() => Task.Run(work, CancellationToken.None), cancel) : work();

    private async Task<(Written Written, byte[]? Document)> StampOnceAsync(StampCommand command, byte[] content, CancellationToken cancel)
    {
        var now = LicenseTime.Stored(clock.GetUtcNow());

        // 3. With what right. Nothing of the company is read before; who has none learns nothing.
        var grant = (await store.FindSealGrantsAsync(command.Holder, command.Actor, now, cancel)).FirstOrDefault(each => each.HoldsAt(now) && each.Covers(command.Kind, command.Use))
            ?? throw SealErrors.NotGranted();

        // 4. The seal that is in force now.
        var (judged, since, seal) = await RequireSealAsync(command, now, cancel);

        // 5. What will be signed. A signature has whole seconds: one that would fall before the seal took force gets the next.
        var whole = LicenseTime.Whole(now);
        var time = whole >= since ? whole : whole.AddSeconds(1);
        var plan = await InTurnAsync(command, () => Task.FromResult(command.Subject.Plan(seal.Seal, time)), cancel);

        // 6. The signature, and its time stamp.
        var signature = await SignAsync(seal, plan, time, cancel);
        var (stamped, proven) = times is null ? (signature, null) : await times.StampAsync(signature, cancel);

        // 7. Our own work, checked through the public path.
        var document = await InTurnAsync(command, async () =>
        {
            var finished = plan.Finish?.Invoke(stamped);
            await check.RequireGoodAsync(stamped, finished, plan, cancel);
            return finished;
        }, cancel);

        // 8. The commit point: log and reply, if set and grant are still what they were judged to be.
        var used = new SealUse(0, grant.Number, judged.LicenseId, seal.Code, seal.Kind, command.Use, command.Actor, command.RequestId.Value, now, time, command.Title,
            command.Subject.Digest, plan.DataHash, plan.PropertyInfo, plan.Pages, proven);
        var reply = command.EncodeReply(used, stamped);
        return (new Written(reply, await store.AddSealUseAsync(used, judged, new WriteRequest(command.Actor, command.RequestId, content, reply)), IsCached: false), document);
    }

    private async Task<(StatedEntry Judged, DateTimeOffset Since, IssuedSeal Seal)> RequireSealAsync(StampCommand command, DateTimeOffset now, CancellationToken cancel)
    {
        var entry = (await register.FindAsync(RegisterKey.Of(command.Holder), TimeSpan.Zero, cancel)).Entry ?? throw StoreErrors.NotFound();
        if (entry.State.State != SetState.Active || !entry.HoldsAt(now))
        {
            throw SealErrors.NotInForce(entry.State.State == SetState.Active ? SetState.Superseded : entry.State.State);
        }

        // The newest that is recorded of it, which may hold only later; the commit rests on that nothing was recorded since.
        var judged = (await register.HistoryAsync(entry.LicenseId.Serial, cancel)).LastOrDefault(one => one.LicenseId == entry.LicenseId) ?? throw StoreErrors.NotFound();
        if (judged.State.EffectiveTime <= now && judged.State.State != SetState.Active)
        {
            throw SealErrors.NotInForce(judged.State.State);
        }

        var set = await register.LoadSetAsync(entry.LicenseId, cancel) ?? throw StoreErrors.NotFound();
        var seal = set.Seals.Seals.First(each => each.Kind == command.Kind);
        return (await register.FindSealAsync(seal.Code, cancel))?.Replaced is { } replaced && replaced.EffectiveTime <= now ? throw SealErrors.Replaced(seal.Code, replaced.EffectiveTime)
            : (judged, entry.State.EffectiveTime, seal);
    }

    private async Task<SesSignature> SignAsync(IssuedSeal seal, StampPlan plan, DateTimeOffset time, CancellationToken cancel)
    {
        var sealedKey = await store.LoadSealedKeyAsync(seal.Code, cancel) ?? throw StoreErrors.NotFound();
        using var key = vault.Open(sealedKey, seal.Code.Value);
        return SesSignature.Create(seal.Seal, new SigningKey(key, seal.Certificate), time, plan.DataHash, plan.PropertyInfo);
    }
}
