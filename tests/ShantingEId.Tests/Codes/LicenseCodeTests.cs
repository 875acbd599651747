using System.Formats.Cbor;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Licenses;
using ShantingEId.Tests.Crypto;

namespace ShantingEId.Tests.Codes;

/// <summary>证照码: from signing to the scanned text and back, and everything that must break on the way.</summary>
public sealed class LicenseCodeTests
{
    private const string Prefix = "HTTPS://EID.EXAMPLE.GOV.CN/V/";

    private static readonly Sm2PrivateKey Key = Sm2Cases.Key("license code");
    private static readonly SigningKey Signer = new(Key, TestCertificates.SelfSigned(Key));
    private static readonly LicenseCode Good = Code(0);

    [Fact]
    public void A_code_goes_round_through_its_text()
    {
        var text = Good.Sign(Prefix, Signer);
        Assert.Equal(CodeProblem.None, LicenseCode.TryOpen(text, Prefix, out var envelope));
        Assert.True(envelope!.Verify(Key.PublicKey));
        Assert.Equal(Key.PublicKey.KeyId, envelope.KeyId);
        Assert.Equal(Good, LicenseCode.Read(envelope));
    }

    // Only these characters keep a QR symbol in alphanumeric mode.
    [Fact]
    public void The_text_is_alphanumeric_and_short_enough_with_the_longest_name()
    {
        var text = (Good with { Name = string.Concat(Enumerable.Repeat("𠮷", 60)), Version = 999, Status = new StatusReference(int.MaxValue, int.MaxValue) }).Sign(Prefix, Signer);
        Assert.Matches("^[0-9A-Z $%*+./:-]*$", text);
        Assert.InRange(text.Length, 100, LicenseCode.MaxTextLength);
    }

    // CWT of RFC 8392: 2 is the holder, 6 the time of issue; pinned byte by byte for verifiers in other languages.
    [Fact]
    public void The_claims_have_exactly_these_bytes()
    {
        LicenseCode.TryOpen(Good.Sign(Prefix, Signer), Prefix, out var envelope);
        byte[] name = System.Text.Encoding.UTF8.GetBytes(Good.Name);
        Assert.Equal(
            (byte[])[
                0xA3, 0x02, 0x72, .. "91370406MA3ABC127Q"u8, 0x06, 0x1A, 0x69, 0x80, 0x0E, 0x80, 0x3A, 0x00, 0x01, 0x00, 0x00, 0x85, 0x01, 0x78, (byte)name.Length, .. name,
                0x58, 0x20, .. Good.ManifestDigest.Bytes, 0x00, 0x07,
            ],
            envelope!.Payload);
    }

    [Fact]
    public void Every_missing_doubled_or_exchanged_character_fails()
    {
        var text = Good.Sign(Prefix, Signer);
        for (var i = 0; i < text.Length; i++)
        {
            Assert.False(Accepted(text[..i]), $"first {i}");
            Assert.False(Accepted(text[..i] + text[(i + 1)..]), $"without {i}");
            Assert.False(Accepted(text[..i] + text[i] + text[i..]), $"{i} twice");
            if (i > 0 && text[i] != text[i - 1])
            {
                Assert.False(Accepted(text[..(i - 1)] + text[i] + text[i - 1] + text[(i + 1)..]), $"{i} exchanged");
            }
        }
    }

    [Fact]
    public void Each_problem_is_named()
    {
        var text = Good.Sign(Prefix, Signer);
        var body = text[(Prefix.Length + 1)..];
        foreach (var (problem, scanned) in new[]
        {
            (CodeProblem.Prefix, ""),
            (CodeProblem.Prefix, text[1..]),
            (CodeProblem.Prefix, " " + text),
            (CodeProblem.Prefix, text.ToLowerInvariant()),
            (CodeProblem.Prefix, "HTTPS://EID.EXAMPLE.GOV.CN.EVIL.EXAMPLE/V/1" + body), // quishing: not our host
            (CodeProblem.Prefix, "HTTP://EID.EXAMPLE.GOV.CN/V/1" + body),
            (CodeProblem.Version, Prefix),
            (CodeProblem.Version, Prefix + "2" + body),
            (CodeProblem.Version, Prefix + body),
            (CodeProblem.NotCanonical, text.Replace(body, body.ToLowerInvariant(), StringComparison.Ordinal)),
            (CodeProblem.NotCanonical, text + "="),
            (CodeProblem.NotCanonical, text + " "),
            (CodeProblem.NotCanonical, text + "\n"),
            (CodeProblem.NotCanonical, text + "?X=1"),
            (CodeProblem.NotCanonical, Prefix + "1A"),
            (CodeProblem.NotCanonical, Prefix + "1AB"), // spare bits
            (CodeProblem.Structure, Prefix + "1"),
            (CodeProblem.Structure, Prefix + "1AA"),
            (CodeProblem.Structure, Prefix + "1" + Base32.Encode([.. Base32.Decode(body)!, .. Base32.Decode(body)!])),
            (CodeProblem.Structure, Prefix + "1" + Base32.Encode(Good.ManifestDigest.Bytes)),
        })
        {
            Assert.Equal(problem, LicenseCode.TryOpen(scanned, Prefix, out var envelope));
            Assert.Null(envelope);
        }
    }

