using System.Formats.Asn1;
using System.Numerics;
using ShantingEId.Crypto;

namespace ShantingEId.TimeStamps;

/// <summary>
/// 时间戳 TimeStampToken (GB/T 20520, RFC 3161 §2.4.2): SignedData over TSTInfo, with SM2 and SM3. Says that some bytes, of which it
/// holds the digest, existed at a time. A parsed token keeps its received bytes.
/// </summary>
public sealed class TimeStampToken
{
    /// <summary>id-ct-TSTInfo.</summary>
    internal const string ContentOid = "1.2.840.113549.1.9.16.1.4";

    private readonly byte[] der;
    private readonly SignedData signed;

    private TimeStampToken(byte[] der, SignedData signed, byte[] imprint, DateTimeOffset time, string policy, BigInteger serial, BigInteger? nonce)
    {
        this.der = der;
        this.signed = signed;
        Imprint = imprint;
        Time = time;
        Policy = policy;
        Serial = serial;
        Nonce = nonce;
    }

    /// <summary>The whole token, DER.</summary>
    public ReadOnlySpan<byte> Der => der;

    /// <summary>messageImprint: SM3 of what is stamped, 32 bytes.</summary>
    public byte[] Imprint { get; }

    /// <summary>genTime.</summary>
    public DateTimeOffset Time { get; }

    /// <summary>policy, an object identifier.</summary>
    public string Policy { get; }

    /// <summary>serialNumber.</summary>
    public BigInteger Serial { get; }

    /// <summary>nonce of the request, where it had one.</summary>
    public BigInteger? Nonce { get; }

    /// <summary>The TSA's certificate, where it was sent along.</summary>
    public Sm2Certificate? Certificate => signed.SignerCertificate;

    /// <summary>The bytes under the signature, for other verifiers.</summary>
    public ReadOnlySpan<byte> SignedPart => signed.SignedPart;

    /// <summary>The TSA's signature; null when its encoding is not acceptable.</summary>
    public Sm2Signature? Signature => signed.Signature;

    /// <summary>Whether the signature is good; says nothing about trust in the TSA.</summary>
    public bool SignatureIsGood => signed.SignatureIsGood;

    /// <summary>Whether it is these bytes that were stamped.</summary>
    public bool Covers(ReadOnlySpan<byte> data) => Imprint.AsSpan().SequenceEqual(Sm3.Hash(data));

    /// <summary>Parses a token.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.Asn1Invalid"/>, <see cref="ErrorReason.Asn1Limits"/>, <see cref="ErrorReason.AlgorithmInvalid"/>, or a certificate error.</exception>
    public static TimeStampToken Parse(ReadOnlyMemory<byte> bytes)
    {
        var signed = SignedData.Parse(bytes);
        try
        {
            if (signed.ContentOid != ContentOid)
            {
                throw new AsnContentException("TSTInfo");
            }

            DerLimits.Require(signed.Content);
            var info = new AsnReader(signed.Content, AsnEncodingRules.DER).ReadSequence();
            if (info.ReadInteger() != BigInteger.One)
            {
                throw new AsnContentException("TSTInfo version");
            }

            var policy = info.ReadObjectIdentifier();
            var imprint = ReadImprint(info.ReadSequence());
            var serial = info.ReadInteger();
            var time = info.ReadGeneralizedTime();
            if (info.HasData && info.PeekTag() == Asn1Tag.Sequence)
            {
                info.ReadSequence(); // accuracy
            }

            if (info.HasData && info.PeekTag() == Asn1Tag.Boolean)
            {
                info.ReadBoolean(); // ordering
            }

            BigInteger? nonce = info.HasData && info.PeekTag() == Asn1Tag.Integer ? info.ReadInteger() : null;
            while (info.HasData)
            {
                // tsa [0] is a hint, extensions [1] are not used.
                if (info.PeekTag().TagClass != TagClass.ContextSpecific || info.PeekTag().TagValue > 1)
                {
                    throw new AsnContentException("TSTInfo rest");
                }

                info.ReadEncodedValue();
            }

            return new TimeStampToken(bytes.ToArray(), signed, imprint, time, policy, serial, nonce);
        }
        catch (AsnContentException error)
        {
            throw new EidException(ErrorReason.Asn1Invalid, "不是时间戳（RFC 3161 TSTInfo）", error);
        }
    }

    internal static byte[] ReadImprint(AsnReader imprint)
    {
        SignedData.RequireSm3(imprint.ReadSequence());
        var digest = imprint.ReadOctetString();
        imprint.ThrowIfNotEmpty();
        return digest.Length == Sm3.Size ? digest : throw new AsnContentException("imprint");
    }
}
