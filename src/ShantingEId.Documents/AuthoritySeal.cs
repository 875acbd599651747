using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Seals;

namespace ShantingEId.Documents;

/// <summary>The seal of a 登记机关 with the key that may use it.</summary>
/// <param name="Seal">The seal.</param>
/// <param name="Signer">A key whose certificate the seal lists.</param>
public sealed record AuthoritySeal(SesSeal Seal, SigningKey Signer)
{
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
        var design = new SealDesign(SealKind.Official, authority.Name, authority.CreditCode, authority.Name, code);
        var key = authority.SealAuthority.NewKey(new CertificateSubject(authority.CreditCode.Value + authority.Name, code.Value), CertificateUse.Signing, from, from + authority.SealLifetime);
        return new AuthoritySeal(SesSeal.Create(SesSealInfo.Of(design, draw(design), key.Certificate, from), authority.SealMaker), key);
    }
}
