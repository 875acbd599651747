using System.Formats.Asn1;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using ShantingEId.Crypto;

namespace ShantingEId.Tests.Crypto;

/// <summary>What a hand-made certificate says; the defaults are those of a good end certificate.</summary>
internal sealed record CertificateSpec
{
    public string InnerAlgorithm { get; init; } = Sm2Certificate.SignatureOid;

    public Action<AsnWriter> OuterAlgorithm { get; init; } = writer => writer.WriteObjectIdentifier(Sm2Certificate.SignatureOid);

    public bool? IsAuthority { get; init; } = false;

    public int? Usage { get; init; } = KeyUsage.DigitalSignature | KeyUsage.NonRepudiation;

    public byte[]? Spki { get; init; }

    public Func<byte[], byte[]> Signature { get; init; } = der => der;

    public Action<X509ExtensionsGenerator> Extra { get; init; } = _ => { };
}

/// <summary>A root, an authority and an end certificate made by the library, and broken ones made by hand.</summary>
internal static class TestCertificates
{
    public const string CreditCode = "91370406MA3ABC127Q";
    public const string Name = "枣庄市山亭区测试有限公司";
    public const string SealCode = "37040600000001";

    public static readonly DateTimeOffset From = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset To = new(2035, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static readonly Sm2PrivateKey RootKey = Sm2Cases.Key("root");
    public static readonly Sm2PrivateKey AuthorityKey = Sm2Cases.Key("authority");
    public static readonly Sm2PrivateKey LeafKey = Sm2Cases.Key("leaf");

    public static readonly Sm2Certificate Root = CertificateIssuer.CreateRoot(RootKey, new CertificateSubject("测试根", "测试根 CA"), From, To);
    public static readonly Sm2Certificate Authority = new CertificateIssuer(RootKey, Root)
        .Issue(new CertificateSubject("测试签发", "测试签发 CA"), AuthorityKey.PublicKey, CertificateUse.Authority, From, To);
    public static readonly Sm2Certificate Leaf = new CertificateIssuer(AuthorityKey, Authority)
        .Issue(new CertificateSubject(CreditCode + Name, SealCode), LeafKey.PublicKey, CertificateUse.Signing, From, To);

    public static Sm2Certificate SelfSigned(Sm2PrivateKey key) => CertificateIssuer.CreateRoot(key, new CertificateSubject("测试", "自签"), From, To);

    /// <summary>A certificate of the leaf's key by the authority, as the spec says; DER.</summary>
    public static byte[] Build(CertificateSpec spec) => Build(spec, Authority, AuthorityKey, LeafKey.PublicKey, Leaf);

    /// <summary>A certificate named and keyed like <paramref name="model"/>, signed by the issuer's key.</summary>
    public static byte[] Build(CertificateSpec spec, Sm2Certificate issuer, Sm2PrivateKey issuerKey, Sm2PublicKey subjectKey, Sm2Certificate model)
    {
        var extensions = new X509ExtensionsGenerator();
        if (spec.IsAuthority is { } authority)
        {
            extensions.AddExtension(X509Extensions.BasicConstraints, true, new BasicConstraints(authority));
        }

        if (spec.Usage is { } usage)
        {
            extensions.AddExtension(X509Extensions.KeyUsage, true, new KeyUsage(usage));
        }

        spec.Extra(extensions);
        var body = new V3TbsCertificateGenerator();
        body.SetSerialNumber(DerInteger.ValueOf(77));
        body.SetSignature(new AlgorithmIdentifier(new DerObjectIdentifier(spec.InnerAlgorithm)));
        body.SetIssuer(SubjectOf(issuer));
        body.SetStartDate(new Time(From.UtcDateTime));
        body.SetEndDate(new Time(To.UtcDateTime));
        body.SetSubject(SubjectOf(model));
        body.SetSubjectPublicKeyInfo(SubjectPublicKeyInfo.GetInstance(Asn1Object.FromByteArray(spec.Spki ?? subjectKey.Spki.ToArray())));
        if (!extensions.IsEmpty)
        {
            body.SetExtensions(extensions.Generate());
        }

        return Assemble(body.GenerateTbsCertificate().GetDerEncoded(), issuerKey, spec);
    }

    /// <summary>SEQUENCE { signed part, algorithm, signature }.</summary>
    public static byte[] Assemble(byte[] signedPart, Sm2PrivateKey issuerKey, CertificateSpec spec)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(signedPart);
            using (writer.PushSequence())
            {
                spec.OuterAlgorithm(writer);
            }

            writer.WriteBitString(spec.Signature(issuerKey.Sign(signedPart).ToDer()));
        }

        return writer.Encode();
    }

    /// <summary>Where the signed part lies inside a certificate.</summary>
    public static (int Start, int Length) SignedPart(ReadOnlySpan<byte> der)
    {
        var outer = new AsnReader(der.ToArray(), AsnEncodingRules.DER).ReadSequence();
        var length = outer.ReadEncodedValue().Length;
        AsnDecoder.ReadEncodedValue(der, AsnEncodingRules.DER, out var contentStart, out _, out _);
        return (contentStart, length);
    }

    private static X509Name SubjectOf(Sm2Certificate certificate) =>
        TbsCertificateStructure.GetInstance(Asn1Sequence.GetInstance(certificate.Der.ToArray())[0]).Subject;
}
