using ShantingEId.Crypto;

namespace ShantingEId.StatusLists;

/// <summary>Who may say what state a licence has: a key whose certificate names that as its use, under a trusted root.</summary>
internal static class StatusSigner
{
    /// <summary>Signs with such a key.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>.</exception>
    public static Envelope Sign(ContentType use, byte[] payload, SigningKey signer, DateTimeOffset at)
    {
        signer.RequireUsable(at);
        return signer.Certificate.MaySignStatus ? Envelope.Sign(use, payload, signer)
            : throw new EidException(ErrorReason.SigningKeyUnusable, $"证书（{signer.Certificate.CommonName}）不允许签发证照状态");
    }

    /// <summary>Refuses an envelope that such a key did not sign.</summary>
    /// <param name="what">What it should be, for people.</param>
    /// <param name="envelope">The envelope.</param>
    /// <param name="certificates">That of the signer and those between; of these nothing is believed.</param>
    /// <param name="roots">What is believed.</param>
    /// <param name="at">When the signer's certificate had to hold.</param>
    public static void Require(string what, Envelope envelope, IReadOnlyCollection<Sm2Certificate> certificates, IReadOnlyCollection<Sm2Certificate> roots, DateTimeOffset at)
    {
        if (certificates.FirstOrDefault(certificate => certificate.PublicKey.KeyId == envelope.KeyId) is not { } signer)
        {
            throw Invalid($"没有{what}签名密钥 {envelope.KeyId} 的证书");
        }

        if (!signer.MaySignStatus)
        {
            throw Invalid($"证书（{signer.CommonName}）不允许签发证照状态");
        }

        if (!envelope.Verify(signer.PublicKey))
        {
            throw Invalid(what + "的签名不正确");
        }

        if (CertificateChain.Problem(signer, certificates, roots, at) is { Length: > 0 } problem)
        {
            throw Invalid($"{what}签发者证书{problem}");
        }
    }

    /// <summary>The error of everything about lists and packs that cannot be believed.</summary>
    public static EidException Invalid(string message) => new(ErrorReason.StatusInvalid, message);
}
