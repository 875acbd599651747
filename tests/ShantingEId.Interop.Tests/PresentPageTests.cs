using System.Text.Json;

namespace ShantingEId.Interop.Tests;

/// <summary>The page of a device that shows live codes, in Chromium, and a stranger who scans them from its screen. Pictures are kept under artifacts/pages.</summary>
public sealed class PresentPageTests(ScanServer server) : IClassFixture<ScanServer>
{
    private static readonly string Kept = Directory.CreateDirectory(Path.Combine(Foreign.Root, "artifacts", "pages")).FullName;

    private sealed record Seen(
        string Moment, string Says, string[] Problems, string State = "", string Detail = "", string Company = "", string Left = "", bool Symbol = false, bool Again = false, string Motion = "",
        bool Address = false, bool TooWide = false, bool Differ = false);

    [Fact]
    public async Task A_code_runs_down_is_scanned_once_from_the_screen_and_says_by_whom()
    {
        NodeTests.NeedModule("playwright-core");
        Foreign.Need("chromium");
        Foreign.Need("zbarimg");
        // Two more to be scanned by a stranger: one whose minute is over, one that is for somebody else.
        var holder = new LiveCodes(server);
        var late = await holder.ShowAsync((await holder.OpenAsync()).Session);
        server.PutForward(TimeSpan.FromSeconds(65));
        var (set, session) = await holder.OpenAsync();
        var others = await holder.ShowAsync(session, "bank");
        var url = $"{server.Pages}present#s={session.Secret}&scope=credit_code,name,representative&purpose={Uri.EscapeDataString("样例：银行开户")}";

        var run = Foreign.Run("node", [Path.Combine(Foreign.Root, "tests", "interop", "present-page.mjs")], JsonSerializer.Serialize(new { url, folder = Kept, official = "HTTPS://EID.SHANTING.EXAMPLE/", expired = late, others = others }));

        Assert.True(run.Exit == 0, run.Output);
        var seen = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<Seen>(line, JsonSerializerOptions.Web)!).ToDictionary(one => one.Moment);
        Assert.All(seen.Values, one => Assert.Empty(one.Problems));
        Assert.All(seen.Values, one => Assert.False(one.TooWide || one.Address, one.Moment));

        var name = set.License.Enterprise.Name;
        Assert.Equal(("waiting", "请对方当场扫码", name, true, false), (seen["waiting"].State, seen["waiting"].Says, seen["waiting"].Company, seen["waiting"].Symbol, seen["waiting"].Again));
        Assert.InRange(int.Parse(seen["waiting"].Left, System.Globalization.CultureInfo.InvariantCulture), 50, 60);
        Assert.InRange(int.Parse(seen["soon"].Left, System.Globalization.CultureInfo.InvariantCulture), 1, 10);
        // Over: no symbol is left to be photographed.
        Assert.Equal(("over", "已失效", "0", false, true), (seen["over"].State, seen["over"].Says, seen["over"].Left, seen["over"].Symbol, seen["over"].Again));
        Assert.Equal(("有效", "此码已经用过", true), (seen["scanned"].Says, seen["replayed"].Says, seen["replayed"].Differ));
        Assert.Equal(("presented", "已出示给公众", false), (seen["presented"].State, seen["presented"].Says, seen["presented"].Symbol));
        Assert.StartsWith("公众扫码 · ", seen["presented"].Detail, StringComparison.Ordinal);
        Assert.Equal(("此码已失效", "不是出示给您的"), (seen["expired"].Says, seen["others"].Says));
        Assert.All((string[])["paced", "away"], moment => Assert.Equal(("waiting", true), (seen[moment].State, seen[moment].Symbol)));
        Assert.Equal(("failed", "样例：HOLDER_PROOF_REQUIRED", false), (seen["ended"].State, seen["ended"].Detail, seen["ended"].Symbol));
        Assert.Equal(("waiting", "Let them scan it now", "0s"), (seen["calm"].State, seen["calm"].Says, seen["calm"].Motion));
        Assert.Equal("waiting", seen["reloaded"].State);
        Assert.Equal(("failed", "没有设备会话", false), (seen["stranger"].State, seen["stranger"].Says, seen["stranger"].Again));
    }
}
