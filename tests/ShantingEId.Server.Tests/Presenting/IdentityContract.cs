using Google.Protobuf;
using Grpc.Core;
using ShantingEId.Crypto;
using ShantingEId.Presenting;
using ShantingEId.Server.Authority;
using ShantingEId.V1;
using static ShantingEId.Server.Tests.Presenting.HolderClient;
using HolderSession = ShantingEId.V1.HolderSession;
using IdentityAssertion = ShantingEId.Presenting.IdentityAssertion;
using Outcome = ShantingEId.V1.IdentityVerdict.Types.Outcome;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests.Presenting;

public sealed class IdentityTests(PresentFixture server) : IdentityContract(server, server), IClassFixture<PresentFixture>;

public sealed class PostgresIdentityTests(PostgresPresentFixture server) : IdentityContract(server.Needed, server), IClassFixture<PostgresPresentFixture>;

/// <summary>电子两证: a licence and what a recognised identity system says of the person who shows it, both judged by signature.</summary>
public abstract class IdentityContract
{
    private const string Deployment = AuthorityFiles.DevelopmentEnvironment;
    private readonly ServerFixture server;
    private readonly IPresentFixture systems;
    private readonly HolderClient holder;

    private protected IdentityContract(ServerFixture server, IPresentFixture systems) => (this.server, this.systems, holder) = (server, systems, new HolderClient(server));

    [Fact]
    public async Task Both_are_carried_and_both_are_judged_for_who_scans_them()
    {
        var (set, session) = await holder.OpenAsync();
        var request = With(Showing(session), Signed(Good(set, session, out var id), systems.Identity.Signer), id);

        var answer = await holder.BankScansAsync(await holder.App.CreatePresentationAsync(request));

        Assert.Equal((Verdict.Valid, Outcome.Passed), (answer.Verdict, answer.Live.IdentityVerdict.Outcome));
        Assert.Equal((set.License.Enterprise.Representative, "样例身份认证系统"), (answer.Live.IdentityVerdict.Name, answer.Live.IdentityVerdict.Issuer));
        // As it was carried, so that the counter can judge it again by itself.
        Assert.Equal(request.Identity, answer.Live.Identity);
        Assert.True(Envelope.TryParse(answer.Live.Identity.Token.Memory, out var envelope) && envelope.Verify(systems.Identity.Signer.Certificate.PublicKey));
    }

