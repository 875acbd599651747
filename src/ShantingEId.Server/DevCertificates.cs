using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using ShantingEId.Crypto;
using ShantingEId.Documents;
using ShantingEId.Seals;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Callers;

namespace ShantingEId.Server;

/// <summary>
/// Makes everything a development deployment needs: SM2 authority, TLS certificates (ECDSA; the platform has no SM2 TLS) and
/// registered callers. Every subject says 开发, and production refuses such keys.
/// </summary>
public static class DevCertificates
{
    /// <summary>Callers that receive a certificate; <c>stranger</c> is not registered.</summary>
    public static IReadOnlyList<string> Callers { get; } = ["staff", "supervisor", "tax-bureau", "social-security", "bank", "engraver", "housing-fund", "holder-app", "auditor", "stranger"];

    private const string Organisation = "枣庄市山亭区行政审批服务局（开发）";

    // The last one there is: those of companies are counted from 1.
    private const long OwnSealNumber = 99_999_999;

    // Keys that came later than the first folders.
    private static readonly (string Name, string CommonName, CertificateUse Use)[] Later =
    [
        (AuthorityFiles.ReceiptSigner, "核验回执签发（开发）", CertificateUse.ReceiptSigning),
        (AuthorityFiles.TrustListSigner, "CA互认信任列表签发（开发）", CertificateUse.TrustListSigning),
        (AuthorityFiles.StatusSigner, "证照状态签发（开发）", CertificateUse.StatusSigning),
        (AuthorityFiles.LiveSigner, "动态码签发（开发）", CertificateUse.LiveCodeSigning),
        (AuthorityFiles.TimeStamper, "时间戳服务（开发）", CertificateUse.TimeStamping),
    ];

    // Of whose keys the others are known (AuthorityFiles), under the licence authority.
    private static readonly Dictionary<string, CertificateUse> Exchangeable = new()
    {
        [AuthorityFiles.ManifestSigner] = CertificateUse.Signing, [AuthorityFiles.CodeSigner] = CertificateUse.Signing, [AuthorityFiles.ReceiptSigner] = CertificateUse.ReceiptSigning,
        [AuthorityFiles.StatusSigner] = CertificateUse.StatusSigning, [AuthorityFiles.LiveSigner] = CertificateUse.LiveCodeSigning,
    };

    /// <summary>Names of what has a next one (<see cref="MakeNext"/>).</summary>
    public static IReadOnlyList<string> WithNext { get; } = [.. Exchangeable.Keys, AuthorityFiles.OwnSeal];

    /// <summary>Writes the files; a folder that lacks nothing but keys which came later is given those alone.</summary>
    /// <param name="directory">Created when missing.</param>
    /// <param name="clock">Start of validity.</param>
    /// <param name="force">Replaces what is there; everything issued under the old keys then fails to verify.</param>
    /// <returns>Names of the keys that were added to a folder that had the others; empty when all was made.</returns>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>: files exist and <paramref name="force"/> is not set.</exception>
    public static IReadOnlyList<string> Create(string directory, TimeProvider clock, bool force = false)
    {
        // Not before an hour ago: clocks of test machines differ a little.
        var from = clock.GetUtcNow().AddHours(-1);
        if (!force && File.Exists(Path.Combine(directory, AuthorityFiles.Description)))
        {
            var missing = Later.Where(key => !File.Exists(Path.Combine(directory, key.Name + ".crt"))).ToList();
            var lacksSeal = !File.Exists(Path.Combine(directory, AuthorityFiles.SealFiles[0]));
            if (missing.Count == 0 && !lacksSeal)
            {
                throw new EidException(ErrorReason.SigningKeyUnusable, "目录中已有密钥；确要替换请加 --force（旧密钥签发的内容将无法核验）");
            }

            // What was issued under the others stays good.
            var vault = new KeyVault(AuthorityFiles.Bytes(directory, AuthorityFiles.KeyEncryptionKey));
            using var authorityKey = vault.Open(AuthorityFiles.Bytes(directory, AuthorityFiles.LicenseAuthority + ".key.sealed"), AuthorityFiles.LicenseAuthority);
            AddLater(directory, vault, new CertificateIssuer(authorityKey, AuthorityFiles.ReadCertificate(directory, AuthorityFiles.LicenseAuthority)), missing, from);
            if (lacksSeal)
            {
                WriteSeal(directory, AuthorityFiles.OwnSeal, OwnSealNumber, from);
            }

            return [.. missing.Select(key => key.Name), .. lacksSeal ? [AuthorityFiles.OwnSeal] : (string[])[]];
        }

        Directory.CreateDirectory(directory);
        WriteAuthority(directory, from);
        WriteSeal(directory, AuthorityFiles.OwnSeal, OwnSealNumber, from);
        WriteTls(directory, from);
        return [];
    }

