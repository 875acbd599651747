using System.Net;
using System.Text.RegularExpressions;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Codes;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Tests.Life;
using ShantingEId.Server.Tests.Trades;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

/// <summary>The public pages as anybody's browser gets them: every verdict in words, nothing of others, nothing else reachable.</summary>
public sealed partial class PublicPageTests(PublicFixture server) : IClassFixture<PublicFixture>
{
    private const string Official = "HTTPS://EID.SHANTING.EXAMPLE/";
    private readonly LifeClient life = LifeClient.Of(server);
    private readonly HttpClient browser = server.Browser();

    [Fact]
    public async Task The_address_in_the_code_opens_the_page_with_what_to_compare()
    {
        var set = await life.FoundAsync();

        var (status, html) = await GetAsync(set.LicenseCode[(Official.Length - 1)..]);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("<h1 id=\"verdict\">有效</h1>", html, StringComparison.Ordinal);
        var face = set.License.Enterprise;
        Assert.All((string[])[face.Name, face.CreditCode, face.Representative, face.Address, "✔", "截图", "0632-0000000（样例）"], part => Assert.Contains(part, html, StringComparison.Ordinal));
        // Not what this purpose does not grant.
        Assert.DoesNotContain(face.BusinessScope, html, StringComparison.Ordinal);
        Assert.DoesNotContain(set.Seals[0].SealCode, html, StringComparison.Ordinal);
        // The short code leads to the same, also as a phone types it.
        Assert.Contains("有效", (await GetAsync("/?code=" + set.TypedCode.ToLowerInvariant())).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_state_is_told_in_its_own_words_in_both_languages()
    {
        var (suspended, revoked, rescinded, cancelled, renamed) = (await life.FoundAsync(), await life.FoundAsync(), await life.FoundAsync(), await life.FoundAsync(), await life.FoundAsync());
        await life.DoAsync("Suspend", suspended);
        await life.DoAsync("Revoke", revoked);
        await life.DoAsync("Rescind", rescinded);
        await life.DoAsync("Cancel", cancelled);
        var newer = (await life.ChangeAsync(LifeClient.Rename(renamed, "枣庄市山亭区样例公示食品有限公司"))).IssuedSet;

        await SaysAsync(suspended.LicenseCode, "暂停", "Suspended", "wait");
        await SaysAsync(revoked.LicenseCode, "已吊销", "Revoked", "no");
        await SaysAsync(rescinded.LicenseCode, "登记已撤销", "Registration rescinded", "no");
        await SaysAsync(cancelled.LicenseCode, "已注销", "Deregistered", "no");
        var old = await SaysAsync(renamed.LicenseCode, "已换发新照", "Replaced", "wait");
        Assert.Contains("枣庄市山亭区样例公示食品有限公司", old, StringComparison.Ordinal);
        var now = await SaysAsync(newer.LicenseCode, "有效", "Valid", "ok");
        Assert.Contains("曾用名", now, StringComparison.Ordinal);
        Assert.Contains(renamed.License.Enterprise.Name, now, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_licence_has_answers_of_its_own()
    {
        var set = await life.FoundAsync();
        // Not the last character: half of its bits are none of the signature's.
        var altered = set.LicenseCode[..^2] + (set.LicenseCode[^2] == 'A' ? 'E' : 'A') + set.LicenseCode[^1];

        await SaysAsync(altered, "伪造或被改动", "Forged or altered", "no");
        await SaysAsync(Official + "1ABC", "无法识别", "Cannot be read", "unknown");
        await SaysAsync("https://elsewhere.example/1ABC", "不是本机关的码", "Not our code", "unknown");
        await SaysAsync("7777-7777-7777", "无法识别", "Cannot be read", "unknown");
        await SaysAsync(TypedCode.Generate().ToString(), "查无此照", "Not found", "unknown");
        await SaysAsync("https://eid.shanting.examp1e/1ABC", "仿冒的网址", "Look-alike address", "no");
        await SaysAsync("\u4F60\u597D", "这不是证照码", "Not a code", "unknown");
    }

    // A thief of the signing key, a change of mind, a time to come, and a register that contradicts what was signed.
    [Fact]
    public async Task A_perfect_signature_is_not_enough()
    {
        var (set, other) = (await life.FoundAsync(), await life.FoundAsync());
        var authority = server.Services.GetRequiredService<IssuingAuthority>();
        LicenseCode.TryOpen(set.LicenseCode, Official, out var envelope);
        var signed = LicenseCode.Read(envelope!)!;
        string Signed(LicenseCode claims) => claims.Sign(Official, authority.CodeSigner);
        var change = LifeClient.Rename(set, "枣庄市山亭区样例来日食品有限公司");
        change.EffectiveTime = TimeProvider.System.GetUtcNow().AddDays(3).ToTimestamp();

        var never = await SaysAsync(Signed(signed with { ManifestDigest = ManifestDigest.Of(new byte[100]) }), "从未签发", "Never issued", "no");
        var lie = await SaysAsync(Signed(signed with { Name = "别家公司" }), "伪造或被改动", "Forged or altered", "no");
        var next = (await life.ChangeAsync(change)).IssuedSet;
        var early = await SaysAsync(next.LicenseCode, "查无此照", "Not found", "unknown");
        Assert.Contains("尚未生效", early, StringComparison.Ordinal);
        await life.Staff.WithdrawChangeAsync(new WithdrawChangeRequest { RequestId = ServerFixture.NewRequestId(), Name = set.Name, Reason = "样例：撤回", Authority = LifeClient.Authority });
        var withdrawn = await SaysAsync(next.LicenseCode, "从未生效", "Never in force", "no");

        // Nothing of the register goes with them; what was taken back never was anybody's name.
        Assert.All((string[])[never, lie, early], html => Assert.DoesNotContain(set.License.Enterprise.Address, html, StringComparison.Ordinal));
        Assert.All((string[])[never, lie, early, withdrawn], html => Assert.DoesNotContain("曾用名", html, StringComparison.Ordinal));
        Assert.DoesNotContain("曾用名", await SaysAsync(set.LicenseCode, "有效", "Valid", "ok"), StringComparison.Ordinal);
        await SaysAsync(other.LicenseCode, "有效", "Valid", "ok");
    }

    [Fact]
    public async Task A_comprehensive_licence_lists_its_permits()
    {
        var company = await life.FoundAsync();
        var set = await TradeSamples.IssueAsync(server, company);

        var whole = await SaysAsync(set.LicenseCode, "有效", "Valid", "ok");
        Assert.Contains("<ul class=\"marked\"><li>✔ 食品经营许可：有效</li><li>✔ 烟草专卖零售许可：有效</li><li>✔ 第二类医疗器械经营备案：有效</li></ul>", whole, StringComparison.Ordinal);
        await TradeSamples.SuspendAsync(server, set, "JY1");

        // The licence is in force and not all that it is shown for is: neither green nor red, and the permit is named.
        var paused = await SaysAsync(set.LicenseCode, "有效", "Valid", "wait");
        Assert.Contains("<ul class=\"marked\"><li>✘ 食品经营许可：暂停</li><li>✔ 烟草专卖零售许可：有效</li><li>✔ 第二类医疗器械经营备案：有效</li></ul>", paused, StringComparison.Ordinal);
        Assert.Contains("食品经营许可暂停", paused, StringComparison.Ordinal);
        Assert.Contains(">‖<", paused, StringComparison.Ordinal);
        var english = (await GetAsync($"/?code={set.TypedCode}&lang=en")).Html;
        Assert.All((string[])["<li>✘ 食品经营许可: suspended</li><li>✔ 烟草专卖零售许可: in force</li>", "not all of its permits are", "verdict wait"], part => Assert.Contains(part, english, StringComparison.Ordinal));

        // It is worth no more than the business licence of its holder.
        await life.DoAsync("Suspend", company);
        Assert.Contains("the business licence of its holder is not in force", (await GetAsync($"/?code={set.TypedCode}&lang=en")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_typed_or_registered_is_text_and_never_markup()
    {
        var request = ServerFixture.ValidRequest();
        request.Enterprise.Address = "枣庄市山亭区<b>样例</b>路1号\"'&amp;";
        var set = await server.Staff().IssueSetAsync(request);

        var html = (await GetAsync(set.LicenseCode[(Official.Length - 1)..])).Html;
        Assert.DoesNotContain("<b>样例", html, StringComparison.Ordinal);
        Assert.Contains("&lt;b&gt;样例&lt;/b&gt;路1号&quot;&#x27;&amp;amp;", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", (await GetAsync("/?code=" + Uri.EscapeDataString("<script>alert(1)</script>"))).Html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("onload", (await GetAsync("/?lang=" + Uri.EscapeDataString("\" onload=\"x"))).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_is_small_loads_nothing_of_others_and_allows_nothing()
    {
        var set = await life.FoundAsync();
        foreach (var path in (string[])[set.LicenseCode[(Official.Length - 1)..], "/", "/?code=" + set.TypedCode, "/nothing-here-1"])
        {
            using var answer = await browser.GetAsync(path, TestContext.Current.CancellationToken);
            var html = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

            Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(html), 500, 60 * 1024);
            Assert.DoesNotMatch(Loaded(), Ours().Replace(html, ""));
            var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
            Assert.StartsWith("default-src 'none'; style-src 'sha256-", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            // The one script that stands in a page is named by its digest, and fetches nothing but what main names.
            foreach (var own in Ours().Matches(html).Select(match => match.Groups["own"]).Where(own => own.Success))
            {
                var digest = Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(own.Value)));
                Assert.Contains($"script-src 'self' 'sha256-{digest}';", policy, StringComparison.Ordinal);
                Assert.Matches("<main [^>]*data-check=\"/app/[0-9a-f]{16}/check.js\"", html);
            }

            Assert.StartsWith("camera=()", answer.Headers.GetValues("Permissions-Policy").Single(), StringComparison.Ordinal);
            Assert.Equal(("no-store", "nosniff", "no-referrer"),
                (answer.Headers.CacheControl!.ToString(), answer.Headers.GetValues("X-Content-Type-Options").Single(), answer.Headers.GetValues("Referrer-Policy").Single()));
            Assert.False(answer.Headers.Contains("Server"));
            Assert.False(answer.Headers.Contains("Set-Cookie"));
        }
    }

    [Fact]
    public async Task Nothing_else_is_behind_the_public_door_and_no_page_behind_the_other()
    {
        using var channel = GrpcChannel.ForAddress(browser.BaseAddress!);
        // HTTP/2 is not even spoken there in development; what comes by HTTP/1.1 finds no method.
        await Assert.ThrowsAsync<RpcException>(async () => await new VerificationService.VerificationServiceClient(channel).VerifyCodeAsync(new VerifyCodeRequest { Code = "x", Purpose = "PUBLIC_SCAN" }));
        foreach (var path in MethodRule.All.Keys.Append("/v1/codes:verify").Append("/openapi.json").Append("/grpc.health.v1.Health/Check"))
        {
            using var posted = await browser.PostAsync(path, new ByteArrayContent([]), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, posted.StatusCode);
        }

        using var department = new HttpClient(server.Handler(server.Certificate("bank"))) { BaseAddress = server.Address };
        using var page = await department.GetAsync("/", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, page.StatusCode);
        Assert.NotEqual("text/html", page.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Every_page_says_that_both_codes_may_be_typed_and_one_mistyped_is_told_so()
    {
        var code = ProgressCode.Generate().ToString();
        var mistyped = code[..^1] + (code[^1] == '7' ? '8' : '7');
        foreach (var path in (string[])["/", "/scan", "/nothing-here-1", "/?code=" + code, "/?code=" + mistyped, "/?code=7777-7777-7771"])
        {
            var way = path + (path.Contains('?', StringComparison.Ordinal) ? "&lang=" : "?lang=");
            var (chinese, english) = ((await GetAsync(way + "zh")).Html, (await GetAsync(way + "en")).Html);
            Assert.Contains(">录入二维码下方的 12 位校验短码，或受理回执上的 10 位进度查询码</label>", chinese, StringComparison.Ordinal);
            Assert.Contains(">Type the short code under the QR code (12 characters), or the progress code of a receipt (10)</label>", english, StringComparison.Ordinal);
        }

        Assert.Contains("也不是进度查询码", (await GetAsync("/?code=" + mistyped)).Html, StringComparison.Ordinal);
        Assert.Contains("a progress code 10", (await GetAsync("/?lang=en&code=" + mistyped)).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_public_look_up_stands_in_the_ledger_for_the_company_to_see()
    {
        var set = await life.FoundAsync();
        await GetAsync(set.LicenseCode[(Official.Length - 1)..]);

        for (var turn = 0; ; turn++)
        {
            var list = await new VerificationService.VerificationServiceClient(server.Channel("staff")).ListLookupsAsync(new ListLookupsRequest { CreditCode = set.License.Enterprise.CreditCode });
            if (list.Lookups.Any(one => one is { Caller: "#public", CallerTitle: "公众", Purpose: "PUBLIC_SCAN" }))
            {
                return;
            }

            Assert.True(turn < 200, "never listed");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private async Task<string> SaysAsync(string code, string chinese, string english, string look)
    {
        var query = "/?code=" + Uri.EscapeDataString(code);
        var (_, html) = await GetAsync(query);
        Assert.Contains($"<h1 id=\"verdict\">{chinese}</h1>", html, StringComparison.Ordinal);
        Assert.Contains($"class=\"verdict {look}\"", html, StringComparison.Ordinal);
        var (_, other) = await GetAsync(query + "&lang=en");
        Assert.Contains("<html lang=\"en\">", other, StringComparison.Ordinal);
        // The way to the other language leads to the same code.
        Assert.Contains($"href=\"?code={Uri.EscapeDataString(code)}&amp;lang=en\"", html, StringComparison.Ordinal);
        Assert.Contains($"<h1 id=\"verdict\">{english}</h1>", other, StringComparison.Ordinal);
        return html;
    }

    private async Task<(HttpStatusCode Status, string Html)> GetAsync(string path)
    {
        using var answer = await browser.GetAsync(path, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [GeneratedRegex("<(script|img|link|iframe|object|embed)|url\\(|@import|src=", RegexOptions.IgnoreCase)]
    private static partial Regex Loaded();

    [GeneratedRegex("<link rel=\"icon\" href=\"/app/[0-9a-f]{16}/icon.svg\">|<script>(?<own>[^<]*)</script>")]
    private static partial Regex Ours();
}

/// <summary>Pages of another deployment: its limits, and its register that does not answer.</summary>
public sealed class PublicLimitTests(PublicFixture server) : IClassFixture<PublicFixture>
{
    [Fact]
    public async Task Who_tries_codes_is_asked_to_wait_and_a_lost_register_is_never_valid()
    {
        using var browser = server.Browser();
        var set = await LifeClient.Of(server).FoundAsync();
        using (var register = server.OpenRegister())
        {
            register.Execute("ALTER TABLE issued_set RENAME TO away");
            using var lost = await browser.GetAsync("/?code=" + set.TypedCode, TestContext.Current.CancellationToken);
            var html = await lost.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, lost.StatusCode);
            using var list = await browser.GetAsync("/status/0", TestContext.Current.CancellationToken);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "no-store"), (list.StatusCode, list.Headers.CacheControl!.ToString()));
            Assert.Contains("暂时查不到状态", html, StringComparison.Ordinal);
            Assert.DoesNotContain(">有效<", html, StringComparison.Ordinal);
            using var scanned = await browser.GetAsync("/?code=" + Uri.EscapeDataString(set.LicenseCode), TestContext.Current.CancellationToken);
            Assert.Contains("签名正确，但登记簿暂时无法访问", await scanned.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
            register.Execute("ALTER TABLE away RENAME TO issued_set");
        }

        HttpStatusCode status;
        var tried = 0;
        do
        {
            using var answer = await browser.GetAsync($"/?code=7777-7777-{7000 + tried}", TestContext.Current.CancellationToken);
            status = answer.StatusCode;
        }
        while (status == HttpStatusCode.OK && ++tried < 100);

        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.InRange(tried, 15, 25);
        // No gateway is named here: whom somebody says he asks for makes no difference.
        using var disguised = new HttpRequestMessage(HttpMethod.Get, "/?code=" + set.TypedCode) { Headers = { { "X-Forwarded-For", "203.0.113.7" } } };
        using var still = await browser.SendAsync(disguised, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.TooManyRequests, still.StatusCode);
    }
}
