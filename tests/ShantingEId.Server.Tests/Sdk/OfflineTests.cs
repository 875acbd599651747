using ShantingEId.Client;
using ShantingEId.Codes;
using ShantingEId.Server.Authority;
using ShantingEId.V1;
using Verdict = ShantingEId.Verifying.Verdict;

namespace ShantingEId.Server.Tests.Sdk;

/// <summary>Without the service a code can be found false, and never be found valid.</summary>
public sealed class OfflineTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private const string Prefix = "HTTPS://EID.SHANTING.EXAMPLE/";

    private OfflineVerifier Offline => new(EidTrust.FromFolder(server.Certificates), Prefix);

    [Fact]
    public async Task A_good_signature_is_unknown_and_shows_what_was_signed()
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest(), cancellationToken: TestContext.Current.CancellationToken);

        var answer = Offline.Verify(issued.LicenseCode);

        Assert.Equal((Verdict.Unknown, "REGISTER_NOT_ASKED"), (answer.Verdict, answer.Reason));
        Assert.Equal((issued.License.Enterprise.CreditCode, issued.License.Enterprise.Name, 1), (answer.Claims!.Holder.Value, answer.Claims.Name, answer.Claims.Version));
        Assert.Contains("请勿据此办理", answer.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_altered_character_passes()
    {
        var code = (await server.Staff().IssueSetAsync(ServerFixture.ValidRequest(), cancellationToken: TestContext.Current.CancellationToken)).LicenseCode;
        for (var i = 0; i < code.Length; i += 7)
        {
            var answer = Offline.Verify(code[..i] + (code[i] == 'A' ? 'B' : 'A') + code[(i + 1)..]);
            Assert.True(answer is { Verdict: Verdict.NotOurs or Verdict.Malformed or Verdict.BadSignature, Claims: null }, $"{i}: {answer}");
        }

        var place = code.Length - 20;
        Assert.Equal((Verdict.BadSignature, "SIGNATURE_INVALID"), ReasonOf(code[..place] + (code[place] == 'A' ? 'B' : 'A') + code[(place + 1)..]));
    }

    // The manifest's key is the authority's too, and leads to the same root.
    [Fact]
    public async Task Another_key_of_the_authority_signs_no_code()
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest(), cancellationToken: TestContext.Current.CancellationToken);
        var authority = AuthorityFiles.Load(server.Certificates, production: false, TimeProvider.System.GetUtcNow());
        var claims = Offline.Verify(issued.LicenseCode).Claims!;

        Assert.Equal((Verdict.NotOurs, "KEY_UNKNOWN"), ReasonOf(claims.Sign(Prefix, authority.ManifestSigner)));
        Assert.Equal((Verdict.Unknown, "REGISTER_NOT_ASKED"), ReasonOf(claims.Sign(Prefix, authority.CodeSigner)));
        using var strange = new CertificatesFixture();
        Assert.Equal((Verdict.NotOurs, "KEY_UNKNOWN"), ReasonOf(claims.Sign(Prefix, AuthorityFiles.Load(strange.Folder, production: false, TimeProvider.System.GetUtcNow()).CodeSigner)));
    }

    [Theory]
    [InlineData("https://example.com/", Verdict.NotOurs, "QR_PREFIX")]
    [InlineData("", Verdict.NotOurs, "QR_PREFIX")]
    [InlineData("\u0000", Verdict.NotOurs, "QR_PREFIX")]
    [InlineData(Prefix, Verdict.Malformed, "QR_VERSION")]
    [InlineData(Prefix + "1", Verdict.Malformed, "QR_STRUCTURE")]
    public void What_is_no_code_is_said_to_be_none(string text, Verdict verdict, string reason) => Assert.Equal((verdict, reason), ReasonOf(text));

    [Fact]
    public void A_typed_code_carries_no_signature_and_only_mistyping_shows()
    {
        var typed = TypedCode.Generate().ToString();
        var mistyped = typed[..^1] + (typed[^1] == '2' ? '3' : '2');

        Assert.Equal((Verdict.Unknown, "REGISTER_NOT_ASKED"), ReasonOf(typed));
        Assert.Equal((Verdict.Malformed, "TYPED_CODE_CHECK"), ReasonOf(mistyped));
        Assert.Null(Offline.Verify(typed).Claims);
    }

    private (Verdict, string) ReasonOf(string text) => Offline.Verify(text) is var answer ? (answer.Verdict, answer.Reason) : default;
}
