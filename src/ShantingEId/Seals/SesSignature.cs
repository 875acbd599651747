using System.Formats.Asn1;
using ShantingEId.Crypto;

namespace ShantingEId.Seals;

/// <summary>
/// 电子签章数据 SES_Signature. GB/T 38540-2020 and GM/T 0031-2025 (versions 4, 5): SEQUENCE { toSign, cert, signatureAlgID,
/// signature, timeStamp [0] OPTIONAL }; GM/T 0031-2014 (version 1): SEQUENCE { toSign, signature }, certificate and algorithm
/// inside toSign. The signature covers the DER of toSign, a time stamp the value of the signature. A parsed signature keeps
/// its received bytes and is always checked over them.
/// </summary>
public sealed class SesSignature
{
    private static readonly Asn1Tag TimeStampTag = new(TagClass.ContextSpecific, 0);
    private readonly byte[] der;
    private readonly ReadOnlyMemory<byte> signedPart;
    private readonly byte[] signatureValue;
    private readonly byte[]? timeStamp;

    private SesSignature(byte[] der, ReadOnlyMemory<byte> signedPart, SesToSign toSign, Sm2Certificate signer, byte[] signatureValue, byte[]? timeStamp)
    {
        this.der = der;
        this.signedPart = signedPart;
        this.signatureValue = signatureValue;
        this.timeStamp = timeStamp;
        ToSign = toSign;
        SignerCertificate = signer;
        // DER is the rule; one vendor in the field writes r‖s instead, and its signatures are genuine (standards §1.1).
        Signature = Sm2Signature.FromDer(signatureValue) ?? Sm2Signature.FromRaw(signatureValue);
    }

    /// <summary>The whole of it, DER; in OFD the content of SignedValue.dat.</summary>
    public ReadOnlySpan<byte> Der => der;

    /// <summary>What was signed.</summary>
    public SesToSign ToSign { get; }

    /// <summary>签章者 certificate.</summary>
    public Sm2Certificate SignerCertificate { get; }

    /// <summary>The signer's signature; null when its encoding is not acceptable.</summary>
    public Sm2Signature? Signature { get; }

    /// <summary>The bytes under the signature: toSign.</summary>
    public ReadOnlySpan<byte> SignedPart => signedPart.Span;

    /// <summary>The signature as it stands in the file; a time stamp covers its SM3.</summary>
    public ReadOnlySpan<byte> SignatureValue => signatureValue;

    /// <summary>Time stamp token (GB/T 20520), DER; empty when there is none.</summary>
    public ReadOnlySpan<byte> TimeStamp => timeStamp;

    /// <summary>Whether the signature over toSign is good; says nothing about trust in the signer.</summary>
    public bool SignatureIsGood => Signature is not null && SignerCertificate.PublicKey.Verify(SignedPart, Signature);

    /// <summary>电子签章生成 with a seal: the caller has verified the seal; that the signer may use it is checked here.</summary>
    /// <param name="seal">The seal, of version 4.</param>
    /// <param name="signer">A key whose certificate the seal lists.</param>
    /// <param name="time">When; a fraction of a second is cut off.</param>
    /// <param name="dataHash">SM3 of the text, 32 bytes; in OFD of the bytes of Signature.xml.</param>
    /// <param name="propertyInfo">Where the text is, ASCII; in OFD the path of Signature.xml from the root.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>: key and certificate differ, not in force, or not listed in the seal.</exception>
    public static SesSignature Create(SesSeal seal, SigningKey signer, DateTimeOffset time, ReadOnlyMemory<byte> dataHash, string propertyInfo)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(dataHash.Length, Sm3.Size);
        ArgumentOutOfRangeException.ThrowIfNotEqual(seal.Info.Version, SesVersion.V4);
        signer.RequireUsable(time);
        if (!seal.Info.Lists(signer.Certificate))
        {
            throw new EidException(ErrorReason.SigningKeyUnusable, $"签章者证书不在印章的签章者证书列表中（{signer.Certificate.CommonName}）");
        }

        var toSign = new SesToSign
        {
            Seal = seal, Time = DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds()), DataHash = dataHash.ToArray(), PropertyInfo = propertyInfo,
        };
        var signedPart = toSign.Encode();
        return Assemble(signedPart, toSign, signer.Certificate, signer.Private.Sign(signedPart).ToDer(), null);
    }

    /// <summary>The same signature with a time stamp over its value.</summary>
    /// <param name="token">TimeStampToken, DER, over SM3 of <see cref="SignatureValue"/>.</param>
    public SesSignature WithTimeStamp(ReadOnlySpan<byte> token) => Assemble(signedPart, ToSign, SignerCertificate, signatureValue, token.ToArray());

    /// <summary>Parses a signature of any version; which one is told by its form (standards §1.2).</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.Asn1Invalid"/>, <see cref="ErrorReason.Asn1Limits"/>, <see cref="ErrorReason.AlgorithmInvalid"/>, or a certificate error.</exception>
    public static SesSignature Parse(ReadOnlyMemory<byte> bytes)
    {
        DerLimits.Require(bytes.Span);
        try
        {
            var der = bytes.ToArray();
            var outer = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
            var signedPart = outer.PeekEncodedValue();
            var toSign = SesToSign.Read(outer.ReadSequence(), out var signerOfVersion1);
            var signer = signerOfVersion1 ?? outer.ReadOctetString();
            if (signerOfVersion1 is null)
            {
                SesSeal.RequireSm2(outer.ReadObjectIdentifier());
            }

            var value = SesSeal.ReadBits(outer);
            byte[]? timeStamp = null;
            if (signerOfVersion1 is null && outer.HasData)
            {
                var wrapped = outer.ReadSequence(TimeStampTag);
                timeStamp = SesSeal.ReadBits(wrapped);
                wrapped.ThrowIfNotEmpty();
            }

            outer.ThrowIfNotEmpty();
            return new SesSignature(der, signedPart, toSign, Sm2Certificate.Parse(signer), value, timeStamp);
        }
        catch (AsnContentException error)
        {
            throw new EidException(ErrorReason.Asn1Invalid, "不是电子签章（GB/T 38540、GM/T 0031 的 DER 结构不符）", error);
        }
    }

    private static SesSignature Assemble(ReadOnlyMemory<byte> signedPart, SesToSign toSign, Sm2Certificate signer, byte[] signatureValue, byte[]? timeStamp)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER, signedPart.Length + 2048);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(signedPart.Span);
            writer.WriteOctetString(signer.Der);
            writer.WriteObjectIdentifier(Sm2Certificate.SignatureOid);
            writer.WriteBitString(signatureValue);
            if (timeStamp is not null)
            {
                using (writer.PushSequence(TimeStampTag))
                {
                    writer.WriteBitString(timeStamp);
                }
            }
        }

        return new SesSignature(writer.Encode(), signedPart, toSign, signer, signatureValue, timeStamp);
    }
}
