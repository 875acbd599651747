using System.Security.Cryptography;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Math;

namespace ShantingEId.Crypto;

/// <summary>What a certificate is for; decides key usage and constraints.</summary>
public enum CertificateUse
{
    /// <summary>Issues other certificates.</summary>
    Authority,

    /// <summary>Signs: licences, codes, seals (digitalSignature and nonRepudiation, critical).</summary>
    Signing,
}

/// <summary>Subject of a certificate: country CN, organisation, common name.</summary>
/// <param name="Organisation">O; for a seal certificate the credit code and the unit's name, concatenated.</param>
/// <param name="CommonName">CN; for a seal certificate the seal code.</param>
public sealed record CertificateSubject(string Organisation, string CommonName)
{
    internal X509Name ToName() =>
        new(new List<DerObjectIdentifier> { X509Name.C, X509Name.O, X509Name.CN }, new List<string> { "CN", Organisation, CommonName });
}

/// <summary>Makes X.509 certificates signed with SM2 (GB/T 20518). One instance per issuing key; safe for concurrent use.</summary>
public sealed class CertificateIssuer
{
    private static readonly AlgorithmIdentifier Algorithm = new(new DerObjectIdentifier(Sm2Certificate.SignatureOid));
    private readonly Sm2PrivateKey key;
    private readonly X509Name issuerName;
    private readonly byte[] keyIdentifier;

    /// <summary>Issues with this key and certificate.</summary>
    public CertificateIssuer(Sm2PrivateKey key, Sm2Certificate certificate)
    {
        if (!certificate.IsAuthority || !certificate.PublicKey.Equals(key.PublicKey))
        {
            throw new EidException(ErrorReason.SigningKeyUnusable, "签发证书的密钥与 CA 证书不符");
        }

        this.key = key;
        Certificate = certificate;
        issuerName = TbsCertificateStructure.GetInstance(Asn1Sequence.GetInstance(certificate.Der.ToArray())[0]).Subject;
        keyIdentifier = Identifier(key.PublicKey);
    }

    /// <summary>The issuing certificate.</summary>
    public Sm2Certificate Certificate { get; }

    /// <summary>Makes a self-signed root.</summary>
    public static Sm2Certificate CreateRoot(Sm2PrivateKey key, CertificateSubject subject, DateTimeOffset from, DateTimeOffset to)
    {
        var name = subject.ToName();
        return Build(key, name, Identifier(key.PublicKey), subject, key.PublicKey, CertificateUse.Authority, from, to);
    }

    /// <summary>Makes a certificate; its end is cut to this authority's own end.</summary>
    public Sm2Certificate Issue(CertificateSubject subject, Sm2PublicKey subjectKey, CertificateUse use, DateTimeOffset from, DateTimeOffset to) =>
        Build(key, issuerName, keyIdentifier, subject, subjectKey, use, from, to < Certificate.NotAfter ? to : Certificate.NotAfter);

    private static Sm2Certificate Build(
        Sm2PrivateKey issuerKey, X509Name issuer, byte[] authorityId, CertificateSubject subject, Sm2PublicKey subjectKey, CertificateUse use,
        DateTimeOffset from, DateTimeOffset to)
    {
        var extensions = new X509ExtensionsGenerator();
        extensions.AddExtension(X509Extensions.AuthorityKeyIdentifier, false, new AuthorityKeyIdentifier(authorityId));
        extensions.AddExtension(X509Extensions.SubjectKeyIdentifier, false, new SubjectKeyIdentifier(Identifier(subjectKey)));
        extensions.AddExtension(X509Extensions.BasicConstraints, true, new BasicConstraints(use == CertificateUse.Authority));
        extensions.AddExtension(X509Extensions.KeyUsage, true, new KeyUsage(use == CertificateUse.Authority
            ? KeyUsage.KeyCertSign | KeyUsage.CrlSign
            : KeyUsage.DigitalSignature | KeyUsage.NonRepudiation));

        var body = new V3TbsCertificateGenerator();
        body.SetSerialNumber(new DerInteger(NewSerial()));
        body.SetSignature(Algorithm);
        body.SetIssuer(issuer);
        body.SetStartDate(new Time(from.UtcDateTime));
        body.SetEndDate(new Time(to.UtcDateTime));
        body.SetSubject(subject.ToName());
        body.SetSubjectPublicKeyInfo(SubjectPublicKeyInfo.GetInstance(Asn1Object.FromByteArray(subjectKey.Spki.ToArray())));
        body.SetExtensions(extensions.Generate());
        var signedPart = body.GenerateTbsCertificate();
        var signature = issuerKey.Sign(signedPart.GetDerEncoded());
        var certificate = new DerSequence(signedPart, Algorithm, new DerBitString(signature.ToDer()));
        return Sm2Certificate.Parse(certificate.GetDerEncoded());
    }

    // 16 random bytes with a leading 01..7F: positive, never zero, unguessable (CA/B baseline 7.1 asks for 64 bits).
    private static BigInteger NewSerial()
    {
        var bytes = RandomNumberGenerator.GetBytes(16);
        bytes[0] = (byte)((bytes[0] & 0x7F) | 0x01);
        return new BigInteger(1, bytes);
    }

    // RFC 5280 4.2.1.2 leaves the method open; SM3 truncated to 160 bits keeps SHA-1 out.
    private static byte[] Identifier(Sm2PublicKey key) => Sm3.Hash(key.Spki)[..20];
}
