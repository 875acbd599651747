using System.Formats.Cbor;
using ShantingEId.Crypto;

namespace ShantingEId.Tests.Crypto;

/// <summary>The signed envelope: one form, one meaning, nothing unsigned.</summary>
public sealed class EnvelopeTests
{
    private static readonly Sm2PrivateKey Key = Sm2Cases.Key("envelope");
    private static readonly SigningKey Signer = new(Key, TestCertificates.SelfSigned(Key));
    private static readonly byte[] Payload = new TestRandom("payload").Bytes(40);

    [Fact]
    public void Envelope_round_trips_and_verifies()
    {
        var envelope = Envelope.Sign(ContentType.Manifest, Payload, Signer);
        Assert.True(Envelope.TryParse(envelope.Encode(), out var parsed));
        Assert.Equal(ContentType.Manifest, parsed.ContentType);
        Assert.Equal(Key.PublicKey.KeyId, parsed.KeyId);
        Assert.Equal(Payload, parsed.Payload);
        Assert.Equal(envelope.Encode(), parsed.Encode());
        Assert.Equal(envelope.ToBeSigned(), parsed.ToBeSigned());
        Assert.True(parsed.Verify(Key.PublicKey));
    }

    // Built here byte by byte from RFC 9052 §4.2 and §4.4, so that both the form and the signed bytes are pinned.
    [Fact]
    public void Encode_and_ToBeSigned_give_exactly_the_bytes_of_RFC_9052()
    {
        var envelope = Envelope.Sign(ContentType.LicenseCode, Payload, Signer);
        byte[] header = [0xA3, 0x01, 0x3A, 0x00, 0x01, 0x00, 0x00, 0x03, 0x19, 0xFD, 0xEA, 0x04, 0x48, .. Key.PublicKey.KeyId.ToBytes()];
        Assert.Equal(Form(header, [0xA0], Payload, envelope.Signature.Raw), envelope.Encode());
        Assert.Equal((byte[])[0x84, 0x6A, .. "Signature1"u8, 0x55, .. header, 0x40, 0x58, 40, .. Payload], envelope.ToBeSigned());
        Assert.True(Key.PublicKey.Verify(envelope.ToBeSigned(), envelope.Signature));
    }

    [Fact]
    public void Every_altered_byte_fails()
    {
        var good = Envelope.Sign(ContentType.Manifest, Payload, Signer).Encode();
        for (var i = 0; i < good.Length; i++)
        {
            foreach (var mask in new byte[] { 1, 2, 4, 8, 16, 32, 64, 128, 255 })
            {
                var altered = good.ToArray();
                altered[i] ^= mask;
                Assert.False(Good(altered), $"byte {i} xor {mask}");
            }
        }
    }

    [Fact]
    public void Every_truncation_and_extension_fails_to_parse()
    {
        var good = Envelope.Sign(ContentType.Manifest, Payload, Signer).Encode();
        for (var i = 0; i < good.Length; i++)
        {
            Assert.False(Envelope.TryParse(good.AsMemory(0, i), out _), $"first {i} bytes");
            Assert.False(Envelope.TryParse(good.AsMemory(i + 1), out _), $"without the first {i + 1} bytes");
        }

        foreach (var extra in new byte[] { 0x00, 0xA0, 0xF6, 0xFF })
        {
            Assert.False(Envelope.TryParse((byte[])[.. good, extra], out _));
            Assert.False(Envelope.TryParse((byte[])[extra, .. good], out _));
        }
    }

    [Fact]
    public void Every_removed_or_doubled_byte_fails()
    {
        var good = Envelope.Sign(ContentType.Manifest, Payload, Signer).Encode();
        for (var i = 0; i < good.Length; i++)
        {
            Assert.False(Good([.. good[..i], .. good[(i + 1)..]]), $"without byte {i}");
            Assert.False(Good([.. good[..i], good[i], .. good[i..]]), $"byte {i} twice");
        }
    }

    [Fact]
    public void Verify_refuses_another_key()
    {
        using var other = Sm2Cases.Key("other envelope");
        Assert.False(Envelope.Sign(ContentType.Manifest, Payload, Signer).Verify(other.PublicKey));
    }

    // I33: the content type is signed; a manifest signature put under a licence-code header is worthless.
    [Fact]
    public void Verify_refuses_a_signature_moved_to_another_content_type()
    {
        var manifest = Envelope.Sign(ContentType.Manifest, Payload, Signer);
        var moved = Form(Header(contentType: (int)ContentType.LicenseCode), [0xA0], Payload, manifest.Signature.Raw);
        Assert.True(Envelope.TryParse(moved, out var parsed));
        Assert.Equal(ContentType.LicenseCode, parsed.ContentType);
        Assert.False(parsed.Verify(Key.PublicKey));
    }

