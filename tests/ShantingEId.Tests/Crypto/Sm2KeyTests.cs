using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using ShantingEId.Crypto;

namespace ShantingEId.Tests.Crypto;

/// <summary>I31: only points of the named curve in the one encoding are keys.</summary>
public sealed class Sm2KeyTests
{
    private const string EcPublicKey = "1.2.840.10045.2.1";
    private const string Sm2 = "1.2.156.10197.1.301";

    private static readonly byte[] Good = Sm2Cases.Key("spki").PublicKey.Spki.ToArray();

    // Most cases below are built by this helper, so it must be able to build a good key.
    [Fact]
    public void The_unbroken_key_is_accepted()
    {
        Assert.Equal(Good, Spki(NamedCurve(Sm2), Good[^65..]));
        Assert.Equal(Good, Sm2PublicKey.FromSpki(Good).Spki.ToArray());
    }

    [Fact]
    public void FromSpki_refuses_a_P256_key()
    {
        using var foreign = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var spki = foreign.ExportSubjectPublicKeyInfo();
        Assert.Equal(Sm2PublicKey.SpkiSize, spki.Length);
        Refused(spki);
        Refused(Spki(NamedCurve(Sm2), spki[^65..])); // its point under our curve's name
        Refused(Spki(NamedCurve("1.2.840.10045.3.1.7"), Good[^65..])); // our point under its name
    }

    // The generator decides what the private key is: with G' = Q and d' = 1 anybody signs for Q (compare CVE-2020-0601).
    [Fact]
    public void FromSpki_refuses_explicit_parameters_honest_or_altered()
    {
        byte[] generator = [4, .. ReferenceSm2.Bytes(ReferenceSm2.G.X), .. ReferenceSm2.Bytes(ReferenceSm2.G.Y)];
        Refused(Spki(Explicit(generator), Good[^65..]));
        Refused(Spki(Explicit(Good[^65..]), Good[^65..]));
    }

    [Fact]
    public void FromSpki_refuses_hybrid_compressed_and_unknown_point_forms()
    {
        var parity = (byte)(Good[^1] & 1);
        Refused(Spki(NamedCurve(Sm2), [(byte)(6 + parity), .. Good[^64..]]));
        Refused(Spki(NamedCurve(Sm2), [(byte)(7 - parity), .. Good[^64..]])); // hybrid with the wrong parity
        Refused(Spki(NamedCurve(Sm2), [(byte)(2 + parity), .. Good[^64..^32]]));
        Refused(Spki(NamedCurve(Sm2), [(byte)(3 - parity), .. Good[^64..^32]]));
        foreach (var first in new byte[] { 0, 1, 2, 3, 5, 6, 7, 0x84, 0xFF })
        {
            Refused(Spki(NamedCurve(Sm2), [first, .. Good[^64..]]));
        }
    }

    [Fact]
    public void FromSpki_refuses_the_point_at_infinity()
    {
        Refused(Spki(NamedCurve(Sm2), [0]));
        Refused(Spki(NamedCurve(Sm2), new byte[65]));
        Refused(Spki(NamedCurve(Sm2), [4, .. new byte[64]]));
        Refused(Spki(NamedCurve(Sm2), []));
    }

    [Fact]
    public void FromSpki_refuses_points_off_the_curve()
    {
        for (var bit = 0; bit < 512; bit++)
        {
            var altered = Good.ToArray();
            altered[^(1 + (bit / 8))] ^= (byte)(1 << (bit % 8));
            Refused(altered);
        }

        Refused(Spki(NamedCurve(Sm2), [4, .. Good[^32..], .. Good[^64..^32]])); // x and y exchanged
        Refused(Spki(NamedCurve(Sm2), [4, .. Enumerable.Repeat((byte)0xFF, 64)]));
    }

    // x + p is the same point to sloppy arithmetic, and a second encoding of one key. Only small x leave room for it.
    [Fact]
    public void FromSpki_refuses_coordinates_not_below_p()
    {
        var found = 0;
        for (BigInteger x = 0; found < 5; x++)
        {
            if (ReferenceSm2.YOf(x) is not { } y)
            {
                continue;
            }

            found++;
            byte[] point = [4, .. ReferenceSm2.Bytes(x), .. ReferenceSm2.Bytes(y)];
            Assert.Equal(point, Sm2PublicKey.FromSpki(Spki(NamedCurve(Sm2), point)).Spki[^65..].ToArray());
            Refused(Spki(NamedCurve(Sm2), [4, .. ReferenceSm2.Bytes(x + ReferenceSm2.P), .. ReferenceSm2.Bytes(y)]));
        }

        Refused(Spki(NamedCurve(Sm2), [4, .. ReferenceSm2.Bytes(ReferenceSm2.P), .. Good[^32..]]));
        Refused(Spki(NamedCurve(Sm2), [4, .. Good[^64..^32], .. ReferenceSm2.Bytes(ReferenceSm2.P)]));
    }

