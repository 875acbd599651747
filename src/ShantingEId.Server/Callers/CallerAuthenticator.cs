using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ShantingEId.Server.Callers;

/// <summary>
/// Turns a TLS client certificate into a registered caller. The certificate must chain to the pinned CA, be in force and be
/// meant for client authentication; its fingerprint must be registered.
/// </summary>
internal sealed class CallerAuthenticator(CallerDirectory callers, X509Certificate2 authority, TimeProvider clock)
{
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    // Building a chain costs about a millisecond, so a good result is kept for a minute. Refusals are not kept: an attacker
    // could fill memory with them. Registered certificates are few, which bounds the table.
    private static readonly TimeSpan KeepFor = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, (Caller Caller, DateTimeOffset Until)> known = new();

    /// <summary>The caller of this certificate; null for a good certificate that is not registered.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.ClientCertInvalid"/>.</exception>
    public Caller? Authenticate(X509Certificate2? certificate)
    {
        if (certificate is null)
        {
            throw new EidException(ErrorReason.ClientCertInvalid, "未出示客户端证书；请使用双向 TLS 连接");
        }

        var now = clock.GetUtcNow();
        var fingerprint = certificate.GetCertHashString(HashAlgorithmName.SHA256);
        if (known.TryGetValue(fingerprint, out var kept) && now < kept.Until)
        {
            return kept.Caller;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // A caller is revoked by taking its fingerprint out of the directory.
        chain.ChainPolicy.ApplicationPolicy.Add(ClientAuthentication);
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        if (!chain.Build(certificate))
        {
            throw new EidException(ErrorReason.ClientCertInvalid, "客户端证书不是由受信任的 CA 签发，或不在有效期内");
        }

        if (callers.Find(fingerprint) is not { } caller)
        {
            return null;
        }

        var until = now + KeepFor;
        known[fingerprint] = (caller, until < certificate.NotAfter ? until : certificate.NotAfter);
        return caller;
    }
}