    /// <summary>Makes the next key of a signer beside the one that signs: <c>NAME-N.crt</c>, which every replica goes on to believe, and <c>NAME-N.key.sealed</c>; of the authority's seal also <c>NAME-N.esl</c>.</summary>
    /// <param name="directory">A folder of development keys.</param>
    /// <param name="name">Of a key under the licence authority, e.g. <c>code-signer</c>, or <c>authority-seal</c>.</param>
    /// <param name="clock">Start of validity.</param>
    /// <returns>Name of the new files without their endings.</returns>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>: there is no such key to be followed by another.</exception>
    public static string MakeNext(string directory, string name, TimeProvider clock)
    {
        var before = AuthorityFiles.ReadCertificate(directory, name);
        if (!WithNext.Contains(name))
        {
            throw new EidException(ErrorReason.SigningKeyUnusable, $"{name} 不能这样更换；可更换的有 {string.Join('、', WithNext)}");
        }

        // 1. The certificate of now stands among the others too, so that it stays when the next one takes its place.
        var others = Directory.GetFiles(directory, name + "-*.crt").Length;
        if (others == 0)
        {
            Save(directory, $"{name}-{++others}.crt", before.ToPem());
            if (name == AuthorityFiles.OwnSeal)
            {
                Save(directory, $"{name}-{others}.esl", File.ReadAllBytes(Path.Combine(directory, AuthorityFiles.SealFiles[0])));
            }
        }

        // 2. The key is sealed for the name under which it will be opened.
        var next = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{name}-{others + 1}");
        var from = clock.GetUtcNow().AddHours(-1);
        if (!Exchangeable.TryGetValue(name, out var use))
        {
            WriteSeal(directory, next, OwnSealNumber - others, from);
            return next;
        }

        var vault = new KeyVault(AuthorityFiles.Bytes(directory, AuthorityFiles.KeyEncryptionKey));
        using var authorityKey = vault.Open(AuthorityFiles.Bytes(directory, AuthorityFiles.LicenseAuthority + ".key.sealed"), AuthorityFiles.LicenseAuthority);
        using var key = Sm2PrivateKey.Generate();
        var certificate = new CertificateIssuer(authorityKey, AuthorityFiles.ReadCertificate(directory, AuthorityFiles.LicenseAuthority))
            .Issue(new CertificateSubject(Organisation, before.CommonName), key.PublicKey, use, from, from.AddYears(10));
        SaveSecret(directory, next + ".key.sealed", vault.Seal(key, name));
        Save(directory, next + ".crt", certificate.ToPem());
        return next;
    }

    private static void AddLater(string directory, KeyVault vault, CertificateIssuer issuer, IEnumerable<(string Name, string CommonName, CertificateUse Use)> keys, DateTimeOffset from)
    {
        foreach (var (name, commonName, use) in keys)
        {
            Make(directory, vault, issuer, name, commonName, use, from, 10, out _).Dispose();
        }
    }

    private static Sm2PrivateKey Make(
        string directory, KeyVault vault, CertificateIssuer issuer, string name, string commonName, CertificateUse use, DateTimeOffset from, int years, out Sm2Certificate certificate)
    {
        var key = Sm2PrivateKey.Generate();
        certificate = issuer.Issue(new CertificateSubject(Organisation, commonName), key.PublicKey, use, from, from.AddYears(years));
        Save(directory, name + ".crt", certificate.ToPem());
        SaveSecret(directory, name + ".key.sealed", vault.Seal(key, name));
        return key;
    }

