using System.Diagnostics;
using System.Net;
using ShantingEId.Client;
using ShantingEId.Receipts;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Tests.Life;
using ShantingEId.StatusLists;
using ShantingEId.V1;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests.Neighbours;

/// <summary>Recognition across regions, over the wire: two deployments with keys, registers and ports of their own.</summary>
public sealed class TwoRegionsTests(TwoRegionsFixture regions) : IClassFixture<TwoRegionsFixture>
{
    // One ttl of the neighbour's list, one of a cache in front of it; a second in which lists are not signed anew, and what a busy machine adds.
    private static readonly TimeSpan Bound = (2 * RegionServer.Ttl) + TimeSpan.FromSeconds(3);
    private readonly RegionServer home = regions.Home;
    private readonly RegionServer other = regions.Other;

    [Fact]
    public async Task Each_verifies_the_codes_of_the_other()
    {
        foreach (var (here, there) in new[] { (home, other), (other, home) })
        {
            var set = await there.FoundAsync();
            var answer = await BecomesAsync(here, set.LicenseCode, Verdict.Valid);

            // Who issued it, and what the code itself says: the other's register is not ours.
            Assert.Equal((there.Division, set.License.Enterprise.CreditCode, set.License.Enterprise.Name, 1), (answer.Neighbour.IssuerDivision, answer.License.Enterprise.CreditCode, answer.License.Enterprise.Name, answer.License.Version));
            Assert.Equal(("", "", ""), (answer.License.Enterprise.Address, answer.License.Enterprise.Representative, answer.License.LicenseId));
            Assert.Empty(answer.Seals);
            Assert.Contains(there.Division, answer.Explanation, StringComparison.Ordinal);
            Assert.InRange(answer.StatusAsOfTime.ToDateTimeOffset(), TimeProvider.System.GetUtcNow() - (2 * RegionServer.Ttl), TimeProvider.System.GetUtcNow());

            // On the public page as well.
            using var browser = here.Browser();
            var html = await browser.GetStringAsync("/?code=" + Uri.EscapeDataString(set.LicenseCode), TestContext.Current.CancellationToken);
            Assert.Contains("class=\"verdict ok\"", html, StringComparison.Ordinal);
            Assert.Contains(set.License.Enterprise.Name, html, StringComparison.Ordinal);
            Assert.Contains($"（{there.Division}）", html, StringComparison.Ordinal);

            // A purpose that grants no names shows none of the code either; a look-up by credit code stays with our own register.
            var masked = await new VerificationService.VerificationServiceClient(here.Channel("bank")).VerifyCodeAsync(
                new VerifyCodeRequest { Code = set.LicenseCode, Purpose = "ACCOUNT_OPENING", ReadMask = new Google.Protobuf.WellKnownTypes.FieldMask { Paths = { "credit_code" } } });
            Assert.Equal((Verdict.Valid, "", set.License.Enterprise.CreditCode), (masked.Verdict, masked.License.Enterprise.Name, masked.License.Enterprise.CreditCode));
            var looked = await new VerificationService.VerificationServiceClient(here.Channel("bank")).LookupLicenseAsync(new LookupLicenseRequest { CreditCode = set.License.Enterprise.CreditCode, Purpose = "ACCOUNT_OPENING" });
            Assert.Equal(Verdict.NotFound, looked.Verdict);
        }
    }

    [Fact]
    public async Task The_sdk_takes_the_answer_with_a_receipt_that_proves_it()
    {
        var set = await other.FoundAsync();
        await BecomesAsync(home, set.LicenseCode, Verdict.Valid);
        using var client = EidClient.Connect(new EidClientOptions
        {
            Address = home.Address, Certificate = EidCertificate.FromFolder(home.Certificates, "bank"), Purpose = "ACCOUNT_OPENING", WithReceipt = true, Trust = EidTrust.FromFolder(home.Certificates),
        });

        var answer = await client.VerifyAsync(set.LicenseCode, null, TestContext.Current.CancellationToken);

        Assert.True(answer.IsValid, answer.Reason);
        Assert.Equal(other.Division, answer.Neighbour!.IssuerDivision);
        Assert.Equal((other.Division, set.License.Enterprise.Name), (answer.Receipt!.Facts["issuer_division"], answer.Receipt.Facts["name"]));
        Assert.False(answer.Receipt.Facts.ContainsKey("address"));
    }

