using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Documents;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Public;
using ShantingEId.Server.Tests;
using ShantingEId.Server.Tests.Trades;
using ShantingEId.StatusLists;
using ShantingEId.V1;
using IssuedSet = ShantingEId.V1.IssuedSet;

namespace ShantingEId.Interop.Tests;

/// <summary>A deployment whose clock can be put forward: a licence is told from one that was never issued only once it is older than the pack by a minute.</summary>
public sealed class ScanServer : PublicFixture
{
    private readonly ShiftedClock clock = new();

    protected override TimeProvider Clock => clock;

    public void PutForward(TimeSpan by) => clock.Shift = by;
}

/// <summary>Scanning in Chromium: camera, pictures, no network, old browsers; and the browser's own check. Pictures are kept under artifacts/pages.</summary>
public sealed class ScanPageTests(ScanServer server) : IClassFixture<ScanServer>
{
    private const string Prefix = "HTTPS://EID.SHANTING.EXAMPLE/";
    private static readonly string Kept = Directory.CreateDirectory(Path.Combine(Foreign.Root, "artifacts", "pages")).FullName;

    [Fact]
    public async Task A_code_is_scanned_judged_without_a_network_and_the_browser_does_not_take_the_servers_word()
    {
        NodeTests.NeedModule("playwright-core");
        Foreign.Need("chromium");
        var folder = Directory.CreateTempSubdirectory("eid-scan-").FullName;
        try
        {
            var (valid, revoked, renamed) = (await FoundAsync(), await FoundAsync(), await FoundAsync());
            await server.Staff().RevokeSetAsync(new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = revoked.Name, Reason = "样例理由", Authority = "样例机关" });
            await server.Staff().ChangeRegistrationAsync(new ChangeRegistrationRequest
            {
                RequestId = ServerFixture.NewRequestId(), Name = renamed.Name, Enterprise = new Enterprise { Name = "枣庄市山亭区样例改名后的商贸有限公司" },
                UpdateMask = new Google.Protobuf.WellKnownTypes.FieldMask { Paths = { "name" } }, Reason = "样例：变更登记", Authority = "样例机关",
            });
            var permits = await TradeSamples.IssueAsync(server, valid);
            await TradeSamples.SuspendAsync(server, permits, "YC1");
            var holder = new LiveCodes(server);
            var live = await holder.ShowAsync((await holder.OpenAsync()).Session);
            server.PutForward(TimeSpan.FromMinutes(2));
            var pack = await PackAsync();
            var altered = valid.LicenseCode[..^2] + (valid.LicenseCode[^2] == 'A' ? 'E' : 'A') + valid.LicenseCode[^1];
            var (otherTrust, otherRoot, others) = Others(folder, valid);
            const string foreign = "https://pay.elsewhere.example/SECRET-ORDER-77";
            const string alike = "https://eid.shant1ng.example/1SECRETLOOKALIKE";
            var what = new JsonObject
            {
                ["base"] = server.Pages.ToString(), ["pictures"] = Kept, ["video"] = Write("camera.y4m", ScanPictures.Video(Symbol(valid.LicenseCode))),
                ["uploads"] = new JsonObject
                {
                    ["ours"] = Write("ours.png", ScanPictures.Photograph(Symbol(valid.LicenseCode), 17, 0.15f, 1.2f)),
                    ["damaged"] = Write("damaged.png", ScanPictures.Photograph(Symbol(valid.LicenseCode[..^9]), 0, 0, 0)),
                    ["altered"] = Write("altered.png", ScanPictures.Photograph(Symbol(altered), 0, 0, 0)),
                    ["foreign"] = Write("foreign.png", ScanPictures.Photograph(Symbol(foreign), 40, 0, 1)),
                    ["lookalike"] = Write("lookalike.png", ScanPictures.Photograph(Symbol(alike), 0, 0, 0)),
                    ["text"] = Write("text.png", ScanPictures.Photograph(Symbol("样例：SECRET-TEXT <b>不是网址</b>"), 0, 0, 0)),
                    ["inside"] = Write("inside.png", ScanPictures.Photograph(Symbol(Prefix + "present#s=SECRET-OF-OTHERS"), 0, 0, 0)),
                    ["wall"] = Write("wall.png", ScanPictures.Wall()),
                    ["broken"] = Write("broken.png", "no picture"u8.ToArray()),
                },
                ["secrets"] = new JsonArray("SECRET", "shant1ng", "elsewhere"),
                ["offline"] = new JsonObject
                {
                    ["valid"] = PathOf(valid.LicenseCode), ["revoked"] = PathOf(revoked.LicenseCode), ["superseded"] = PathOf(renamed.LicenseCode), ["altered"] = PathOf(altered),
                    ["typed"] = "?code=" + valid.TypedCode, ["mistyped"] = "?code=7777-7777-7771", ["english"] = PathOf(valid.LicenseCode) + "?lang=en",
                    ["permits"] = PathOf(permits.LicenseCode), ["live"] = PathOf(live),
                },
                ["codes"] = new JsonObject { ["valid"] = PathOf(valid.LicenseCode), ["revoked"] = PathOf(revoked.LicenseCode), ["altered"] = PathOf(altered), ["others"] = PathOf(others) }, ["typed"] = valid.TypedCode,
                ["packEnds"] = pack.ExpireTime.ToUnixTimeSeconds(), ["packBegins"] = pack.ProducedAt.ToUnixTimeSeconds(), ["otherTrust"] = otherTrust, ["otherRoot"] = otherRoot,
                ["olderPack"] = Signed(pack with { Number = pack.Number + 5, ProducedAt = pack.ProducedAt - TimeSpan.FromHours(1) }),
                ["othersPack"] = Signed(pack with { Number = pack.Number + 5, ProducedAt = pack.ProducedAt + TimeSpan.FromHours(1), CodePrefix = "HTTPS://EID.ELSEWHERE.EXAMPLE/" }),
            };

            var run = Foreign.Run("node", [Path.Combine(Foreign.Root, "tests", "interop", "scan-pages.mjs")], what.ToJsonString());

            Assert.True(run.Exit == 0, run.Output);
            using var seen = JsonDocument.Parse(run.Output);
            Judge(seen.RootElement, valid);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        string Signed(StatusPack made)
        {
            var bytes = made.Sign(AuthorityFiles.OpenKey(server.Certificates, AuthorityFiles.StatusSigner, TimeProvider.System.GetUtcNow())).Encode();
            StatusPack.Open(bytes, server.Services.GetRequiredService<IssuingAuthority>().Roots); // Good but for what it is.
            return Convert.ToBase64String(bytes);
        }

        string Write(string name, byte[] bytes)
        {
            var path = Path.Combine(folder, name);
            File.WriteAllBytes(path, bytes);
            return path;
        }
    }