    private static void WriteAuthority(string directory, DateTimeOffset from)
    {
        Save(directory, AuthorityFiles.Description, JsonSerializer.Serialize(
            new AuthorityDescription("枣庄市山亭区行政审批服务局（开发样例）", "11370406MB9TE5T085", "370406", AuthorityFiles.DevelopmentEnvironment, "HTTPS://EID.SHANTING.EXAMPLE/"),
            AuthorityFiles.Json));
        var kek = RandomNumberGenerator.GetBytes(16);
        var vault = new KeyVault(kek);
        SaveSecret(directory, AuthorityFiles.KeyEncryptionKey, kek);
        SaveSecret(directory, AuthorityFiles.StatusSecret, RandomNumberGenerator.GetBytes(32));

        // root → license-ca → manifest-signer, code-signer, and those that came later;  root → seal-ca → seal-maker, seals of companies
        using var rootKey = Sm2PrivateKey.Generate();
        var rootCertificate = CertificateIssuer.CreateRoot(rootKey, new CertificateSubject(Organisation, "山亭电子证照根（开发）"), from, from.AddYears(20));
        Save(directory, AuthorityFiles.Root + ".crt", rootCertificate.ToPem());
        var root = new CertificateIssuer(rootKey, rootCertificate);
        var licenses = Authority(AuthorityFiles.LicenseAuthority, "电子证照签发CA（开发）");
        var seals = Authority(AuthorityFiles.SealAuthority, "电子印章CA（开发）");
        Signer(licenses, AuthorityFiles.ManifestSigner, "电子营业执照签发（开发）");
        Signer(licenses, AuthorityFiles.CodeSigner, "证照码签发（开发）");
        AddLater(directory, vault, licenses, Later, from);
        Signer(seals, AuthorityFiles.SealMaker, "电子印章制作系统（开发）");

        CertificateIssuer Authority(string name, string commonName) => new(Make(directory, vault, root, name, commonName, CertificateUse.Authority, from, 15, out var certificate), certificate);
        void Signer(CertificateIssuer issuer, string name, string commonName) => Make(directory, vault, issuer, name, commonName, CertificateUse.Signing, from, 10, out _).Dispose();
    }

    // A district brings the seal that the unified government seal system made for it; here the seal maker of companies makes one.
    private static void WriteSeal(string directory, string name, long number, DateTimeOffset from)
    {
        var authority = AuthorityFiles.Load(directory, production: false, from);
        using var fonts = SealFonts.LoadDefault();
        using var artist = new SealArtist(fonts);
        var seal = AuthoritySeal.Make(authority, artist.DrawCompact, SealCode.Create(authority.Division, number), from);
        Save(directory, name + ".crt", seal.Signer.Certificate.ToPem());
        SaveSecret(directory, name + ".key.sealed", authority.Vault.Seal(seal.Signer.Private, AuthorityFiles.OwnSeal));
        // The last of the three: it says that all are there.
        Save(directory, name + ".esl", seal.Seal.Der);
    }

    private static void WriteTls(string directory, DateTimeOffset from)
    {
        using var caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var caRequest = new CertificateRequest("CN=ShantingEId development TLS CA", caKey, HashAlgorithmName.SHA256);
        caRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        caRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        caRequest.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(caRequest.PublicKey, false));
        using var ca = caRequest.CreateSelfSigned(from, from.AddYears(5));
        Save(directory, "tls-ca.crt", ca.ExportCertificatePem() + "\n");

        Leaf("server", server: true);
        var fingerprints = Callers.ToDictionary(name => name, name => Leaf(name, server: false));
        Save(directory, CallerDirectory.FileName, CallerDirectory.DevelopmentFile(fingerprints));

        string Leaf(string name, bool server)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest($"CN={name}, O=ShantingEId development", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(server ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2")], false));
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
            request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(ca, true, false));
            if (server)
            {
                var names = new SubjectAlternativeNameBuilder();
                names.AddDnsName("localhost");
                names.AddIpAddress(System.Net.IPAddress.Loopback);
                request.CertificateExtensions.Add(names.Build());
            }

            using var certificate = request.Create(ca, from, from.AddYears(2), RandomNumberGenerator.GetBytes(16));
            Save(directory, name + ".crt", certificate.ExportCertificatePem() + "\n");
            Save(directory, name + ".key", key.ExportPkcs8PrivateKeyPem() + "\n", secret: true);
            return certificate.GetCertHashString(HashAlgorithmName.SHA256);
        }
    }

    private static void SaveSecret(string directory, string file, byte[] bytes) => Save(directory, file, Convert.ToBase64String(bytes) + "\n", secret: true);

    private static void Save(string directory, string file, string text, bool secret = false) => Save(directory, file, Encoding.UTF8.GetBytes(text), secret);

    private static void Save(string directory, string file, ReadOnlySpan<byte> bytes, bool secret = false)
    {
        var path = Path.Combine(directory, file);
        File.Delete(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (secret && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var stream = new FileStream(path, options);
        stream.Write(bytes);
    }
}
