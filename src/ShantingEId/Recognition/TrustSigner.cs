using ShantingEId.Crypto;

namespace ShantingEId.Recognition;

/// <summary>Who may say whom else we believe: a key whose certificate names that as its use, under our root.</summary>
internal static class TrustSigner
{
    /// <summary>Signs with such a key.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>.</exception>
    public static Envelope Sign(ContentType use, byte[] payload, SigningKey signer, DateTimeOffset at)
    {
        signer.RequireUsable(at);
        return signer.Certificate.MaySignTrustLists ? Envelope.Sign(use, payload, signer)
            : throw new EidException(ErrorReason.SigningKeyUnusable, $"证书（{signer.Certificate.CommonName}）不允许签发信任列表");
    }

    /// <summary>Refuses an envelope that such a key did not sign.</summary>
    /// <param name="what">What it should be, for people.</param>
    /// <param name="envelope">The envelope.</param>
    /// <param name="certificates">Certificates of our authority: roots, those between, and that of the signer.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.TrustListInvalid"/>.</exception>
    public static Sm2Certificate Require(string what, Envelope envelope, IReadOnlyCollection<Sm2Certificate> certificates)
    {
        if (certificates.FirstOrDefault(certificate => certificate.PublicKey.KeyId == envelope.KeyId) is not { } signer)
        {
            throw Invalid($"所信任的证书中没有签发{what}的密钥 {envelope.KeyId}");
        }

        if (!envelope.Verify(signer.PublicKey))
        {
            throw Invalid(what + "的签名不正确");
        }

        return signer.MaySignTrustLists ? signer : throw Invalid($"证书（{signer.CommonName}）不允许签发{what}");
    }

    /// <summary>Refuses a signer whose certificate led to none of our roots when the list was issued.</summary>
    public static void RequirePath(string what, Sm2Certificate signer, IReadOnlyCollection<Sm2Certificate> certificates, DateTimeOffset issued)
    {
        if (CertificateChain.Problem(signer, certificates, [.. certificates.Where(certificate => certificate.IsIssuedBy(certificate))], issued) is { Length: > 0 } problem)
        {
            throw Invalid($"{what}签发者证书{problem}");
        }
    }

    /// <summary>The error of every list that cannot be believed.</summary>
    public static EidException Invalid(string message) => new(ErrorReason.TrustListInvalid, message);
}
