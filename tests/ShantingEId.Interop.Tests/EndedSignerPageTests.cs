using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using ShantingEId.Crypto;
using ShantingEId.Server;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Tests;

namespace ShantingEId.Interop.Tests;

/// <summary>A deployment that begins half an hour ago, with a signer of codes whose certificate has ended since.</summary>
public sealed class EndedSignerServer : PublicFixture
{
    private readonly ShiftedClock clock = new();

    protected override TimeProvider Clock => clock;

    protected override void Prepare()
    {
        clock.Shift = TimeSpan.FromMinutes(-30);
        var vault = new KeyVault(AuthorityFiles.Bytes(Certificates, AuthorityFiles.KeyEncryptionKey));
        using var key = vault.Open(AuthorityFiles.Bytes(Certificates, AuthorityFiles.LicenseAuthority + ".key.sealed"), AuthorityFiles.LicenseAuthority);
        var (issuer, signer) = (new CertificateIssuer(key, AuthorityFiles.ReadCertificate(Certificates, AuthorityFiles.LicenseAuthority)), AuthorityFiles.ReadCertificate(Certificates, AuthorityFiles.CodeSigner));
        var brief = issuer.Issue(new CertificateSubject("样例登记机关（开发）", signer.CommonName), signer.PublicKey, CertificateUse.Signing, signer.NotBefore, TimeProvider.System.GetUtcNow().AddMinutes(-20));
        File.WriteAllText(Path.Combine(Certificates, AuthorityFiles.CodeSigner + ".crt"), PemEncoding.WriteString("CERTIFICATE", brief.Der) + "\n");
    }

    /// <summary>The next signer takes over, and it is now.</summary>
    public async Task ExchangeAsync()
    {
        await StopAsync();
        var next = DevCertificates.MakeNext(Certificates, AuthorityFiles.CodeSigner, TimeProvider.System);
        foreach (var ending in (string[])[".crt", ".key.sealed"])
        {
            File.Copy(Path.Combine(Certificates, next + ending), Path.Combine(Certificates, AuthorityFiles.CodeSigner + ending), overwrite: true);
        }

        clock.Shift = TimeSpan.Zero;
        await StartAsync();
    }
}

/// <summary>A code on a wall whose signer's certificate is over, in Chromium: the browser's own check agrees with the server, with a network and without.</summary>
public sealed class EndedSignerPageTests(EndedSignerServer server) : IClassFixture<EndedSignerServer>
{
    private const string Prefix = "HTTPS://EID.SHANTING.EXAMPLE/";

    [Fact]
    public async Task An_old_code_is_good_for_the_browser_too()
    {
        NodeTests.NeedModule("playwright-core");
        Foreign.Need("chromium");
        var old = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        await server.ExchangeAsync();
        var young = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        Assert.False(AuthorityFiles.ReadCertificate(server.Certificates, "code-signer-1").IsValidAt(TimeProvider.System.GetUtcNow()));
        var kept = Directory.CreateDirectory(Path.Combine(Foreign.Root, "artifacts", "pages")).FullName;
        var what = new JsonObject { ["base"] = server.Pages.ToString(), ["old"] = old.LicenseCode[Prefix.Length..], ["young"] = young.LicenseCode[Prefix.Length..], ["pictures"] = kept };

        var run = Foreign.Run("node", [Path.Combine(Foreign.Root, "tests", "interop", "ended-signer.mjs")], what.ToJsonString());

        Assert.True(run.Exit == 0, run.Output);
        using var seen = JsonDocument.Parse(run.Output);
        // 1. With a network, and with a clock that is behind all certificates: good, for old and young.
        foreach (var name in (string[])["old", "young", "oldBehind", "youngBehind"])
        {
            var line = seen.RootElement.GetProperty(name);
            Assert.Equal((name, "有效", "own ok"), (name, Text(line, "title"), Text(line, "own")));
            Assert.DoesNotContain("不一致", Text(line, "text"), StringComparison.Ordinal);
        }

        // 2. Without: by the pack, and by the certificates of the first visit alone.
        Assert.Equal(("当时有效", "ok"), (Text(seen.RootElement.GetProperty("offline"), "title"), Text(seen.RootElement.GetProperty("offline"), "look")));
        Assert.Equal(("无法判断", "unknown"), (Text(seen.RootElement.GetProperty("offlineWithoutPack"), "title"), Text(seen.RootElement.GetProperty("offlineWithoutPack"), "look")));
        Assert.Contains("签名正确", Text(seen.RootElement.GetProperty("offlineWithoutPack"), "text"), StringComparison.Ordinal);
    }

    private static string Text(JsonElement of, string name) => of.GetProperty(name).GetString()!;
}