    // I33: a manifest is signed by the same envelope; its signature must never open as a licence code.
    [Fact]
    public void Read_refuses_an_envelope_of_another_content_type()
    {
        LicenseCode.TryOpen(Good.Sign(Prefix, Signer), Prefix, out var envelope);
        var manifest = Envelope.Sign(ContentType.Manifest, envelope!.Payload, Signer);
        Assert.True(manifest.Verify(Key.PublicKey));
        Assert.Null(LicenseCode.Read(manifest));
    }

    // Signed well, but not the claims of a licence code, or not in their one form.
    [Fact]
    public void Read_refuses_other_claims()
    {
        LicenseCode.TryOpen(Good.Sign(Prefix, Signer), Prefix, out var envelope);
        var good = envelope!.Payload;
        var name = System.Text.Encoding.UTF8.GetByteCount(Good.Name);
        Assert.NotNull(LicenseCode.Read(Envelope.Sign(ContentType.LicenseCode, good, Signer)));
        foreach (var (what, payload) in new (string, byte[])[]
        {
            ("nothing", []),
            ("byte after", [.. good, 0]),
            ("twice", [.. good, .. good]),
            ("cut", good[..^1]),
            ("indefinite map", [0xBF, .. good[1..], 0xFF]),
            ("long map", [0xB8, 3, .. good[1..]]),
            ("two claims", [0xA2, .. good[1..28]]),
            ("four claims", [0xA4, .. good, 0x3A, 0, 1, 0, 1, 0]),
            ("wrong holder", [.. good[..20], (byte)'R', .. good[21..]]),
            ("holder as bytes", [.. good[..2], 0x52, .. good[3..]]),
            ("claim 1 for 2", [0xA3, 1, .. good[2..]]),
            ("claim 5 for 6", [.. good[..21], 5, .. good[22..]]),
            ("long time", [.. good[..22], 0x1B, 0, 0, 0, 0, .. good[23..]]),
            ("time as float", [.. good[..22], 0xFA, .. good[23..]]),
            ("array of 6", [.. good[..32], 0x86, .. good[33..], 0]),
            ("array of 4", [.. good[..32], 0x84, .. good[33..^1]]),
            ("name as bytes", [.. good[..34], 0x58, .. good[35..]]),
            ("digest of 31 bytes", [.. good[..(36 + name)], 0x58, 31, .. good[(39 + name)..]]),
        })
        {
            Assert.True(LicenseCode.Read(Envelope.Sign(ContentType.LicenseCode, payload, Signer)) is null, what);
        }
    }

    // Ranges the record promises; a value outside them would be printed beside the verdict.
    [Theory]
    [InlineData(0, 0, 0, 0L)]
    [InlineData(-1, 0, 0, 0L)]
    [InlineData(1000, 0, 0, 0L)]
    [InlineData(1, -1, 0, 0L)]
    [InlineData(1, 0, -1, 0L)]
    [InlineData(1, 0, 0, -1L)]
    [InlineData(1, 0, 0, long.MaxValue)]
    public void Read_refuses_numbers_out_of_range(int version, int list, int index, long time)
    {
        Assert.NotNull(LicenseCode.Read(Envelope.Sign(ContentType.LicenseCode, Claims(1, 0, 0, 0), Signer)));
        Assert.Null(LicenseCode.Read(Envelope.Sign(ContentType.LicenseCode, Claims(version, list, index, time), Signer)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void ManifestDigest_takes_32_bytes_only(int length)
    {
        Assert.Null(ManifestDigest.FromBytes(new byte[length]));
        Assert.NotNull(ManifestDigest.FromBytes(new byte[32]));
    }

    private static LicenseCode Code(int n) => new(
        CreditCode.Parse("91370406MA3ABC127Q"), 1 + n, n == 0 ? "枣庄市山亭区测试有限公司" : $"枣庄市山亭区第{n}测试有限公司",
        ManifestDigest.FromBytes(new TestRandom($"manifest {n}").Bytes(32))!, new StatusReference(n, 7), DateTimeOffset.FromUnixTimeSeconds(1_770_000_000 + n));

    private static bool Accepted(string text) =>
        LicenseCode.TryOpen(text, Prefix, out var envelope) == CodeProblem.None && envelope!.Verify(Key.PublicKey) && LicenseCode.Read(envelope) is not null;

    private static byte[] Claims(int version, int list, int index, long time)
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartMap(3);
        writer.WriteInt32(2);
        writer.WriteTextString("91370406MA3ABC127Q");
        writer.WriteInt32(6);
        writer.WriteInt64(time);
        writer.WriteInt32(-65537);
        writer.WriteStartArray(5);
        writer.WriteInt32(version);
        writer.WriteTextString("山亭");
        writer.WriteByteString(new byte[32]);
        writer.WriteInt32(list);
        writer.WriteInt32(index);
        writer.WriteEndArray();
        writer.WriteEndMap();
        return writer.Encode();
    }
}
