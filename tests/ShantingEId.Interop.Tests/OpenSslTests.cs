using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Seals;
using ShantingEId.Server.Tests;
using ShantingEId.V1;

namespace ShantingEId.Interop.Tests;

/// <summary>OpenSSL 3 judges what the server issued: chains, a seal's signature, a manifest's signature.</summary>
public sealed class OpenSslTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private readonly string folder = Directory.CreateTempSubdirectory("eid-openssl-").FullName;

    [Fact]
    public async Task OpenSsl_verifies_chains_and_signatures_of_an_issued_set_and_refuses_altered_ones()
    {
        Foreign.Need("openssl");
        var staff = server.Staff();
        var issued = await staff.IssueSetAsync(ServerFixture.ValidRequest());
        var full = await staff.GetIssuedSetAsync(new GetIssuedSetRequest { Name = issued.Name, View = GetIssuedSetRequest.Types.View.Full });
        var authority = full.AuthorityCertificates.Select(der => Sm2Certificate.Parse(der.Memory)).ToArray();

        foreach (var seal in full.Seals)
        {
            // 1. The seal's own certificate and its maker's chain to the root.
            var ses = SesSeal.Parse(seal.SesSeal.Memory);
            AssertChain(Sm2Certificate.Parse(seal.Certificate.Memory), authority);
            AssertChain(ses.MakerCertificate, authority);

            // 2. The maker's signature covers SES_SealInfo.
            AssertSignature(ses.MakerCertificate, ses.SignedPart.ToArray(), ses.Signature!);
        }

        // 3. The manifest's signature covers the Sig_structure of RFC 9052.
        Assert.True(Envelope.TryParse(full.Manifest.Memory, out var envelope));
        var signer = authority.Single(certificate => certificate.PublicKey.KeyId == envelope.KeyId);
        AssertSignature(signer, envelope.ToBeSigned(), envelope.Signature);

        // 4. The licence code's too.
        Assert.Equal(CodeProblem.None, LicenseCode.TryOpen(full.LicenseCode, "HTTPS://EID.SHANTING.EXAMPLE/", out var code));
        var codeSigner = authority.Single(certificate => certificate.PublicKey.KeyId == code!.KeyId);
        AssertSignature(codeSigner, code!.ToBeSigned(), code.Signature);
    }

    [Fact]
    public async Task A_seal_certificate_has_the_subject_and_usage_of_real_provincial_ones()
    {
        Foreign.Need("openssl");
        var staff = server.Staff();
        var request = ServerFixture.ValidRequest();
        var issued = await staff.IssueSetAsync(request);
        var full = await staff.GetIssuedSetAsync(new GetIssuedSetRequest { Name = issued.Name, View = GetIssuedSetRequest.Types.View.Full });
        var seal = full.Seals[0];
        Write("leaf.pem", Pem(Sm2Certificate.Parse(seal.Certificate.Memory)));

        var (exit, text) = Foreign.Run("openssl", ["x509", "-in", "leaf.pem", "-noout", "-text", "-nameopt", "utf8,sep_comma_plus,-esc_msb"], folder: folder);

        Assert.Equal(0, exit);
        Assert.Contains($"O={request.Enterprise.CreditCode}{request.Enterprise.Name}", text, StringComparison.Ordinal);
        Assert.Contains($"CN={seal.SealCode}", text, StringComparison.Ordinal);
        Assert.Matches(@"X509v3 Key Usage: critical\s+Digital Signature, Non Repudiation\s", text);
    }

    // OpenSSL 3 hands the SM2 ID to the first certificate of a chain only, so it judges link by link.
    private void AssertChain(Sm2Certificate leaf, Sm2Certificate[] authority)
    {
        var current = leaf;
        var root = authority[^1];
        while (!current.Der.SequenceEqual(root.Der))
        {
            var issuer = authority.Single(certificate => certificate.IsAuthority && certificate.Subject == current.Issuer);
            Assert.Equal(0, Link(current, issuer).Exit);
            // The judge must be able to say no: another authority did not issue it.
            Assert.NotEqual(0, Link(current, authority.First(other => other.IsAuthority && other != issuer)).Exit);
            current = issuer;
        }
    }

    private (int Exit, string Output) Link(Sm2Certificate certificate, Sm2Certificate issuer)
    {
        Write("certificate.pem", Pem(certificate));
        Write("issuer.pem", Pem(issuer));
        return Foreign.Run("openssl", ["verify", "-vfyopt", "distid:1234567812345678", "-partial_chain", "-trusted", "issuer.pem", "certificate.pem"], folder: folder);
    }

    private void AssertSignature(Sm2Certificate certificate, byte[] message, Sm2Signature signature)
    {
        File.WriteAllBytes(Path.Combine(folder, "message"), message);
        File.WriteAllBytes(Path.Combine(folder, "signature"), signature.ToDer());
        Write("key.pem", new string(System.Security.Cryptography.PemEncoding.Write("PUBLIC KEY", certificate.PublicKey.Spki)));
        string[] arguments = ["dgst", "-sm3", "-verify", "key.pem", "-sigopt", "distid:1234567812345678", "-signature", "signature", "message"];
        Assert.Equal((0, "Verified OK\n"), Foreign.Run("openssl", arguments, folder: folder));

        // The judge must be able to say no.
        message[^1] ^= 1;
        File.WriteAllBytes(Path.Combine(folder, "message"), message);
        Assert.NotEqual(0, Foreign.Run("openssl", arguments, folder: folder).Exit);
    }

    private static string Pem(Sm2Certificate certificate) => System.Security.Cryptography.PemEncoding.WriteString("CERTIFICATE", certificate.Der) + "\n";

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(folder, file), text);
}
