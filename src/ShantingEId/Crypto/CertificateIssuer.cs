using System.Formats.Asn1;
using System.Security.Cryptography;

namespace ShantingEId.Crypto;

/// <summary>What a certificate is for; decides key usage and constraints.</summary>
public enum CertificateUse
{
    /// <summary>Issues other certificates.</summary>
    Authority,

    /// <summary>Signs: licences, codes, seals (digitalSignature and nonRepudiation, critical).</summary>
    Signing,

    /// <summary>
    /// Signs the roots of look-up ledgers, and says so (extendedKeyUsage): whoever checks a receipt has only certificates to go by,
    /// and a company's seal certificate leads to the same root.
    /// </summary>
    ReceiptSigning,

    /// <summary>Signs trust lists, and says so for the same reason.</summary>
    TrustListSigning,

    /// <summary>Signs states of licences, in lists and packs, and says so for the same reason.</summary>
    StatusSigning,

    /// <summary>Signs time stamps and nothing else (RFC 3161 §2.3: critical extendedKeyUsage).</summary>
    TimeStamping,
}

/// <summary>Subject of a certificate: country CN, organisation, common name.</summary>
/// <param name="Organisation">O; for a seal certificate the credit code and the unit's name, concatenated.</param>
/// <param name="CommonName">CN; for a seal certificate the seal code.</param>
public sealed record CertificateSubject(string Organisation, string CommonName)
{
    // RDNSequence: C as PrintableString, the others as UTF8String (RFC 5280 §4.1.2.4).
    internal byte[] Encode()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            Attribute("2.5.4.6", UniversalTagNumber.PrintableString, "CN");
            Attribute("2.5.4.10", UniversalTagNumber.UTF8String, Organisation);
            Attribute("2.5.4.3", UniversalTagNumber.UTF8String, CommonName);
        }

        return writer.Encode();

        void Attribute(string oid, UniversalTagNumber type, string value)
        {
            using (writer.PushSetOf())
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(oid);
                writer.WriteCharacterString(type, value);
            }
        }
    }
}

