using System.Text.Json;
using ShantingEId.Crypto;
using ShantingEId.Server.Authority;

namespace ShantingEId.Server.Tests;

/// <summary>Keys and certificates that production takes: those of a development deployment, made anew without its mark.</summary>
internal static class ProductionFiles
{
    public static void Create(string directory)
    {
        DevCertificates.Create(directory, TimeProvider.System);
        var description = JsonSerializer.Deserialize<AuthorityDescription>(File.ReadAllText(Path.Combine(directory, AuthorityFiles.Description)), AuthorityFiles.Json)!;
        File.WriteAllText(Path.Combine(directory, AuthorityFiles.Description), JsonSerializer.Serialize(description with { Environment = "sample" }, AuthorityFiles.Json));

        var vault = new KeyVault(Convert.FromBase64String(File.ReadAllText(Path.Combine(directory, AuthorityFiles.KeyEncryptionKey))));
        var from = TimeProvider.System.GetUtcNow().AddHours(-1);
        using var rootKey = Sm2PrivateKey.Generate();
        var rootCertificate = CertificateIssuer.CreateRoot(rootKey, new CertificateSubject("样例机关", "样例根"), from, from.AddYears(20));
        Save(AuthorityFiles.Root, rootCertificate);
        var root = new CertificateIssuer(rootKey, rootCertificate);
        var licenses = new CertificateIssuer(Key(AuthorityFiles.LicenseAuthority), Reissue(root, AuthorityFiles.LicenseAuthority, CertificateUse.Authority));
        var seals = new CertificateIssuer(Key(AuthorityFiles.SealAuthority), Reissue(root, AuthorityFiles.SealAuthority, CertificateUse.Authority));
        Reissue(licenses, AuthorityFiles.ManifestSigner, CertificateUse.Signing);
        Reissue(licenses, AuthorityFiles.CodeSigner, CertificateUse.Signing);
        Reissue(licenses, AuthorityFiles.ReceiptSigner, CertificateUse.ReceiptSigning);
        Reissue(licenses, AuthorityFiles.LiveSigner, CertificateUse.LiveCodeSigning);
        Reissue(licenses, AuthorityFiles.StatusSigner, CertificateUse.StatusSigning);
        Reissue(licenses, AuthorityFiles.TrustListSigner, CertificateUse.TrustListSigning);
        Reissue(seals, AuthorityFiles.SealMaker, CertificateUse.Signing);

        Sm2PrivateKey Key(string name) => vault.Open(Convert.FromBase64String(File.ReadAllText(Path.Combine(directory, name + ".key.sealed"))), name);

        Sm2Certificate Reissue(CertificateIssuer issuer, string name, CertificateUse use)
        {
            using var key = Key(name);
            var certificate = issuer.Issue(new CertificateSubject("样例机关", name), key.PublicKey, use, from, from.AddYears(10));
            Save(name, certificate);
            return certificate;
        }

        void Save(string name, Sm2Certificate certificate) => File.WriteAllText(Path.Combine(directory, name + ".crt"), certificate.ToPem());
    }
}
