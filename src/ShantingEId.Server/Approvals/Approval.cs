using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ShantingEId.Crypto;

namespace ShantingEId.Server.Approvals;

/// <summary>One person's agreement to one act at the machine itself, where no call could ask for it: signed with the key of its caller's certificate.</summary>
/// <param name="Certificate">X.509, DER in Base64.</param>
/// <param name="Time">When, by the signer's clock.</param>
/// <param name="Signature">ECDSA with SHA-256 over <see cref="Text"/>, IEEE P1363 form in Base64.</param>
public sealed record Approval(string Certificate, DateTimeOffset Time, string Signature)
{
    /// <summary>Approves.</summary>
    /// <param name="subject">What is approved, in a form that means one thing only.</param>
    /// <param name="environment">Name of the deployment.</param>
    /// <param name="certificate">Certificate of a registered caller, with its private key.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.ClientCertInvalid"/>: no ECDSA key.</exception>
    public static Approval Sign(string subject, string environment, X509Certificate2 certificate, DateTimeOffset now)
    {
        using var key = certificate.GetECDsaPrivateKey() ?? throw new EidException(ErrorReason.ClientCertInvalid, "批准须用带 ECDSA 私钥的证书");
        var time = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds());
        return new Approval(Convert.ToBase64String(certificate.RawData), time, Convert.ToBase64String(key.SignData(Text(subject, environment, time), HashAlgorithmName.SHA256)));
    }

    /// <summary>Fingerprint (SHA-256, hexadecimal) of the certificate that signed this for the subject; null when it did not, or was not in force then.</summary>
    public string? SignerOf(string subject, string environment)
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(Certificate));
            using var key = certificate.GetECDsaPublicKey();
            return key is not null && Time >= certificate.NotBefore && Time <= certificate.NotAfter
                && key.VerifyData(Text(subject, environment, Time), Convert.FromBase64String(Signature), HashAlgorithmName.SHA256)
                ? certificate.GetCertHashString(HashAlgorithmName.SHA256) : null;
        }
        catch (Exception error) when (error is FormatException or CryptographicException)
        {
            return null;
        }
    }

    // The first line keeps such a signature from being taken for any other that the same key makes.
    private static byte[] Text(string subject, string environment, DateTimeOffset time) => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
        $"shanting-eid approval 1\n{environment}\n{Convert.ToHexStringLower(Sm3.Hash(Encoding.UTF8.GetBytes(subject)))}\n{time:yyyy-MM-ddTHH:mm:ssZ}\n"));
}