/// <summary>Makes X.509 certificates signed with SM2 (GB/T 20518). One instance per issuing key; safe for concurrent use.</summary>
public sealed class CertificateIssuer
{
    private const int KeyCertSignAndCrlSign = 0x06; // bits 5 and 6 of keyUsage
    private const int DigitalSignatureAndNonRepudiation = 0xC0; // bits 0 and 1
    private readonly Sm2PrivateKey key;
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
        keyIdentifier = Identifier(key.PublicKey);
    }

    /// <summary>The issuing certificate.</summary>
    public Sm2Certificate Certificate { get; }

    /// <summary>Makes a self-signed root.</summary>
    public static Sm2Certificate CreateRoot(Sm2PrivateKey key, CertificateSubject subject, DateTimeOffset from, DateTimeOffset to) =>
        Build(key, subject.Encode(), Identifier(key.PublicKey), subject, key.PublicKey, CertificateUse.Authority, from, to);

    /// <summary>Makes a certificate; its end is cut to this authority's own end.</summary>
    /// <param name="subject">Whose.</param>
    /// <param name="subjectKey">Its key.</param>
    /// <param name="use">What for.</param>
    /// <param name="from">Start of validity.</param>
    /// <param name="to">End of validity.</param>
    /// <param name="status">Where its state will stand in a status list; null for none.</param>
    public Sm2Certificate Issue(CertificateSubject subject, Sm2PublicKey subjectKey, CertificateUse use, DateTimeOffset from, DateTimeOffset to, StatusEntry? status = null) =>
        Build(key, Certificate.SubjectName, keyIdentifier, subject, subjectKey, use, from, to < Certificate.NotAfter ? to : Certificate.NotAfter, status);

    private static Sm2Certificate Build(
        Sm2PrivateKey issuerKey, ReadOnlySpan<byte> issuer, byte[] authorityId, CertificateSubject subject, Sm2PublicKey subjectKey, CertificateUse use,
        DateTimeOffset from, DateTimeOffset to, StatusEntry? status = null)
    {
        var signedPart = SignedPart(issuer, authorityId, subject, subjectKey, use, from, to, status);
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence()) // Certificate
        {
            writer.WriteEncodedValue(signedPart);
            WriteAlgorithm(writer);
            writer.WriteBitString(issuerKey.Sign(signedPart).ToDer());
        }

        return Sm2Certificate.Parse(writer.Encode());
    }

    // TBSCertificate, RFC 5280 §4.1.
    private static byte[] SignedPart(
        ReadOnlySpan<byte> issuer, byte[] authorityId, CertificateSubject subject, Sm2PublicKey subjectKey, CertificateUse use, DateTimeOffset from, DateTimeOffset to,
        StatusEntry? status)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER, 512);
        using (writer.PushSequence())
        {
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            {
                writer.WriteInteger(2); // version 3
            }

            writer.WriteInteger(NewSerial());
            WriteAlgorithm(writer);
            writer.WriteEncodedValue(issuer);
            using (writer.PushSequence())
            {
                WriteTime(writer, from);
                WriteTime(writer, to);
            }

            writer.WriteEncodedValue(subject.Encode());
            writer.WriteEncodedValue(subjectKey.Spki);
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 3)))
            using (writer.PushSequence())
            {
                Extension("2.5.29.35", false, value => // authorityKeyIdentifier
                {
                    using (value.PushSequence())
                    {
                        value.WriteOctetString(authorityId, new Asn1Tag(TagClass.ContextSpecific, 0));
                    }
                });
                Extension("2.5.29.14", false, value => value.WriteOctetString(Identifier(subjectKey))); // subjectKeyIdentifier
                Extension("2.5.29.19", true, value => // basicConstraints
                {
                    using (value.PushSequence())
                    {
                        if (use == CertificateUse.Authority)
                        {
                            value.WriteBoolean(true);
                        }
                    }
                });
                Extension("2.5.29.15", true, value => // keyUsage: the trailing zero bits are not written (X.690 §11.2.2)
                {
                    var (bits, unused) = use == CertificateUse.Authority ? (KeyCertSignAndCrlSign, 1) : (DigitalSignatureAndNonRepudiation, 6);
                    value.WriteBitString([(byte)bits], unused);
                });
                if (ExtendedUse(use) is { } oid)
                {
                    Extension("2.5.29.37", use == CertificateUse.TimeStamping, value => // extendedKeyUsage
                    {
                        using (value.PushSequence())
                        {
                            value.WriteObjectIdentifier(oid);
                        }
                    });
                }

                if (status is not null)
                {
                    Extension(Sm2Certificate.StatusEntryOid, false, status.Write);
                }
            }
        }

        return writer.Encode();

        void Extension(string oid, bool critical, Action<AsnWriter> content)
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(oid);
                if (critical)
                {
                    writer.WriteBoolean(true);
                }

                using (writer.PushOctetString())
                {
                    content(writer);
                }
            }
        }
    }

    private static string? ExtendedUse(CertificateUse use) => use switch
    {
        CertificateUse.ReceiptSigning => Sm2Certificate.ReceiptSigningOid,
        CertificateUse.TrustListSigning => Sm2Certificate.TrustListSigningOid,
        CertificateUse.StatusSigning => Sm2Certificate.StatusSigningOid,
        CertificateUse.TimeStamping => Sm2Certificate.TimeStampingOid,
        _ => null,
    };

    // GB/T 20518: SM2 with SM3, parameters absent.
    private static void WriteAlgorithm(AsnWriter writer)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(Sm2Certificate.SignatureOid);
        }
    }

    // RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050.
    private static void WriteTime(AsnWriter writer, DateTimeOffset time)
    {
        if (time.UtcDateTime.Year < 2050)
        {
            writer.WriteUtcTime(time);
        }
        else
        {
            writer.WriteGeneralizedTime(time, omitFractionalSeconds: true);
        }
    }

    // 16 random bytes with a leading 01..7F: positive, never zero, unguessable (CA/B baseline 7.1 asks for 64 bits).
    private static byte[] NewSerial()
    {
        var bytes = RandomNumberGenerator.GetBytes(16);
        bytes[0] = (byte)((bytes[0] & 0x7F) | 0x01);
        return bytes;
    }

    // RFC 5280 4.2.1.2 leaves the method open; SM3 truncated to 160 bits keeps SHA-1 out.
    private static byte[] Identifier(Sm2PublicKey key) => Sm3.Hash(key.Spki)[..20];
}
