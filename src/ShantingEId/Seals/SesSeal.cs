using System.Formats.Asn1;
using ShantingEId.Crypto;

namespace ShantingEId.Seals;

/// <summary>
/// 电子印章数据 SESeal, GB/T 38540-2020 (version 4): SEQUENCE { eSealInfo, cert, signAlgID, signedValue }. The signature
/// covers the DER of eSealInfo. A parsed seal keeps its received bytes, and its signature is always checked over them.
/// </summary>
public sealed class SesSeal
{
    private readonly byte[] der;
    private readonly ReadOnlyMemory<byte> signedPart;

    private SesSeal(byte[] der, ReadOnlyMemory<byte> signedPart, SesSealInfo info, Sm2Certificate maker, Sm2Signature? signature)
    {
        this.der = der;
        this.signedPart = signedPart;
        Info = info;
        MakerCertificate = maker;
        Signature = signature;
    }

    /// <summary>The whole seal, DER.</summary>
    public ReadOnlySpan<byte> Der => der;

    /// <summary>What the seal says.</summary>
    public SesSealInfo Info { get; }

    /// <summary>制章者 certificate.</summary>
    public Sm2Certificate MakerCertificate { get; }

    /// <summary>The maker's signature; null when its encoding is not acceptable.</summary>
    public Sm2Signature? Signature { get; }

    /// <summary>The bytes under the signature: eSealInfo.</summary>
    public ReadOnlySpan<byte> SignedPart => signedPart.Span;

    /// <summary>Makes a seal.</summary>
    /// <param name="info">What it says.</param>
    /// <param name="maker">Key and certificate of the seal maker 制章者.</param>
    public static SesSeal Create(SesSealInfo info, SigningKey maker)
    {
        var signedPart = info.Encode();
        var signature = maker.Private.Sign(signedPart);
        var writer = new AsnWriter(AsnEncodingRules.DER, signedPart.Length + 1024);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(signedPart);
            writer.WriteOctetString(maker.Certificate.Der);
            writer.WriteObjectIdentifier(Sm2Certificate.SignatureOid);
            writer.WriteBitString(signature.ToDer());
        }

        return new SesSeal(writer.Encode(), signedPart, info, maker.Certificate, signature);
    }

    /// <summary>Parses a version 4 seal.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.Asn1Invalid"/>, or a certificate error.</exception>
    public static SesSeal Parse(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            var reader = new AsnReader(bytes, AsnEncodingRules.DER);
            var seal = reader.ReadSequence();
            reader.ThrowIfNotEmpty();
            var signedPart = seal.PeekEncodedValue();
            var info = SesSealInfo.Read(seal.ReadSequence());
            var maker = Sm2Certificate.Parse(seal.ReadOctetString());
            if (seal.ReadObjectIdentifier() != Sm2Certificate.SignatureOid)
            {
                throw new EidException(ErrorReason.Asn1Invalid, "印章签名算法应为 SM2/SM3（1.2.156.10197.1.501）");
            }

            var value = seal.ReadBitString(out var unused);
            seal.ThrowIfNotEmpty();
            // DER is the rule; one vendor in the field writes r‖s instead, and its seals are genuine (standards §1.1).
            var signature = unused != 0 ? null : Sm2Signature.FromDer(value) ?? Sm2Signature.FromRaw(value);
            return new SesSeal(bytes.ToArray(), signedPart, info, maker, signature);
        }
        catch (AsnContentException error)
        {
            throw new EidException(ErrorReason.Asn1Invalid, "不是 GB/T 38540-2020 电子印章（DER 结构不符）", error);
        }
    }

    /// <summary>
    /// 电子印章验证, in the order of the standard: format (done by parsing), signature value, maker certificate, validity.
    /// Stops at the first failure.
    /// </summary>
    /// <param name="chain">Certificates between the maker and a root, any order.</param>
    /// <param name="roots">Trusted roots.</param>
    /// <param name="at">Instant at which certificate and seal must be in force.</param>
    /// <returns>"" when all steps hold, else the failing step in Chinese.</returns>
    public string Problem(IReadOnlyCollection<Sm2Certificate> chain, IReadOnlyCollection<Sm2Certificate> roots, DateTimeOffset at)
    {
        // a) 印章签名值
        var maker = CertificateChain.Known(MakerCertificate, chain);
        if (!IsSignedBy(maker))
        {
            return "印章签名值不正确";
        }

        // b) 制章者证书: chain, period, key usage
        if (!maker.MaySign)
        {
            return "制章者证书的密钥用法不允许签名";
        }

        if (CertificateChain.Problem(maker, chain, roots, at) is { Length: > 0 } problem)
        {
            return "制章者证书" + problem;
        }

        // c) 印章有效期
        return at < Info.ValidStart || at > Info.ValidEnd ? "不在印章有效期内" : "";
    }

    /// <summary>Whether the maker's signature over eSealInfo is good; says nothing about trust in the maker.</summary>
    public bool SignatureIsGood => IsSignedBy(MakerCertificate);

    private bool IsSignedBy(Sm2Certificate maker) => Signature is not null && maker.PublicKey.Verify(SignedPart, Signature);
}
