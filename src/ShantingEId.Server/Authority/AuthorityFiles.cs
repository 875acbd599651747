using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ShantingEId.Crypto;
using ShantingEId.Documents;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;

namespace ShantingEId.Server.Authority;

/// <summary>Description of the authority, <c>authority.json</c>.</summary>
/// <param name="Name">登记机关 as printed.</param>
/// <param name="CreditCode">Its credit code.</param>
/// <param name="Division">Six digits of GB/T 2260.</param>
/// <param name="Environment">Name of the deployment; <c>development</c> is refused in production.</param>
/// <param name="CodePrefix">Official address in upper case, ending in <c>/</c>.</param>
internal sealed record AuthorityDescription(string Name, string CreditCode, string Division, string Environment, string CodePrefix);

/// <summary>
/// The authority's folder: its description, certificates (PEM), private keys sealed by the vault (<c>*.key.sealed</c>, Base64)
/// and the vault's key-encryption key, which a production deployment keeps on another medium than the database. Beside the certificate of a
/// key that signs, <c>NAME.crt</c>, stand those of its predecessors and of its successor, <c>NAME-*.crt</c> (docs/upgrading.md).
/// </summary>
internal static class AuthorityFiles
{
    public const string Description = "authority.json";
    public const string KeyEncryptionKey = "vault.kek";
    public const string StatusSecret = "status.secret";
    public const string Root = "root";
    public const string LicenseAuthority = "license-ca";
    public const string SealAuthority = "seal-ca";
    public const string ManifestSigner = "manifest-signer";
    public const string CodeSigner = "code-signer";
    public const string ReceiptSigner = "receipt-signer";
    public const string TrustListSigner = "trust-list-signer";
    public const string StatusSigner = "status-signer";
    public const string LiveSigner = "live-signer";
    public const string TimeStamper = "time-stamper";
    public const string SealMaker = "seal-maker";
    public const string OwnSeal = "authority-seal";
    public const string DevelopmentEnvironment = "development";

    /// <summary>The files of the authority's own seal; those of others of its own are beside them, <c>authority-seal-*</c>.</summary>
    internal static readonly string[] SealFiles = [OwnSeal + ".esl", OwnSeal + ".crt", OwnSeal + ".key.sealed"];

