using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using ShantingEId.Licenses;
using ShantingEId.Presenting;
using ShantingEId.Server.Callers;
using ShantingEId.V1;
using ShantingEId.Verifying;
using Domain = ShantingEId.Presenting;
using HolderSession = ShantingEId.V1.HolderSession;
using IdentityAssertion = ShantingEId.V1.IdentityAssertion;
using LiveCode = ShantingEId.V1.LiveCode;
using Presentation = ShantingEId.V1.Presentation;
using ProtoMask = Google.Protobuf.WellKnownTypes.FieldMask;

namespace ShantingEId.Server.Rpc;

/// <summary>Messages of HolderService from and to what the library knows.</summary>
internal sealed class HolderWire(CallerDirectory callers, TimeProvider clock)
{
    private const string PresentationPrefix = "presentations/";

    /// <summary>A request to show a code.</summary>
    public PresentCommand ToCommand(CreatePresentationRequest request, string? app) => new(
        app, request.Secret, Issuing.RequestId.Parse(request.RequestId), ToScope(request.Scope), RequireAudience(request.Audience), request.PurposeText, ToAssertion(request.Identity));

    /// <summary>The name of a presentation.</summary>
    public static PresentationId ParseName(string name) => name.StartsWith(PresentationPrefix, StringComparison.Ordinal) && PresentationId.Parse(name[PresentationPrefix.Length..]) is { } id
        ? id : throw PresentErrors.NotFound();

    /// <summary>A session.</summary>
    /// <param name="session">The session.</param>
    /// <param name="secret">Its secret, for who opened it; empty else.</param>
    public static HolderSession ToMessage(Domain.HolderSession session, string secret) => new()
    {
        Name = NameOf(session.Id), CreditCode = session.Holder.Value, Device = session.Device, Secret = secret, OpenTime = session.OpenTime.ToTimestamp(),
        ExpireTime = session.ExpireTime.ToTimestamp(), EndTime = session.EndTime?.ToTimestamp(),
    };

    /// <summary>A presentation as it stands now.</summary>
    /// <param name="presentation">The presentation.</param>
    /// <param name="withCode">Whether its text goes along, for who is to show it.</param>
    public Presentation ToMessage(Domain.Presentation presentation, bool withCode = false)
    {
        var code = presentation.Code;
        return new Presentation
        {
            Name = NameOf(code.Id), Session = NameOf(code.Session), CreditCode = code.Holder.Value, Scope = ToMask(code.Scope), Audience = code.Audience, AudienceTitle = callers.TitleOf(code.Audience),
            PurposeText = presentation.Purpose, Code = withCode ? presentation.Text : "", IssueTime = code.IssueTime.ToTimestamp(), ExpireTime = presentation.ExpireTime.ToTimestamp(),
            State = StateOf(presentation), PresentedTo = presentation.Seen?.By ?? "", PresentedToTitle = presentation.Seen is { } seen ? callers.TitleOf(seen.By) : "",
            PresentedPurposeTitle = presentation.Seen is { } scan ? callers.TitleOfPurpose(scan.Purpose) : "", PresentedTime = presentation.Seen?.Time.ToTimestamp(),
        };
    }

    /// <summary>What goes with a live code that was scanned.</summary>
    public static LiveCode? ToMessage(LiveShown? live, LicenseFields fields) => live is null ? null : new LiveCode
    {
        Presentation = NameOf(live.Presentation), Scope = ToMask(live.Scope), PurposeText = live.Purpose,
        // The token names the person: who may not see the representative is told that it holds, and no more.
        Identity = live.Assertion is { } assertion && fields.HasFlag(LicenseFields.Representative)
            ? new IdentityAssertion { Token = ByteString.CopyFrom(assertion.Token), Certificate = ByteString.CopyFrom(assertion.Certificate) } : null,
        IdentityVerdict = live.Identity is not { } report ? null : new IdentityVerdict
        {
            Outcome = (IdentityVerdict.Types.Outcome)report.Outcome, Explanation = report.Text, Name = fields.HasFlag(LicenseFields.Representative) ? report.Name : "", Issuer = report.Issuer,
            IdentifyTime = report.Time?.ToTimestamp(),
        },
    };

    /// <summary>How it stands now.</summary>
    public Presentation.Types.State StateOf(Domain.Presentation presentation) => presentation.Seen is not null ? Presentation.Types.State.Presented
        : clock.GetUtcNow() < presentation.ExpireTime ? Presentation.Types.State.Waiting : Presentation.Types.State.Expired;

    /// <summary>Names of fields as a scope.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.ScopeInvalid"/>.</exception>
    public static LicenseFields ToScope(ProtoMask? mask)
    {
        var scope = LicenseFields.None;
        foreach (var (i, path) in (mask?.Paths ?? []).Index())
        {
            scope |= FieldMask.Known.Contains(path) ? FieldMask.Of([path]) : throw EidException.OfField(ErrorReason.ScopeInvalid, $"scope.paths[{i}]", $"没有这项内容；可用：{string.Join("、", FieldMask.Known.Order(StringComparer.Ordinal))}");
        }

        return scope;
    }

    private static ProtoMask ToMask(LicenseFields scope) => new() { Paths = { FieldMask.NamesOf(scope) } };

    private string RequireAudience(string audience) =>
        audience.Length == 0 || callers.FindByName(audience) is { Role: CallerRole.RelyingParty or CallerRole.Staff } caller && caller.MayCall(MethodRule.Of("VerificationService", "VerifyCode"))
            ? audience : throw EidException.OfField(ErrorReason.AudienceUnknown, "audience", "不是登记过、可以核验证照码的用证单位");

    private static CarriedAssertion? ToAssertion(IdentityAssertion? message) => message is null ? null
        : message.Token.Length is > 0 and <= Domain.IdentityAssertion.MaxBytes && message.Certificate.Length is > 0 and <= Domain.IdentityAssertion.MaxBytes
            ? new CarriedAssertion(message.Token.ToByteArray(), message.Certificate.ToByteArray())
            : throw EidException.OfField(ErrorReason.IdentityAssertionInvalid, "identity", $"断言和证书都应有内容，各至多 {Domain.IdentityAssertion.MaxBytes} 字节");

    private static string NameOf(PresentationId id) => PresentationPrefix + id.Value;

    private static string NameOf(SessionId id) => "holderSessions/" + id.Value;
}