    // Compared with the trust store byte by byte, so no other bytes may stand for a key.
    [Fact]
    public void FromSpki_refuses_other_encodings_of_a_good_key()
    {
        Refused([.. Good, 0]);
        Refused(Good[..^1]);
        Refused(Good[1..]);
        Refused([]);
        Refused([0x30, 0x81, 0x59, .. Good[2..]]);
        Refused([0x30, 0x80, .. Good[2..], 0, 0]);
        Refused(Spki(NamedCurve(Sm2, withNull: true), Good[^65..]));
        Refused(Spki(NamedCurve(Sm2, algorithm: Sm2), Good[^65..]));
        Refused(Spki(NamedCurve("1.2.156.10197.1.301.1"), Good[^65..]));
        Refused(Spki(NamedCurve(null), Good[^65..]));
        Refused(Good[^65..]);
        for (var i = 0; i < Good.Length - 64; i++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var altered = Good.ToArray();
                altered[i] ^= (byte)(1 << bit);
                Refused(altered);
            }
        }
    }

    // GB/T 32918.1 6.1: d in [1, n-2]; with d = n-1 the inverse of 1+d does not exist.
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")] // 0
    [InlineData("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54122")] // n - 1
    [InlineData("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123")] // n
    [InlineData("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54124")] // n + 1
    [InlineData("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF")]
    [InlineData("")]
    [InlineData("01")]
    [InlineData("00000000000000000000000000000000000000000000000000000000000001")] // 31 bytes
    [InlineData("000000000000000000000000000000000000000000000000000000000000000001")] // 33 bytes
    public void FromScalar_refuses_a_private_key_out_of_range(string hex) =>
        Assert.Equal(ErrorReason.PublicKeyInvalid, Assert.Throws<EidException>(() => Sm2PrivateKey.FromScalar(Convert.FromHexString(hex))).Reason);

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000001")]
    [InlineData("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54121")] // n - 2
    public void FromScalar_accepts_both_ends_of_the_range(string hex)
    {
        using var key = Sm2PrivateKey.FromScalar(Convert.FromHexString(hex));
        Assert.Equal(ReferenceSm2.PublicPoint(ReferenceSm2.Hex(hex)), ReferenceSm2.PointOf(key.PublicKey.Spki));
        Assert.True(key.PublicKey.Verify("x"u8, key.Sign("x"u8)));
        Assert.Equal(hex, Convert.ToHexString(key.ExportScalar()));
    }

    [Fact]
    public void Generate_makes_different_keys_in_range()
    {
        var scalars = new HashSet<BigInteger>();
        for (var i = 0; i < 20; i++)
        {
            using var key = Sm2PrivateKey.Generate();
            var d = ReferenceSm2.Number(key.ExportScalar());
            Assert.True(d >= 1 && d <= ReferenceSm2.N - 2 && scalars.Add(d));
            Assert.Equal(ReferenceSm2.PublicPoint(d), ReferenceSm2.PointOf(key.PublicKey.Spki));
        }
    }

    [Fact]
    public void KeyId_is_the_beginning_of_SM3_over_the_whole_SubjectPublicKeyInfo()
    {
        var key = Sm2PublicKey.FromSpki(Good);
        Assert.Equal(Sm3.Hash(Good)[..8], key.KeyId.ToBytes());
        Assert.Equal(key.KeyId, KeyId.FromBytes(key.KeyId.ToBytes()));
        Assert.Equal(Convert.ToHexStringLower(key.KeyId.ToBytes()), key.KeyId.ToString());
    }

    private static void Refused(byte[] spki) =>
        Assert.Equal(ErrorReason.PublicKeyInvalid, Assert.Throws<EidException>(() => Sm2PublicKey.FromSpki(spki)).Reason);

    private static byte[] Spki(Action<AsnWriter> algorithm, byte[] point)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                algorithm(writer);
            }

            writer.WriteBitString(point);
        }

        return writer.Encode();
    }

    private static Action<AsnWriter> NamedCurve(string? curve, bool withNull = false, string algorithm = EcPublicKey) => writer =>
    {
        writer.WriteObjectIdentifier(algorithm);
        if (curve is not null)
        {
            writer.WriteObjectIdentifier(curve);
        }

        if (withNull)
        {
            writer.WriteNull();
        }
    };

    // SEC 1 C.2 ECParameters: version, field, curve, base, order, cofactor.
    private static Action<AsnWriter> Explicit(byte[] generator) => writer =>
    {
        writer.WriteObjectIdentifier(EcPublicKey);
        using (writer.PushSequence())
        {
            writer.WriteInteger(1);
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier("1.2.840.10045.1.1");
                writer.WriteInteger(ReferenceSm2.P);
            }

            using (writer.PushSequence())
            {
                writer.WriteOctetString(ReferenceSm2.Bytes(ReferenceSm2.A));
                writer.WriteOctetString(ReferenceSm2.Bytes(ReferenceSm2.B));
            }

            writer.WriteOctetString(generator);
            writer.WriteInteger(ReferenceSm2.N);
            writer.WriteInteger(1);
        }
    };
}
