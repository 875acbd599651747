using System.Formats.Asn1;
using System.Text;
using ShantingEId.Crypto;

namespace ShantingEId.Tests.Crypto;

/// <summary>Signing and verifying against the published example and files made by others; I32.</summary>
public sealed class Sm2SignTests
{
    // GB/T 32918.5-2017 appendix A.2.
    private const string D = "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8";
    private const string K = "59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21";
    private const string R = "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3";
    private const string S = "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA";
    private const string Spki =
        "3059301306072A8648CE3D020106082A811CCF5501822D0342000409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
        + "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13";

    private static readonly byte[] Message = "message digest"u8.ToArray();

    [Fact]
    public void Sign_with_the_published_nonce_gives_the_published_signature()
    {
        using var key = Sm2PrivateKey.FromScalar(Convert.FromHexString(D));
        var nonce = new FixedNonce(K);
        var signature = key.Sign(Message, new Org.BouncyCastle.Security.SecureRandom(nonce));
        Assert.Equal(R + S, Convert.ToHexString(signature.Raw));
        Assert.Equal("3046022100" + R + "022100" + S, Convert.ToHexString(signature.ToDer()));
        Assert.Equal(1, nonce.Draws);
    }

    [Fact]
    public void The_published_key_has_the_published_SubjectPublicKeyInfo()
    {
        using var key = Sm2PrivateKey.FromScalar(Convert.FromHexString(D));
        Assert.Equal(Spki, Convert.ToHexString(key.PublicKey.Spki));
        Assert.Equal(Spki, Convert.ToHexString(Sm2PublicKey.FromSpki(Convert.FromHexString(Spki)).Spki));
    }

    [Fact]
    public void Verify_accepts_the_published_signature() =>
        Assert.True(Sm2PublicKey.FromSpki(Convert.FromHexString(Spki)).Verify(Message, Sm2Signature.FromRaw(Convert.FromHexString(R + S))!));

    // The yardstick of the other tests is held to the same example, ZA and e included.
    [Fact]
    public void The_reference_gives_the_published_ZA_e_r_and_s()
    {
        var point = ReferenceSm2.PointOf(Convert.FromHexString(Spki));
        Assert.Equal("B2E14C5C79C6DF5B85F4FE7ED8DB7A262B9DA7E07CCB0EA9F4747B8CCDA8A4F3", Convert.ToHexString(ReferenceSm2.Za(point, ReferenceSm2.DefaultId)));
        var e = ReferenceSm2.E(point, ReferenceSm2.DefaultId, Message);
        Assert.Equal(ReferenceSm2.Hex("F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640"), e);
        Assert.Equal(point, ReferenceSm2.PublicPoint(ReferenceSm2.Hex(D)));
        Assert.Equal((ReferenceSm2.Hex(R), ReferenceSm2.Hex(S)), ReferenceSm2.Sign(ReferenceSm2.Hex(D), e, ReferenceSm2.Hex(K)));
        Assert.True(ReferenceSm2.Verify(point, e, ReferenceSm2.Hex(R), ReferenceSm2.Hex(S)));
    }

    // Both directions against the reference: what we sign it accepts, what it signs we accept.
    [Fact]
    public void Signatures_are_good_in_both_directions_with_the_reference()
    {
        var random = new TestRandom("both directions");
        for (var i = 0; i < 20; i++)
        {
            using var key = Sm2PrivateKey.Generate();
            var point = ReferenceSm2.PointOf(key.PublicKey.Spki);
            var message = random.Bytes(random.Below(300));
            var e = ReferenceSm2.E(point, ReferenceSm2.DefaultId, message);
            var ours = key.Sign(message);
            Assert.True(ReferenceSm2.Verify(point, e, ReferenceSm2.Number(ours.Raw[..32]), ReferenceSm2.Number(ours.Raw[32..])));

            var (r, s) = ReferenceSm2.Sign(ReferenceSm2.Number(key.ExportScalar()), e, ReferenceSm2.Number(random.Bytes(32)) % ReferenceSm2.N);
            Assert.True(key.PublicKey.Verify(message, Sm2Signature.FromRaw([.. ReferenceSm2.Bytes(r), .. ReferenceSm2.Bytes(s)])!));
        }
    }

    // I32: only the default ID is ours. The same nonce and message under another ID must not verify, and ours not there.
    [Theory]
    [InlineData("")]
    [InlineData("ALICE123@YAHOO.COM")]
    [InlineData("1234567812345679")]
    [InlineData("TLSv1.3+GM+Cipher+Suite")]
    public void Verify_refuses_a_signature_made_with_another_ID(string id)
    {
        var c = Sm2Cases.All[0];
        var other = ReferenceSm2.E(c.Point, id, c.Message);
        var (r, s) = ReferenceSm2.Sign(c.D, other, 4711);
        Assert.True(ReferenceSm2.Verify(c.Point, other, r, s));
        Assert.False(c.Key.PublicKey.Verify(c.Message, Sm2Signature.FromRaw([.. ReferenceSm2.Bytes(r), .. ReferenceSm2.Bytes(s)])!));
        Assert.False(ReferenceSm2.Verify(c.Point, other, c.R, c.S));
    }

