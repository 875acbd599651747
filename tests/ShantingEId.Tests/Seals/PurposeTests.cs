using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.Tests.Crypto;
using ShantingEId.TimeStamps;

namespace ShantingEId.Tests.Seals;

/// <summary>I33 for seals: one key signs everything there is, and nothing of it passes for anything else.</summary>
public sealed class PurposeTests
{
    private static readonly SigningKey Stamper = HandMade.Certified("time stamper", TestCertificates.From, TestCertificates.To, CertificateUse.TimeStamping);

    private static readonly (string Name, byte[] Bytes)[] Artefacts =
    [
        ("seal 1", HandMade.Seal(SampleSeals.Info with { Version = SesVersion.V1 })), ("seal 4", HandMade.Seal(SampleSeals.Info)), ("seal 5", HandMade.Seal(SampleSeals.Info with { Version = SesVersion.V5 })),
        ("signature 1", HandMade.Signature(HandMade.Seal(SampleSeals.Info with { Version = SesVersion.V1 }), 1, timeInfo: "20260302060000Z"u8.ToArray())),
        ("signature 4", HandMade.Signature(HandMade.Seal(SampleSeals.Info), 4)), ("signature 5", HandMade.Signature(HandMade.Seal(SampleSeals.Info with { Version = SesVersion.V5 }), 5)),
        ("signed data", SignedData.Sign("1.2.156.10197.6.1.4.2.1", [1, 2, 3], SampleSeals.Signer, SampleSeals.Signed, withCertificate: true)),
        ("time stamp", SampleStamps.Token("x"u8, Stamper, SampleSeals.Signed)), ("certificate", TestCertificates.Leaf.Der.ToArray()),
        ("envelope", Envelope.Sign(ContentType.Manifest, [0xA0], SampleSeals.Signer).Encode()),
    ];

    private static readonly (string Of, Func<byte[], bool> Holds)[] Readers =
    [
        ("seal", bytes => SesSeal.Parse(bytes).SignatureIsGood), ("signature", bytes => SesSignature.Parse(bytes).SignatureIsGood), ("time stamp", bytes => TimeStampToken.Parse(bytes).SignatureIsGood),
        ("certificate", bytes => Sm2Certificate.Parse(bytes).IsIssuedBy(TestCertificates.Authority)), ("trust list", bytes => TrustList.Open(bytes, [TestCertificates.Leaf]) is not null),
    ];

    [Fact]
    public void Nothing_signed_passes_for_anything_else()
    {
        var taken = Artefacts.SelectMany(artefact => Readers.Where(reader => Holds(reader.Holds, artefact.Bytes)).Select(reader => $"{artefact.Name} as {reader.Of}"));

        Assert.Equal(
            ["seal 1 as seal", "seal 4 as seal", "seal 5 as seal", "signature 1 as signature", "signature 4 as signature", "signature 5 as signature", "time stamp as time stamp", "certificate as certificate"], taken);
    }

    // The same key, the same algorithm: what is signed never has the form of something else that is signed.
    [Fact]
    public void A_signature_value_moved_elsewhere_does_not_hold()
    {
        using var key = Sm2PrivateKey.FromScalar([.. new byte[31], 7]);
        var certificate = HandMadeCertificate(key);
        var signer = new SigningKey(key, certificate);
        var info = SampleSeals.Info with { CertificateList = [certificate.Der.ToArray()] };
        var seal = HandMade.Seal(info, signer);
        var (first, second) = (SesSeal.Parse(seal), SesSignature.Parse(HandMade.Signature(seal, 4, signer)));

        Assert.True(first.SignatureIsGood && second.SignatureIsGood);
        Assert.False(SesSeal.Parse(HandMade.Seal(info, signer, form: _ => second.SignatureValue.ToArray())).SignatureIsGood);
        Assert.False(SesSignature.Parse(HandMade.Signature(seal, 4, signer, form: _ => first.SignatureValue.ToArray())).SignatureIsGood);
        Assert.False(SesSeal.Parse(HandMade.Seal(info with { Version = SesVersion.V1 }, signer, form: _ => first.SignatureValue.ToArray())).SignatureIsGood);
        Assert.False(SesSeal.Parse(HandMade.Seal(info with { Version = SesVersion.V5 }, signer, form: _ => first.SignatureValue.ToArray())).SignatureIsGood);
    }

    private static Sm2Certificate HandMadeCertificate(Sm2PrivateKey key) => SampleSeals.Issue("示例", "一把密钥", key);

    private static bool Holds(Func<byte[], bool> holds, byte[] bytes)
    {
        try
        {
            return holds(bytes);
        }
        catch (EidException)
        {
            return false;
        }
    }
}
