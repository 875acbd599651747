using System.Text.Json.Nodes;
using ShantingEId.Crypto;
using ShantingEId.Server.Authority;

namespace ShantingEId.Server.Tests;

/// <summary>One good deployment of which each test breaks one thing.</summary>
public abstract class BrokenDeployment : IDisposable
{
    protected string Folder { get; } = Directory.CreateTempSubdirectory("eid-config-").FullName;

    protected BrokenDeployment() => DevCertificates.Create(Certs, TimeProvider.System);

    protected string Certs => Path.Combine(Folder, "certs");

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected EidServerOptions Options(string environment) =>
        new() { CertificatesDirectory = Certs, DataDirectory = Path.Combine(Folder, "data"), Environment = environment };

    protected void Refuses(ErrorReason reason, string named, EidServerOptions? options = null)
    {
        var error = Assert.Throws<EidException>(() => EidServer.Build(options ?? Options("Development")));
        Assert.Equal(reason, error.Reason);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    // A new certificate for the key that is there; by default of an authority of nobody.
    protected void Reissue(string name, DateTimeOffset from, DateTimeOffset to, CertificateUse use, string? issuer = null)
    {
        var vault = new KeyVault(AuthorityFiles.Bytes(Certs, AuthorityFiles.KeyEncryptionKey));
        using var key = Key(name);
        using var authorityKey = issuer is null ? Sm2PrivateKey.Generate() : Key(issuer);
        var authority = issuer is null
            ? CertificateIssuer.CreateRoot(authorityKey, new CertificateSubject("样例", "样例根"), TimeProvider.System.GetUtcNow().AddDays(-9), TimeProvider.System.GetUtcNow().AddDays(9))
            : AuthorityFiles.ReadCertificate(Certs, issuer);
        var certificate = new CertificateIssuer(authorityKey, authority).Issue(new CertificateSubject("样例", name), key.PublicKey, use, from, to);
        File.WriteAllText(Path.Combine(Certs, name + ".crt"), certificate.ToPem());

        Sm2PrivateKey Key(string of) => vault.Open(AuthorityFiles.Bytes(Certs, of + ".key.sealed"), of);
    }

    protected void Edit(string file, Action<JsonNode> change)
    {
        var path = Path.Combine(Certs, file);
        var node = JsonNode.Parse(File.ReadAllText(path))!;
        change(node);
        File.WriteAllText(path, node.ToJsonString());
    }
}
