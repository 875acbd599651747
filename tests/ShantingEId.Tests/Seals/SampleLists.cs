using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using ShantingEId.Crypto;

namespace ShantingEId.Tests.Seals;

/// <summary>Revocation lists of any CA, good unless something is said.</summary>
internal static class SampleLists
{
    public static readonly DateTimeOffset Issued = SampleTrust.Now.AddDays(-1);
    public static readonly DateTimeOffset Next = SampleTrust.Now.AddDays(6);

    /// <summary>A list of a CA, DER.</summary>
    /// <param name="key">Signs.</param>
    /// <param name="authority">Whose name stands on it.</param>
    /// <param name="revoked">What is on it.</param>
    /// <param name="issued">thisUpdate.</param>
    /// <param name="next">nextUpdate.</param>
    /// <param name="number">cRLNumber.</param>
    /// <param name="extension">A further extension.</param>
    /// <param name="entry">An extension of every entry.</param>
    public static byte[] Of(
        Sm2PrivateKey key, Sm2Certificate authority, IEnumerable<(Sm2Certificate Certificate, DateTimeOffset Since)>? revoked = null, DateTimeOffset? issued = null, DateTimeOffset? next = null,
        int number = 1, (DerObjectIdentifier Oid, bool Critical, Asn1Encodable Value)? extension = null, (DerObjectIdentifier Oid, Asn1Encodable Value)? entry = null)
    {
        var generator = new V2TbsCertListGenerator();
        var algorithm = new AlgorithmIdentifier(new DerObjectIdentifier(Sm2Certificate.SignatureOid));
        generator.SetSignature(algorithm);
        generator.SetIssuer(X509Name.GetInstance(Asn1Object.FromByteArray(authority.SubjectName.ToArray())));
        generator.SetThisUpdate(At(issued ?? Issued));
        if (next != DateTimeOffset.MinValue)
        {
            generator.SetNextUpdate(At(next ?? Next));
        }

        foreach (var (certificate, since) in revoked ?? [])
        {
            var about = new X509ExtensionsGenerator();
            about.AddExtension(X509Extensions.ReasonCode, false, new CrlReason(CrlReason.KeyCompromise));
            if (entry is { } more)
            {
                about.AddExtension(more.Oid, true, more.Value);
            }

            generator.AddCrlEntry(new DerInteger(certificate.SerialNumber.ToByteArray(isBigEndian: true)), At(since), about.Generate());
        }

        var extensions = new X509ExtensionsGenerator();
        extensions.AddExtension(X509Extensions.CrlNumber, false, DerInteger.ValueOf(number));
        if (extension is { } one)
        {
            extensions.AddExtension(one.Oid, one.Critical, one.Value);
        }

        generator.SetExtensions(extensions.Generate());
        var body = generator.GenerateTbsCertList();
        return new DerSequence(body, algorithm, new DerBitString(key.Sign(body.GetDerEncoded()).ToDer())).GetDerEncoded();
    }

    private static Time At(DateTimeOffset time) => new(time.UtcDateTime);
}
