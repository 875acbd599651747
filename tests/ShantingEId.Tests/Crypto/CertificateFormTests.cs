using System.Formats.Asn1;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using ShantingEId.Crypto;

namespace ShantingEId.Tests.Crypto;

/// <summary>Algorithms, keys and encodings of certificates; certificates made by others.</summary>
public sealed class CertificateFormTests
{
    private const string EcdsaWithSha256 = "1.2.840.10045.4.3.2";

    // Both forms occur in one real chain.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Parse_accepts_algorithm_parameters_absent_or_NULL(bool withNull)
    {
        var spec = new CertificateSpec
        {
            OuterAlgorithm = writer =>
            {
                writer.WriteObjectIdentifier(Sm2Certificate.SignatureOid);
                if (withNull)
                {
                    writer.WriteNull();
                }
            },
        };
        Assert.True(Sm2Certificate.Parse(TestCertificates.Build(spec)).IsIssuedBy(TestCertificates.Authority));
    }

    [Fact]
    public void Parse_refuses_another_signature_algorithm()
    {
        Refused(new CertificateSpec { OuterAlgorithm = writer => writer.WriteObjectIdentifier(EcdsaWithSha256), InnerAlgorithm = EcdsaWithSha256 });
        Refused(new CertificateSpec { OuterAlgorithm = writer => writer.WriteObjectIdentifier(EcdsaWithSha256) });
    }

    // RFC 5280 4.1.1.2: the algorithm outside is not signed and must be the one inside.
    [Fact]
    public void Parse_refuses_an_inner_algorithm_that_differs_from_the_outer() => Refused(new CertificateSpec { InnerAlgorithm = EcdsaWithSha256 });

    [Fact]
    public void Parse_refuses_other_algorithm_parameters()
    {
        Refused(new CertificateSpec
        {
            OuterAlgorithm = writer =>
            {
                writer.WriteObjectIdentifier(Sm2Certificate.SignatureOid);
                writer.WriteInteger(1);
            },
        });
        Refused(new CertificateSpec
        {
            OuterAlgorithm = writer =>
            {
                writer.WriteObjectIdentifier(Sm2Certificate.SignatureOid);
                writer.WriteNull();
                writer.WriteNull();
            },
        });
    }

    // A second form of the signature would give one certificate two byte strings, and two digests in a seal's list.
    [Fact]
    public void Parse_refuses_other_forms_of_the_signature()
    {
        Refused(new CertificateSpec { Signature = der => [.. der, 0] });
        Refused(new CertificateSpec { Signature = der => [0x30, 0x81, .. der[1..]] });
        Refused(new CertificateSpec { Signature = der => Sm2Signature.FromDer(der)!.Raw.ToArray() });
        Refused(new CertificateSpec { Signature = _ => [] });
    }

    // I31 inside a certificate: signed by a good authority, and still no key.
    [Fact]
    public void Parse_refuses_a_key_that_is_not_a_plain_SM2_point()
    {
        var good = TestCertificates.LeafKey.PublicKey.Spki.ToArray();
        var hybrid = good.ToArray();
        hybrid[26] = (byte)(6 + (good[^1] & 1));
        var offCurve = good.ToArray();
        offCurve[^1] ^= 1;
        var p256 = Convert.FromHexString(
            "3059301306072A8648CE3D020106082A8648CE3D030107034200046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
            + "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5");
        foreach (var spki in new[] { hybrid, offCurve, p256 })
        {
            var der = TestCertificates.Build(new CertificateSpec { Spki = spki });
            Assert.Equal(ErrorReason.PublicKeyInvalid, Assert.Throws<EidException>(() => Sm2Certificate.Parse(der)).Reason);
        }
    }

    [Fact]
    public void Parse_refuses_an_extension_that_occurs_twice()
    {
        // keyUsage of an authority and of a signer in one certificate: readers would disagree which counts.
        var extensions = new DerSequence(Extension(KeyUsage.DigitalSignature | KeyUsage.NonRepudiation), Extension(KeyUsage.KeyCertSign));
        var leaf = Asn1Sequence.GetInstance(Asn1Sequence.GetInstance(TestCertificates.Leaf.Der.ToArray())[0]);
        var parts = leaf.ToArray();
        parts[^1] = new DerTaggedObject(true, 3, extensions);
        var der = TestCertificates.Assemble(new DerSequence(parts).GetDerEncoded(), TestCertificates.AuthorityKey, new CertificateSpec());
        Assert.Equal(ErrorReason.CertificateInvalid, Assert.Throws<EidException>(() => Sm2Certificate.Parse(der)).Reason);

        static DerSequence Extension(int usage) => new(X509Extensions.KeyUsage, DerBoolean.True, new DerOctetString(new KeyUsage(usage)));
    }

