using System.Formats.Asn1;
using System.Security.Cryptography;
using ShantingEId.Crypto;

namespace ShantingEId.TimeStamps;

/// <summary>
/// A small time stamp authority (RFC 3161), for development: production asks a licensed one. Stamps with the clock it is given.
/// </summary>
/// <param name="signer">Key of a certificate for time stamps only.</param>
/// <param name="clock">The time that is stamped.</param>
public sealed class TimeStampAuthority(SigningKey signer, TimeProvider clock)
{
    /// <summary>Policy of the stamps, of the arc that needs no registration: "for development".</summary>
    public const string Policy = "2.25.211367363574895136985308453414602326474";

    private const int BadRequestBit = 2;

    /// <summary>Answers a TimeStampReq with a TimeStampResp, both DER; what is no request is answered with a rejection.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>.</exception>
    public byte[] Respond(ReadOnlyMemory<byte> request)
    {
        TimeStampRequest asked;
        try
        {
            asked = TimeStampRequest.Parse(request);
        }
        catch (EidException error) when (error.Reason == ErrorReason.TimeStampInvalid)
        {
            return Response(2, null); // rejection, badRequest
        }

        return Response(0, Stamp(asked));
    }

    private byte[] Stamp(TimeStampRequest request)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(clock.GetUtcNow().ToUnixTimeSeconds());
        signer.RequireUsable(now);
        if (!signer.Certificate.MayTimeStamp)
        {
            throw new EidException(ErrorReason.SigningKeyUnusable, $"证书（{signer.Certificate.CommonName}）不是时间戳证书");
        }

        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(1);
            writer.WriteObjectIdentifier(Policy);
            TimeStampRequest.WriteImprint(writer, request.Imprint);
            writer.WriteIntegerUnsigned([(byte)(RandomNumberGenerator.GetInt32(127) + 1), .. RandomNumberGenerator.GetBytes(15)]);
            writer.WriteGeneralizedTime(now, omitFractionalSeconds: true);
            if (request.Nonce is { } nonce)
            {
                writer.WriteInteger(nonce);
            }
        }

        return SignedData.Sign(TimeStampToken.ContentOid, writer.Encode(), signer, now, request.WithCertificate);
    }

    // TimeStampResp: SEQUENCE { status PKIStatusInfo { status, failInfo BIT STRING }, token OPTIONAL }
    private static byte[] Response(int status, byte[]? token)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteInteger(status);
                if (status != 0)
                {
                    writer.WriteBitString([0x80 >> BadRequestBit], 7 - BadRequestBit);
                }
            }

            if (token is not null)
            {
                writer.WriteEncodedValue(token);
            }
        }

        return writer.Encode();
    }
}
