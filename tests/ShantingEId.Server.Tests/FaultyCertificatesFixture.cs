using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using ShantingEId.Server.Callers;

namespace ShantingEId.Server.Tests;

/// <summary>
/// A deployment whose TLS CA is in the test's hands, so that faulty client certificates can be made. All of them are
/// registered for <c>staff</c>: nothing but the fault can be what refuses them.
/// </summary>
public sealed class FaultyCertificatesFixture : ServerFixture
{
    public const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>Certificates by what is special about them.</summary>
    public Dictionary<string, X509Certificate2> Made { get; } = [];

    protected override void Prepare()
    {
        var now = TimeProvider.System.GetUtcNow();
        using var ca = MakeAuthority("CN=test CA", now);
        using var foreign = MakeAuthority("CN=test CA", now);
        using var server = Make(ca, ServerAuthentication, now.AddHours(-1), now.AddDays(1));
        Write("tls-ca.crt", ca.ExportCertificatePem());
        Write("server.crt", server.ExportCertificatePem());
        Write("server.key", server.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());

        Made["good"] = Make(ca, ClientAuthentication, now.AddHours(-1), now.AddDays(1));
        Made["expired"] = Make(ca, ClientAuthentication, now.AddHours(-2), now.AddHours(-1));
        Made["not yet valid"] = Make(ca, ClientAuthentication, now.AddHours(1), now.AddHours(2));
        Made["of another CA of the same name"] = Make(foreign, ClientAuthentication, now.AddHours(-1), now.AddDays(1));
        Made["for servers only"] = Make(ca, ServerAuthentication, now.AddHours(-1), now.AddDays(1));
        Made["self-signed"] = MakeAuthority("CN=staff", now);
        RegisterFor("staff", Made.Values);
        Made["good but not registered"] = Make(ca, ClientAuthentication, now.AddHours(-1), now.AddDays(1));
    }

    private void RegisterFor(string caller, IEnumerable<X509Certificate2> certificates)
    {
        var path = Path.Combine(Certificates, CallerDirectory.FileName);
        var file = JsonNode.Parse(File.ReadAllText(path))!;
        var entry = file["callers"]!.AsArray().Single(each => (string?)each!["name"] == caller)!;
        foreach (var certificate in certificates)
        {
            entry["certificates"]!.AsArray().Add(certificate.GetCertHashString(HashAlgorithmName.SHA256));
        }

        File.WriteAllText(path, file.ToJsonString());
    }

    private void Write(string file, string pem) => File.WriteAllText(Path.Combine(Certificates, file), pem + "\n");

    private static X509Certificate2 MakeAuthority(string subject, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.DigitalSignature, true));
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
    }

    private static X509Certificate2 Make(X509Certificate2 ca, string use, DateTimeOffset from, DateTimeOffset to)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(ca, from, to, RandomNumberGenerator.GetBytes(16));
        return certificate.CopyWithPrivateKey(key);
    }
}
