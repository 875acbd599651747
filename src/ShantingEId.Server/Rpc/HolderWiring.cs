using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Presenting;
using ShantingEId.Recognition;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Storage;
using ShantingEId.Verifying;

namespace ShantingEId.Server.Rpc;

/// <summary>Puts together what live codes need.</summary>
internal static class HolderWiring
{
    /// <summary>Adds it.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>: there is a key for live codes, and it is not usable; or their life is out of range.</exception>
    public static void Add(IServiceCollection services, EidServerOptions options, IssuingAuthority authority, SqlStore store)
    {
        var signer = Load(options, authority);
        if (options.LiveCodeLife < LiveCode.Life.Shortest || options.LiveCodeLife > LiveCode.Life.Longest)
        {
            throw new EidException(ErrorReason.SigningKeyUnusable, $"动态码的有效时间应为 {LiveCode.Life.Shortest.TotalSeconds} 至 {LiveCode.Life.Longest.TotalSeconds} 秒");
        }

        services.AddSingleton<IPresentationStore>(store); // The register itself, which is closed as such.
        services.AddSingleton<HolderWire>();
        services.AddSingleton(provider => new PresentationDesk(store, store, provider.GetRequiredService<Verifier>(), authority, signer, provider.GetRequiredService<CertificateTrust>(),
            provider.GetRequiredService<RegisterClock>(), options.LiveCodeLife));
    }

    // A deployment from before live codes has no such key, and goes on without them.
    private static SigningKey? Load(EidServerOptions options, IssuingAuthority authority)
    {
        if (!File.Exists(Path.Combine(options.CertificatesDirectory, AuthorityFiles.LiveSigner + ".crt")))
        {
            return null;
        }

        var now = options.Clock.GetUtcNow();
        var signer = AuthorityFiles.OpenKey(options.CertificatesDirectory, AuthorityFiles.LiveSigner, now);
        var problem = signer.Certificate.MaySignLiveCodes ? CertificateChain.Problem(signer.Certificate, authority.Intermediates, authority.Roots, now) : $"（{signer.Certificate.CommonName}）不允许签发动态码";
        return problem.Length == 0 ? signer : throw new EidException(ErrorReason.SigningKeyUnusable, "动态码签名证书" + problem);
    }
}
