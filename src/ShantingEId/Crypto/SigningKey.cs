namespace ShantingEId.Crypto;

/// <summary>A private key with its certificate.</summary>
/// <param name="Private">Signs.</param>
/// <param name="Certificate">Certifies the matching public key.</param>
public sealed record SigningKey(Sm2PrivateKey Private, Sm2Certificate Certificate)
{
    /// <summary>Refuses a certificate that does not fit the key or is not in force.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>.</exception>
    public void RequireUsable(DateTimeOffset now)
    {
        if (!Certificate.PublicKey.Equals(Private.PublicKey))
        {
            throw new EidException(ErrorReason.SigningKeyUnusable, $"签名密钥与证书不符（{Certificate.CommonName}）");
        }

        if (!Certificate.IsValidAt(now))
        {
            throw new EidException(ErrorReason.SigningKeyUnusable, $"签名密钥的证书不在有效期内（{Certificate.CommonName}）");
        }
    }
}

/// <summary>A public key that may be relied on for exactly one kind of envelope.</summary>
/// <param name="Key">Verifies.</param>
/// <param name="Use">The only content type it may sign.</param>
/// <param name="Certificate">Its certificate, already chained to a trusted root.</param>
public sealed record TrustedKey(Sm2PublicKey Key, ContentType Use, Sm2Certificate Certificate);

/// <summary>Finds trusted keys by the id an envelope names.</summary>
public sealed class KeyRing(IEnumerable<TrustedKey> keys)
{
    private readonly Dictionary<KeyId, TrustedKey> keys = keys.ToDictionary(key => key.Key.KeyId);

    /// <summary>The key of this id, or null when it is not ours.</summary>
    public TrustedKey? Find(KeyId id) => keys.GetValueOrDefault(id);
}
