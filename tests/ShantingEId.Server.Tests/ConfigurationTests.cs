using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Calendar;
using ShantingEId.Crypto;
using ShantingEId.Deregistering;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Callers;

namespace ShantingEId.Server.Tests;

/// <summary>A server that could not keep its promises does not start, and says why: settings, description, lists, ports.</summary>
public sealed class ConfigurationTests : BrokenDeployment
{
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
        var path = Path.Combine(Folder, "holidays.txt");
        File.WriteAllText(path, "year 2027 样例通知\noff 2027-01-01 2027-01-03 元旦\n");
        await using (var app = EidServer.Build(Options("Development") with { Holidays = path }))
        {
            Assert.Equal([2027], app.Services.GetRequiredService<WorkCalendar>().Notices.Keys);
        }

        File.AppendAllText(path, "work 2027-01-04 元旦\n"); // a Monday
        Refuses(ErrorReason.DateInvalid, "第 3 行", Options("Development") with { Holidays = path });
        Refuses(ErrorReason.DateInvalid, "nowhere", Options("Development") with { Holidays = Path.Combine(Folder, "nowhere") });
    }

    [Fact]
    public async Task Production_refuses_a_publication_shorter_than_the_laws()
    {
        ProductionFiles.Create(Path.Combine(Folder, "production"));
        var short20 = new DeregistrationTerms { PublicationDays = 19 };
        var production = Options("Production") with { CertificatesDirectory = Path.Combine(Folder, "production"), Deregistration = short20 };
        Refuses(ErrorReason.DateInvalid, "20 日", production);
        Refuses(ErrorReason.DateInvalid, "365", Options("Development") with { Deregistration = new DeregistrationTerms { MendDays = 0 } });
        await using var app = EidServer.Build(Options("Development") with { Deregistration = short20 });
        Assert.NotNull(app);
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
    public async Task A_trust_list_of_somebody_else_is_refused_and_one_that_is_over_is_not_believed()
    {
        var (path, now) = (Path.Combine(Folder, "list"), DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()));
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
        Refuses(ErrorReason.TrustListInvalid, "nowhere", Options("Development") with { TrustList = Path.Combine(Folder, "nowhere") });
    }
}
