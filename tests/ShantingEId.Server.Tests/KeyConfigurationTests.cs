using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Crypto;
using ShantingEId.Server.Authority;

namespace ShantingEId.Server.Tests;

/// <summary>A server whose keys, certificates or seal are not whole, not its own, not for their use or not in force does not start.</summary>
public sealed class KeyConfigurationTests : BrokenDeployment
{
    [Theory]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAA==")]
    [InlineData("/////////////////////w==")]
    [InlineData("AQIDAQIDAQIDAQIDAQIDAQ==")]
    [InlineData("AAECAwQFBgcICQoLDA0O")]
    [InlineData("")]
    [InlineData("not base64!")]
    public void A_default_short_or_unreadable_key_encryption_key_is_refused(string kek)
    {
        File.WriteAllText(Path.Combine(Certs, AuthorityFiles.KeyEncryptionKey), kek);

        Refuses(ErrorReason.SigningKeyUnusable, "");
    }

    [Fact]
    public void Another_deployments_key_encryption_key_opens_nothing()
    {
        File.WriteAllText(Path.Combine(Certs, AuthorityFiles.KeyEncryptionKey), "AAECAwQFBgcICQoLDA0ODw==");

        Refuses(ErrorReason.KeyVaultSealed, "");
    }

    [Theory]
    [InlineData(AuthorityFiles.Description)]
    [InlineData(AuthorityFiles.KeyEncryptionKey)]
    [InlineData(AuthorityFiles.StatusSecret)]
    [InlineData("root.crt")]
    [InlineData("license-ca.crt")]
    [InlineData("seal-ca.key.sealed")]
    [InlineData("manifest-signer.crt")]
    [InlineData("manifest-signer.key.sealed")]
    [InlineData("code-signer.key.sealed")]
    [InlineData("receipt-signer.crt")]
    [InlineData("receipt-signer.key.sealed")]
    [InlineData("seal-maker.crt")]
    public void A_missing_or_emptied_or_garbled_file_is_refused_by_name(string file)
    {
        foreach (var content in (string?[])["", "garbage {", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", null])
        {
            if (content is null)
            {
                File.Delete(Path.Combine(Certs, file));
            }
            else
            {
                File.WriteAllText(Path.Combine(Certs, file), content);
            }

            var error = Assert.Throws<EidException>(() => EidServer.Build(Options("Development")));
            Assert.True(error.Message.Contains(file.Split('.')[0], StringComparison.Ordinal) || error.Reason == ErrorReason.KeyVaultSealed || file == AuthorityFiles.KeyEncryptionKey, error.Message);
        }
    }

    [Fact]
    public void A_sealed_key_of_another_purpose_is_refused()
    {
        File.Copy(Path.Combine(Certs, "code-signer.key.sealed"), Path.Combine(Certs, "manifest-signer.key.sealed"), overwrite: true);

        Refuses(ErrorReason.KeyVaultSealed, "");
    }

    [Fact]
    public void A_certificate_of_another_key_is_refused()
    {
        File.Copy(Path.Combine(Certs, "code-signer.crt"), Path.Combine(Certs, "manifest-signer.crt"), overwrite: true);

        Refuses(ErrorReason.SigningKeyUnusable, "与证书不符");
    }

    [Fact]
    public void A_root_that_did_not_sign_the_signers_is_refused()
    {
        DevCertificates.Create(Path.Combine(Folder, "other"), TimeProvider.System);
        File.Copy(Path.Combine(Folder, "other", "root.crt"), Path.Combine(Certs, "root.crt"), overwrite: true);

        Refuses(ErrorReason.SigningKeyUnusable, "签名证书");
    }

    [Theory]
    [InlineData("manifest-signer")]
    [InlineData("code-signer")]
    [InlineData("receipt-signer")]
    [InlineData("seal-maker")]
    [InlineData("seal-ca")]
    public void An_expired_or_not_yet_valid_signer_is_refused(string name)
    {
        var now = TimeProvider.System.GetUtcNow();
        foreach (var (from, to) in (ReadOnlySpan<(int, int)>)[(-2, -1), (1, 2)])
        {
            // Same key, same name, other dates.
            Reissue(name, now.AddDays(from), now.AddDays(to), name switch
            {
                "seal-ca" => CertificateUse.Authority,
                "receipt-signer" => CertificateUse.ReceiptSigning,
                _ => CertificateUse.Signing,
            });

            Refuses(ErrorReason.SigningKeyUnusable, $"不在有效期内（{name}）");
        }
    }

    // Without this a key for licences could sign receipts, and the other way round.
    [Fact]
    public void A_receipt_signer_whose_certificate_is_not_for_receipts_is_refused()
    {
        var now = TimeProvider.System.GetUtcNow();
        Reissue("receipt-signer", now.AddDays(-1), now.AddDays(1), CertificateUse.Signing, issuer: "license-ca");

        Refuses(ErrorReason.SigningKeyUnusable, "没有核验回执签名");
    }

    [Fact]
    public async Task A_folder_from_before_receipts_is_refused_by_name_and_dev_certs_adds_what_it_lacks_and_touches_nothing_else()
    {
        File.Delete(Path.Combine(Certs, "receipt-signer.crt"));
        File.Delete(Path.Combine(Certs, "receipt-signer.key.sealed"));
        Refuses(ErrorReason.SigningKeyUnusable, "缺少文件 receipt-signer.");
        Refuses(ErrorReason.SigningKeyUnusable, "eid dev-certs");
        var before = Contents();

        Assert.Equal(["receipt-signer"], DevCertificates.Create(Certs, TimeProvider.System));

        var after = Contents();
        Assert.Equal(["receipt-signer.crt", "receipt-signer.key.sealed"], after.Keys.Except(before.Keys).Order(StringComparer.Ordinal));
        Assert.All(before, file => Assert.Equal(file.Value, after[file.Key]));
        await using (EidServer.Build(Options("Development")))
        {
        }

        // A folder that lacks nothing is left alone altogether.
        var whole = Assert.Throws<EidException>(() => DevCertificates.Create(Certs, TimeProvider.System));
        Assert.Contains("--force", whole.Message, StringComparison.Ordinal);
        Assert.Equal(after, Contents());

        Dictionary<string, string> Contents() => Directory.GetFiles(Certs).ToDictionary(file => Path.GetFileName(file)!, File.ReadAllText);
    }

    [Theory]
    [InlineData("authority-seal.esl")]
    [InlineData("authority-seal.crt")]
    [InlineData("authority-seal.key.sealed")]
    public void A_seal_of_the_authority_that_is_not_whole_is_refused_by_name(string file)
    {
        var path = Path.Combine(Certs, file);
        var good = File.ReadAllBytes(path);
        File.WriteAllText(path, "garbage");
        Refuses(ErrorReason.SigningKeyUnusable, file);
        File.Delete(path);
        Refuses(ErrorReason.SigningKeyUnusable, file);
        File.WriteAllBytes(path, [.. good[..^1], (byte)(good[^1] ^ (file.EndsWith("esl", StringComparison.Ordinal) ? 1 : 0))]);
        if (file.EndsWith("esl", StringComparison.Ordinal))
        {
            Refuses(ErrorReason.SigningKeyUnusable, "制章签名");
        }
    }

    [Fact]
    public async Task A_seal_of_the_authority_is_in_force_with_a_key_it_lists_or_the_server_does_not_start()
    {
        var now = TimeProvider.System.GetUtcNow();

        // Over, by the clock of the server.
        Refuses(ErrorReason.SigningKeyUnusable, "", Options("Development") with { Clock = new FakeTimeProvider(now.AddYears(6)) });

        // Another key with a good certificate, which the seal does not list.
        Reissue("authority-seal", now.AddHours(-1), now.AddYears(2), CertificateUse.Signing, "seal-ca");
        Refuses(ErrorReason.SigningKeyUnusable, "签章者之列");

        // None at all: everything but sealed documents is served.
        foreach (var file in AuthorityFiles.SealFiles)
        {
            File.Delete(Path.Combine(Certs, file));
        }

        await using var app = EidServer.Build(Options("Development"));
        var press = app.Services.GetRequiredService<ShantingEId.Documents.LicensePress>();
        var refusal = await Assert.ThrowsAsync<EidException>(() => press.SealAsync(null!, ShantingEId.Documents.Faces.FaceForm.Original, now, CancellationToken.None));
        Assert.Equal((ErrorReason.SigningKeyUnusable, ErrorKind.FailedPrecondition), (refusal.Reason, refusal.Reason.Kind()));
        Assert.Contains("没有配置登记机关的电子印章", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dev_certs_adds_the_seal_to_a_folder_that_lacks_it_and_changes_nothing_else()
    {
        File.Delete(Path.Combine(Certs, "authority-seal.esl"));
        var root = File.ReadAllText(Path.Combine(Certs, "root.crt"));

        Assert.Equal(["authority-seal"], DevCertificates.Create(Certs, TimeProvider.System));

        Assert.Equal(root, File.ReadAllText(Path.Combine(Certs, "root.crt")));
        await using var app = EidServer.Build(Options("Development"));
        Assert.NotNull(app);
    }
}
