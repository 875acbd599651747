using System.Collections.Concurrent;
using System.Formats.Asn1;
using ShantingEId.Crypto;
using ShantingEId.Seals;
using ShantingEId.Tests.Crypto;

namespace ShantingEId.Tests.Seals;

/// <summary>Seals and signatures that the library does not make: other versions, other encodings, other signers.</summary>
internal static class HandMade
{
    private static readonly ConcurrentDictionary<string, SigningKey> Makers = new();
    private static readonly Asn1Tag Explicit0 = new(TagClass.ContextSpecific, 0);

    /// <summary>A seal of any version.</summary>
    public static byte[] Seal(SesSealInfo info, SigningKey? maker = null, Func<Sm2Signature, byte[]>? form = null, byte[]? timeStamp = null, string oid = Sm2Certificate.SignatureOid)
    {
        var (key, body) = (maker ?? SampleSeals.Maker, info.Encode());
        if (info.Version == SesVersion.V1)
        {
            var value = (form ?? (each => each.ToDer()))(key.Private.Sign(Sequence(writer => WriteSigner(writer, body, key.Certificate, oid))));
            return Sequence(writer =>
            {
                writer.WriteEncodedValue(body);
                using (writer.PushSequence())
                {
                    writer.WriteOctetString(key.Certificate.Der);
                    writer.WriteObjectIdentifier(oid);
                    writer.WriteBitString(value);
                }
            });
        }

        return Sequence(writer =>
        {
            WriteSigner(writer, body, key.Certificate, oid);
            writer.WriteBitString((form ?? (each => each.ToDer()))(key.Private.Sign(body)));
            WriteStamp(writer, timeStamp);
        });
    }

    /// <summary>A signature of any version over a seal's bytes.</summary>
    public static byte[] Signature(
        byte[] seal, int version, SigningKey? signer = null, DateTimeOffset? time = null, byte[]? hash = null, Func<Sm2Signature, byte[]>? form = null, byte[]? timeInfo = null,
        SesExtension? extension = null, byte[]? timeStamp = null, string propertyInfo = SampleSeals.PropertyInfo)
    {
        var key = signer ?? SampleSeals.Signer;
        var body = Sequence(writer =>
        {
            writer.WriteInteger(version);
            writer.WriteEncodedValue(seal);
            if (version == 1)
            {
                writer.WriteBitString(timeInfo!);
            }
            else
            {
                writer.WriteGeneralizedTime(time ?? SampleSeals.Signed, omitFractionalSeconds: true);
            }

            writer.WriteBitString(hash ?? SampleSeals.Hash);
            writer.WriteCharacterString(UniversalTagNumber.IA5String, propertyInfo);
            if (version == 1)
            {
                writer.WriteOctetString(key.Certificate.Der);
                writer.WriteObjectIdentifier(Sm2Certificate.SignatureOid);
            }
            else if (extension is not null)
            {
                using (writer.PushSequence(Explicit0))
                {
                    SesSealInfo.WriteExtensions(writer, [extension]);
                }
            }
        });
        var value = (form ?? (each => each.ToDer()))(key.Private.Sign(body));
        return Sequence(writer =>
        {
            if (version == 1)
            {
                writer.WriteEncodedValue(body);
            }
            else
            {
                WriteSigner(writer, body, key.Certificate, Sm2Certificate.SignatureOid);
            }

            writer.WriteBitString(value);
            WriteStamp(writer, timeStamp);
        });
    }

    /// <summary>A certificate by the test authority for a key, with dates of its own.</summary>
    public static SigningKey Certified(string name, DateTimeOffset from, DateTimeOffset to, CertificateUse use = CertificateUse.Signing)
    {
        var key = Sm2Cases.Key(name);
        return new SigningKey(key, new CertificateIssuer(TestCertificates.AuthorityKey, TestCertificates.Authority).Issue(new CertificateSubject("示例", name), key.PublicKey, use, from, to));
    }

    /// <summary>A maker of seals that is known by name: the same certificate however often it is asked for.</summary>
    public static SigningKey Maker(string name, DateTimeOffset to) => Makers.GetOrAdd(name, _ => Certified(name, TestCertificates.From, to));

    private static void WriteSigner(AsnWriter writer, byte[] body, Sm2Certificate certificate, string oid)
    {
        writer.WriteEncodedValue(body);
        writer.WriteOctetString(certificate.Der);
        writer.WriteObjectIdentifier(oid);
    }

    private static void WriteStamp(AsnWriter writer, byte[]? timeStamp)
    {
        if (timeStamp is not null)
        {
            using (writer.PushSequence(Explicit0))
            {
                writer.WriteBitString(timeStamp);
            }
        }
    }

    private static byte[] Sequence(Action<AsnWriter> content)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            content(writer);
        }

        return writer.Encode();
    }
}
