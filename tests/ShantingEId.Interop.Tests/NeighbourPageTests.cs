using System.Text.Json;
using System.Text.Json.Nodes;
using ShantingEId.Codes;
using ShantingEId.Documents;
using ShantingEId.Server.Tests.Neighbours;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Interop.Tests;

/// <summary>A neighbour's code on our pages, as a person scans it. Pictures are kept under artifacts/pages.</summary>
public sealed class NeighbourPageTests(TwoRegionsFixture regions) : IClassFixture<TwoRegionsFixture>
{
    [Fact]
    public async Task The_scan_page_takes_codes_of_neighbours_to_our_own_server_and_nowhere_else()
    {
        NodeTests.NeedModule("playwright-core");
        Foreign.Need("chromium");
        var kept = Directory.CreateDirectory(Path.Combine(Foreign.Root, "artifacts", "pages")).FullName;
        var set = await regions.Other.FoundAsync();
        for (var turn = 0; (await regions.Home.AskAsync(set.LicenseCode)).Verdict != Verdict.Valid; turn++)
        {
            Assert.True(turn < 200, "the neighbour's lists never came");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        var file = Path.Combine(kept, "neighbour-code.png");
        await File.WriteAllBytesAsync(file, ScanPictures.Photograph(CodeSymbol.Create(set.LicenseCode).ToPng(8), 12, 0.1f, 1), TestContext.Current.CancellationToken);
        var what = new JsonObject { ["base"] = regions.Home.Pages.ToString(), ["file"] = file, ["pictures"] = kept };
        var run = Foreign.Run("node", [Path.Combine(Foreign.Root, "tests", "interop", "neighbour-pages.mjs")], what.ToJsonString());

        Assert.True(run.Exit == 0, run.Output);
        using var seen = JsonDocument.Parse(run.Output);
        var (online, offline) = (seen.RootElement.GetProperty("online"), seen.RootElement.GetProperty("offline"));
        Assert.Equal(("/", "有效", "ok"), (Text(online, "path"), Text(online, "title"), Text(online, "look")));
        Assert.False(online.GetProperty("checks").GetBoolean()); // docs/decisions.md: not by the browser.
        Assert.Contains(set.License.Enterprise.Name, Text(online, "text"), StringComparison.Ordinal);
        Assert.Contains("（370402）", Text(online, "text"), StringComparison.Ordinal);
        Assert.Equal(("/scan", "离线不能核验", "unknown"), (Text(offline, "path"), Text(offline, "title"), Text(offline, "look")));
        Assert.Contains("还有互认地区", Text(seen.RootElement, "says"), StringComparison.Ordinal);
        Assert.Equal(0, seen.RootElement.GetProperty("foreign").GetArrayLength());
    }

    private static string Text(JsonElement of, string name) => of.GetProperty(name).GetString()!;
}