    internal static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true };

    /// <summary>Loads an authority and refuses what may not sign.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>: files missing, development keys in production, expired or default keys.</exception>
    public static IssuingAuthority Load(string directory, bool production, DateTimeOffset now)
    {
        var description = ReadText(directory, Description, text => JsonSerializer.Deserialize<AuthorityDescription>(text, Json) ?? throw new JsonException("null"));
        if (production && (description.Environment == DevelopmentEnvironment || ReadCertificate(directory, Root).Subject.Contains("开发", StringComparison.Ordinal)))
        {
            throw Unusable("生产环境不接受开发用的密钥和证书；请配置正式密钥");
        }

        var kek = Bytes(directory, KeyEncryptionKey);
        if (kek.Length != 16 || kek.Distinct().Count() < 4)
        {
            throw Unusable("密钥加密密钥缺失、长度不对或是默认值");
        }

        var statusSecret = Bytes(directory, StatusSecret);
        if (statusSecret.Length != 32 || statusSecret.Distinct().Count() < 4)
        {
            throw Unusable($"{StatusSecret} 应为 32 字节的随机数");
        }

        if (!description.CodePrefix.EndsWith('/') || description.CodePrefix.Any(c => !"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$%*+-./:".Contains(c, StringComparison.Ordinal)))
        {
            throw Unusable("code_prefix 应为以 / 结尾的大写网址（二维码字母数字模式的字符）");
        }

        var vault = new KeyVault(kek);
        SigningKey Signer(string name) => OpenKey(directory, vault, name, now);

        var sealAuthority = Signer(SealAuthority);
        var sealMaker = Signer(SealMaker);
        var others = new OtherSigners(Beside(directory, ManifestSigner), Beside(directory, CodeSigner), Beside(directory, ReceiptSigner), Beside(directory, SealMaker));
        return new IssuingAuthority
        {
            Name = description.Name,
            CreditCode = CreditCode.Parse(description.CreditCode),
            Division = description.Division,
            Environment = description.Environment,
            CodePrefix = description.CodePrefix,
            ManifestSigner = Signer(ManifestSigner),
            CodeSigner = Signer(CodeSigner),
            ReceiptSigner = Signer(ReceiptSigner),
            SealMaker = sealMaker,
            SealAuthority = new CertificateIssuer(sealAuthority.Private, sealAuthority.Certificate),
            Others = others,
            Intermediates = [ReadCertificate(directory, LicenseAuthority), sealAuthority.Certificate, sealMaker.Certificate, .. others.SealMakers],
            Roots = [ReadCertificate(directory, Root)],
            Vault = vault,
            StatusSecret = statusSecret,
        };
    }

    /// <summary>Certificates of the predecessors and of the successor of a key, <c>NAME-*.crt</c>.</summary>
    public static IReadOnlyList<Sm2Certificate> Beside(string directory, string name) => [.. NamesBeside(directory, name, ".crt").Select(each => ReadCertificate(directory, each))];

    /// <summary>Opens one key of the folder by itself: one that the service does not need to run.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>.</exception>
    public static SigningKey OpenKey(string directory, string name, DateTimeOffset now) => OpenKey(directory, new KeyVault(Bytes(directory, KeyEncryptionKey)), name, now);

    /// <summary>
    /// Loads the seal of the authority itself, which the unified government seal system made or <c>eid dev-certs</c>: <c>authority-seal.esl</c>
    /// with the certificate and the sealed key of who may use it. A deployment may be without; then it makes no sealed documents.
    /// </summary>
    /// <returns>Null where none of the three files is there.</returns>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>: only some are there, the seal is altered or not in force, or the key is not one it lists.</exception>
    public static AuthoritySeal? LoadSeal(string directory, KeyVault vault, DateTimeOffset now)
    {
        if (!SealFiles.Any(file => File.Exists(Path.Combine(directory, file))))
        {
            return null;
        }

        var seal = Read(directory, SealFiles[0], path => SesSeal.Parse(File.ReadAllBytes(path)));
        var signer = OpenKey(directory, vault, OwnSeal, now);
        // Who it leads to is for verifiers to judge, who may trust others than we do.
        return !seal.SignatureIsGood ? throw Unusable($"{SealFiles[0]} 的制章签名不正确")
            : now < seal.Info.ValidStart || now > seal.Info.ValidEnd ? throw Unusable($"登记机关印章不在有效期内（{seal.Info.ValidStart:yyyy-MM-dd} 至 {seal.Info.ValidEnd:yyyy-MM-dd}）")
            : !seal.Info.Lists(signer.Certificate) || !signer.Certificate.MaySign ? throw Unusable($"{OwnSeal}.crt 不在登记机关印章的签章者之列，或不允许签名")
            : new AuthoritySeal(seal, signer);
    }

    /// <summary>
    /// Loads the seals that the authority used before the present one, or will after it: <c>authority-seal-*.esl</c>, each with the certificate of who may use it
    /// beside it. Their keys are not needed, and they may be over.
    /// </summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>: a seal without its certificate or the other way round, altered, or one that does not list that certificate.</exception>
    public static IReadOnlyList<SesSeal> LoadOtherSeals(string directory)
    {
        return [.. NamesBeside(directory, OwnSeal, ".esl").Union(NamesBeside(directory, OwnSeal, ".crt")).Order(StringComparer.Ordinal).Select(Load)];

        SesSeal Load(string name)
        {
            var seal = Read(directory, name + ".esl", path => SesSeal.Parse(File.ReadAllBytes(path)));
            return !seal.SignatureIsGood ? throw Unusable($"{name}.esl 的制章签名不正确")
                : !seal.Info.Lists(ReadCertificate(directory, name)) ? throw Unusable($"{name}.crt 不在 {name}.esl 的签章者之列") : seal;
        }
    }

    private static IEnumerable<string> NamesBeside(string directory, string name, string ending) =>
        Directory.GetFiles(directory, name + "-*" + ending).Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal);

    private static SigningKey OpenKey(string directory, KeyVault vault, string name, DateTimeOffset now)
    {
        var key = new SigningKey(vault.Open(Bytes(directory, name + ".key.sealed"), name), ReadCertificate(directory, name));
        key.RequireUsable(now);
        return key;
    }

    public static Sm2Certificate ReadCertificate(string directory, string name) =>
        ReadText(directory, name + ".crt", pem => Sm2Certificate.Parse(Convert.FromBase64String(pem[PemEncoding.Find(pem).Base64Data])));

    public static byte[] Bytes(string directory, string file) => ReadText(directory, file, text => Convert.FromBase64String(text.Trim()));

    private static T ReadText<T>(string directory, string file, Func<string, T> parse) => Read(directory, file, path => parse(File.ReadAllText(path, Encoding.UTF8)));

    private static T Read<T>(string directory, string file, Func<string, T> parse)
    {
        var path = Path.Combine(directory, file);
        if (!File.Exists(path))
        {
            throw Unusable($"缺少文件 {file}；开发环境可用 eid dev-certs 生成");
        }

        try
        {
            return parse(path);
        }
        catch (Exception error) when (error is JsonException or FormatException or ArgumentException or EidException or IOException or UnauthorizedAccessException)
        {
            throw new EidException(ErrorReason.SigningKeyUnusable, $"文件 {file} 无法读取或内容有误", error);
        }
    }

    private static EidException Unusable(string text) => new(ErrorReason.SigningKeyUnusable, text);
}
