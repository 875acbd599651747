using System.Globalization;
using System.Text;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.Stamping;
using ShantingEId.Verifying;

namespace ShantingEId.Presenting;

/// <summary>A request to show a code.</summary>
/// <param name="App">Registered caller; null where the device itself asks, with the secret alone.</param>
/// <param name="Secret">The session's secret.</param>
/// <param name="RequestId">Makes a retry safe.</param>
/// <param name="Scope">What may be shown at most.</param>
/// <param name="Audience">Registered caller that may scan it; empty for anybody.</param>
/// <param name="Purpose">For what, in the company's words, up to 60 characters.</param>
/// <param name="Assertion">What an identity system says of the person; null without.</param>
public sealed record PresentCommand(string? App, string Secret, RequestId RequestId, LicenseFields Scope, string Audience, string Purpose, CarriedAssertion? Assertion);

/// <summary>
/// 亮码: a company's app shows a code for a minute, and one who scans it sees the licence once. The register's database decides who was first; a
/// photograph, a screenshot or a replay comes too late. Nothing stops somebody from passing the code on at once to an accomplice who shows it
/// elsewhere within the minute; a code for one audience narrows that to one counter.
/// </summary>
/// <param name="store">Sessions and presentations.</param>
/// <param name="grants">Which apps a company has granted the use of its seals: those speak for it.</param>
/// <param name="verifier">Judges licences.</param>
/// <param name="authority">Whose codes they are.</param>
/// <param name="signer">Signs live codes; null where the deployment has no such key, and then offers none.</param>
/// <param name="trust">Who is recognised as an identity system.</param>
/// <param name="clock">The one clock.</param>
/// <param name="life">How long a code lasts.</param>
public sealed class PresentationDesk(
    IPresentationStore store, ISealUseStore grants, Verifier verifier, IssuingAuthority authority, SigningKey? signer, CertificateTrust trust, RegisterClock clock, TimeSpan life)
{
    private readonly SessionSecrets secrets = new(authority.StatusSecret);

    /// <summary>Opens a session for a device.</summary>
    /// <returns>The session and its secret.</returns>
    /// <exception cref="EidException"><see cref="ErrorReason.HolderProofRequired"/>, <see cref="ErrorReason.RequestIdReused"/>, <see cref="ErrorReason.TextInvalid"/>; store errors.</exception>
    public async Task<(HolderSession Session, string Secret)> OpenAsync(string app, RequestId requestId, CreditCode holder, string device, CancellationToken cancel)
    {
        RequireSigner();
        RequireText(device, "device", 1);
        await RequireProofAsync(app, holder, cancel);
        var (now, secret) = (LicenseTime.Stored(clock.GetUtcNow()), secrets.Of(app, requestId));
        var session = await store.AddSessionAsync(new HolderSession(SessionSecrets.Digest(secret)!, holder, app, device, requestId.Value, now, now + HolderSession.Life));
        return session.Holder == holder && session.Device == device ? (session, secret) : throw Reused();
    }

    /// <summary>Ends a session: none of its codes is accepted any more.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.HolderProofRequired"/>: the caller has no such session; store errors.</exception>
    public async Task<HolderSession> EndAsync(string app, string secret, CancellationToken cancel)
    {
        var session = await RequireSessionAsync(app, secret, cancel);
        return await store.EndSessionAsync(session.Digest, LicenseTime.Stored(clock.GetUtcNow())) ?? throw PresentErrors.NoProof();
    }

    /// <summary>Makes a code to be shown.</summary>
    /// <returns>The presentation, and the licence it shows.</returns>
    /// <exception cref="EidException">
    /// <see cref="ErrorReason.HolderProofRequired"/>, <see cref="ErrorReason.ScopeInvalid"/>, <see cref="ErrorReason.LicenseNotInForce"/>,
    /// <see cref="ErrorReason.IdentityAssertionInvalid"/>, <see cref="ErrorReason.SigningKeyUnusable"/>, <see cref="ErrorReason.ClockSkew"/>; store errors.
    /// </exception>
    public async Task<(Presentation Presentation, License License)> CreateAsync(PresentCommand command, CancellationToken cancel)
    {
        clock.RequireSound();
        var key = RequireSigner();

        // 1. Whose device: its session is open, and the company still lets the app speak for it.
        var session = await RequireSessionAsync(command.App, command.Secret, cancel);
        var now = clock.GetUtcNow();
        if (!session.IsOpenAt(now))
        {
            throw PresentErrors.NoProof();
        }

        await RequireProofAsync(session.App, session.Holder, cancel);

        // 2. What of the licence.
        if (command.Scope == LicenseFields.None)
        {
            throw EidException.OfField(ErrorReason.ScopeInvalid, "scope", "应写明至少一项可以出示的内容");
        }

        RequireText(command.Purpose, "purpose", 0);

        // 3. Of a licence in force, as the register itself says.
        var answer = await verifier.LookupAsync(session.Holder, AskedTime.Now, cancel);
        var license = answer is { IsValid: true, Manifest.License: { } inForce } ? inForce : throw PresentErrors.NotInForce(answer);

        // 4. What an identity system says of the person: who shows it must not learn at the counter that it is not good.
        if (command.Assertion is { } assertion && JudgeIdentity(assertion, session.Id, command.RequestId.Value, license, now) is { Outcome: not CheckOutcome.Passed } report)
        {
            throw EidException.OfField(ErrorReason.IdentityAssertionInvalid, "identity", report.Text);
        }

        // 5. The code, read back the way it will be.
        var begin = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds());
        var code = new LiveCode(PresentationId.Generate(), session.Holder, session.Id, command.Scope, command.Audience, begin, begin + life);
        var text = code.Sign(authority.CodePrefix, key);
        if (LiveCode.Read(text, authority.CodePrefix, key.Private.PublicKey).Code != code)
        {
            throw new EidException(ErrorReason.SelfCheckFailed, "动态码没有通过自检");
        }

        // 6. The commit point; a repeated request is given the code it was given before.
        var content = Content(session.Id.Value, (int)command.Scope, command.Audience, command.Purpose, Convert.ToHexStringLower(Sm3.Hash(command.Assertion?.Token ?? [])));
        var made = await store.AddPresentationAsync(new Presentation(code, text, session.App, command.RequestId.Value, content, command.Purpose, command.Assertion));
        return made.ContentDigest.AsSpan().SequenceEqual(content) ? (made, license) : throw Reused();
    }

    /// <summary>A presentation of a session, for who shows it.</summary>
    /// <param name="app">Registered caller; null where the device itself asks.</param>
    /// <param name="secret">The session's secret.</param>
    /// <param name="id">Which.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.HolderProofRequired"/>; <see cref="ErrorReason.PresentationNotFound"/>; store errors.</exception>
    public async Task<Presentation> FindAsync(string? app, string secret, PresentationId id, CancellationToken cancel)
    {
        var session = await RequireSessionAsync(app, secret, cancel);
        return await store.FindPresentationAsync(id, cancel) is { } found && found.Code.Session == session.Id && found.Code.Holder == session.Holder ? found : throw PresentErrors.NotFound();
    }

    /// <summary>Presentations of a company, for an app that speaks for it.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.HolderProofRequired"/>; store errors.</exception>
    public async Task<IReadOnlyList<(long Place, Presentation Presentation)>> ListAsync(string app, CreditCode holder, long before, int limit, CancellationToken cancel)
    {
        await RequireProofAsync(app, holder, cancel);
        return await store.ListPresentationsAsync(holder, before, limit, cancel);
    }

    /// <summary>Whether a text is to be judged as a live code of this deployment, good or not; never where it offers none.</summary>
    public bool IsLive(string text) => signer is not null && LiveCode.LooksLikeOne(text, authority.CodePrefix);

    /// <summary>Judges a live code and takes its one use.</summary>
    /// <param name="text">As scanned; <see cref="IsLive"/>.</param>
    /// <param name="by">Registered caller who scanned it.</param>
    /// <param name="purpose">用证事由 it named.</param>
    /// <param name="cancel">Gives up before the use is taken.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>; store errors.</exception>
    public async ValueTask<Verification> AcceptAsync(string text, string by, string purpose, CancellationToken cancel)
    {
        // 1. Strict parse and signature.
        var (code, verdict, reason) = LiveCode.Read(text, authority.CodePrefix, RequireSigner().Private.PublicKey);
        if (code is null)
        {
            return new Verification(verdict, reason, clock.GetUtcNow());
        }

        // 2. In its minute by our clock, and for who asks: what fails here leaves the code unused.
        var now = clock.GetUtcNow();
        Verification Refused(VerdictReason why) => new(Verdict.NotAccepted, why, now) { Live = new LiveShown(code.Id, code.Holder, code.Scope) };
        if (now < code.IssueTime - LiveCode.ClockTolerance)
        {
            return Refused(VerdictReason.NotYetValid);
        }

        if (now >= code.ExpireTime)
        {
            return Refused(VerdictReason.Expired);
        }

        if (code.Audience.Length > 0 && code.Audience != by)
        {
            return Refused(VerdictReason.AudienceMismatch);
        }

        // 3. The licence now, from the register itself: before the use is taken, so that a register that is away costs nobody his code.
        var answer = await verifier.LookupAsync(code.Holder, AskedTime.Now, cancel);

        // 4. The commit point: of all who scan it, here and at other replicas, one passes.
        var (isTaken, presentation) = await store.TakeUseAsync(code.Id, new Scan(LicenseTime.Stored(now), by, purpose));
        if (presentation is null)
        {
            // Signed by us, and the register knows nothing of it: a stolen key, or a register that was put back by a minute.
            return new Verification(Verdict.NotIssued, VerdictReason.NotIssued, now) { Live = new LiveShown(code.Id, code.Holder, code.Scope) };
        }

        if (!isTaken)
        {
            return Refused(presentation.Seen is null ? VerdictReason.Expired : VerdictReason.AlreadyPresented);
        }

        if (presentation.Text != text)
        {
            return new Verification(Verdict.BadSignature, VerdictReason.RegisterMismatch, now);
        }

        // 5. What goes along about the person, judged anew: a list may have changed since.
        var identity = presentation.Assertion is { } assertion && answer.Manifest is { } manifest
            ? JudgeIdentity(assertion, code.Session, presentation.RequestId, manifest.License, now) : null;
        return answer with { Live = new LiveShown(code.Id, code.Holder, code.Scope, presentation.Purpose, presentation.Assertion, identity) };
    }

    private IdentityReport JudgeIdentity(CarriedAssertion assertion, SessionId session, string requestId, License license, DateTimeOffset now) =>
        IdentityAssertion.Judge(assertion, authority.Environment, IdentityAssertion.NonceOf(session, requestId), license.Facts.Representative, trust, now);

    private async ValueTask<HolderSession> RequireSessionAsync(string? app, string secret, CancellationToken cancel) =>
        SessionSecrets.Digest(secret) is { } digest && await store.FindSessionAsync(digest, cancel) is { } session && (app is null || session.App == app) ? session : throw PresentErrors.NoProof();

    // Who may stamp for a company may show its licence: 用印授权 is the one proof of an app's right that the register holds.
    private async ValueTask RequireProofAsync(string app, CreditCode holder, CancellationToken cancel)
    {
        if ((await grants.FindSealGrantsAsync(holder, app, clock.GetUtcNow(), cancel)).Count == 0)
        {
            throw PresentErrors.NoProof();
        }
    }

    private SigningKey RequireSigner() => signer ?? throw new EidException(ErrorReason.SigningKeyUnusable, "本部署没有动态码签名密钥（live-signer），不提供动态码");

    private static void RequireText(string text, string field, int min)
    {
        if (text.Length > 60 || text.Length < min || text.Any(char.IsControl) || text.EnumerateRunes().Any(rune => rune.Value == 0xFFFD))
        {
            throw EidException.OfField(ErrorReason.TextInvalid, field, $"应为 {min} 至 60 个字符，不含控制字符");
        }
    }

    private static EidException Reused() => new(ErrorReason.RequestIdReused, "同一 request_id 已用于内容不同的请求");

    private static byte[] Content(params object[] parts) => Sm3.Hash(Encoding.UTF8.GetBytes(string.Join('\u001F', parts.Select(part => Convert.ToString(part, CultureInfo.InvariantCulture)))));
}

/// <summary>Refusals.</summary>
public static class PresentErrors
{
    /// <summary>No session, or no grant. The same text whichever it is and whether or not there is such a company.</summary>
    public static EidException NoProof() => new(ErrorReason.HolderProofRequired, "设备会话不存在、已结束，或该单位没有授权本应用（用印授权）；请重新打开会话");

    /// <summary>No such presentation of this session.</summary>
    public static EidException NotFound() => new(ErrorReason.PresentationNotFound, "没有这次出示，或不属于此设备会话");

    /// <summary>The licence is not in force.</summary>
    public static EidException NotInForce(Verification answer) => new(ErrorReason.LicenseNotInForce, "执照目前不在有效状态，不能出示：" + VerdictTexts.Of(answer.Verdict, answer.Reason).Explanation)
    {
        Metadata = new Dictionary<string, string> { ["verdict"] = WireNames<Verdict>.Of(answer.Verdict) },
    };
}