    private static void Judge(JsonElement seen, IssuedSet valid)
    {
        Assert.Multiple(() => IsWhole(seen), () => LeavesOthersAlone(seen), () => FindsOurs(seen), () => JudgesOffline(seen, seen.GetProperty("offline"), valid), () => EndsWithThePack(seen.GetProperty("offline")),
            () => WorksOnOldBrowsers(seen), () => ChecksItself(seen.GetProperty("own"), "changed", "own wait", "根证书与本浏览器以前保存的不同"), () => ChecksItself(seen.GetProperty("own"), "first", "own ok", "首次取得"), () => ChecksItself(seen.GetProperty("own"), "again", "own ok", "以前保存的根证书"),
            () => ChecksItself(seen.GetProperty("own"), "altered", "own none", "也自行核对了"), () => ChecksItself(seen.GetProperty("own"), "forgedAsValid", "own no", "与服务器不一致"),
            () => ChecksItself(seen.GetProperty("own"), "anothersFacts", "own no", "与服务器不一致"), () => ChecksItself(seen.GetProperty("own"), "othersRoots", "own no", "与服务器不一致"),
            // The limit of it: who was never here before has nothing to hold it against.
            () => ChecksItself(seen.GetProperty("own"), "newcomer", "own ok", "首次取得"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure scan_camera_ms {seen.GetProperty("cameraMilliseconds").GetInt32()} ms >= 0"));
    }

    // Installable, no camera before it is asked for, all of it readable, and nothing of others.
    private static void IsWhole(JsonElement seen)
    {
        Assert.Equal(("", ""), (string.Join('\n', seen.GetProperty("foreign").EnumerateArray()), string.Join('\n', seen.GetProperty("problems").EnumerateArray())));
        var scan = seen.GetProperty("scan");
        Assert.Equal(["扫码核验", "打开相机扫码", "选择二维码图片", "没有网络时", "录入二维码下方的 12 位校验短码，或受理回执上的 10 位进度查询码", "查询"], scan.GetProperty("order").EnumerateArray().Select(each => each.GetString()));
        Assert.Contains("到期", Text(scan, "pack"), StringComparison.Ordinal);
        Assert.Equal([Text(scan, "pack"), Text(scan, "pack")], seen.GetProperty("otherPacks").EnumerateArray().Select(each => each.GetString()));
        Assert.Equal("standalone", Text(seen.GetProperty("manifest"), "display"));
        // Every browser of these tests keeps nothing beyond them, which is all that stands in the way.
        Assert.Equal(["in-incognito"], seen.GetProperty("installability").EnumerateArray().Select(each => each.GetString()));
        Assert.False(scan.GetProperty("tooWide").GetBoolean());
    }

    // A calm word of their own on this very page. Nothing of them was sent anywhere, is shown, or can be followed; nor does a code lead to another of our
    // own pages, with a session that somebody else chose.
    private static void LeavesOthersAlone(JsonElement seen)
    {
        Assert.Empty(seen.GetProperty("sent").EnumerateArray().Select(each => each.ToString()));
        var uploads = seen.GetProperty("uploads");
        foreach (var (name, title, look) in new[] { ("foreign", "不是本机关的码", "unknown"), ("lookalike", "仿冒的网址", "no"), ("text", "不是本机关的码", "unknown"), ("inside", "无法识别", "unknown"), ("wall", "没有找到二维码", "unknown"), ("broken", "没有找到二维码", "unknown") })
        {
            Is(uploads, name, title, look);
            Assert.Equal(("/scan", 0), (Text(uploads.GetProperty(name), "path"), uploads.GetProperty(name).GetProperty("links").GetInt32()));
            Assert.All((string[])["SECRET", "elsewhere", "shant1ng"], secret => Assert.DoesNotContain(secret, Text(uploads.GetProperty(name), "text"), StringComparison.OrdinalIgnoreCase));
        }
    }

    // Camera and pictures of ours lead to the register's answer, which the browser confirms.
    private static void FindsOurs(JsonElement seen)
    {
        Assert.Equal(("有效", "ok", "own ok"), (Text(seen.GetProperty("camera"), "title"), Text(seen.GetProperty("camera"), "look"), Text(seen.GetProperty("camera").GetProperty("own"), "look")));
        Is(seen.GetProperty("uploads"), "ours", "有效", "ok");
        Is(seen, "typed", "有效", "ok");
        Assert.Equal(["live", "ended", "null", "true"], seen.GetProperty("stopped").EnumerateArray().Select(each => each.GetString()));
        Assert.Equal(["没有打开相机：请允许本页使用相机，或选择图片、录入校验短码。", "true", "false"], seen.GetProperty("denied").EnumerateArray().Select(each => each.GetString()));
        Is(seen.GetProperty("uploads"), "damaged", "无法识别", "unknown");
        Is(seen.GetProperty("uploads"), "altered", "伪造或被改动", "no");
    }

    // The state as of the pack, and never a bare yes.
    private static void JudgesOffline(JsonElement seen, JsonElement offline, IssuedSet valid)
    {
        foreach (var name in (string[])["upload", "valid"])
        {
            Is(offline, name, "当时有效", "ok");
            Assert.Matches("离线结果，截至 20[0-9]+年[0-9]+月[0-9]+日\u00a0[0-9:]+（北京时间）", Text(offline.GetProperty(name), "text"));
            Assert.Contains(valid.License.Enterprise.Name, Text(offline.GetProperty(name), "text"), StringComparison.Ordinal);
        }

        Is(offline, "revoked", "当时无效", "no");
        Assert.Contains("已被吊销、撤销、注销或撤回", Text(offline.GetProperty("revoked"), "text"), StringComparison.Ordinal);
        Is(offline, "superseded", "已换发新照", "wait");
        Assert.Contains("枣庄市山亭区样例改名后的商贸有限公司", Text(offline.GetProperty("superseded"), "text"), StringComparison.Ordinal);
        Is(offline, "altered", "伪造或被改动", "no");
        Is(offline, "typed", "无法判断", "unknown");
        Is(offline, "mistyped", "无法识别", "unknown");
        Is(offline, "english", "Valid then", "ok");
        // One of its permits was suspended then: neither green nor red, and it is named.
        Is(offline, "permits", "当时有效", "wait");
        Assert.All((string[])["所列许可并非全部有效", "✔ 食品经营许可：当时有效", "✘ 烟草专卖零售许可：当时暂停", "‖"], part => Assert.Contains(part, Text(offline.GetProperty("permits"), "text"), StringComparison.Ordinal));
        // Its word for "valid then" is missing.
        Assert.True(seen.GetProperty("wordTaken").GetBoolean());
        Is(seen, "wordless", "无法判断", "unknown");
        // Opened by the phone's own camera, without a network.
        Is(offline, "live", "无法判断", "unknown");
        Assert.Contains("动态码", Text(offline.GetProperty("live"), "text"), StringComparison.Ordinal);
    }

    // After its end, or with a clock from before it, a pack says nothing (I28).
    private static void EndsWithThePack(JsonElement offline)
    {
        Is(offline, "ended", "无法判断", "unknown");
        Is(offline, "before", "无法判断", "unknown");
        Assert.Contains("签名正确", Text(offline.GetProperty("ended"), "text"), StringComparison.Ordinal);
    }

    private static void WorksOnOldBrowsers(JsonElement seen)
    {
        var noCamera = seen.GetProperty("noCamera");
        Assert.Equal((false, "Scan to check"), (noCamera.GetProperty("start").GetBoolean(), Text(noCamera, "title")));
        Assert.Contains("no camera", Text(noCamera, "status"), StringComparison.Ordinal);
        Assert.Equal("Valid", Text(seen.GetProperty("noCameraUpload"), "title"));
        var noScript = seen.GetProperty("noScript");
        // Too old for the check, or the check never came: ours is found, and what is foreign is named at once.
        foreach (var one in seen.GetProperty("old").EnumerateArray())
        {
            Is(one, "ours", "有效", "ok");
            Is(one, "foreign", "不是本机关的码", "unknown");
            Is(one, "lookalike", "仿冒的网址", "no");
            Assert.InRange(one.GetProperty("milliseconds").GetInt32(), 1, 4000);
            Assert.Equal((false, 0), (one.GetProperty("promises").GetBoolean(), one.GetProperty("own").GetInt32()));
        }

        Assert.Equal((false, false, true), (noScript.GetProperty("start").GetBoolean(), noScript.GetProperty("picture").GetBoolean(), noScript.GetProperty("typed").GetBoolean()));
    }

    // What the browser finds by itself; a difference stands in front of what the server says.
    private static void ChecksItself(JsonElement own, string name, string look, string words)
    {
        var line = own.GetProperty(name);
        Assert.Equal((name, look, look == "own no", look == "own no"), (name, Text(line, "look"), line.GetProperty("first").GetBoolean(), line.GetProperty("crossed").GetBoolean()));
        Assert.Contains(words, Text(own.GetProperty(name), "text"), StringComparison.Ordinal);
    }

    private static void Is(JsonElement all, string name, string title, string look)
    {
        var one = all.GetProperty(name);
        Assert.Equal((name, title, look, false), (name, Text(one, "title"), Text(one, "look"), one.GetProperty("tooWide").GetBoolean()));
        Assert.InRange(one.GetProperty("smallest").GetDouble(), 16, 64);
    }

    [Fact]
    public void The_built_scripts_are_those_of_their_sources()
    {
        NodeTests.NeedModule("esbuild");
        NodeTests.NeedModule("typescript");
        var web = Path.Combine(Foreign.Root, "src", "ShantingEId.Server", "Public", "web");
        var built = Directory.CreateTempSubdirectory("eid-web-").FullName;
        try
        {
            var run = Foreign.Run("node", [Path.Combine(Foreign.Root, "tests", "interop", "build-web.mjs"), built]);
            Assert.True(run.Exit == 0, run.Output);
            // esbuild drops types without a look at them.
            Assert.Equal((0, ""), Foreign.Run(Path.Combine(Foreign.Root, "tests", "interop", "node_modules", ".bin", "tsc"), ["-p", web]));
            Assert.Equal(Directory.GetFiles(built).Select(Path.GetFileName).Order(), Directory.GetFiles(Path.Combine(web, "dist")).Select(Path.GetFileName).Order());
            Assert.All(Directory.GetFiles(built), file => Assert.True(File.ReadAllBytes(file).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(web, "dist", Path.GetFileName(file)))), file + " is not what is committed; run node tests/interop/build-web.mjs"));
        }
        finally
        {
            Directory.Delete(built, recursive: true);
        }
    }

