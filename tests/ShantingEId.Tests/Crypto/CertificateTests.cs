using System.Formats.Asn1;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using ShantingEId.Crypto;

namespace ShantingEId.Tests.Crypto;

/// <summary>Certificates of our own making, whole and broken.</summary>
public sealed class CertificateTests
{
    private static readonly DateTimeOffset Middle = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_chain_of_root_authority_and_leaf_holds()
    {
        Assert.True(TestCertificates.Root.IsIssuedBy(TestCertificates.Root));
        Assert.True(TestCertificates.Authority.IsIssuedBy(TestCertificates.Root));
        Assert.True(TestCertificates.Leaf.IsIssuedBy(TestCertificates.Authority));
        Assert.True(TestCertificates.Authority.IsAuthority);
        Assert.False(TestCertificates.Authority.MaySign);
        Assert.False(TestCertificates.Leaf.IsAuthority);
        Assert.True(TestCertificates.Leaf.MaySign);
        Assert.True(TestCertificates.Leaf.PublicKey.Equals(TestCertificates.LeafKey.PublicKey));
    }

    // The form of the seal certificates of a real provincial chain: O is credit code and name, CN the seal code.
    [Fact]
    public void A_seal_certificate_names_the_unit_and_the_seal()
    {
        var name = TbsCertificateStructure.GetInstance(Asn1Sequence.GetInstance(TestCertificates.Leaf.Der.ToArray())[0]).Subject;
        Assert.Equal(["CN"], name.GetValueList(X509Name.C));
        Assert.Equal([TestCertificates.CreditCode + TestCertificates.Name], name.GetValueList(X509Name.O));
        Assert.Equal([TestCertificates.SealCode], name.GetValueList(X509Name.CN));
        Assert.Equal(TestCertificates.SealCode, TestCertificates.Leaf.CommonName);
    }

    [Fact]
    public void The_hand_made_certificate_is_good_before_anything_is_broken()
    {
        var certificate = Sm2Certificate.Parse(TestCertificates.Build(new CertificateSpec()));
        Assert.True(certificate.IsIssuedBy(TestCertificates.Authority));
        Assert.True(certificate.MaySign);
        Assert.Equal("4D", certificate.Serial);
    }

    [Fact]
    public void IsIssuedBy_refuses_the_wrong_issuer()
    {
        Assert.False(TestCertificates.Leaf.IsIssuedBy(TestCertificates.Root));
        Assert.False(TestCertificates.Leaf.IsIssuedBy(TestCertificates.Leaf));
        Assert.False(TestCertificates.Root.IsIssuedBy(TestCertificates.Authority));
    }

    // Same name, other key: what somebody gets who makes a CA called like ours.
    [Fact]
    public void IsIssuedBy_refuses_a_namesake_with_another_key()
    {
        using var key = Sm2Cases.Key("namesake");
        var namesake = CertificateIssuer.CreateRoot(key, new CertificateSubject("测试签发", "测试签发 CA"), TestCertificates.From, TestCertificates.To);
        Assert.Equal(TestCertificates.Authority.Subject, namesake.Subject);
        Assert.False(TestCertificates.Leaf.IsIssuedBy(namesake));
    }

    // Same key, other name: certificates of one CA are not certificates of another that shares its key.
    [Fact]
    public void IsIssuedBy_refuses_the_same_key_under_another_name()
    {
        var renamed = CertificateIssuer.CreateRoot(TestCertificates.AuthorityKey, new CertificateSubject("测试签发", "另一 CA"), TestCertificates.From, TestCertificates.To);
        Assert.False(TestCertificates.Leaf.IsIssuedBy(renamed));
    }

    // Both must hold: basicConstraints cA and keyUsage keyCertSign (RFC 5280 4.2.1.3, 4.2.1.9). The signature is good each time.
    [Theory]
    [InlineData(true, KeyUsage.KeyCertSign | KeyUsage.CrlSign, true)]
    [InlineData(true, KeyUsage.KeyCertSign, true)]
    [InlineData(true, KeyUsage.CrlSign, false)]
    [InlineData(true, KeyUsage.DigitalSignature | KeyUsage.NonRepudiation, false)]
    [InlineData(true, null, false)]
    [InlineData(false, KeyUsage.KeyCertSign | KeyUsage.CrlSign, false)]
    [InlineData(null, KeyUsage.KeyCertSign | KeyUsage.CrlSign, false)]
    [InlineData(null, null, false)]
    public void IsIssuedBy_demands_an_authority_that_may_sign_certificates(bool? isAuthority, int? usage, bool good)
    {
        var spec = new CertificateSpec { IsAuthority = isAuthority, Usage = usage };
        var authority = Sm2Certificate.Parse(TestCertificates.Build(
            spec, TestCertificates.Root, TestCertificates.RootKey, TestCertificates.AuthorityKey.PublicKey, TestCertificates.Authority));
        Assert.True(authority.IsIssuedBy(TestCertificates.Root));
        Assert.Equal(good, TestCertificates.Leaf.IsIssuedBy(authority));
    }

    [Fact]
    public void A_leaf_key_cannot_issue()
    {
        Assert.Equal(
            ErrorReason.SigningKeyUnusable,
            Assert.Throws<EidException>(() => new CertificateIssuer(TestCertificates.LeafKey, TestCertificates.Leaf)).Reason);
        Assert.Equal(
            ErrorReason.SigningKeyUnusable,
            Assert.Throws<EidException>(() => new CertificateIssuer(TestCertificates.LeafKey, TestCertificates.Authority)).Reason);
        var forged = Sm2Certificate.Parse(TestCertificates.Build(
            new CertificateSpec(), TestCertificates.Leaf, TestCertificates.LeafKey, TestCertificates.LeafKey.PublicKey, TestCertificates.Root));
        Assert.False(forged.IsIssuedBy(TestCertificates.Leaf));
    }

