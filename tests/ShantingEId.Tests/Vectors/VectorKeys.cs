using System.Globalization;
using System.Security.Cryptography;
using ShantingEId.Crypto;
using ShantingEId.Tests.Crypto;

namespace ShantingEId.Tests.Vectors;

/// <summary>
/// Keys and certificates of the vectors. The private numbers are published with them and stand for nobody; the certificates were
/// made once, so that everything else can be made again to the byte.
/// </summary>
internal static class VectorKeys
{
    public static readonly string Folder = Path.Combine(Root(), "tests", "vectors");
    public static readonly DateTimeOffset Now = new(2026, 3, 2, 7, 0, 0, TimeSpan.Zero);
    public const string Authority = "trust/authority.pem";

    /// <summary>The signer of codes, and one before it whose certificate is over.</summary>
    public const string CodeSignersOfAllTimes = "trust/code-signers-of-all-times.pem";

    private static readonly DateTimeOffset From = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset To = new(2045, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static readonly SigningKey RootKey = Key("root", null, CertificateUse.Authority);
    public static readonly SigningKey Ca = Key("license-ca", RootKey, CertificateUse.Authority);
    public static readonly SigningKey CodeSigner = Key("code-signer", Ca, CertificateUse.Signing);
    public static readonly SigningKey EndedCodeSigner = Key("code-signer-ended", Ca, CertificateUse.Signing, Now.AddMonths(-1));
    public static readonly SigningKey ManifestSigner = Key("manifest-signer", Ca, CertificateUse.Signing);
    public static readonly SigningKey StatusSigner = Key("status-signer", Ca, CertificateUse.StatusSigning);
    public static readonly SigningKey ReceiptSigner = Key("receipt-signer", Ca, CertificateUse.ReceiptSigning);
    public static readonly SigningKey SealMaker = Key("seal-maker", Ca, CertificateUse.Signing);
    public static readonly SigningKey SealSigner = Key("seal-signer", Ca, CertificateUse.Signing);
    public static readonly SigningKey TrustListSigner = Key("trust-list-signer", Ca, CertificateUse.TrustListSigning);
    public static readonly SigningKey NeighbourRoot = Key("neighbour-root", null, CertificateUse.Authority);
    public static readonly SigningKey NeighbourSigner = Key("neighbour-code-signer", NeighbourRoot, CertificateUse.Signing);
    public static readonly SigningKey NeighbourStatusSigner = Key("neighbour-status-signer", NeighbourRoot, CertificateUse.StatusSigning);
    public static readonly SigningKey OtherRoot = Key("other-root", null, CertificateUse.Authority);
    public static readonly SigningKey OtherSigner = Key("other-code-signer", OtherRoot, CertificateUse.Signing);
    public static readonly SigningKey OtherStatusSigner = Key("other-status-signer", OtherRoot, CertificateUse.StatusSigning);
    public static readonly SigningKey OtherReceiptSigner = Key("other-receipt-signer", OtherRoot, CertificateUse.ReceiptSigning);
    public static readonly SigningKey OtherSealMaker = Key("other-seal-maker", OtherRoot, CertificateUse.Signing);

    /// <summary>A signature with the nonce that the data and the key give, so that it is the same in every run.</summary>
    public static Sm2Signature Sign(SigningKey key, byte[] data) =>
        key.Private.Sign(data, new TestRandom($"vector nonce {Convert.ToHexString(SHA256.HashData(data))} {key.Private.PublicKey.KeyId}").AsSecureRandom());

    /// <summary>A signed envelope, the same in every run.</summary>
    public static Envelope Seal(ContentType use, byte[] payload, SigningKey key)
    {
        var (id, placeholder) = (key.Private.PublicKey.KeyId, Sign(key, [0]));
        return Envelope.Assemble(use, id, payload, Sign(key, Envelope.Assemble(use, id, payload, placeholder).ToBeSigned()));
    }

    public static string Text(DateTimeOffset time) => time.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    /// <summary>The files of trust: one certificate each, and those that a verifier is given together.</summary>
    public static Dictionary<string, string> Bundles() => new()
    {
        [Authority] = Pem(RootKey, Ca, ReceiptSigner),
        ["trust/code-signers.pem"] = Pem(CodeSigner),
        [CodeSignersOfAllTimes] = Pem(CodeSigner, EndedCodeSigner),
        ["trust/manifest-signers.pem"] = Pem(ManifestSigner),
        ["trust/status.pem"] = Pem(RootKey, Ca, StatusSigner),
        ["trust/status-without-root.pem"] = Pem(Ca, StatusSigner),
        ["trust/code-as-status.pem"] = Pem(RootKey, Ca, CodeSigner),
        ["trust/other-root.pem"] = Pem(OtherRoot),
        ["trust/seal-makers.pem"] = Pem(SealMaker),
    };

    private static string Pem(params SigningKey[] keys) => string.Concat(keys.Select(key => PemEncoding.WriteString("CERTIFICATE", key.Certificate.Der) + "\n"));

    // The certificate of a set that is there already is kept: its serial number is random.
    private static SigningKey Key(string name, SigningKey? issuer, CertificateUse use, DateTimeOffset? to = null)
    {
        var key = Sm2PrivateKey.FromScalar(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes("shanting-eid published test key: " + name)));
        var path = Path.Combine(Folder, "trust", name + ".crt");
        if (File.Exists(path))
        {
            return new SigningKey(key, Sm2Certificate.Parse(Convert.FromBase64String(string.Concat(File.ReadAllLines(path).Where(line => line[0] != '-')))));
        }

        if (Environment.GetEnvironmentVariable("EID_VECTORS_MAKE") != "1")
        {
            throw new FileNotFoundException("a certificate of the published vectors is missing", path);
        }

        var subject = new CertificateSubject("样例登记机关（测试用，不作任何证明）", "测试 " + name);
        var certificate = issuer is null ? CertificateIssuer.CreateRoot(key, subject, From, To) : new CertificateIssuer(issuer.Private, issuer.Certificate).Issue(subject, key.PublicKey, use, From, to ?? To);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, PemEncoding.WriteString("CERTIFICATE", certificate.Der) + "\n");
        return new SigningKey(key, certificate);
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "ShantingEId.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("ShantingEId.sln is not above the tests");
        }

        return folder.FullName;
    }
}
