using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Codes;
using ShantingEId.Documents;
using ShantingEId.Issuing;
using ShantingEId.Server.Tests;
using ShantingEId.Server.Tests.Life;
using ShantingEId.StatusLists;

namespace ShantingEId.Interop.Tests;

/// <summary>A browser with a pack of two hours ago, and the service that says what changed since.</summary>
public sealed class PackRenewalTests(ScanServer server) : IClassFixture<ScanServer>
{
    [Fact]
    public async Task A_browser_renews_its_pack_by_difference_and_judges_by_the_new_one()
    {
        NodeTests.NeedModule("playwright-core");
        Foreign.Need("chromium");
        var life = LifeClient.Of(server);
        var set = await life.FoundAsync();
        server.PutForward(TimeSpan.FromMinutes(2));
        var (before, bytes) = await PackAsync();
        await life.DoAsync("Suspend", set);
        server.PutForward(TimeSpan.FromHours(2));
        var (after, _) = await PackAsync();
        Assert.Equal(before.Number + 1, after.Number);
        var picture = Path.Combine(Directory.CreateTempSubdirectory("eid-renew-").FullName, "code.png");
        try
        {
            await File.WriteAllBytesAsync(picture, ScanPictures.Photograph(CodeSymbol.Create(set.LicenseCode).ToPng(8), 0, 0, 0), TestContext.Current.CancellationToken);
            var what = new JsonObject { ["base"] = server.Pages.ToString(), ["before"] = Convert.ToBase64String(bytes), ["later"] = after.ProducedAt.ToUnixTimeSeconds() + 60, ["picture"] = picture };

            var run = Foreign.Run("node", [Path.Combine(Foreign.Root, "tests", "interop", "renew-pack.mjs")], what.ToJsonString());

            Assert.True(run.Exit == 0, run.Output);
            var seen = JsonNode.Parse(run.Output)!;
            Assert.Empty(seen["problems"]!.AsArray());
            Assert.Equal([$"/pack/{before.Number}/delta"], seen["asked"]!.AsArray().Select(each => (string)each!));
            Assert.Contains("截至 " + Said(before.ProducedAt), (string)seen["kept"]!, StringComparison.Ordinal);
            Assert.Contains("截至 " + Said(after.ProducedAt), (string)seen["renewed"]!, StringComparison.Ordinal);
            // Suspended between the two packs, and only the difference said so.
            Assert.Contains("暂停", (string)seen["judged"]!, StringComparison.Ordinal);
            Assert.Contains("离线结果，截至 " + Said(after.ProducedAt), (string)seen["judged"]!, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(picture)!, recursive: true);
        }
    }

    private static string Said(DateTimeOffset time) => time.ToOffset(TimeSpan.FromHours(8)).ToString("yyyy年M月d日\u00a0HH:mm", System.Globalization.CultureInfo.InvariantCulture);

    private async Task<(StatusPack Pack, byte[] Bytes)> PackAsync()
    {
        using var browser = new HttpClient { BaseAddress = server.Pages };
        var bytes = await browser.GetByteArrayAsync("pack/latest", TestContext.Current.CancellationToken);
        return (StatusPack.Open(bytes, server.Services.GetRequiredService<IssuingAuthority>().Roots), bytes);
    }
}