    [Theory]
    [InlineData(KeyUsage.DigitalSignature)]
    [InlineData(KeyUsage.NonRepudiation)]
    [InlineData(KeyUsage.KeyEncipherment | KeyUsage.DataEncipherment | KeyUsage.KeyAgreement)]
    [InlineData(null)]
    public void MaySign_demands_both_signing_usages(int? usage) =>
        Assert.False(Sm2Certificate.Parse(TestCertificates.Build(new CertificateSpec { Usage = usage })).MaySign);

    // Each altered byte of what is signed, and of the rest, four ways: unreadable or not issued by the authority.
    [Fact]
    public void Every_altered_byte_makes_the_certificate_worthless()
    {
        var good = TestCertificates.Leaf.Der.ToArray();
        for (var i = 0; i < good.Length; i++)
        {
            foreach (var mask in new byte[] { 0x01, 0x20, 0x80, 0xFF })
            {
                var altered = good.ToArray();
                altered[i] ^= mask;
                Assert.False(TryParse(altered)?.IsIssuedBy(TestCertificates.Authority) ?? false, $"byte {i} xor {mask:X2}");
            }
        }
    }

    // A broken certificate comes from outside: whatever it is, the refusal is ours and not an accident.
    [Fact]
    public void Parse_refuses_broken_content_with_its_own_error()
    {
        var good = TestCertificates.Leaf.Der.ToArray();
        var (start, length) = TestCertificates.SignedPart(good);
        var random = new TestRandom("broken certificates");
        for (var i = start; i < start + length; i++)
        {
            for (var round = 0; round < 6; round++)
            {
                var altered = good.ToArray();
                altered[i] = random.Bytes(1)[0];
                TryParse(altered);
            }
        }

        for (var cut = 0; cut < good.Length; cut++)
        {
            Assert.Null(TryParse(good[..cut]));
        }

        Assert.Null(TryParse([.. good, 0]));
    }

    [Fact]
    public void Validity_includes_both_ends_and_nothing_more()
    {
        var leaf = TestCertificates.Leaf;
        Assert.Equal((TestCertificates.From, TestCertificates.To), (leaf.NotBefore, leaf.NotAfter));
        Assert.True(leaf.IsValidAt(leaf.NotBefore) && leaf.IsValidAt(Middle) && leaf.IsValidAt(leaf.NotAfter));
        Assert.False(leaf.IsValidAt(leaf.NotBefore.AddTicks(-1)));
        Assert.False(leaf.IsValidAt(leaf.NotAfter.AddTicks(1)));
    }

    // Otherwise an expired authority would seem to have issued certificates that outlive it.
    [Fact]
    public void Issue_cuts_the_end_to_that_of_the_authority()
    {
        var longer = new CertificateIssuer(TestCertificates.AuthorityKey, TestCertificates.Authority).Issue(
            new CertificateSubject("测试", "久"), TestCertificates.LeafKey.PublicKey, CertificateUse.Signing, TestCertificates.From, TestCertificates.To.AddYears(20));
        Assert.Equal(TestCertificates.To, longer.NotAfter);
    }

    // From 2050 X.509 changes from UTCTime to GeneralizedTime.
    [Fact]
    public void Years_from_2050_are_kept()
    {
        using var key = Sm2Cases.Key("2050");
        DateTimeOffset from = new(2049, 12, 31, 23, 59, 59, TimeSpan.Zero), to = new(2050, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var root = CertificateIssuer.CreateRoot(key, new CertificateSubject("测试", "远"), from, to);
        Assert.Equal((from, to), (root.NotBefore, root.NotAfter));
    }

    [Fact]
    public void Serial_numbers_are_positive_and_differ()
    {
        var issuer = new CertificateIssuer(TestCertificates.AuthorityKey, TestCertificates.Authority);
        var serials = Enumerable.Range(0, 30).Select(_ => issuer.Issue(
            new CertificateSubject("测试", "号"), TestCertificates.LeafKey.PublicKey, CertificateUse.Signing, TestCertificates.From, TestCertificates.To).Serial).ToList();
        Assert.Equal(30, serials.Distinct().Count());
        Assert.All(serials, s => Assert.True(s.Length == 32 && s[0] is >= '0' and <= '7', s));
    }

    [Fact]
    public void RequireUsable_refuses_a_foreign_or_expired_certificate()
    {
        new SigningKey(TestCertificates.LeafKey, TestCertificates.Leaf).RequireUsable(Middle);
        foreach (var (key, time) in new[]
        {
            (new SigningKey(TestCertificates.AuthorityKey, TestCertificates.Leaf), Middle),
            (new SigningKey(TestCertificates.LeafKey, TestCertificates.Leaf), TestCertificates.To.AddSeconds(1)),
            (new SigningKey(TestCertificates.LeafKey, TestCertificates.Leaf), TestCertificates.From.AddSeconds(-1)),
        })
        {
            Assert.Equal(ErrorReason.SigningKeyUnusable, Assert.Throws<EidException>(() => key.RequireUsable(time)).Reason);
        }
    }

    // Unreadable gives null; any error but the declared ones fails the test.
    private static Sm2Certificate? TryParse(byte[] der)
    {
        try
        {
            return Sm2Certificate.Parse(der);
        }
        catch (EidException error) when (error.Reason is ErrorReason.CertificateInvalid or ErrorReason.PublicKeyInvalid)
        {
            return null;
        }
    }
}