    // The key id is inside the signature too, so an envelope cannot be passed off as another key's.
    [Fact]
    public void Verify_refuses_a_changed_key_id()
    {
        var envelope = Envelope.Sign(ContentType.Manifest, Payload, Signer);
        var moved = Form(Header(keyId: new byte[8]), [0xA0], Payload, envelope.Signature.Raw);
        Assert.True(Envelope.TryParse(moved, out var parsed));
        Assert.False(parsed.Verify(Key.PublicKey));
    }

    // A content type that is not int32 or not one of ours is nothing of ours.
    [Theory]
    [InlineData(0L)]
    [InlineData(65000L)]
    [InlineData(65099L)]
    [InlineData(4294967296L + 65001L)]
    [InlineData(-65001L)]
    public void A_foreign_content_type_is_neither_of_ours(long contentType)
    {
        var bytes = Signed(Header(contentType: contentType));
        Assert.False(Envelope.TryParse(bytes, out var parsed) && Enum.IsDefined(parsed.ContentType));
    }

    // Each of these is signed correctly over the header it carries; only the form is wrong.
    [Fact]
    public void TryParse_refuses_other_headers()
    {
        Assert.True(Good(Signed(Header())));
        byte[] id = Key.PublicKey.KeyId.ToBytes(), alg = [0x3A, 0x00, 0x01, 0x00, 0x00], type = [0x19, 0xFD, 0xE9];
        byte[] p1 = [1, .. alg], p3 = [3, .. type], p4 = [4, 0x48, .. id];
        Assert.Equal(Header(), (byte[])[0xA3, .. p1, .. p3, .. p4]);
        foreach (var (name, header) in new (string, byte[])[]
        {
            ("empty", []),
            ("empty map", [0xA0]),
            ("keys 3 1 4", [0xA3, .. p3, .. p1, .. p4]),
            ("keys 1 4 3", [0xA3, .. p1, .. p4, .. p3]),
            ("key twice", [0xA3, .. p1, .. p1, .. p4]),
            ("no key id", [0xA2, .. p1, .. p3]),
            ("no algorithm", [0xA2, .. p3, .. p4]),
            ("one key more", [0xA4, .. p1, .. p3, .. p4, 5, 0]),
            ("critical header", [0xA4, .. p1, 2, 0x81, 3, .. p3, .. p4]),
            ("indefinite map", [0xBF, .. p1, .. p3, .. p4, 0xFF]),
            ("long count", [0xB8, 3, .. p1, .. p3, .. p4]),
            ("long key", [0xA3, 0x18, 1, .. alg, .. p3, .. p4]),
            ("long algorithm", [0xA3, 1, 0x3B, 0, 0, 0, 0, 0, 1, 0, 0, .. p3, .. p4]),
            ("long content type", [0xA3, .. p1, 3, 0x1A, 0, 0, 0xFD, 0xE9, .. p4]),
            ("content type as text", [0xA3, .. p1, 3, 0x61, 0x61, .. p4]),
            ("content type as float", [0xA3, .. p1, 3, 0xFA, 0x47, 0x7D, 0xE9, 0, .. p4]),
            ("long key id length", [0xA3, .. p1, .. p3, 4, 0x58, 8, .. id]),
            ("indefinite key id", [0xA3, .. p1, .. p3, 4, 0x5F, 0x48, .. id, 0xFF]),
            ("short key id", [0xA3, .. p1, .. p3, 4, 0x47, .. id[..7]]),
            ("longer key id", [0xA3, .. p1, .. p3, 4, 0x49, .. id, 0]),
            ("key id as text", [0xA3, .. p1, .. p3, 4, 0x68, .. "abcdefgh"u8]),
            ("ES256", [0xA3, 1, 0x26, .. p3, .. p4]),
            ("algorithm with the other sign", [0xA3, 1, 0x1A, 0, 1, 0, 0, .. p3, .. p4]),
            ("algorithm as tag", [0xA3, 1, 0xC2, 0x41, 1, .. p3, .. p4]),
            ("byte after", [.. Header(), 0]),
            ("header twice", [.. Header(), .. Header()]),
        })
        {
            Assert.False(Envelope.TryParse(Signed(header), out _), name);
        }
    }

