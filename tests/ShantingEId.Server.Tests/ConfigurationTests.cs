using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Calendar;
using ShantingEId.Crypto;
using ShantingEId.Deregistering;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Callers;

namespace ShantingEId.Server.Tests;

/// <summary>A server that could not keep its promises does not start, and says why: one good deployment, one thing broken.</summary>
public sealed class ConfigurationTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("eid-config-").FullName;

    public ConfigurationTests() => DevCertificates.Create(Certs, TimeProvider.System);

    private string Certs => Path.Combine(folder, "certs");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task What_is_not_broken_starts()
    {
        await using var app = EidServer.Build(Options("Development"));

        Assert.NotNull(app);
    }

    [Fact]
    public void Production_refuses_development_keys()
    {
        Refuses(ErrorReason.SigningKeyUnusable, "开发", Options("Production"));

        // Renaming the deployment does not make its keys any better: the certificates still say what they are.
        Edit(AuthorityFiles.Description, file => file["environment"] = "production");
        Refuses(ErrorReason.SigningKeyUnusable, "开发", Options("Production"));
    }

    [Fact]
    public async Task Holidays_are_read_from_a_file_and_a_slip_in_it_is_refused_with_its_line()
    {
        var path = Path.Combine(folder, "holidays.txt");
        File.WriteAllText(path, "year 2027 样例通知\noff 2027-01-01 2027-01-03 元旦\n");
        await using (var app = EidServer.Build(Options("Development") with { Holidays = path }))
        {
            Assert.Equal([2027], app.Services.GetRequiredService<WorkCalendar>().Notices.Keys);
        }

        File.AppendAllText(path, "work 2027-01-04 元旦\n"); // a Monday
        Refuses(ErrorReason.DateInvalid, "第 3 行", Options("Development") with { Holidays = path });
        Refuses(ErrorReason.DateInvalid, "nowhere", Options("Development") with { Holidays = Path.Combine(folder, "nowhere") });
    }

    [Fact]
    public async Task Production_refuses_a_publication_shorter_than_the_laws()
    {
        ProductionFiles.Create(Path.Combine(folder, "production"));
        var short20 = new DeregistrationTerms { PublicationDays = 19 };
        var production = Options("Production") with { CertificatesDirectory = Path.Combine(folder, "production"), Deregistration = short20 };
        Refuses(ErrorReason.DateInvalid, "20 日", production);
        Refuses(ErrorReason.DateInvalid, "365", Options("Development") with { Deregistration = new DeregistrationTerms { MendDays = 0 } });
        await using var app = EidServer.Build(Options("Development") with { Deregistration = short20 });
        Assert.NotNull(app);
    }

    // That name stands for the register itself in every log.
    [Fact]
    public void A_caller_may_not_bear_the_registers_own_name()
    {
        Edit(CallerDirectory.FileName, file => file["callers"]![0]!["name"] = "#clock");
        Refuses(ErrorReason.AccessDenied, "#", Options("Development"));
    }

    [Theory]
    [InlineData("NORMAL")]
    [InlineData("OFF")]
    [InlineData("full")]
    public void Production_refuses_to_acknowledge_what_is_not_on_disk(string synchronous) =>
        Refuses(ErrorReason.StoreUnavailable, "synchronous=FULL", Options("Production") with { Synchronous = synchronous });

    // Whoever misspells Development must not end up with its loose rules.
    [Theory]
    [InlineData("development")]
    [InlineData("")]
    [InlineData("Test")]
    public void Every_environment_but_development_is_production(string environment) => Assert.True(Options(environment).IsProduction);

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
        DevCertificates.Create(Path.Combine(folder, "other"), TimeProvider.System);
        File.Copy(Path.Combine(folder, "other", "root.crt"), Path.Combine(Certs, "root.crt"), overwrite: true);

        Refuses(ErrorReason.SigningKeyUnusable, "签名证书");
    }

    [Theory]
    [InlineData("HTTPS://EID.SHANTING.EXAMPLE")]
    [InlineData("https://eid.shanting.example/")]
    [InlineData("HTTPS://EID.SHANTING.EXAMPLE/?C=/")]
    [InlineData("")]
    public void A_code_prefix_that_does_not_fit_a_symbol_is_refused(string prefix)
    {
        Edit(AuthorityFiles.Description, file => file["code_prefix"] = prefix);

        Refuses(ErrorReason.SigningKeyUnusable, "code_prefix");
    }

    [Theory]
    [InlineData("name")]
    [InlineData("credit_code")]
    [InlineData("code_prefix")]
    [InlineData("environment")]
    public void An_incomplete_description_is_refused(string member)
    {
        var path = Path.Combine(Certs, AuthorityFiles.Description);
        var good = File.ReadAllText(path);
        Edit(AuthorityFiles.Description, file => file.AsObject().Remove(member));
        Refuses(ErrorReason.SigningKeyUnusable, AuthorityFiles.Description);

        File.WriteAllText(path, good);
        Edit(AuthorityFiles.Description, file => file[member] = null);
        Refuses(ErrorReason.SigningKeyUnusable, AuthorityFiles.Description);
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

    // Only who publishes states needs the key for them; another key of ours does not do.
    [Fact]
    public async Task A_public_port_needs_a_key_that_is_for_states()
    {
        var now = TimeProvider.System.GetUtcNow();
        var open = Options("Development") with { PublicPort = 0 };
        Refuses(ErrorReason.StatusInvalid, "期限", open with { StatusTtl = TimeSpan.Zero });
        Refuses(ErrorReason.StatusInvalid, "期限", open with { StatusLifetime = TimeSpan.FromSeconds(60) });
        Reissue("status-signer", now.AddDays(-1), now.AddDays(1), CertificateUse.Signing, issuer: "license-ca");
        Refuses(ErrorReason.SigningKeyUnusable, "不允许签发证照状态", open);
        File.Delete(Path.Combine(Certs, "status-signer.crt"));
        Refuses(ErrorReason.SigningKeyUnusable, "缺少文件 status-signer.", open);
        await using (EidServer.Build(Options("Development")))
        {
        }
    }

    // What strangers may see is the deployment's to say; a door that nobody said anything about stays shut.
    [Fact]
    public void A_public_port_needs_the_purpose_that_says_what_strangers_see()
    {
        Edit(CallerDirectory.FileName, file =>
        {
            file["purposes"]!.AsObject().Remove("PUBLIC_SCAN");
            foreach (var caller in file["callers"]!.AsArray())
            {
                var held = caller!["purposes"]!.AsArray();
                held.Remove(held.FirstOrDefault(each => (string?)each == "PUBLIC_SCAN"));
            }
        });

        Refuses(ErrorReason.PurposeNotGranted, "PUBLIC_SCAN", Options("Development") with { PublicPort = 0 });
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

    public static TheoryData<string, string> Mistakes() => new()
    {
        { "unknown method", "IssuanceService/Everything" }, { "method in other case", "verificationservice/verifycode" }, { "unknown purpose", "OTHER" }, { "unknown field", "owner_phone" },
        { "duplicate fingerprint", "tax-bureau" }, { "same fingerprint in other case", "tax-bureau" }, { "unmapped member", "admin" }, { "unmapped member of the file", "default_role" },
        { "short fingerprint", "staff" }, { "fingerprint with colons", "staff" }, { "no fingerprint", "staff" }, { "unknown role", "role" }, { "role by number", "role" }, { "missing member", "methods" },
        { "null list", "purposes" }, { "null file", CallerDirectory.FileName }, { "no JSON", CallerDirectory.FileName }, { "member twice", "staff" },
        { "quota of nothing", "staff" }, { "negative quota", "staff" }, { "unknown quota", "calls_per_hour" },
    };

    // A mistake in who may call must never read as "nobody asked for more": the whole file is refused, and the place is named.
    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_in_the_callers_file_is_refused_and_named(string mistake, string named)
    {
        var path = Path.Combine(Certs, CallerDirectory.FileName);
        Edit(CallerDirectory.FileName, file =>
        {
            var (staff, tax) = (file["callers"]![0]!, file["callers"]![1]!);
            var fingerprint = (string)staff["certificates"]![0]!;
            switch (mistake)
            {
                case "unknown method" or "method in other case": staff["methods"]!.AsArray().Add(named); break;
                case "unknown purpose": staff["purposes"]!.AsArray().Add(named); break;
                case "unknown field": file["purposes"]!["AUDIT"]!["fields"]!.AsArray().Add(named); break;
                case "duplicate fingerprint": tax["certificates"]!.AsArray().Add(fingerprint); break;
                case "same fingerprint in other case": tax["certificates"]!.AsArray().Add(fingerprint.ToLowerInvariant()); break;
                case "unmapped member": staff[named] = true; break;
                case "unmapped member of the file": file[named] = "STAFF"; break;
                case "short fingerprint": staff["certificates"] = new JsonArray(fingerprint[..40]); break;
                case "fingerprint with colons": staff["certificates"] = new JsonArray(string.Join(':', fingerprint.Chunk(2).Select(pair => new string(pair)))); break;
                case "no fingerprint": staff["certificates"] = new JsonArray(); break;
                case "unknown role": staff["role"] = "ROOT"; break;
                case "role by number": staff["role"] = 0; break;
                case "missing member": staff.AsObject().Remove("methods"); break;
                case "quota of nothing": staff["quota"] = new JsonObject { ["misses_per_minute"] = 0 }; break;
                case "negative quota": staff["quota"] = new JsonObject { ["burst"] = -1 }; break;
                case "unknown quota": staff["quota"] = new JsonObject { [named] = 1 }; break;
                case "null list": staff["purposes"] = null; break;
            }
        });
        switch (mistake)
        {
            case "null file": File.WriteAllText(path, "null"); break;
            case "no JSON": File.WriteAllText(path, "{"); break;
            case "member twice": File.WriteAllText(path, File.ReadAllText(path).Replace("\"name\":\"staff\"", "\"name\":\"staff\",\"name\":\"bank\"", StringComparison.Ordinal)); break;
        }

        var error = Assert.Throws<EidException>(() => EidServer.Build(Options("Development")));

        Assert.Equal(ErrorReason.AccessDenied, error.Reason);
        Assert.Contains(named == "staff" && mistake == "member twice" ? "name" : named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_callers_file_is_refused()
    {
        File.Delete(Path.Combine(Certs, CallerDirectory.FileName));

        Refuses(ErrorReason.AccessDenied, CallerDirectory.FileName);
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

    [Fact]
    public async Task A_trust_list_of_somebody_else_is_refused_and_one_that_is_over_is_not_believed()
    {
        var (path, now) = (Path.Combine(folder, "list"), DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()));
        var list = new Recognition.TrustList { Number = 1, IssueTime = now.AddMinutes(-30), NextUpdate = now.AddMinutes(-10), Entries = [] };
        File.WriteAllBytes(path, list.Sign(AuthorityFiles.OpenKey(Certs, AuthorityFiles.TrustListSigner, now)).Encode());
        await using (var app = EidServer.Build(Options("Development") with { TrustList = path }))
        {
            Assert.NotNull(app); // Over: it recognises nobody, and says so with each document (CertificateTrust).
        }

        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        Refuses(ErrorReason.TrustListInvalid, "签名", Options("Development") with { TrustList = path });
        Refuses(ErrorReason.TrustListInvalid, "nowhere", Options("Development") with { TrustList = Path.Combine(folder, "nowhere") });
    }

    private EidServerOptions Options(string environment) =>
        new() { CertificatesDirectory = Certs, DataDirectory = Path.Combine(folder, "data"), Environment = environment };

    private void Refuses(ErrorReason reason, string named, EidServerOptions? options = null)
    {
        var error = Assert.Throws<EidException>(() => EidServer.Build(options ?? Options("Development")));
        Assert.Equal(reason, error.Reason);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    // A new certificate for the key that is there; by default of an authority of nobody.
    private void Reissue(string name, DateTimeOffset from, DateTimeOffset to, CertificateUse use, string? issuer = null)
    {
        var vault = new KeyVault(AuthorityFiles.Bytes(Certs, AuthorityFiles.KeyEncryptionKey));
        using var key = Key(name);
        using var authorityKey = issuer is null ? Sm2PrivateKey.Generate() : Key(issuer);
        var authority = issuer is null
            ? CertificateIssuer.CreateRoot(authorityKey, new CertificateSubject("样例", "样例根"), TimeProvider.System.GetUtcNow().AddDays(-9), TimeProvider.System.GetUtcNow().AddDays(9))
            : AuthorityFiles.ReadCertificate(Certs, issuer);
        var certificate = new CertificateIssuer(authorityKey, authority).Issue(new CertificateSubject("样例", name), key.PublicKey, use, from, to);
        File.WriteAllText(Path.Combine(Certs, name + ".crt"), certificate.ToPem());

        Sm2PrivateKey Key(string of) => vault.Open(AuthorityFiles.Bytes(Certs, of + ".key.sealed"), of);
    }

    private void Edit(string file, Action<JsonNode> change)
    {
        var path = Path.Combine(Certs, file);
        var node = JsonNode.Parse(File.ReadAllText(path))!;
        change(node);
        File.WriteAllText(path, node.ToJsonString());
    }
}
