using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ShantingEId.Client;

/// <summary>
/// Who you are and whom you trust on the line: your certificate with its private key as registered with the bureau, and the
/// one CA that certifies the service. The machine's own trust list is not used.
/// </summary>
public sealed class EidCertificate
{
    private EidCertificate(X509Certificate2 own, X509Certificate2Collection chain, string caPem)
    {
        Own = SslStreamCertificateContext.Create(own, chain, offline: true);
        Authorities.ImportFromPem(caPem);
        if (Authorities.Count == 0)
        {
            throw new ArgumentException("no certificate in the PEM text", nameof(caPem));
        }
    }

    internal SslStreamCertificateContext Own { get; }

    internal X509Certificate2Collection Authorities { get; } = [];

    /// <summary>From a folder as <c>eid dev-certs</c> writes it: <c>NAME.crt</c>, <c>NAME.key</c>, <c>tls-ca.crt</c>.</summary>
    /// <exception cref="IOException">A file is not there.</exception>
    /// <exception cref="ArgumentException">A file holds no certificate or key.</exception>
    public static EidCertificate FromFolder(string folder, string name)
    {
        string Read(string file) => File.ReadAllText(Path.Combine(folder, file));
        return FromPem(Read(name + ".crt"), Read(name + ".key"), Read("tls-ca.crt"));
    }

    /// <summary>From PEM texts.</summary>
    /// <param name="certificatePem">Your certificate; certificates of its chain may follow it.</param>
    /// <param name="keyPem">Its private key, not encrypted.</param>
    /// <param name="caPem">The CA that certifies the service.</param>
    /// <exception cref="ArgumentException">One of the texts holds no certificate or key.</exception>
    public static EidCertificate FromPem(string certificatePem, string keyPem, string caPem)
    {
        try
        {
            using var parsed = X509Certificate2.CreateFromPem(certificatePem, keyPem);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(certificatePem);
            // Windows cannot use a key that lives in memory only; the round trip through PKCS#12 serves every platform.
            return new EidCertificate(X509CertificateLoader.LoadPkcs12(parsed.Export(X509ContentType.Pkcs12), null), chain, caPem);
        }
        catch (CryptographicException error)
        {
            throw new ArgumentException("no certificate with its private key in the PEM texts", nameof(certificatePem), error);
        }
    }

    /// <summary>From a PKCS#12 file (<c>.pfx</c>, <c>.p12</c>).</summary>
    /// <param name="path">The file.</param>
    /// <param name="password">Its password; null when it has none.</param>
    /// <param name="caPem">The CA that certifies the service, PEM.</param>
    /// <exception cref="ArgumentException">The password is wrong, or there is no certificate with a private key.</exception>
    public static EidCertificate FromPfx(string path, string? password, string caPem)
    {
        try
        {
            var all = X509CertificateLoader.LoadPkcs12CollectionFromFile(path, password);
            var own = all.FirstOrDefault(certificate => certificate.HasPrivateKey)
                ?? throw new ArgumentException("no certificate with its private key in the file", nameof(path));
            return new EidCertificate(own, all, caPem);
        }
        catch (CryptographicException error)
        {
            throw new ArgumentException("not a PKCS#12 file, or the password is wrong", nameof(path), error);
        }
    }
}