    [Fact]
    public void TryParse_refuses_other_forms_of_the_same_envelope()
    {
        var header = Header();
        var raw = Key.Sign(ToBeSigned(header)).Raw.ToArray();
        byte[] h = [0x55, .. header], p = [0x58, 40, .. Payload], s = [0x58, 64, .. raw];
        byte[] good = [0xD2, 0x84, .. h, 0xA0, .. p, .. s];
        Assert.True(Good(good));
        foreach (var (name, bytes) in new (string, byte[])[]
        {
            ("no tag", good[1..]),
            ("tag 17", [0xD1, .. good[1..]]),
            ("tag 98", [0xD8, 98, .. good[1..]]),
            ("long tag", [0xD8, 18, .. good[1..]]),
            ("tag twice", [0xD2, .. good]),
            ("self-described", [0xD9, 0xD9, 0xF7, .. good]),
            ("long array", [0xD2, 0x98, 4, .. good[2..]]),
            ("indefinite array", [0xD2, 0x9F, .. good[2..], 0xFF]),
            ("array of 3", [0xD2, 0x83, .. h, 0xA0, .. p]),
            ("array of 5", [0xD2, 0x85, .. good[2..], 0]),
            ("long header length", [0xD2, 0x84, 0x58, (byte)header.Length, .. header, 0xA0, .. p, .. s]),
            ("indefinite header", [0xD2, 0x84, 0x5F, .. h, 0xFF, 0xA0, .. p, .. s]),
            ("header as map", [0xD2, 0x84, .. header, 0xA0, .. p, .. s]),
            ("unprotected key id", [0xD2, 0x84, .. h, 0xA1, 4, 0x48, .. Key.PublicKey.KeyId.ToBytes(), .. p, .. s]),
            ("unprotected anything", [0xD2, 0x84, .. h, 0xA1, 0x18, 99, 0, .. p, .. s]),
            ("indefinite empty map", [0xD2, 0x84, .. h, 0xBF, 0xFF, .. p, .. s]),
            ("long empty map", [0xD2, 0x84, .. h, 0xB8, 0, .. p, .. s]),
            ("array for map", [0xD2, 0x84, .. h, 0x80, .. p, .. s]),
            ("detached payload", [0xD2, 0x84, .. h, 0xA0, 0xF6, .. s]),
            ("long payload length", [0xD2, 0x84, .. h, 0xA0, 0x59, 0, 40, .. Payload, .. s]),
            ("payload in chunks", [0xD2, 0x84, .. h, 0xA0, 0x5F, .. p, 0xFF, .. s]),
            ("payload as text", [0xD2, 0x84, .. h, 0xA0, 0x61, 0x61, .. s]),
            ("long signature length", [0xD2, 0x84, .. h, 0xA0, .. p, 0x59, 0, 64, .. raw]),
            ("signature in chunks", [0xD2, 0x84, .. h, 0xA0, .. p, 0x5F, .. s, 0xFF]),
            ("signature of 63 bytes", [0xD2, 0x84, .. h, 0xA0, .. p, 0x58, 63, .. raw[..63]]),
            ("signature in DER", [0xD2, 0x84, .. h, 0xA0, .. p, 0x58, (byte)Sm2Signature.FromRaw(raw)!.ToDer().Length, .. Sm2Signature.FromRaw(raw)!.ToDer()]),
            ("zero signature", [0xD2, 0x84, .. h, 0xA0, .. p, 0x58, 64, .. new byte[64]]),
            ("nothing", []),
        })
        {
            Assert.False(Envelope.TryParse(bytes, out _), name);
        }
    }

    private static bool Good(byte[] bytes) => Envelope.TryParse(bytes, out var envelope) && envelope.Verify(Key.PublicKey);

    private static byte[] Signed(byte[] header) => Form(header, [0xA0], Payload, Key.Sign(ToBeSigned(header)).Raw);

    private static byte[] ToBeSigned(byte[] header) =>
        [0x84, 0x6A, .. "Signature1"u8, .. ByteString(header), 0x40, .. ByteString(Payload)];

    private static byte[] Form(byte[] header, byte[] unprotectedMap, byte[] payload, ReadOnlySpan<byte> signature) =>
        [0xD2, 0x84, .. ByteString(header), .. unprotectedMap, .. ByteString(payload), .. ByteString(signature)];

    private static byte[] ByteString(ReadOnlySpan<byte> bytes)
    {
        var writer = new CborWriter();
        writer.WriteByteString(bytes);
        return writer.Encode();
    }

    private static byte[] Header(long contentType = (long)ContentType.Manifest, byte[]? keyId = null)
    {
        var writer = new CborWriter();
        writer.WriteStartMap(3);
        writer.WriteInt32(1);
        writer.WriteInt32(-65537);
        writer.WriteInt32(3);
        writer.WriteInt64(contentType);
        writer.WriteInt32(4);
        writer.WriteByteString(keyId ?? Key.PublicKey.KeyId.ToBytes());
        writer.WriteEndMap();
        return writer.Encode();
    }
}
