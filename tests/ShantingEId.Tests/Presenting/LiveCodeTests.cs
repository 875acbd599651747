using System.Formats.Cbor;
using System.Globalization;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Licenses;
using ShantingEId.Presenting;
using ShantingEId.Tests.Crypto;
using ShantingEId.Tests.Seals;
using ShantingEId.Verifying;

namespace ShantingEId.Tests.Presenting;

/// <summary>动态码: its bytes, and that nothing but what was signed for this is one.</summary>
public sealed class LiveCodeTests
{
    private const string Prefix = "HTTPS://EID.EXAMPLE.GOV.CN/V/";
    private static readonly SigningKey Signer = HandMade.Certified("示例动态码签发", TestCertificates.From, TestCertificates.To, CertificateUse.LiveCodeSigning);
    private static readonly DateTimeOffset Begin = DateTimeOffset.FromUnixTimeSeconds(1_770_000_000);
    private static readonly LiveCode Good = Code();
    private static readonly int Inputs = int.TryParse(Environment.GetEnvironmentVariable("EID_FUZZ"), CultureInfo.InvariantCulture, out var number) ? number : 3000;

    [Fact]
    public void A_code_goes_round_through_its_text()
    {
        foreach (var code in (LiveCode[])[Good, Good with { Audience = "tax-bureau", Scope = LicenseFields.All }])
        {
            var text = code.Sign(Prefix, Signer);

            Assert.Equal((code, Verdict.Unspecified, VerdictReason.None), LiveCode.Read(text, Prefix, Signer.Private.PublicKey));
            // As small as a licence code, in alphanumeric mode, and not taken for one.
            Assert.Matches("^[0-9A-Z $%*+./:-]*$", text);
            Assert.InRange(text.Length, 200, 400);
            Assert.Equal(CodeProblem.Version, LicenseCode.TryOpen(text, Prefix, out _));
        }
    }

    // Pinned byte by byte for verifiers in other languages.
    [Fact]
    public void The_claims_have_exactly_these_bytes()
    {
        byte[] id = Good.Id.ToBytes(), session = Good.Session.ToBytes();
        Assert.Equal(
            (byte[])[
                0xA5, 0x02, 0x72, .. "91370406MA3ABC127Q"u8, 0x04, 0x1A, 0x69, 0x80, 0x0E, 0xBC, 0x06, 0x1A, 0x69, 0x80, 0x0E, 0x80, 0x07, 0x50, .. id,
                0x3A, 0x00, 0x01, 0x00, 0x00, 0x82, 0x48, .. session, 0x03,
            ],
            EnvelopeOf(Good.Sign(Prefix, Signer)).Payload);
    }

    [Fact]
    public void Every_single_changed_character_of_5_codes_fails()
    {
        for (var n = 0; n < 5; n++)
        {
            var text = Code().Sign(Prefix, Signer);
            for (var i = Prefix.Length + 1; i < text.Length; i++)
            {
                foreach (var wrong in (char[])[text[i] == 'A' ? 'B' : 'A', text[i] == '7' ? '6' : '7', char.ToLowerInvariant(text[i])])
                {
                    var changed = text[..i] + wrong + text[(i + 1)..];
                    Assert.True(changed == text || LiveCode.Read(changed, Prefix, Signer.Private.PublicKey).Code is null, changed);
                }
            }
        }
    }

    // I33: neither a key for something else, nor something else of this key.
    [Fact]
    public void Only_this_key_for_only_this_use_makes_one()
    {
        var code = HandMade.Certified("示例证照码签发", TestCertificates.From, TestCertificates.To);
        Assert.Equal(ErrorReason.SigningKeyUnusable, Assert.Throws<EidException>(() => Good.Sign(Prefix, code)).Reason);
        Assert.False(Signer.Certificate.MaySignCodes);
        foreach (var use in Enum.GetValues<ContentType>().Where(use => use is not (ContentType.LiveCode or ContentType.StatusList)))
        {
            Assert.Equal((Verdict.BadSignature, VerdictReason.KeyPurpose), Of(Envelope.Sign(use, EnvelopeOf(Good.Sign(Prefix, Signer)).Payload, Signer)));
        }

        Assert.Equal((Verdict.NotOurs, VerdictReason.KeyUnknown), Of(Envelope.Sign(ContentType.LiveCode, EnvelopeOf(Good.Sign(Prefix, Signer)).Payload, code)));
    }

