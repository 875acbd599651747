using System.Formats.Asn1;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Crypto;
using ShantingEId.TimeStamps;

namespace ShantingEId.Tests.Seals;

/// <summary>Time stamps of the development authority, at any time.</summary>
internal static class SampleStamps
{
    /// <summary>A token over these bytes.</summary>
    /// <param name="data">What is stamped.</param>
    /// <param name="signer">Who stamps.</param>
    /// <param name="time">When.</param>
    /// <param name="withCertificate">Whether the certificate comes along.</param>
    /// <param name="isForced">Signs with a certificate that the authority would refuse.</param>
    public static byte[] Token(ReadOnlySpan<byte> data, SigningKey signer, DateTimeOffset time, bool withCertificate = true, bool isForced = false)
    {
        var request = TimeStampRequest.For(data) with { WithCertificate = withCertificate };
        if (isForced)
        {
            // The content of a good token, signed by somebody else.
            var stamper = HandMade.Certified("any stamper", time.AddDays(-1), time.AddDays(1), CertificateUse.TimeStamping);
            var content = SignedData.Parse(TokenOf(new TimeStampAuthority(stamper, new FakeTimeProvider(time)).Respond(request.Encode()))).Content;
            return SignedData.Sign(TimeStampToken.ContentOid, content, signer, time, withCertificate);
        }

        return TokenOf(new TimeStampAuthority(signer, new FakeTimeProvider(time)).Respond(request.Encode()));
    }

    /// <summary>The token of a granted response.</summary>
    public static byte[] TokenOf(byte[] response)
    {
        var reader = new AsnReader(response, AsnEncodingRules.DER).ReadSequence();
        reader.ReadSequence();
        return reader.ReadEncodedValue().ToArray();
    }
}
