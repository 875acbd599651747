using System.Text;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;

namespace ShantingEId.Stamping;

/// <summary>A company's application that somebody may use its seals.</summary>
/// <param name="Actor">Caller who records it.</param>
/// <param name="RequestId">Makes a retry safe.</param>
/// <param name="Holder">The company.</param>
/// <param name="Caller">Who may stamp; the service has looked that it is one of its callers and may be told to stamp.</param>
/// <param name="Kinds">Which seals.</param>
/// <param name="Uses">For which uses, by their codes.</param>
/// <param name="Reference">Reference of the 授权书, 2 to 60 characters.</param>
/// <param name="Until">It ends at this instant.</param>
/// <param name="EncodeReply">Turns the grant into the answer's bytes.</param>
public sealed record GrantSealCommand(
    string Actor, RequestId RequestId, CreditCode Holder, string Caller, IReadOnlyList<SealKind> Kinds, IReadOnlyList<string> Uses, string Reference, DateTimeOffset Until,
    Func<SealGrant, byte[]> EncodeReply);

/// <summary>Records who may use a company's seals, on the company's application.</summary>
/// <param name="register">The register's sets.</param>
/// <param name="store">The grants.</param>
/// <param name="feed">Tells when every replica has seen a change.</param>
/// <param name="table">The uses.</param>
/// <param name="clock">The one clock.</param>
public sealed class SealGrantDesk(ILicenseStore register, ISealUseStore store, IChangeFeed feed, SealUseTable table, RegisterClock clock)
{
    private const string Numbers = "seal_grant";
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3 * 366);

    /// <summary>Grants.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SealUseUnknown"/>, <see cref="ErrorReason.SealUseNotAllowed"/>, <see cref="ErrorReason.LicenseNotFound"/>; field and store errors.</exception>
    public async Task<IssueOutcome> GrantAsync(GrantSealCommand command, CancellationToken cancel)
    {
        clock.RequireSound();
        var now = LicenseTime.Stored(clock.GetUtcNow());

        // 1. Each use needs at least one of the seals, and each seal one of the uses: what could never be used was not meant.
        var uses = command.Uses.Distinct().Select((use, i) => table.Require(use, $"uses[{i}]")).ToArray();
        var kinds = command.Kinds.Distinct().Order().ToArray();
        RequireFit(uses, kinds);
        RequireText(command.Reference, "reference", 2, 60);

        // 2. Once.
        var until = LicenseTime.Stored(command.Until);
        var content = Digest("GrantSealUse", command.Holder.Value, command.Caller, string.Join(',', kinds), string.Join(',', uses.Select(use => use.Code)), command.Reference, until.ToUnixTimeMilliseconds());
        return await Once.RunAsync(register, feed, command.Actor, command.RequestId, content, async () =>
        {
            if (until <= now || until > now + Longest)
            {
                throw EidException.OfField(ErrorReason.DateOrder, "until_time", "应晚于现在，至多三年");
            }

            // 3. A company the register knows; whether its seals are in force is asked each time they are used.
            _ = (await register.FindAsync(RegisterKey.Of(command.Holder), TimeSpan.Zero, cancel)).Entry ?? throw StoreErrors.NotFound();

            // 4. The commit point.
            var grant = new SealGrant(await register.ReserveAsync(Numbers, 1, cancel), command.Holder, command.Caller, kinds, [.. uses.Select(use => use.Code)], command.Reference, until, command.Actor, now);
            var reply = command.EncodeReply(grant);
            return new Written(reply, await store.AddSealGrantAsync(grant, new WriteRequest(command.Actor, command.RequestId, content, reply)), IsCached: false);
        }, cancel);
    }

    /// <summary>Withdraws; whoever stamps after this returns is refused.</summary>
    /// <param name="actor">Caller who records it.</param>
    /// <param name="requestId">Makes a retry safe.</param>
    /// <param name="number">Which grant.</param>
    /// <param name="sees">Whether the caller may know of a company.</param>
    /// <param name="reason">Why, 2 to 200 characters.</param>
    /// <param name="encode">Turns the grant into the answer's bytes.</param>
    /// <param name="cancel">Gives up before the commit.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.SealGrantNotFound"/>; <see cref="ErrorReason.NothingChanged"/>: withdrawn already.</exception>
    public async Task<IssueOutcome> WithdrawAsync(
        string actor, RequestId requestId, long number, Func<CreditCode, bool> sees, string reason, Func<SealGrant, byte[]> encode, CancellationToken cancel)
    {
        clock.RequireSound();
        RequireText(reason, "reason", 2, 200);
        var content = Digest("WithdrawSealUse", number, reason);
        return await Once.RunAsync(register, feed, actor, requestId, content, async () =>
        {
            var grant = await store.FindSealGrantAsync(number, cancel) is { } found && sees(found.Holder) ? found : throw SealErrors.GrantNotFound();
            if (grant.Withdrawal is not null)
            {
                throw new EidException(ErrorReason.NothingChanged, "这项用印授权已经撤回");
            }

            var now = LicenseTime.Stored(clock.GetUtcNow());
            grant = grant with { Withdrawal = new SealGrantWithdrawal(now > grant.GrantedTime ? now : grant.GrantedTime, actor, reason) };
            var reply = encode(grant);
            return new Written(reply, await store.WithdrawSealGrantAsync(grant, new WriteRequest(actor, requestId, content, reply)), IsCached: false);
        }, cancel);
    }

    /// <summary>Refuses a text that may not be printed or has the wrong length.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.TextInvalid"/>.</exception>
    internal static void RequireText(string text, string field, int min, int max)
    {
        if (FaceText.Problem(text, min, max) is { Length: > 0 } problem)
        {
            throw EidException.OfField(ErrorReason.TextInvalid, field, problem);
        }
    }

    private static void RequireFit(SealPurpose[] uses, SealKind[] kinds)
    {
        if (kinds.Length == 0 || kinds.Contains(SealKind.Unspecified) || kinds.Any(kind => !Enum.IsDefined(kind)))
        {
            throw EidException.OfField(ErrorReason.EnumInvalid, "seals", "应写明一枚或几枚印章的章型");
        }

        if (uses.Length == 0)
        {
            throw EidException.OfField(ErrorReason.SealUseUnknown, "uses", "应写明用途");
        }

        if (Array.Find(uses, use => !use.Seals.Intersect(kinds).Any()) is { } useless)
        {
            throw SealErrors.NotAllowed(useless, kinds[0]);
        }

        if (kinds.FirstOrDefault(kind => !uses.Any(use => use.Seals.Contains(kind))) is not SealKind.Unspecified and var idle)
        {
            throw SealErrors.NotAllowed(uses[0], idle);
        }
    }

    private static byte[] Digest(params IReadOnlyList<object> parts) => Sm3.Hash(Encoding.UTF8.GetBytes(string.Join('\u001F', parts)));
}
