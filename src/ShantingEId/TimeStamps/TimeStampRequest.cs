using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using ShantingEId.Crypto;

namespace ShantingEId.TimeStamps;

/// <summary>TimeStampReq (RFC 3161 §2.4.1), with SM3: the digest to stamp, a nonce, whether the certificate shall come along.</summary>
/// <param name="Imprint">SM3 of what is to be stamped, 32 bytes.</param>
/// <param name="Nonce">Comes back in the token; null for none.</param>
/// <param name="WithCertificate">Whether the TSA's certificate shall be in the token.</param>
public sealed record TimeStampRequest(byte[] Imprint, BigInteger? Nonce, bool WithCertificate)
{
    private const string Sm3Oid = "1.2.156.10197.1.401";

    /// <summary>A request for these bytes, with a fresh nonce of 64 bits.</summary>
    public static TimeStampRequest For(ReadOnlySpan<byte> data) =>
        new(Sm3.Hash(data), new BigInteger(RandomNumberGenerator.GetBytes(8), isUnsigned: true), WithCertificate: true);

    /// <summary>DER.</summary>
    public byte[] Encode()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(1);
            WriteImprint(writer, Imprint);
            if (Nonce is { } nonce)
            {
                writer.WriteInteger(nonce);
            }

            if (WithCertificate)
            {
                writer.WriteBoolean(true);
            }
        }

        return writer.Encode();
    }

    /// <summary>Parses a request.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.TimeStampInvalid"/>: not a request, or not with SM3.</exception>
    public static TimeStampRequest Parse(ReadOnlyMemory<byte> der)
    {
        try
        {
            DerLimits.Require(der.Span);
            var request = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
            request.ReadInteger();
            var imprint = TimeStampToken.ReadImprint(request.ReadSequence());
            if (request.HasData && request.PeekTag() == Asn1Tag.ObjectIdentifier)
            {
                request.ReadObjectIdentifier(); // reqPolicy: there is one policy
            }

            BigInteger? nonce = request.HasData && request.PeekTag() == Asn1Tag.Integer ? request.ReadInteger() : null;
            var withCertificate = request.HasData && request.PeekTag() == Asn1Tag.Boolean && request.ReadBoolean();
            request.ThrowIfNotEmpty();
            return new TimeStampRequest(imprint, nonce, withCertificate);
        }
        catch (Exception error) when (error is AsnContentException or EidException)
        {
            throw new EidException(ErrorReason.TimeStampInvalid, "不是使用 SM3 的时间戳请求（RFC 3161）", error);
        }
    }

    internal static void WriteImprint(AsnWriter writer, byte[] imprint)
    {
        using (writer.PushSequence())
        {
            SignedData.WriteAlgorithm(writer, Sm3Oid);
            writer.WriteOctetString(imprint);
        }
    }
}
