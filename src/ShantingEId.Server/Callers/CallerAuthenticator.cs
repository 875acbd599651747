using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;

namespace ShantingEId.Server.Callers;

/// <summary>
/// Turns a TLS client certificate into a registered caller. The certificate must chain to the pinned CA, be in force and be
/// meant for client authentication; its fingerprint must be registered.
/// </summary>
internal sealed class CallerAuthenticator(CallerDirectory callers, X509Certificate2 authority, TimeProvider clock, string? fixedCaller = null)
{
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    // Building a chain costs about a millisecond, so a good result is kept for a minute. Refusals are not kept: an attacker
    // could fill memory with them. Registered certificates are few, which bounds the table.
    private static readonly TimeSpan KeepFor = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, Kept> known = new();

    private sealed record Kept(Caller? Caller, DateTimeOffset Until);

    // A connection hands out the same certificate object for each of its requests, so the object finds the result.
    private readonly ConditionalWeakTable<X509Certificate2, Kept> byConnection = [];
    private readonly Caller? onlyCaller = fixedCaller is null ? null : callers.FindByName(fixedCaller) ?? throw new EidException(ErrorReason.AccessDenied, $"名册中没有 {fixedCaller}");

    /// <summary>The caller at the other end of a request's connection; null for a good certificate that is not registered.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.ClientCertInvalid"/>.</exception>
    public async ValueTask<Caller?> AuthenticateAsync(HttpContext context)
    {
        if (onlyCaller is not null)
        {
            return onlyCaller;
        }

        var certificate = await context.Connection.GetClientCertificateAsync(context.RequestAborted);
        if (certificate is not null && byConnection.TryGetValue(certificate, out var found) && clock.GetUtcNow() < found.Until)
        {
            return found.Caller;
        }

        var kept = Authenticate(certificate);
        byConnection.AddOrUpdate(certificate!, kept);
        return kept.Caller;
    }

    private Kept Authenticate(X509Certificate2? certificate)
    {
        if (certificate is null)
        {
            throw new EidException(ErrorReason.ClientCertInvalid, "未出示客户端证书；请使用双向 TLS 连接");
        }

        var now = clock.GetUtcNow();
        var fingerprint = certificate.GetCertHashString(HashAlgorithmName.SHA256);
        if (known.TryGetValue(fingerprint, out var kept) && now < kept.Until)
        {
            return kept;
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

        var until = now + KeepFor;
        kept = new Kept(callers.Find(fingerprint), until < certificate.NotAfter ? until : certificate.NotAfter);
        if (kept.Caller is not null)
        {
            known[fingerprint] = kept;
        }

        return kept;
    }
}
