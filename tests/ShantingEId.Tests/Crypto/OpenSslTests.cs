using ShantingEId.Crypto;

namespace ShantingEId.Tests.Crypto;

/// <summary>The openssl command as second opinion on signatures and certificates.</summary>
public sealed class OpenSslTests
{
    private const string DefaultId = "distid:1234567812345678";

    [Fact]
    public void Openssl_accepts_our_signatures_with_the_default_ID_only()
    {
        using var openSsl = OpenSsl.Require();
        foreach (var c in Sm2Cases.All)
        {
            Assert.True(Accepts(openSsl, c, c.Signature.ToDer(), DefaultId), c.Name);
        }

        Assert.False(Accepts(openSsl, Sm2Cases.All[0], Sm2Cases.All[0].Signature.ToDer(), "distid:BBBB567812345678"));
    }

    // The bad direction is that we accept what it refuses. First one of every class, so that none goes unasked.
    [Fact]
    public void We_accept_no_mutant_that_openssl_refuses()
    {
        using var openSsl = OpenSsl.Require();
        var sample = Sm2Cases.All.SelectMany(c => Sm2Mutants.Of(c).Select(mutant => (Case: c, Mutant: mutant)))
            .GroupBy(pair => pair.Mutant.Class).SelectMany(group => group.DistinctBy(pair => pair.Mutant.Name).TakeLast(2).Index())
            .OrderBy(pair => pair.Index).Select(pair => pair.Item).Take(38).ToList();
        Assert.Equal(38, sample.Count);
        var itRefuses = 0;
        foreach (var (c, mutant) in sample)
        {
            var we = Sm2Signature.FromDer(mutant.Der) is { } signature && c.Key.PublicKey.Verify(c.Message, signature);
            var it = Accepts(openSsl, c, mutant.Der, DefaultId);
            itRefuses += it ? 0 : 1;
            Assert.False(we && !it, $"{mutant.Class}: {mutant.Name}");
        }

        // It reads BER where we read DER, which may let a few through; most it must refuse, or it was not asked properly.
        Assert.True(itRefuses > sample.Count * 3 / 4, $"{itRefuses} of {sample.Count}");
    }

    [Fact]
    public void We_accept_a_signature_made_by_openssl()
    {
        using var openSsl = OpenSsl.Require();
        openSsl.Write("text", "text signed elsewhere"u8);
        Assert.Equal(0, openSsl.Run("genpkey", "-algorithm", "SM2", "-out", "key.pem").Code);
        Assert.Equal(0, openSsl.Run("pkey", "-in", "key.pem", "-pubout", "-outform", "DER", "-out", "public.der").Code);
        var (code, output) = openSsl.Run("pkeyutl", "-sign", "-inkey", "key.pem", "-rawin", "-digest", "sm3", "-in", "text", "-out", "signature", "-pkeyopt", DefaultId);
        Assert.True(code == 0, output);
        var folder = Path.GetDirectoryName(openSsl.Write("done", []))!;
        var key = Sm2PublicKey.FromSpki(File.ReadAllBytes(Path.Combine(folder, "public.der")));
        var signature = Sm2Signature.FromDer(File.ReadAllBytes(Path.Combine(folder, "signature")))!;
        Assert.True(key.Verify("text signed elsewhere"u8, signature));
        Assert.False(key.Verify("text signed elsewhere."u8, signature));
    }

    [Fact]
    public void Openssl_verifies_our_chain_and_refuses_a_broken_one()
    {
        using var openSsl = OpenSsl.Require();
        openSsl.WriteCertificate("root.pem", TestCertificates.Root.Der);
        openSsl.WriteCertificate("authority.pem", TestCertificates.Authority.Der);
        openSsl.WriteCertificate("leaf.pem", TestCertificates.Leaf.Der);
        var broken = TestCertificates.Leaf.Der.ToArray();
        broken[^1] ^= 1;
        openSsl.WriteCertificate("broken.pem", broken);

        // The command sets the ID on the certificate in question only, so the chain is verified link by link.
        foreach (var (issuer, certificate) in new[] { ("root.pem", "authority.pem"), ("authority.pem", "leaf.pem") })
        {
            var (code, output) = Verify(issuer, certificate);
            Assert.True(code == 0, output);
            Assert.Contains(certificate + ": OK", output, StringComparison.Ordinal);
        }

        Assert.NotEqual(0, Verify("authority.pem", "broken.pem").Code);
        Assert.NotEqual(0, Verify("root.pem", "leaf.pem").Code);

        (int Code, string Output) Verify(string issuer, string certificate) => openSsl.Run(
            "verify", "-x509_strict", "-partial_chain", "-vfyopt", DefaultId, "-attime", "1893456000", "-trusted", issuer, certificate);
    }

    [Fact]
    public void Openssl_reads_names_and_usages_as_meant()
    {
        using var openSsl = OpenSsl.Require();
        openSsl.WriteCertificate("leaf.pem", TestCertificates.Leaf.Der);
        openSsl.WriteCertificate("authority.pem", TestCertificates.Authority.Der);
        var leaf = openSsl.Run("x509", "-in", "leaf.pem", "-noout", "-subject", "-nameopt", "utf8,sep_comma_plus", "-ext", "keyUsage,basicConstraints").Output;
        Assert.Contains($"C=CN,O={TestCertificates.CreditCode}{TestCertificates.Name},CN={TestCertificates.SealCode}", leaf, StringComparison.Ordinal);
        Assert.Matches(@"Key Usage: critical\s+Digital Signature, Non Repudiation\s", leaf);
        Assert.Matches(@"Basic Constraints: critical\s+CA:FALSE", leaf);
        var authority = openSsl.Run("x509", "-in", "authority.pem", "-noout", "-ext", "keyUsage,basicConstraints").Output;
        Assert.Matches(@"Key Usage: critical\s+Certificate Sign, CRL Sign\s", authority);
        Assert.Matches(@"Basic Constraints: critical\s+CA:TRUE", authority);
    }

    private static bool Accepts(OpenSsl openSsl, SignedCase c, byte[] der, string id)
    {
        openSsl.Write("key.der", c.Key.PublicKey.Spki);
        openSsl.Write("message", c.Message);
        openSsl.Write("signature", der);
        return openSsl.Run(
            "pkeyutl", "-verify", "-pubin", "-inkey", "key.der", "-keyform", "DER", "-rawin", "-digest", "sm3", "-in", "message", "-sigfile", "signature",
            "-pkeyopt", id).Code == 0;
    }
}
