using System.Formats.Asn1;
using System.Numerics;
using ShantingEId.Crypto;

namespace ShantingEId.TimeStamps;

/// <summary>
/// SignedData with one SM2 signer: of CMS (RFC 5652 §5) as time stamps have it, and of GB/T 35275 as digital signatures in OFD
/// have it. The two differ in their object identifiers only. Signed are the attributes where there are any, else the content.
/// </summary>
public sealed class SignedData
{
    private const string CmsSignedDataOid = "1.2.840.113549.1.7.2";
    private const string GmSignedDataOid = "1.2.156.10197.6.1.4.2.2";
    private const string IdDataOid = "1.2.840.113549.1.7.1";
    private const string Sm3Oid = "1.2.156.10197.1.401";
    private const string Sm2SignOid = "1.2.156.10197.1.301.1";
    private const string ContentTypeOid = "1.2.840.113549.1.9.3";
    private const string MessageDigestOid = "1.2.840.113549.1.9.4";
    private const string SigningTimeOid = "1.2.840.113549.1.9.5";
    private const string SigningCertificateV2Oid = "1.2.840.113549.1.9.16.2.47";
    private const int MaxCertificates = 64;
    private static readonly Asn1Tag Explicit0 = new(TagClass.ContextSpecific, 0);
    private static readonly Asn1Tag Implicit1 = new(TagClass.ContextSpecific, 1);

    private readonly byte[] signedPart;
    private readonly byte[]? attributeDigest;
    private readonly bool isWellBound;

    private SignedData(string contentOid, byte[] content, Sm2Certificate? signer, byte[] signedPart, byte[]? attributeDigest, bool isWellBound, byte[] signatureValue)
    {
        this.signedPart = signedPart;
        this.attributeDigest = attributeDigest;
        this.isWellBound = isWellBound;
        ContentOid = contentOid;
        Content = content;
        SignerCertificate = signer;
        Signature = Sm2Signature.FromDer(signatureValue) ?? Sm2Signature.FromRaw(signatureValue);
    }

    /// <summary>eContentType.</summary>
    public string ContentOid { get; }

    /// <summary>eContent.</summary>
    public byte[] Content { get; }

    /// <summary>The signer's certificate, where it was sent along.</summary>
    public Sm2Certificate? SignerCertificate { get; }

    /// <summary>The signature; null when its encoding is not acceptable.</summary>
    public Sm2Signature? Signature { get; }

    /// <summary>The bytes under the signature: the attributes as a SET, or the content.</summary>
    public ReadOnlySpan<byte> SignedPart => signedPart;

    /// <summary>
    /// Whether the signature is good and covers the content: by itself, or by its digest and type in the signed attributes; an
    /// attribute that names the certificate (RFC 5816) must name this one. Says nothing about trust in the signer.
    /// </summary>
    public bool SignatureIsGood => isWellBound && Signature is not null && SignerCertificate is not null
        && (attributeDigest is null || attributeDigest.AsSpan().SequenceEqual(Sm3.Hash(Content)))
        && SignerCertificate.PublicKey.Verify(signedPart, Signature);

    /// <summary>Parses a ContentInfo that holds SignedData.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.Asn1Invalid"/>, <see cref="ErrorReason.Asn1Limits"/>, <see cref="ErrorReason.AlgorithmInvalid"/>, or a certificate error.</exception>
    public static SignedData Parse(ReadOnlyMemory<byte> bytes)
    {
        DerLimits.Require(bytes.Span);
        try
        {
            // 1. ContentInfo
            var info = new AsnReader(bytes, AsnEncodingRules.DER).ReadSequence();
            var form = info.ReadObjectIdentifier();
            if (form is not (CmsSignedDataOid or GmSignedDataOid))
            {
                throw new AsnContentException("content type");
            }

            var wrapped = info.ReadSequence(Explicit0);
            info.ThrowIfNotEmpty();
            var data = wrapped.ReadSequence();
            wrapped.ThrowIfNotEmpty();

            // 2. SignedData: version, the digest algorithm, content, certificates, CRLs (not used)
            var version = data.ReadInteger();
            var digests = data.ReadSetOf();
            RequireSm3(digests.ReadSequence());
            digests.ThrowIfNotEmpty();
            var encapsulated = data.ReadSequence();
            var contentOid = encapsulated.ReadObjectIdentifier();
            var octets = encapsulated.ReadSequence(Explicit0);
            var content = octets.ReadOctetString();
            octets.ThrowIfNotEmpty();
            encapsulated.ThrowIfNotEmpty();
            // RFC 5652 §5.1 has one version for each content; GB/T 35275 says 1, and its writers vary.
            if (version != (contentOid == IdDataOid ? 1 : 3) && (form != GmSignedDataOid || version != 1))
            {
                throw new AsnContentException("SignedData version");
            }

            var certificates = data.HasData && data.PeekTag().HasSameClassAndValue(Explicit0) ? ReadCertificates(data.ReadSetOf(skipSortOrderValidation: true, Explicit0)) : [];
            if (data.HasData && data.PeekTag().HasSameClassAndValue(Implicit1))
            {
                data.ReadEncodedValue();
            }

            // 3. Exactly one SignerInfo
            var signers = data.ReadSetOf();
            data.ThrowIfNotEmpty();
            var signer = signers.ReadSequence();
            signers.ThrowIfNotEmpty();
            return ReadSigner(signer, contentOid, content, certificates);
        }
        catch (AsnContentException error)
        {
            throw new EidException(ErrorReason.Asn1Invalid, "不是 SignedData（RFC 5652、GB/T 35275）", error);
        }
    }

