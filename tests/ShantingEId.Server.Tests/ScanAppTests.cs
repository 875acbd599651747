using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ShantingEId.Server.Tests;

/// <summary>The scan page and its files as they come over the line; what they do is tested in a browser.</summary>
public sealed partial class ScanAppTests(PublicFixture server) : IClassFixture<PublicFixture>
{
    private readonly HttpClient browser = server.Browser();

    [Fact]
    public async Task The_scan_page_may_use_the_camera_and_the_decoder_and_no_more()
    {
        using var page = await browser.GetAsync("/scan?lang=zh", TestContext.Current.CancellationToken);
        var html = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'none'; style-src 'sha256-", policy, StringComparison.Ordinal);
        Assert.Contains("script-src 'self' 'wasm-unsafe-eval';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("'unsafe-", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
        Assert.Equal(("camera=(self), geolocation=(), microphone=()", "no-store"), (page.Headers.GetValues("Permissions-Policy").Single(), page.Headers.CacheControl!.ToString()));
        // Every script is a file of ours; none stands in the page.
        Assert.All(Scripts().Matches(html), script => Assert.Matches("^<script defer src=\"/app/[0-9a-f]{16}/(check|scan)\\.js\"></script>$", script.Value));
        Assert.Contains("HTTPS://EID.SHANTING.EXAMPLE/", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_are_kept_for_good_at_the_address_of_their_bytes_and_come_packed()
    {
        var worker = await browser.GetStringAsync("/sw.js", TestContext.Current.CancellationToken);
        var shell = JsonNode.Parse(worker["const EID_SHELL=".Length..worker.IndexOf(";\n", StringComparison.Ordinal)])!;
        foreach (var way in shell["assets"]!.AsArray().Select(each => each!.GetValue<string>()))
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, way) { Headers = { { "Accept-Encoding", "gzip" } } };
            using var file = await browser.SendAsync(request, TestContext.Current.CancellationToken);
            var packed = await file.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
            var plain = await browser.GetByteArrayAsync(way, TestContext.Current.CancellationToken);
            Assert.Equal((HttpStatusCode.OK, "public, max-age=31536000, immutable", "nosniff"), (file.StatusCode, file.Headers.CacheControl!.ToString(), file.Headers.GetValues("X-Content-Type-Options").Single()));
            Assert.Contains(Convert.ToHexStringLower(Crypto.Sm3.Hash(plain)[..8]), way, StringComparison.Ordinal);
            // What goes with the verdict, and all of it together.
            Assert.InRange(packed.Length, 100, way.EndsWith("check.js", StringComparison.Ordinal) ? 40_000 : 450_000);
            Assert.True(packed.Length <= plain.Length, way);
        }

        // The worker itself is asked for anew each time, so that a new version arrives; other bytes have other addresses.
        using var again = await browser.GetAsync("/sw.js", TestContext.Current.CancellationToken);
        Assert.Equal("no-cache", again.Headers.CacheControl!.ToString());
        using var wrong = await browser.GetAsync("/app/0000000000000000/check.js", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, wrong.StatusCode);
        using var posted = await browser.PostAsync("/sw.js", null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, posted.StatusCode);
    }

    [Fact]
    public async Task The_trust_that_browsers_keep_is_public_certificates_alone()
    {
        var trust = JsonNode.Parse(await browser.GetStringAsync("/app/trust", TestContext.Current.CancellationToken))!.AsObject();
        Assert.Equal(["prefix", "authority", "codeSigners", "neighbours"], trust.Select(each => each.Key));
        Assert.Equal("HTTPS://EID.SHANTING.EXAMPLE/", trust["prefix"]!.GetValue<string>());
        Assert.DoesNotContain("PRIVATE", trust.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(1, trust["codeSigners"]!.GetValue<string>().Split("BEGIN CERTIFICATE").Length - 1);
    }

    [GeneratedRegex("<script[^>]*>.*?</script>", RegexOptions.Singleline)]
    private static partial Regex Scripts();
}