    [Fact]
    public void Verify_refuses_every_changed_byte_of_the_message()
    {
        var c = Sm2Cases.All[0];
        for (var i = 0; i < c.Message.Length; i++)
        {
            var altered = c.Message.ToArray();
            altered[i] ^= 1;
            Assert.False(c.Key.PublicKey.Verify(altered, c.Signature));
        }

        Assert.False(c.Key.PublicKey.Verify([], c.Signature));
        Assert.False(c.Key.PublicKey.Verify(c.Message.AsSpan(1), c.Signature));
        Assert.False(c.Key.PublicKey.Verify([.. c.Message, 0], c.Signature));
        Assert.False(Sm2Cases.All[1].Key.PublicKey.Verify(c.Message, c.Signature));
    }

    // Two signatures of one text with one nonce would give the key away.
    [Fact]
    public void Sign_takes_a_fresh_nonce_each_time()
    {
        using var key = Sm2Cases.Key("fresh");
        Assert.Equal(50, Enumerable.Range(0, 50).Select(_ => Convert.ToHexString(key.Sign(Message).Raw)).Distinct().Count());
    }

    // A signer per thread is kept inside the key; each must be the thread's own.
    [Fact]
    public void One_key_signs_correctly_from_many_threads()
    {
        using var key = Sm2Cases.Key("threads");
        Parallel.For(0, 64, i =>
        {
            var text = Encoding.UTF8.GetBytes($"text {i}");
            Assert.True(key.PublicKey.Verify(text, key.Sign(text)));
        });
    }

    // The Verify cases of this file hand over a finished e, which the library on purpose does not take: they hold the
    // reference to foreign signatures instead. The key pair applies to the library. Cases with another digest, decryption,
    // key generation and the Sign case (no value to compare) do not apply.
    [Fact]
    public void The_foreign_key_and_its_SM3_signatures_agree_with_ours()
    {
        var text = File.ReadAllText(SharedData.Require("vectors/evppkey_sm2.txt"));
        var pem = text[(text.IndexOf("-----BEGIN PRIVATE KEY-----", StringComparison.Ordinal) + 27)..text.IndexOf("-----END PRIVATE KEY-----", StringComparison.Ordinal)];
        var (scalar, spki) = ReadPkcs8(Convert.FromBase64String(pem));
        using var key = Sm2PrivateKey.FromScalar(scalar);
        Assert.Equal(spki, key.PublicKey.Spki.ToArray());

        int checkedCases = 0, otherDigest = 0, otherOperation = 0;
        foreach (var block in text.ReplaceLineEndings("\n").Split("\n\n"))
        {
            var fields = block.Split('\n').Where(line => line.Contains(" = ", StringComparison.Ordinal) && !line.StartsWith('#'))
                .ToDictionary(line => line.Split(" = ")[0], line => line.Split(" = ")[1]);
            if (!fields.ContainsKey("Verify"))
            {
                otherOperation += fields.ContainsKey("Decrypt") || fields.ContainsKey("Sign") || fields.ContainsKey("KeyGen") ? 1 : 0;
                continue;
            }

            if (fields["Ctrl"] != "digest:SM3")
            {
                otherDigest++;
                continue;
            }

            var signature = Sm2Signature.FromDer(Convert.FromHexString(fields["Output"]));
            Assert.NotNull(signature);
            var e = ReferenceSm2.Hex(fields["Input"]);
            Assert.True(ReferenceSm2.Verify(ReferenceSm2.PointOf(spki), e, ReferenceSm2.Number(signature.Raw[..32]), ReferenceSm2.Number(signature.Raw[32..])));
            Assert.False(ReferenceSm2.Verify(ReferenceSm2.PointOf(spki), e + 1, ReferenceSm2.Number(signature.Raw[..32]), ReferenceSm2.Number(signature.Raw[32..])));
            // Taken as a message, e is hashed again with ZA: the wrapper must not fall back to a bare digest.
            Assert.False(key.PublicKey.Verify(Convert.FromHexString(fields["Input"]), signature));
            checkedCases++;
        }

        Assert.Equal((2, 1, 8), (checkedCases, otherDigest, otherOperation));
    }

    // PKCS#8 with an ECPrivateKey that carries its public key in [1].
    private static (byte[] Scalar, byte[] Spki) ReadPkcs8(byte[] der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
        outer.ReadInteger();
        var algorithm = outer.ReadEncodedValue();
        var inner = new AsnReader(outer.ReadOctetString(), AsnEncodingRules.DER).ReadSequence();
        inner.ReadInteger();
        var scalar = inner.ReadOctetString();
        var point = inner.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 1)).ReadEncodedValue();
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(algorithm.Span);
            writer.WriteEncodedValue(point.Span);
        }

        return (scalar, writer.Encode());
    }
}
