using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server.Authority;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests;

/// <summary>The bad-input catalogue, rows of verifying and looking up: what is no question is an error, what is no licence is an answer.</summary>
public sealed class BadInputVerifyTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private const string TypedAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    private IssuingAuthority Authority => server.Services.GetRequiredService<IssuingAuthority>();

    private VerificationService.VerificationServiceClient Tax { get; } = server.Tax();

    [Theory]
    [InlineData("")]
    [InlineData("HTTPS://EID.SHANTING.EXAMPLE/1\n")]
    [InlineData("\0")]
    [InlineData("ABCD\u0085EFGH")]
    public async Task A_text_that_is_none_is_an_error_and_not_a_verdict(string code)
    {
        (await Refusal.Of(Ask(code))).IsField(StatusCode.InvalidArgument, "QR_TEXT_INVALID", "code");
    }

    [Fact]
    public async Task A_text_may_have_2048_characters_and_no_more()
    {
        Assert.Equal(Verdict.NotOurs, (await Ask(new string('样', 2048))).Verdict);
        (await Refusal.Of(Ask(new string('样', 2049)))).IsField(StatusCode.InvalidArgument, "QR_TEXT_INVALID", "code");
    }

    [Theory]
    [InlineData("https://eid.shanting.example/1ABC")]
    [InlineData("HTTPS://EID.SHANTING.EXAMPLE.EVIL.EXAMPLE/1ABC")]
    [InlineData("HTTP://EID.SHANTING.EXAMPLE/1ABC")]
    [InlineData(" HTTPS://EID.SHANTING.EXAMPLE/1ABC")]
    [InlineData("WIFI:T:WPA;S:cafe;P:secret;;")]
    [InlineData("weixin://wxpay/bizpayurl?pr=1")]
    [InlineData("样例")]
    public async Task A_code_of_somebody_else_is_not_ours(string code) => await Expect(code, Verdict.NotOurs, "QR_PREFIX");

    [Theory]
    [InlineData("")]
    [InlineData("2")]
    [InlineData("0AAAA")]
    [InlineData("A")]
    public async Task An_unknown_form_of_our_own_code_is_named(string rest) => await Expect(Authority.CodePrefix + rest, Verdict.Malformed, "QR_VERSION");

    [Theory]
    [InlineData("lower case")]
    [InlineData("padding")]
    [InlineData("space")]
    [InlineData("hyphen")]
    [InlineData("digit of no value")]
    [InlineData("look-alike letter")]
    [InlineData("impossible length")]
    public async Task Another_spelling_of_a_good_code_is_refused(string what)
    {
        var code = (await Issue()).LicenseCode;
        var start = Authority.CodePrefix.Length + 1;
        var altered = what switch
        {
            "lower case" => code[..start] + code[start..].ToLowerInvariant(),
            "padding" => code + "=",
            "space" => code + " ",
            "hyphen" => code.Insert(start + 4, "-"),
            "digit of no value" => code[..start] + "0" + code[(start + 1)..],
            "look-alike letter" => code[..start] + "А" + code[(start + 1)..], // Cyrillic
            _ => code + new string('A', (9 - ((code.Length - start) % 8)) % 8),
        };

        await Expect(altered, Verdict.Malformed, "QR_NOT_CANONICAL");
    }

    // The last character of most codes carries bits of no byte: set, they would make a second spelling of the same code.
    [Fact]
    public async Task Spare_bits_that_are_set_are_refused()
    {
        string code;
        do
        {
            code = (await Issue(name: "枣庄市山亭区样例食品有限公司" + (char)('甲' + System.Security.Cryptography.RandomNumberGenerator.GetInt32(3)))).LicenseCode;
        }
        while ((code.Length - Authority.CodePrefix.Length - 1) % 8 == 0);

        await Expect(code[..^1] + Alphabet[Alphabet.IndexOf(code[^1], StringComparison.Ordinal) ^ 1], Verdict.Malformed, "QR_NOT_CANONICAL");
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0xFF })]
    [InlineData(new byte[] { 0xD2, 0x84 })]
    [InlineData(new byte[] { 0x9F, 0x9F, 0x9F, 0x9F, 0x9F })]
    [InlineData(new byte[] { 0xD2, 0x84, 0x40, 0xA0, 0x40, 0x40 })]
    public async Task Bytes_that_are_no_envelope_are_malformed(byte[] bytes) => await Expect(Spell(bytes), Verdict.Malformed, "QR_STRUCTURE");

    [Fact]
    public async Task A_good_envelope_with_more_behind_it_is_malformed()
    {
        var envelope = Envelope.Sign(ContentType.LicenseCode, [0xA0], Authority.CodeSigner).Encode();

        await Expect(Spell([.. envelope, 0]), Verdict.Malformed, "QR_STRUCTURE");
        await Expect(Spell(envelope[..^1]), Verdict.Malformed, "QR_STRUCTURE");
    }

    // Our own key over something that is no licence code: signed, and still nothing.
    [Theory]
    [InlineData(new byte[] { 0xA0 })]
    [InlineData(new byte[] { 0x01 })]
    [InlineData(new byte[] { })]
    public async Task Claims_that_are_no_licence_code_are_malformed_although_the_signature_is_good(byte[] claims) =>
        await Expect(Spell(Envelope.Sign(ContentType.LicenseCode, claims, Authority.CodeSigner).Encode()), Verdict.Malformed, "QR_STRUCTURE");

    [Fact]
    public async Task A_code_signed_by_another_authority_of_the_same_name_is_not_ours()
    {
        var folder = Directory.CreateTempSubdirectory("eid-other-").FullName;
        try
        {
            DevCertificates.Create(folder, TimeProvider.System);
            var other = AuthorityFiles.Load(folder, production: false, TimeProvider.System.GetUtcNow());

            await Expect(await Forge(other.CodeSigner), Verdict.NotOurs, "KEY_UNKNOWN");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // A key of ours for another purpose (I33): its signature is good, and must not count.
    [Fact]
    public async Task A_code_signed_with_the_key_for_manifests_is_not_accepted() =>
        await Expect(await Forge(Authority.ManifestSigner), Verdict.BadSignature, "KEY_PURPOSE");

    [Fact]
    public async Task A_code_signed_with_the_key_for_seals_is_not_ours() =>
        await Expect(await Forge(Authority.SealMaker), Verdict.NotOurs, "KEY_UNKNOWN");

    [Fact]
    public async Task A_manifest_spelled_as_a_code_is_not_accepted()
    {
        var issued = await Issue();
        var full = await server.Staff().GetIssuedSetAsync(new GetIssuedSetRequest { Name = issued.Name, View = GetIssuedSetRequest.Types.View.Full });

        await Expect(Spell(full.Manifest.ToByteArray()), Verdict.BadSignature, "KEY_PURPOSE");
    }

    [Fact]
    public async Task A_manifest_signed_with_the_key_for_codes_is_not_accepted() =>
        await Expect(Spell(Envelope.Sign(ContentType.Manifest, [0xA0], Authority.CodeSigner).Encode()), Verdict.BadSignature, "KEY_PURPOSE");

    // Every place, two replacements each: the next character and one far away.
    [Fact]
    public async Task No_code_with_one_changed_character_is_valid()
    {
        var code = (await Issue()).LicenseCode;
        var prefix = Authority.CodePrefix.Length + 1;
        var verdicts = new List<Verdict>();
        for (var i = 0; i < code.Length; i++)
        {
            foreach (var step in (int[])[1, 16])
            {
                var other = i < prefix ? (char)(code[i] + step) : Alphabet[(Alphabet.IndexOf(code[i], StringComparison.Ordinal) + step) % 32];
                verdicts.Add((await Ask(code[..i] + other + code[(i + 1)..])).Verdict);
            }
        }

        Assert.Equal(code.Length * 2, verdicts.Count);
        Assert.All(verdicts, verdict => Assert.True(verdict is Verdict.BadSignature or Verdict.NotOurs or Verdict.Malformed, verdict.ToString()));
        Assert.Equal(Verdict.Valid, (await Ask(code)).Verdict);
    }

    [Fact]
    public async Task No_typed_code_with_one_changed_character_is_taken_for_another()
    {
        var typed = (await Issue()).TypedCode.Replace("-", "", StringComparison.Ordinal);
        for (var i = 0; i < typed.Length; i++)
        {
            foreach (var other in TypedAlphabet.Where(c => c != typed[i]))
            {
                await Expect(typed[..i] + other + typed[(i + 1)..], Verdict.Malformed, "TYPED_CODE_CHECK");
            }
        }
    }

    // Forgiving about what a hand does, and about nothing else.
    [Fact]
    public async Task A_typed_code_may_be_written_small_and_with_other_gaps()
    {
        var typed = (await Issue()).TypedCode;

        foreach (var spelling in (string[])[typed, typed.ToLowerInvariant(), typed.Replace("-", "", StringComparison.Ordinal), typed.Replace('-', ' '), $" {typed} "])
        {
            Assert.Equal(Verdict.Valid, (await Ask(spelling)).Verdict);
        }

        await Expect(typed + "0", Verdict.NotOurs, "QR_PREFIX");
        await Expect(TypedCode.Generate().ToString(), Verdict.NotFound, "LICENSE_NOT_FOUND");
    }

    [Fact]
    public async Task A_call_without_a_purpose_of_the_callers_own_is_refused()
    {
        var code = (await Issue()).LicenseCode;
        foreach (var (purpose, status, reason) in ((string, StatusCode, string)[])[
                     ("", StatusCode.InvalidArgument, "PURPOSE_REQUIRED"), ("ACCOUNT_OPENING", StatusCode.PermissionDenied, "PURPOSE_NOT_GRANTED"),
                     ("NOTHING", StatusCode.PermissionDenied, "PURPOSE_NOT_GRANTED"), ("tax_registration", StatusCode.PermissionDenied, "PURPOSE_NOT_GRANTED")])
        {
            var verify = await Refusal.Of(Tax.VerifyCodeAsync(new VerifyCodeRequest { Code = code, Purpose = purpose }));
            var lookup = await Refusal.Of(Tax.LookupLicenseAsync(new LookupLicenseRequest { CreditCode = SampleCompanies.CreditCode(SampleCompanies.Next()), Purpose = purpose }));

            Assert.Equal((status, reason), (verify.Status, verify.Reason));
            Assert.Equal((status, reason), (lookup.Status, lookup.Reason));
            Assert.Equal(reason == "PURPOSE_REQUIRED" ? ["purpose PURPOSE_REQUIRED"] : [], verify.Fields);
        }

        // Whether a purpose exists and is somebody else's cannot be told apart from one that does not exist.
        var foreign = await Refusal.Of(Tax.VerifyCodeAsync(new VerifyCodeRequest { Code = code, Purpose = "ACCOUNT_OPENING" }));
        var none = await Refusal.Of(Tax.VerifyCodeAsync(new VerifyCodeRequest { Code = code, Purpose = "NOTHING" }));
        Assert.Equal(foreign.AllText, none.AllText);
    }

    [Theory]
    [InlineData("")]
    [InlineData("91370406")]
    [InlineData("91370406MA1234567X")]
    [InlineData("91370406ma100001xx")]
    [InlineData("' OR 1=1 --       ")]
    public async Task A_look_up_of_a_code_that_cannot_exist_is_an_error(string code)
    {
        var refusal = await Refusal.Of(Tax.LookupLicenseAsync(new LookupLicenseRequest { CreditCode = code, Purpose = "TAX_REGISTRATION" }));

        refusal.IsField(StatusCode.InvalidArgument, "USCC_INVALID", "credit_code");
    }

    [Fact]
    public async Task A_look_up_of_a_company_without_a_licence_is_an_answer()
    {
        var answer = await Tax.LookupLicenseAsync(new LookupLicenseRequest { CreditCode = SampleCompanies.CreditCode(SampleCompanies.Next()), Purpose = "TAX_REGISTRATION" });

        Assert.Equal((Verdict.NotFound, "LICENSE_NOT_FOUND", null), (answer.Verdict, answer.Reason, answer.License));
        Assert.NotNull(answer.StatusAsOfTime);
    }

    private AsyncUnaryCall<Verification> Ask(string code) => Tax.VerifyCodeAsync(new VerifyCodeRequest { Code = code, Purpose = "TAX_REGISTRATION" });

    private async Task Expect(string code, Verdict verdict, string reason)
    {
        var answer = await Ask(code);

        Assert.Equal((verdict, reason), (answer.Verdict, answer.Reason));
        Assert.Null(answer.License);
        Assert.Empty(answer.Seals);
        Assert.NotEmpty(answer.Explanation);
        Assert.NotEmpty(answer.NextStep);
        Assert.NotNull(answer.StatusAsOfTime);
    }

    private async Task<V1.IssuedSet> Issue(string? name = null)
    {
        var request = ServerFixture.ValidRequest();
        request.Enterprise.Name = name ?? request.Enterprise.Name;
        return await server.Staff().IssueSetAsync(request);
    }

    private string Spell(byte[] envelope) => Authority.CodePrefix + "1" + Base32(envelope);

    // RFC 4648 §6 without padding, written once more so that the server's own is not its own judge.
    private static string Base32(byte[] bytes)
    {
        var bits = string.Concat(bytes.Select(b => Convert.ToString(b, 2).PadLeft(8, '0')));
        return string.Concat(bits.Chunk(5).Select(five => Alphabet[Convert.ToInt32(new string(five).PadRight(5, '0'), 2)]));
    }

    // What a licence in the register says, word for word, signed with the given key.
    private async Task<string> Forge(SigningKey key)
    {
        var issued = await Issue();
        Assert.Equal(CodeProblem.None, LicenseCode.TryOpen(issued.LicenseCode, Authority.CodePrefix, out var envelope));
        return LicenseCode.Read(envelope!)!.Sign(Authority.CodePrefix, key);
    }
}