    [Fact]
    public void Claims_that_are_not_those_of_a_live_code_are_none()
    {
        (string What, Action<CborWriter> Claims)[] cases =
        [
            ("9 seconds", Claims(life: 9)), ("121 seconds", Claims(life: 121)), ("ends before it begins", Claims(life: -60)), ("no field", Claims(scope: 0)), ("a field that does not exist", Claims(scope: 1 << 10)),
            ("a negative scope", Claims(scope: -1)), ("no credit code", Claims(holder: "91370406MA3ABC127A")), ("a short id", Claims(id: 15)), ("a long id", Claims(id: 17)), ("a short session", Claims(session: 7)),
            ("an empty audience", Claims(audience: "")), ("a long audience", Claims(audience: new string('a', 65))), ("something left over", writer => { Claims()(writer); writer.WriteInt32(1); }),
        ];
        Assert.NotNull(Read(Claims()));
        Assert.NotNull(Read(Claims(audience: "bank", life: 10)));
        Assert.NotNull(Read(Claims(life: 120)));
        Assert.All(cases, one => Assert.True(Read(one.Claims) is null, one.What));

        static LiveCode? Read(Action<CborWriter> claims)
        {
            var writer = new CborWriter(CborConformanceMode.Lax, allowMultipleRootLevelValues: true);
            claims(writer);
            return LiveCode.Read(Envelope.Sign(ContentType.LiveCode, writer.Encode(), Signer));
        }
    }

    // The parsers are reached by whoever signs, an identity system of others among them: nothing it sends may end in anything but a refusal.
    [Fact]
    public void No_bytes_end_in_anything_but_a_code_or_none()
    {
        var (random, seed) = (new TestRandom("live codes"), EnvelopeOf(Good.Sign(Prefix, Signer)));
        var said = new IdentityAssertion("https://identity.example", "样例", "sample", Begin, Begin.AddMinutes(1), Sm3.Hash("样例"u8), "样例").Sign(Signer);
        for (var i = 0; i < Inputs; i++)
        {
            foreach (var (use, payload) in (ReadOnlySpan<(ContentType, byte[])>)[(ContentType.LiveCode, seed.Payload), (ContentType.IdentityAssertion, said.Payload)])
            {
                byte[] bytes = [.. payload];
                for (var n = 1 + random.Below(3); n > 0; n--)
                {
                    bytes[random.Below(bytes.Length)] = (byte)random.Below(256);
                }

                bytes = random.Below(4) == 0 ? bytes[..random.Below(bytes.Length)] : bytes;
                var envelope = Envelope.Assemble(use, Signer.Private.PublicKey.KeyId, bytes, seed.Signature);
                if (LiveCode.Read(envelope) is { } code)
                {
                    // What is read says what the bytes say, and no second spelling says the same.
                    Assert.Equal(bytes, EnvelopeOf(code.Sign(Prefix, Signer)).Payload);
                }

                _ = IdentityAssertion.TryRead(envelope, out _);
            }

            var text = Prefix + "8" + new string(Enumerable.Range(0, random.Below(300)).Select(_ => "ABCDEFGHIJKLMNOPQRSTUVWXYZ2345670189 \u4F60"[random.Below(38)]).ToArray());
            Assert.Null(LiveCode.Read(text, Prefix, Signer.Private.PublicKey).Code);
        }
    }

    private static (Verdict, VerdictReason) Of(Envelope envelope)
    {
        var (code, verdict, reason) = LiveCode.Read(Prefix + "8" + Base32.Encode(envelope.Encode()), Prefix, Signer.Private.PublicKey);
        Assert.Null(code);
        return (verdict, reason);
    }

    private static Envelope EnvelopeOf(string text) => Envelope.TryParse(Base32.Decode(text.AsSpan(Prefix.Length + 1)), out var envelope) ? envelope : throw new InvalidOperationException();

    private static LiveCode Code() => new(PresentationId.Generate(), CreditCode.Parse(TestCertificates.CreditCode), SessionId.Of(Sm3.Hash("样例会话"u8)),
        LicenseFields.CreditCode | LicenseFields.Name, "", Begin, Begin.AddSeconds(60));

    private static Action<CborWriter> Claims(int life = 60, int scope = 3, string holder = TestCertificates.CreditCode, int id = 16, int session = 8, string? audience = null) => writer =>
    {
        writer.WriteStartMap(audience is null ? 5 : 6);
        writer.WriteInt32(2);
        writer.WriteTextString(holder);
        if (audience is not null)
        {
            writer.WriteInt32(3);
            writer.WriteTextString(audience);
        }

        writer.WriteInt32(4);
        writer.WriteInt64(Begin.ToUnixTimeSeconds() + life);
        writer.WriteInt32(6);
        writer.WriteInt64(Begin.ToUnixTimeSeconds());
        writer.WriteInt32(7);
        writer.WriteByteString(new byte[id]);
        writer.WriteInt32(-65537);
        writer.WriteStartArray(2);
        writer.WriteByteString(new byte[session]);
        writer.WriteInt32(scope);
        writer.WriteEndArray();
        writer.WriteEndMap();
    };
}
