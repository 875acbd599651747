using System.Formats.Asn1;
using ShantingEId.Crypto;
using ShantingEId.Recognition;

namespace ShantingEId.Seals;

/// <summary>
/// 电子印章数据 SESeal. GB/T 38540-2020 (version 4): SEQUENCE { eSealInfo, cert, signAlgID, signedValue }, signed over the DER of
/// eSealInfo. GM/T 0031-2025 (version 5) adds timeStamp [0]. GM/T 0031-2014 (version 1): SEQUENCE { eSealInfo, SEQUENCE { cert,
/// algorithm, value } }, signed over SEQUENCE { eSealInfo, cert, algorithm }. A parsed seal keeps its received bytes, and its
/// signature is always checked over them.
/// </summary>
public sealed class SesSeal
{
    private static readonly Asn1Tag TimeStampTag = new(TagClass.ContextSpecific, 0);
    private readonly byte[] der;
    private readonly ReadOnlyMemory<byte> signedPart;
    private readonly byte[] signatureValue;
    private readonly byte[]? timeStamp;

    private SesSeal(byte[] der, ReadOnlyMemory<byte> signedPart, SesSealInfo info, Sm2Certificate maker, byte[] signatureValue, byte[]? timeStamp)
    {
        this.der = der;
        this.signedPart = signedPart;
        this.signatureValue = signatureValue;
        this.timeStamp = timeStamp;
        Info = info;
        MakerCertificate = maker;
        // DER is the rule; one vendor in the field writes r‖s instead, and its signatures are genuine (standards §1.1).
        Signature = Sm2Signature.FromDer(signatureValue) ?? Sm2Signature.FromRaw(signatureValue);
    }

    /// <summary>The whole seal, DER.</summary>
    public ReadOnlySpan<byte> Der => der;

    /// <summary>What the seal says.</summary>
    public SesSealInfo Info { get; }

    /// <summary>制章者 certificate.</summary>
    public Sm2Certificate MakerCertificate { get; }

    /// <summary>The maker's signature; null when its encoding is not acceptable.</summary>
    public Sm2Signature? Signature { get; }

    /// <summary>The bytes under the signature: eSealInfo; in version 1 also certificate and algorithm.</summary>
    public ReadOnlySpan<byte> SignedPart => signedPart.Span;

    /// <summary>The signature as it stands in the file; a time stamp covers its SM3.</summary>
    public ReadOnlySpan<byte> SignatureValue => signatureValue;

    /// <summary>Time stamp token of a version 5 seal, DER; empty when there is none.</summary>
    public ReadOnlySpan<byte> TimeStamp => timeStamp;

    /// <summary>Makes a seal of version 4.</summary>
    /// <param name="info">What it says.</param>
    /// <param name="maker">Key and certificate of the seal maker 制章者.</param>
    public static SesSeal Create(SesSealInfo info, SigningKey maker)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(info.Version, SesVersion.V4);
        var signedPart = info.Encode();
        var signature = maker.Private.Sign(signedPart).ToDer();
        var writer = new AsnWriter(AsnEncodingRules.DER, signedPart.Length + 1024);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(signedPart);
            writer.WriteOctetString(maker.Certificate.Der);
            writer.WriteObjectIdentifier(Sm2Certificate.SignatureOid);
            writer.WriteBitString(signature);
        }

        return new SesSeal(writer.Encode(), signedPart, info, maker.Certificate, signature, null);
    }

    /// <summary>Parses a seal of any version; which one is told by its form (standards §1.2).</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.Asn1Invalid"/>, <see cref="ErrorReason.Asn1Limits"/>, <see cref="ErrorReason.AlgorithmInvalid"/>, or a certificate error.</exception>
    public static SesSeal Parse(ReadOnlyMemory<byte> bytes)
    {
        DerLimits.Require(bytes.Span);
        try
        {
            var der = bytes.ToArray();
            var seal = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
            var signedPart = seal.PeekEncodedValue();
            var infoReader = seal.ReadSequence();
            var isVersion1 = seal.PeekTag() == Asn1Tag.Sequence;
            var info = SesSealInfo.Read(infoReader, isVersion1);
            var signing = isVersion1 ? seal.ReadSequence() : seal;
            var maker = signing.ReadOctetString();
            RequireSm2(signing.ReadObjectIdentifier());
            var value = ReadBits(signing);
            byte[]? timeStamp = null;
            if (info.Version == SesVersion.V5 && signing.HasData)
            {
                var wrapped = signing.ReadSequence(TimeStampTag);
                timeStamp = ReadBits(wrapped);
                wrapped.ThrowIfNotEmpty();
            }

            signing.ThrowIfNotEmpty();
            seal.ThrowIfNotEmpty();
            return new SesSeal(der, isVersion1 ? SignedPartOfVersion1(signedPart.Span, maker) : signedPart, info, Sm2Certificate.Parse(maker), value, timeStamp);
        }
        catch (AsnContentException error)
        {
            throw new EidException(ErrorReason.Asn1Invalid, "不是电子印章（GB/T 38540、GM/T 0031 的 DER 结构不符）", error);
        }
    }

    /// <summary>
    /// 电子印章验证, in the order of the standard: format (done by parsing), signature value, maker certificate, validity.
    /// Stops at the first failure. For seals of our own authority; <see cref="SealVerifier"/> reports on anybody's, by the same rule
    /// of who may make seals.
    /// </summary>
    /// <param name="trust">Whose certificates are believed.</param>
    /// <param name="at">Instant at which certificate and seal must be in force.</param>
    /// <returns>"" when all steps hold, else the failing step in Chinese.</returns>
    public string Problem(CertificateTrust trust, DateTimeOffset at)
    {
        // a) 印章签名值
        var maker = trust.Known(MakerCertificate);
        if (!IsSignedBy(maker))
        {
            return "印章签名值不正确";
        }

        // b) 制章者证书: key usage, chain, period, and that it makes seals
        if (trust.Judge(maker, TrustUse.SealMaking, at, SealCode.DivisionOf(Info.SealId), at) is { Outcome: not CheckOutcome.Passed } answer)
        {
            return $"制章者“{maker.CommonName}”：{answer.Text}";
        }

        // c) 印章有效期
        return at < Info.ValidStart || at > Info.ValidEnd ? "不在印章有效期内" : "";
    }

    /// <summary>Whether the maker's signature is good; says nothing about trust in the maker.</summary>
    public bool SignatureIsGood => IsSignedBy(MakerCertificate);

    internal static void RequireSm2(string algorithm)
    {
        // GM/T 0031-2014 §6.2.1: signature and digest belong together; SM2 goes with SM3.
        if (algorithm != Sm2Certificate.SignatureOid)
        {
            throw new EidException(ErrorReason.AlgorithmInvalid, "签名算法应为 SM2/SM3（1.2.156.10197.1.501）");
        }
    }

    internal static byte[] ReadBits(AsnReader reader)
    {
        var value = reader.ReadBitString(out var unused);
        return unused == 0 ? value : throw new AsnContentException("SES bit string");
    }

    private static byte[] SignedPartOfVersion1(ReadOnlySpan<byte> info, byte[] maker)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER, info.Length + maker.Length + 64);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(info);
            writer.WriteOctetString(maker);
            writer.WriteObjectIdentifier(Sm2Certificate.SignatureOid);
        }

        return writer.Encode();
    }

    /// <summary>Whether this certificate's key made the signature: the seal's own, or the same one at hand, which is quicker.</summary>
    internal bool IsSignedBy(Sm2Certificate maker) => Signature is not null && maker.PublicKey.Verify(SignedPart, Signature);
}