    // Who may not see the representative learns that it holds, and not of whom it speaks.
    [Fact]
    public async Task The_name_is_for_those_who_may_see_the_representative()
    {
        var (set, session) = await holder.OpenAsync();
        var request = With(Showing(session, "", "name"), Signed(Good(set, session, out var id), systems.Identity.Signer), id);

        var answer = await holder.BankScansAsync(await holder.App.CreatePresentationAsync(request));

        Assert.Equal((Outcome.Passed, ""), (answer.Live.IdentityVerdict.Outcome, answer.Live.IdentityVerdict.Name));
        Assert.Null(answer.Live.Identity);
        Assert.DoesNotContain(set.License.Enterprise.Representative, answer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_assertion_that_is_not_good_in_every_way_is_refused_before_it_is_shown()
    {
        var (set, session) = await holder.OpenAsync();
        var (_, other) = await holder.OpenAsync();
        var stranger = new IdentitySystem();
        var authority = AuthorityFiles.Load(server.Certificates, production: false, TimeProvider.System.GetUtcNow());
        var company = authority.SealAuthority.Issue(new CertificateSubject("样例", "印章"), systems.Identity.Signer.Private.PublicKey, CertificateUse.Signing, TimeProvider.System.GetUtcNow().AddHours(-1), TimeProvider.System.GetUtcNow().AddHours(1));
        var now = TimeProvider.System.GetUtcNow();
        (string What, Func<IdentityAssertion, IdentityAssertion> Change, SigningKey Signer, string Said)[] cases =
        [
            ("another person", said => said with { Name = "别人" }, systems.Identity.Signer, "姓名"),
            ("another deployment", said => said with { Audience = "elsewhere" }, systems.Identity.Signer, "不是为本次"),
            ("another session", said => said with { Nonce = IdentityAssertion.NonceOf(SessionOf(other), "样例") }, systems.Identity.Signer, "不是为本次"),
            ("another request", said => said with { Nonce = IdentityAssertion.NonceOf(SessionOf(session), ServerFixture.NewRequestId()) }, systems.Identity.Signer, "不是为本次"),
            ("over", said => said with { IssueTime = now.AddMinutes(-9), ExpireTime = now.AddSeconds(-1) }, systems.Identity.Signer, "有效时间"),
            ("from the future", said => said with { IssueTime = now.AddSeconds(30), ExpireTime = now.AddSeconds(90) }, systems.Identity.Signer, "有效时间"),
            ("for too long", said => said with { ExpireTime = said.IssueTime.AddHours(1) }, systems.Identity.Signer, "有效时间"),
            ("an unknown system", said => said, stranger.Signer, "未获认可"),
            ("a CA that is recognised for seals", said => said, systems.ForSeals.Signer, "未获认可"),
            ("a certificate of a company's seal, which leads to our own root", said => said, new SigningKey(systems.Identity.Signer.Private, company), "未获认可"),
        ];
        foreach (var (what, change, signer, said) in cases)
        {
            var token = Signed(change(Good(set, session, out var id)), signer);
            var refusal = await Refusal.Of(holder.App.CreatePresentationAsync(With(Showing(session), token, id)));
            Assert.True(refusal is { Status: StatusCode.InvalidArgument, Reason: "IDENTITY_ASSERTION_INVALID" }, $"{what}: {refusal.Status} {refusal.Reason}");
            Assert.Contains(said, refusal.AllText, StringComparison.Ordinal);
        }

        // Signed for something else, altered, with another's certificate, or no token at all.
        var good = Signed(Good(set, session, out var request), systems.Identity.Signer);
        byte[] altered = [.. good.Token];
        altered[^1] ^= 1;
        V1.IdentityAssertion[] broken =
        [
            new(good) { Token = ByteString.CopyFrom(altered) }, new(good) { Certificate = ByteString.CopyFrom(stranger.Signer.Certificate.Der) }, new(good) { Token = ByteString.CopyFromUtf8("样例") },
            new(good) { Certificate = ByteString.CopyFromUtf8("样例") }, new(good) { Token = ByteString.Empty }, new(good) { Token = ByteString.CopyFrom(new byte[5000]) },
            new(good) { Token = ByteString.CopyFrom(Envelope.Sign(ContentType.LiveCode, EnvelopeOf(good).Payload, systems.Identity.Signer).Encode()) },
        ];
        foreach (var one in broken)
        {
            Assert.Equal((StatusCode.InvalidArgument, "IDENTITY_ASSERTION_INVALID"), await ReasonOf(holder.App.CreatePresentationAsync(With(Showing(session), one, request))));
        }
    }

    private static Envelope EnvelopeOf(V1.IdentityAssertion said) => Envelope.TryParse(said.Token.Memory, out var envelope) ? envelope : throw new InvalidOperationException();

    private static SessionId SessionOf(HolderSession session) => SessionId.FromBytes(Convert.FromHexString(session.Name.Split('/')[1]))!;

    // What an identity system says of the person who has just been in front of it.
    private static IdentityAssertion Good(IssuedSet set, HolderSession session, out string requestId)
    {
        requestId = ServerFixture.NewRequestId();
        var now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        return new IdentityAssertion("https://identity.example", "样例标识-0001", Deployment, now, now.AddMinutes(3), IdentityAssertion.NonceOf(SessionOf(session), requestId), set.License.Enterprise.Representative);
    }

    private static V1.IdentityAssertion Signed(IdentityAssertion said, SigningKey signer) =>
        new() { Token = ByteString.CopyFrom(said.Sign(signer).Encode()), Certificate = ByteString.CopyFrom(signer.Certificate.Der) };

    private static CreatePresentationRequest With(CreatePresentationRequest request, V1.IdentityAssertion said, string requestId) => new(request) { Identity = said, RequestId = requestId };
}