    /// <summary>Signs content with attributes: type, digest, time, certificate (RFC 5652 §11, RFC 5816).</summary>
    /// <param name="contentOid">eContentType.</param>
    /// <param name="content">eContent.</param>
    /// <param name="signer">Key and certificate.</param>
    /// <param name="time">signingTime.</param>
    /// <param name="withCertificate">Whether the certificate is sent along.</param>
    /// <returns>ContentInfo, DER.</returns>
    internal static byte[] Sign(string contentOid, byte[] content, SigningKey signer, DateTimeOffset time, bool withCertificate)
    {
        var attributes = EncodeAttributes(contentOid, content, signer.Certificate, time);
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(CmsSignedDataOid);
            using (writer.PushSequence(Explicit0))
            using (writer.PushSequence())
            {
                writer.WriteInteger(3);
                using (writer.PushSetOf())
                {
                    WriteAlgorithm(writer, Sm3Oid);
                }

                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(contentOid);
                    using (writer.PushSequence(Explicit0))
                    {
                        writer.WriteOctetString(content);
                    }
                }

                if (withCertificate)
                {
                    using (writer.PushSetOf(Explicit0))
                    {
                        writer.WriteEncodedValue(signer.Certificate.Der);
                    }
                }

                using (writer.PushSetOf())
                using (writer.PushSequence())
                {
                    writer.WriteInteger(1);
                    using (writer.PushSequence())
                    {
                        writer.WriteEncodedValue(signer.Certificate.IssuerName);
                        writer.WriteInteger(signer.Certificate.SerialNumber);
                    }

                    WriteAlgorithm(writer, Sm3Oid);
                    writer.WriteEncodedValue([0xA0, .. attributes.AsSpan(1)]); // [0] IMPLICIT; signed as SET (RFC 5652 §5.4)
                    WriteAlgorithm(writer, Sm2Certificate.SignatureOid);
                    writer.WriteOctetString(signer.Private.Sign(attributes).ToDer());
                }
            }
        }

        return writer.Encode();
    }

    internal static void WriteAlgorithm(AsnWriter writer, string oid)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
        }
    }

    internal static void RequireSm3(AsnReader algorithm)
    {
        if (algorithm.ReadObjectIdentifier() != Sm3Oid)
        {
            throw new EidException(ErrorReason.AlgorithmInvalid, "杂凑算法应为 SM3（1.2.156.10197.1.401）");
        }

        if (algorithm.HasData)
        {
            algorithm.ReadNull();
        }

        algorithm.ThrowIfNotEmpty();
    }

    private static List<Sm2Certificate> ReadCertificates(AsnReader set)
    {
        var certificates = new List<Sm2Certificate>();
        while (set.HasData)
        {
            if (certificates.Count == MaxCertificates)
            {
                throw new EidException(ErrorReason.Asn1Limits, $"附带的证书超过 {MaxCertificates} 张");
            }

            certificates.Add(Sm2Certificate.Parse(set.ReadEncodedValue()));
        }

        return certificates;
    }

    private static SignedData ReadSigner(AsnReader signer, string contentOid, byte[] content, List<Sm2Certificate> certificates)
    {
        if (signer.ReadInteger() != BigInteger.One)
        {
            throw new AsnContentException("SignerInfo version"); // 1 goes with issuer and serial number (§5.3)
        }

        var identity = signer.ReadSequence();
        var issuer = identity.ReadEncodedValue();
        var serial = identity.ReadInteger();
        identity.ThrowIfNotEmpty();
        var certificate = certificates.Find(each => each.SerialNumber == serial && each.IssuerName.SequenceEqual(issuer.Span));
        RequireSm3(signer.ReadSequence());
        var signedPart = content;
        byte[]? digest = null;
        var isWellBound = true;
        if (signer.PeekTag().HasSameClassAndValue(Explicit0))
        {
            signedPart = signer.ReadEncodedValue().ToArray();
            if (signedPart[0] != 0xA0)
            {
                throw new AsnContentException("signed attributes"); // The tag is not signed; of its forms only the constructed one is DER.
            }

            signedPart[0] = 0x31;
            (digest, isWellBound) = ReadAttributes(signedPart, contentOid, certificate);
        }

        var algorithm = signer.ReadSequence();
        if (algorithm.ReadObjectIdentifier() is not (Sm2Certificate.SignatureOid or Sm2SignOid))
        {
            throw new EidException(ErrorReason.AlgorithmInvalid, "签名算法应为 SM2/SM3");
        }

        if (algorithm.HasData)
        {
            algorithm.ReadNull();
        }

        algorithm.ThrowIfNotEmpty();
        var value = signer.ReadOctetString();
        if (signer.HasData && signer.PeekTag().HasSameClassAndValue(Implicit1))
        {
            signer.ReadEncodedValue(); // unsigned attributes
        }

        signer.ThrowIfNotEmpty();
        return new SignedData(contentOid, content, certificate, signedPart, digest, isWellBound, value);
    }

    // The digest; and whether type and certificate, where named, are those at hand. Each attribute stands once, with one value.
    private static (byte[]? Digest, bool IsWellBound) ReadAttributes(byte[] set, string contentOid, Sm2Certificate? certificate)
    {
        byte[]? digest = null;
        string? type = null;
        var namesOther = false;
        var attributes = new AsnReader(set, AsnEncodingRules.DER).ReadSetOf();
        var seen = new HashSet<string>();
        while (attributes.HasData)
        {
            var attribute = attributes.ReadSequence();
            var oid = attribute.ReadObjectIdentifier();
            var values = attribute.ReadSetOf();
            attribute.ThrowIfNotEmpty();
            if (!seen.Add(oid))
            {
                throw new AsnContentException("attribute twice");
            }

            switch (oid)
            {
                case ContentTypeOid:
                    type = values.ReadObjectIdentifier();
                    values.ThrowIfNotEmpty();
                    break;
                case MessageDigestOid:
                    digest = values.ReadOctetString();
                    values.ThrowIfNotEmpty();
                    break;
                case SigningCertificateV2Oid:
                    var named = values.ReadSequence();
                    namesOther = certificate is not null && !Names(named, certificate);
                    values.ThrowIfNotEmpty();
                    break;
            }
        }

        return (digest ?? throw new AsnContentException("messageDigest"), type == contentOid && !namesOther);
    }

    // SigningCertificateV2: SEQUENCE { certs SEQUENCE OF ESSCertIDv2 { hashAlgorithm DEFAULT sha256, certHash, … } }; the first is the signer's.
    private static bool Names(AsnReader attribute, Sm2Certificate certificate)
    {
        var first = attribute.ReadSequence().ReadSequence();
        if (first.PeekTag() != Asn1Tag.Sequence)
        {
            return first.ReadOctetString().AsSpan().SequenceEqual(System.Security.Cryptography.SHA256.HashData(certificate.Der));
        }

        return first.ReadSequence().ReadObjectIdentifier() == Sm3Oid && first.ReadOctetString().AsSpan().SequenceEqual(Sm3.Hash(certificate.Der));
    }

    private static byte[] EncodeAttributes(string contentOid, byte[] content, Sm2Certificate certificate, DateTimeOffset time)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSetOf())
        {
            Attribute(ContentTypeOid, () => writer.WriteObjectIdentifier(contentOid));
            Attribute(SigningTimeOid, () => writer.WriteUtcTime(time));
            Attribute(MessageDigestOid, () => writer.WriteOctetString(Sm3.Hash(content)));
            Attribute(SigningCertificateV2Oid, () =>
            {
                using (writer.PushSequence())
                using (writer.PushSequence())
                using (writer.PushSequence())
                {
                    WriteAlgorithm(writer, Sm3Oid);
                    writer.WriteOctetString(Sm3.Hash(certificate.Der));
                }
            });
        }

        return writer.Encode();

        void Attribute(string oid, Action value)
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(oid);
                using (writer.PushSetOf())
                {
                    value();
                }
            }
        }
    }
}
