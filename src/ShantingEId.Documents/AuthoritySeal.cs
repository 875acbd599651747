using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Seals;

namespace ShantingEId.Documents;

/// <summary>The seal of a 登记机关 with the key that may use it.</summary>
/// <param name="Seal">The seal.</param>
/// <param name="Signer">A key whose certificate the seal lists.</param>
public sealed record AuthoritySeal(SesSeal Seal, SigningKey Signer)
{
    // property.type is defined by the business; engraving systems count a 公章 as 1, as the seals of companies do here.
    private const int OfficialSealType = 1;

    /// <summary>
    /// Makes a seal of the authority with its own seal maker, for development and tests; a district brings the one that the
    /// unified government seal system made for it.
    /// </summary>
    /// <param name="authority">Whose seal, and who makes it.</param>
    /// <param name="draw">Draws it.</param>
    /// <param name="code">印章编码.</param>
    /// <param name="from">From when it holds.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.TextInvalid"/>: the name cannot be drawn.</exception>
    public static AuthoritySeal Make(IssuingAuthority authority, DrawSeal draw, SealCode code, DateTimeOffset from)
    {
        var picture = draw(new SealDesign(SealKind.Official, authority.Name, authority.CreditCode, authority.Name, code));
        var key = Sm2PrivateKey.Generate();
        var certificate = authority.SealAuthority.Issue(
            new CertificateSubject(authority.CreditCode.Value + authority.Name, code.Value), key.PublicKey, CertificateUse.Signing, from, from + authority.SealLifetime);
        var info = new SesSealInfo
        {
            VendorId = "ShantingEId", SealId = code.Value, Type = OfficialSealType, Name = authority.Name + SealKind.Official.ChineseName(),
            CertificateList = [certificate.Der.ToArray()], CreateTime = from, ValidStart = from, ValidEnd = certificate.NotAfter,
            PictureType = "PNG", Picture = picture.Png, Width = picture.WidthMillimetres, Height = picture.HeightMillimetres,
        };
        return new AuthoritySeal(SesSeal.Create(info, authority.SealMaker), new SigningKey(key, certificate));
    }
}
