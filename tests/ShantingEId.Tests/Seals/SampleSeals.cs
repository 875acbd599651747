using ShantingEId.Crypto;
using ShantingEId.Seals;
using ShantingEId.Tests.Crypto;

namespace ShantingEId.Tests.Seals;

/// <summary>A good seal and a good signature of the test authority, to break one thing at a time.</summary>
internal static class SampleSeals
{
    public const string PropertyInfo = "/Doc_0/Signs/Sign_0/Signature.xml";

    public static readonly DateTimeOffset Made = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset Signed = new(2026, 3, 2, 6, 0, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset End = new(2031, 1, 5, 0, 0, 0, TimeSpan.Zero);

    public static readonly Sm2PrivateKey MakerKey = Sm2Cases.Key("seal maker");
    public static readonly Sm2Certificate MakerCertificate = Issue("示例印章制作系统", "示例印章制作系统", MakerKey);
    public static readonly SigningKey Maker = new(MakerKey, MakerCertificate);
    public static readonly SigningKey Signer = new(TestCertificates.LeafKey, TestCertificates.Leaf);
    public static readonly byte[] Hash = Sm3.Hash("示例原文"u8);

    public static SesSealInfo Info => new()
    {
        VendorId = "ShantingEId", SealId = TestCertificates.SealCode, Type = 1, Name = TestCertificates.Name + "公章",
        CertificateList = [TestCertificates.Leaf.Der.ToArray()], CreateTime = Made, ValidStart = Made, ValidEnd = End,
        PictureType = "PNG", Picture = [0x89, 0x50, 0x4E, 0x47, 1, 2, 3, 4], Width = 40, Height = 40,
    };

    public static SesSeal Seal => SesSeal.Create(Info, Maker);

    public static SesSignature Signature => SesSignature.Create(Seal, Signer, Signed, Hash, PropertyInfo);

    public static Sm2Certificate Issue(string organisation, string name, Sm2PrivateKey key) =>
        new CertificateIssuer(TestCertificates.AuthorityKey, TestCertificates.Authority)
            .Issue(new CertificateSubject(organisation, name), key.PublicKey, CertificateUse.Signing, TestCertificates.From, TestCertificates.To);
}