    // RFC 5280 4.2: whoever does not understand a critical extension must not rely on the certificate, nor on its issuer.
    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void IsIssuedBy_refuses_an_unknown_extension_that_is_critical(bool critical, bool good)
    {
        var spec = new CertificateSpec
        {
            Extra = extensions => extensions.AddExtension(X509Extensions.NameConstraints, critical, new DerSequence()),
        };
        Assert.Equal(good, Sm2Certificate.Parse(TestCertificates.Build(spec)).IsIssuedBy(TestCertificates.Authority));
        var authority = Authority(spec with { IsAuthority = true, Usage = KeyUsage.KeyCertSign });
        Assert.Equal(good, TestCertificates.Leaf.IsIssuedBy(authority));
    }

    // RFC 5280 4.2.1.9: path length 0 means end certificates only.
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public void IsIssuedBy_heeds_path_length_0(int length, bool mayIssueAuthorities)
    {
        var spec = new CertificateSpec
        {
            IsAuthority = null, Usage = KeyUsage.KeyCertSign,
            Extra = extensions => extensions.AddExtension(X509Extensions.BasicConstraints, true, new BasicConstraints(length)),
        };
        var authority = Authority(spec);
        var below = Sm2Certificate.Parse(TestCertificates.Build(
            new CertificateSpec { IsAuthority = true, Usage = KeyUsage.KeyCertSign }, authority, TestCertificates.AuthorityKey, TestCertificates.LeafKey.PublicKey,
            TestCertificates.Root));
        Assert.True(TestCertificates.Leaf.IsIssuedBy(authority));
        Assert.Equal(mayIssueAuthorities, below.IsIssuedBy(authority));
    }

    [Fact]
    public void Parse_refuses_what_is_no_certificate()
    {
        foreach (var hex in new[] { "", "00", "3000", "30800000", "0500", "3003020101", "30820100" })
        {
            Assert.Equal(
                ErrorReason.CertificateInvalid,
                Assert.Throws<EidException>(() => Sm2Certificate.Parse(Convert.FromHexString(hex))).Reason);
        }
    }

    // A seal made by others (a v4 test seal of the reference implementation) holds two certificates.
    [Fact]
    public void Parse_reads_the_certificates_of_a_foreign_seal()
    {
        var seal = new AsnReader(File.ReadAllBytes(SharedData.Require("ofd/UserV4.esl")), AsnEncodingRules.DER);
        var found = new List<Sm2Certificate>();
        Collect(seal, found);
        Assert.Equal(2, found.Count);
        foreach (var certificate in found)
        {
            // It says keyCertSign in its usage and is no authority all the same: cA is FALSE.
            Assert.Equal("Test Certificate", certificate.CommonName);
            Assert.True(certificate.MaySign);
            Assert.False(certificate.IsAuthority);
            Assert.False(certificate.IsIssuedBy(TestCertificates.Authority));
            var altered = certificate.Der.ToArray();
            altered[^1] ^= 1;
            Assert.False(Sm2Certificate.Parse(altered).IsIssuedBy(certificate));
        }
    }

    private static Sm2Certificate Authority(CertificateSpec spec) => Sm2Certificate.Parse(TestCertificates.Build(
        spec, TestCertificates.Root, TestCertificates.RootKey, TestCertificates.AuthorityKey.PublicKey, TestCertificates.Authority));

    private static void Collect(AsnReader reader, List<Sm2Certificate> found)
    {
        while (reader.HasData)
        {
            var tag = reader.PeekTag();
            if (tag.IsConstructed)
            {
                Collect(new AsnReader(Content(reader.ReadEncodedValue()), AsnEncodingRules.DER), found);
            }
            else if (tag.HasSameClassAndValue(Asn1Tag.PrimitiveOctetString))
            {
                var content = reader.ReadOctetString();
                if (content.Length > 300 && content[0] == 0x30)
                {
                    found.Add(Sm2Certificate.Parse(content));
                }
            }
            else
            {
                reader.ReadEncodedValue();
            }
        }

        static ReadOnlyMemory<byte> Content(ReadOnlyMemory<byte> value)
        {
            AsnDecoder.ReadEncodedValue(value.Span, AsnEncodingRules.DER, out var start, out var length, out _);
            return value.Slice(start, length);
        }
    }

    private static void Refused(CertificateSpec spec)
    {
        var der = TestCertificates.Build(spec);
        Assert.Equal(ErrorReason.CertificateInvalid, Assert.Throws<EidException>(() => Sm2Certificate.Parse(der)).Reason);
    }
}