    // Page and server have each their own; the same samples for both.
    [Fact]
    public void Look_alikes_are_told_from_others_on_both_sides_alike()
    {
        NodeTests.NeedModule("esbuild");
        var samples = JsonNode.Parse(File.ReadAllText(Path.Combine(Foreign.Root, "tests", "interop", "look-alikes.json")))!.AsArray().Select(each => (Text: each![0]!.GetValue<string>(), Alike: each[1]!.GetValue<bool>())).ToArray();
        var texts = samples.Select(each => each.Text).ToArray();
        var run = Foreign.Run("node", [Path.Combine(Foreign.Root, "tests", "interop", "look-alikes.mjs"), Prefix], JsonSerializer.Serialize(texts));
        Assert.Equal(samples, texts.Zip(run.Output.Split('\n'), (text, answer) => (text, answer == "true")));
        Assert.Equal(samples, texts.Select(text => (text, LookAlike.Resembles(text, Prefix))));
    }

    private async Task<IssuedSet> FoundAsync() => await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());

    // The first pack is made when it is first asked for, and is the one that the browser gets within the hour.
    private async Task<StatusPack> PackAsync()
    {
        using var browser = new HttpClient { BaseAddress = server.Pages };
        var bytes = await browser.GetByteArrayAsync("pack/latest", TestContext.Current.CancellationToken);
        return StatusPack.Open(bytes, server.Services.GetRequiredService<IssuingAuthority>().Roots);
    }

    // Another authority under our address: its certificates as it would serve them, and a code that it signed.
    private static (JsonObject Trust, string Root, string Code) Others(string folder, IssuedSet set)
    {
        var certificates = Path.Combine(folder, "others");
        DevCertificates.Create(certificates, TimeProvider.System);
        var authority = AuthorityFiles.Load(certificates, false, TimeProvider.System.GetUtcNow());
        Assert.True(CreditCode.TryParse(set.License.Enterprise.CreditCode, out var holder, out _));
        var code = new LicenseCode(holder!, 1, set.License.Enterprise.Name, ManifestDigest.FromBytes(new byte[32])!, new StatusReference(0, 1), TimeProvider.System.GetUtcNow()).Sign(Prefix, authority.CodeSigner);
        return (new JsonObject
        {
            ["prefix"] = Prefix, ["authority"] = string.Concat(authority.Roots.Concat(authority.Intermediates).Select(certificate => certificate.ToPem())),
            ["codeSigners"] = authority.CodeSigner.Certificate.ToPem(),
        }, authority.Roots[0].ToPem(), code);
    }

    private static byte[] Symbol(string text) => CodeSymbol.Create(text).ToPng(8);

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static string PathOf(string code) => code[Prefix.Length..];
}