    // What is done over there is seen here within the bound, and a state that was seen is not forgotten by any cache of ours.
    [Fact]
    public async Task A_change_there_shows_here_within_the_bound()
    {
        var (revoked, renamed) = (await other.FoundAsync(), await other.FoundAsync());
        await BecomesAsync(home, revoked.LicenseCode, Verdict.Valid);
        var life = LifeClient.Of(other);
        await life.DoAsync("Revoke", revoked);
        await life.ChangeAsync(LifeClient.Rename(renamed, "枣庄市市中区样例更名食品有限公司"));
        var clock = Stopwatch.StartNew();

        await BecomesAsync(home, other.Older(revoked), Verdict.Revoked);
        Console.WriteLine($"figure neighbour_revocation_seen {clock.Elapsed.TotalSeconds:0.0} s <= {Bound.TotalSeconds:0}");
        await BecomesAsync(home, renamed.LicenseCode, Verdict.Superseded);

        Assert.InRange(clock.Elapsed, TimeSpan.Zero, Bound);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(Verdict.Revoked, (await home.AskAsync(other.Older(revoked))).Verdict);
            Assert.NotEqual(Verdict.Valid, (await home.AskAsync(revoked.LicenseCode)).Verdict);
        }
    }

    [Fact]
    public async Task A_stopped_neighbour_is_unknown_as_of_and_slows_nobody()
    {
        var set = await other.FoundAsync();
        await BecomesAsync(home, set.LicenseCode, Verdict.Valid);
        await other.StopAsync();
        try
        {
            // 1. Never VALID once the last state is older than its bound; and it is said how old it is.
            var stopped = TimeProvider.System.GetUtcNow();
            Verification answer;
            var asked = 0;
            do
            {
                answer = await home.AskAsync(set.LicenseCode);
                Assert.True(answer.Verdict == Verdict.Unknown || TimeProvider.System.GetUtcNow() - answer.StatusAsOfTime.ToDateTimeOffset() < (2 * RegionServer.Ttl) + TimeSpan.FromSeconds(2), answer.ToString());
                Assert.InRange(TimeProvider.System.GetUtcNow() - stopped, TimeSpan.Zero, Bound + TimeSpan.FromSeconds(10));
                await Task.Delay(50, TestContext.Current.CancellationToken);
                asked++;
            }
            while (answer.Verdict != Verdict.Unknown);
            Assert.Equal("NEIGHBOUR_STATE_UNKNOWN", answer.Reason);
            Assert.InRange(answer.StatusAsOfTime.ToDateTimeOffset(), stopped - Bound, stopped + TimeSpan.FromSeconds(1));
            Assert.Equal((set.License.Enterprise.Name, other.Division), (answer.License.Enterprise.Name, answer.Neighbour.IssuerDivision));
            Assert.Contains("最近一次截至", answer.Explanation, StringComparison.Ordinal);
            using var browser = home.Browser();
            var html = await browser.GetStringAsync("/?code=" + Uri.EscapeDataString(set.LicenseCode), TestContext.Current.CancellationToken);
            Assert.Contains("class=\"verdict unknown\"", html, StringComparison.Ordinal);
            Assert.Contains("签名正确", html, StringComparison.Ordinal);

            // 2. Left alone: a hundred questions meanwhile wait for nothing.
            var clock = Stopwatch.StartNew();
            for (var i = 0; i < 100; i++)
            {
                Assert.Equal(Verdict.Unknown, (await home.AskAsync(set.LicenseCode)).Verdict);
            }

            Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(30)); // Of waiting it would be 200.
        }
        finally
        {
            await other.StartAsync();
            home.Recognise(other.AsNeighbour()); // Another port.
            await Task.Delay(1100, TestContext.Current.CancellationToken);
        }

        await BecomesAsync(home, set.LicenseCode, Verdict.Valid);
    }

    // A counter without network: our pack names the neighbour, whose own pack says the state.
    [Fact]
    public async Task Packs_of_several_regions_judge_codes_of_all_of_them()
    {
        var (ours, theirs) = (await home.FoundAsync(), await other.FoundAsync());
        await Task.Delay(1100, TestContext.Current.CancellationToken);
        using var homeBrowser = home.Browser();
        using var otherBrowser = other.Browser();
        var trust = EidTrust.FromPem(await File.ReadAllTextAsync(Path.Combine(home.Certificates, "root.crt"), TestContext.Current.CancellationToken));
        var pack = StatusPack.Open(await homeBrowser.GetByteArrayAsync("/pack/latest", TestContext.Current.CancellationToken), trust.Roots);
        await Task.Delay(1100, TestContext.Current.CancellationToken); // Theirs lasts longer.
        byte[] foreign = await otherBrowser.GetByteArrayAsync("/pack/latest", TestContext.Current.CancellationToken);
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(pack.ProducedAt);

        var alone = new OfflineVerifier(pack, trust, clock).Verify(theirs.LicenseCode);
        Assert.Equal((Verifying.Verdict.Unknown, "NEIGHBOUR_STATE_UNKNOWN", theirs.License.Enterprise.Name, other.Division), (alone.Verdict, alone.Reason, alone.Claims!.Name, alone.Neighbour!.Division));
        Assert.True(Crypto.Envelope.TryParse(foreign, out var later) && StatusPack.TryRead(later, out var last) && last.ExpireTime > pack.ExpireTime);
        var both = new OfflineVerifier(pack, trust, clock, [foreign]);
        Assert.Equal((Verifying.Verdict.Valid, other.Division), (both.Verify(theirs.LicenseCode).Verdict, both.Verify(theirs.LicenseCode).Neighbour!.Division));
        Assert.Equal((Verifying.Verdict.Valid, null), (both.Verify(ours.LicenseCode).Verdict, both.Verify(ours.LicenseCode).Neighbour));
        var altered = theirs.LicenseCode[..^9] + (theirs.LicenseCode[^9] == 'A' ? 'B' : 'A') + theirs.LicenseCode[^8..];
        Assert.Equal(Verifying.Verdict.BadSignature, both.Verify(altered).Verdict);

        // I28: from its end on ours says nothing, of neighbours neither, whose packs may last longer.
        clock.SetUtcNow(pack.ExpireTime);
        Assert.Equal((Verifying.Verdict.Unknown, "STATE_TOO_OLD"), (both.Verify(theirs.LicenseCode).Verdict, both.Verify(theirs.LicenseCode).Reason));

        // Our own pack is nobody's neighbour, and one of a key that our list does not name is refused.
        Assert.Throws<EidException>(() => new OfflineVerifier(pack, trust, clock, [homeBrowser.GetByteArrayAsync("/pack/latest").Result]));
        Assert.True(Crypto.Envelope.TryParse(foreign, out var envelope));
        var forged = Crypto.Envelope.Sign(Crypto.ContentType.StatusPack, envelope.Payload, AuthorityFiles.OpenKey(home.Certificates, AuthorityFiles.StatusSigner, TimeProvider.System.GetUtcNow())).Encode();
        Assert.Throws<EidException>(() => new OfflineVerifier(pack, trust, clock, [forged]));
    }

    private static async Task<Verification> BecomesAsync(RegionServer here, string code, Verdict verdict)
    {
        var until = TimeProvider.System.GetUtcNow() + Bound;
        while (true)
        {
            var answer = await here.AskAsync(code);
            if (answer.Verdict == verdict)
            {
                return answer;
            }

            Assert.True(TimeProvider.System.GetUtcNow() < until, $"still {answer.Verdict} {answer.Reason} and not {verdict}");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }
}
