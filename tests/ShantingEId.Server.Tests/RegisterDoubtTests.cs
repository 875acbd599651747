using System.Globalization;
using System.Security.Cryptography;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ShantingEId.Codes;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using ShantingEId.Verifying;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;
using Verification = ShantingEId.V1.Verification;

namespace ShantingEId.Server.Tests;

/// <summary>A good signature is never enough: what the register did not issue, contradicts or cannot say is never VALID (I13).</summary>
public sealed class RegisterDoubtTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private static readonly int Unissued = int.Parse(Environment.GetEnvironmentVariable("EID_UNISSUED") ?? "2000", CultureInfo.InvariantCulture);

    private VerificationService.VerificationServiceClient Tax { get; } = server.Tax();

    // The signing key in the hands of a thief: every code is perfect, and none is in the register. EID_UNISSUED says how many.
    [Fact]
    public async Task Codes_signed_with_the_true_key_but_never_issued_are_reported_and_never_valid()
    {
        var authority = server.Services.GetRequiredService<IssuingAuthority>();
        var genuine = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var verdicts = new List<Verdict>();
        for (var i = 0; i < Unissued; i++)
        {
            // Half of them for a company that has a licence: only the manifest is another.
            var holder = CreditCode.Parse(i % 2 == 0 ? SampleCompanies.CreditCode(SampleCompanies.Next()) : genuine.License.Enterprise.CreditCode);
            var code = new LicenseCode(holder, 1, genuine.License.Enterprise.Name, ManifestDigest.Of(RandomNumberGenerator.GetBytes(100)),
                new StatusReference(0, i), TimeProvider.System.GetUtcNow());
            var answer = await Ask(code.Sign(authority.CodePrefix, authority.CodeSigner));
            Assert.Equal("NOT_ISSUED", answer.Reason);
            Assert.Null(answer.License);
            verdicts.Add(answer.Verdict);
        }

        Assert.All(verdicts, verdict => Assert.Equal(Verdict.NotIssued, verdict));
        Assert.True(Alerts() >= Unissued);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure unissued_codes {Unissued} codes"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure unissued_valid {verdicts.Count(verdict => verdict == Verdict.Valid)} codes <= 0"));
        Assert.Equal(Verdict.Valid, (await Ask(genuine.LicenseCode)).Verdict);
    }

    // The thief also knows the digest of a set in the register, but prints another company's name or code over it.
    [Fact]
    public async Task A_code_that_names_a_set_of_the_register_but_says_something_else_is_never_valid()
    {
        var authority = server.Services.GetRequiredService<IssuingAuthority>();
        var genuine = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        LicenseCode.TryOpen(genuine.LicenseCode, authority.CodePrefix, out var envelope);
        var code = LicenseCode.Read(envelope!)!;
        LicenseCode[] lies = [code with { Name = "别家公司" }, code with { Holder = CreditCode.Parse(SampleCompanies.CreditCode(SampleCompanies.Next())) }, code with { Version = 2 }];

        foreach (var lie in lies)
        {
            var answer = await Ask(lie.Sign(authority.CodePrefix, authority.CodeSigner));

            Assert.Equal((Verdict.BadSignature, "REGISTER_MISMATCH", null), (answer.Verdict, answer.Reason, answer.License));
        }
    }

    // A dishonest administrator of the database can write what he likes; he has no key.
    [Theory]
    [InlineData("a changed byte in the manifest", "UPDATE issued_set SET manifest = CAST(substr(manifest, 1, 200) || x'FF' || substr(manifest, 202) AS BLOB) WHERE license_id = $id")]
    [InlineData("an empty manifest", "UPDATE issued_set SET manifest = x'' WHERE license_id = $id")]
    [InlineData("the manifest of another company", "UPDATE issued_set SET manifest = (SELECT manifest FROM issued_set WHERE license_id <> $id LIMIT 1) WHERE license_id = $id")]
    [InlineData("another identifier", "UPDATE issued_set SET license_id = 'nonsense' WHERE license_id = $id")]
    [InlineData("an unknown state", "UPDATE feed SET state = 77 WHERE set_id = (SELECT id FROM issued_set WHERE license_id = $id)")]
    [InlineData("a typed code that is none", "UPDATE issued_set SET typed_code = 'nonsense' || id WHERE license_id = $id")]
    [InlineData("a digest of another length", "UPDATE issued_set SET manifest_digest = x'00' WHERE license_id = $id")]
    public async Task A_register_entry_altered_behind_our_back_is_never_valid_and_never_the_callers_fault(string what, string sql)
    {
        Assert.NotEmpty(what);
        await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        using var register = new RegisterFile(server.RegisterPath);
        Assert.Equal(1, register.Execute(sql, ("$id", issued.License.LicenseId)));
        try
        {
            foreach (var ask in (Func<AsyncUnaryCall<Verification>>[])[() => Ask(issued.LicenseCode), () => Ask(issued.TypedCode), () => LookUp(issued.License.Enterprise.CreditCode)])
            {
                try
                {
                    var answer = await ask();
                    // An entry that cannot be found by its typed code or digest any more is missing: also not valid.
                    Assert.True(answer.Verdict is Verdict.BadSignature or Verdict.NotIssued or Verdict.NotFound, answer.Verdict.ToString());
                    Assert.Null(answer.License);
                }
                catch (RpcException error)
                {
                    var refusal = await Refusal.Of(() => throw error);
                    Assert.Equal((StatusCode.Internal, "INTERNAL_FAULT"), (refusal.Status, refusal.Reason));
                    Assert.DoesNotContain("issued_set", refusal.AllText, StringComparison.Ordinal);
                }
            }
        }
        finally
        {
            register.Execute("DELETE FROM seal; DELETE FROM feed; DELETE FROM act; DELETE FROM issued_set");
        }
    }

    // The row of company A is filed under B: the look-up of B must not vouch for A's licence as B's.
    [Fact]
    public async Task A_row_filed_under_another_company_is_never_valid_for_it()
    {
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var other = SampleCompanies.CreditCode(SampleCompanies.Next());
        using var register = new RegisterFile(server.RegisterPath);
        Assert.Equal(1, register.Execute("UPDATE issued_set SET credit_code = $other WHERE license_id = $id", ("$other", other), ("$id", issued.License.LicenseId)));

        var alerts = Alerts();
        var answer = await LookUp(other);

        Assert.Equal((Verdict.BadSignature, "REGISTER_MISMATCH", null), (answer.Verdict, answer.Reason, answer.License));
        Assert.Equal(alerts + 1, Alerts());
    }

    // A clerk reads the text, not the number; a pair without a text would be an exception at the counter.
    [Fact]
    public void Every_verdict_has_a_chinese_explanation_and_a_next_step_for_every_reason()
    {
        foreach (var verdict in Enum.GetValues<Verifying.Verdict>().Where(verdict => verdict != Verifying.Verdict.Unspecified))
        {
            foreach (var reason in Enum.GetValues<VerdictReason>())
            {
                var (explanation, nextStep) = VerdictTexts.Of(verdict, reason);
                Assert.All([explanation, nextStep], text => Assert.True(text.Length > 8 && text.EndsWith('。') && text[0] is >= '\u4E00' and <= '\u9FFF', $"{verdict} {reason}"));
                Assert.Equal(verdict == Verifying.Verdict.Valid, explanation.Contains("当前有效", StringComparison.Ordinal));
            }
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => VerdictTexts.Of(Verifying.Verdict.Unspecified, VerdictReason.None));
    }

    private int Alerts() => server.Log.Lines.Count(line => line is { Level: LogLevel.Critical, EventName: "SecurityAlert" });

    private AsyncUnaryCall<Verification> Ask(string code) => Tax.VerifyCodeAsync(new VerifyCodeRequest { Code = code, Purpose = "TAX_REGISTRATION" });

    private AsyncUnaryCall<Verification> LookUp(string code) => Tax.LookupLicenseAsync(new LookupLicenseRequest { CreditCode = code, Purpose = "TAX_REGISTRATION" });
}
