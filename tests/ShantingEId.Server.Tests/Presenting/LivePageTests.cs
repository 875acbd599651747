using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ShantingEId.V1;
using static ShantingEId.Server.Tests.Presenting.HolderClient;
using State = ShantingEId.V1.Presentation.Types.State;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests.Presenting;

/// <summary>Live codes at the public door: what a stranger's phone sees of one, and the page of the device that shows it.</summary>
public sealed class LivePageTests(PresentFixture server) : IClassFixture<PresentFixture>
{
    private const string Official = "HTTPS://EID.SHANTING.EXAMPLE/";
    private readonly HolderClient holder = new(server);
    private readonly HttpClient browser = server.Browser();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // Chats draw previews, mail gateways look ahead, browsers fetch early: none of them may use the code up.
    [Fact]
    public async Task Opening_the_address_uses_nothing_up_and_pressing_the_button_does_once()
    {
        var (set, session) = await holder.OpenAsync();
        var shown = await holder.ShowAsync(session, "", "name", "credit_code");
        var way = shown.Code[(Official.Length - 1)..];
        for (var i = 0; i < 5; i++)
        {
            Assert.Contains("只能核验一次", await browser.GetStringAsync(way, Cancel), StringComparison.Ordinal);
            Assert.Contains("只能核验一次", await browser.GetStringAsync("/?code=" + Uri.EscapeDataString(shown.Code), Cancel), StringComparison.Ordinal);
            using var head = await browser.SendAsync(new HttpRequestMessage(HttpMethod.Head, way) { Headers = { { "Sec-Purpose", "prefetch" } } }, Cancel);
            Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        }

        Assert.Equal(State.Waiting, (await holder.StandsAsync(session, shown)).State);
        var page = await PostAsync(way);

        var face = set.License.Enterprise;
        Assert.All((string[])["<h1 id=\"verdict\">有效</h1>", face.Name, face.CreditCode, "样例：办理开户"], part => Assert.Contains(part, page, StringComparison.Ordinal));
        Assert.DoesNotContain("data-signature", page, StringComparison.Ordinal); // docs/decisions.md: not checked by the browser.
        // Not what the company did not let be seen.
        Assert.DoesNotContain(face.Address, page, StringComparison.Ordinal);
        Assert.DoesNotContain(face.Representative, page, StringComparison.Ordinal);
        var again = await PostAsync(way);
        Assert.Contains("<h1 id=\"verdict\">此码已经用过</h1>", again, StringComparison.Ordinal);
        Assert.DoesNotContain(face.Name, again, StringComparison.Ordinal);
        Assert.Contains("Already used", await PostAsync(way + "?lang=en"), StringComparison.Ordinal);
        NotAccepted("ALREADY_PRESENTED", await holder.BankScansAsync(shown));
        Assert.Equal(("#public", "公众"), (await holder.StandsAsync(session, shown)) is var seen ? (seen.PresentedTo, seen.PresentedToTitle) : default);
    }

    [Fact]
    public async Task The_public_cannot_use_a_code_that_is_for_somebody_and_posts_nothing_else()
    {
        var (set, session) = await holder.OpenAsync();
        var shown = await holder.ShowAsync(session, "bank");

        var page = await PostAsync(shown.Code[(Official.Length - 1)..]);
        Assert.Contains("<h1 id=\"verdict\">不是出示给您的</h1>", page, StringComparison.Ordinal);
        Assert.DoesNotContain(set.License.Enterprise.Name, page, StringComparison.Ordinal);

        Assert.Equal(Verdict.Valid, (await holder.BankScansAsync(shown)).Verdict);
        using var ordinary = await browser.PostAsync(set.LicenseCode[(Official.Length - 1)..], null, Cancel);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, ordinary.StatusCode);
    }

    [Fact]
    public async Task A_device_with_the_secret_gets_a_code_and_learns_who_scanned_it()
    {
        var (set, session) = await holder.OpenAsync();
        var request = new { requestId = ServerFixture.NewRequestId(), scope = new[] { "name", "credit_code" }, purpose = "样例：开户", audience = "bank", english = false };

        var code = await AskAsync("codes", session.Secret, request);
        Assert.Equal(code.ToString(), (await AskAsync("codes", session.Secret, request)).ToString(), (one, other) => Same(one!, other!));
        Assert.Equal((set.License.Enterprise.Name, "银行", 60), ((string)code["company"]!, (string)code["audience"]!, (int)code["life"]!));
        Assert.Equal(["统一社会信用代码", "名称"], code["scope"]!.AsArray().Select(each => (string)each!));
        Assert.InRange((double)code["left"]!, 50, 60);
        Assert.Equal("WAITING", (string)(await AskAsync("state", session.Secret, new { name = (string)code["name"]! }))["state"]!);

        var shown = (await holder.App.ListPresentationsAsync(new ListPresentationsRequest { CreditCode = set.License.Enterprise.CreditCode })).Presentations.Single();
        Assert.Equal((string)code["name"]!, shown.Name);
        using (var register = server.OpenRegister())
        {
            Assert.Equal(Verdict.Valid, (await holder.Bank.VerifyCodeAsync(new VerifyCodeRequest
            {
                Code = (string)register.Rows("SELECT code FROM presentation WHERE token = '" + shown.Name.Split('/')[1] + "'").Single()[0], Purpose = "ACCOUNT_OPENING",
            })).Verdict);
        }

        var state = await AskAsync("state", session.Secret, new { name = shown.Name });
        Assert.Equal(("PRESENTED", "银行", "银行开户"), ((string)state["state"]!, (string)state["by"]!, (string)state["purpose"]!));
    }

    // Ten devices of a service hall, a look every other second each: the hall's own visitors come from the same address.
    [Fact]
    public async Task Devices_that_look_what_became_of_their_codes_leave_others_their_pages()
    {
        var (set, session) = await holder.OpenAsync();
        var shown = await holder.ShowAsync(session);
        for (var look = 0; look < 10 * 60; look++)
        {
            Assert.Equal("WAITING", (string)(await AskAsync("state", session.Secret, new { name = shown.Name }))["state"]!);
        }

        Assert.Contains("有效", await browser.GetStringAsync("/?code=" + set.TypedCode, Cancel), StringComparison.Ordinal);
        Assert.NotEmpty((string)(await AskAsync("codes", session.Secret, new { requestId = ServerFixture.NewRequestId(), scope = new[] { "name" }, purpose = "", audience = "", english = false }))["path"]!);
    }

    // A picture of a code that is over, and its words in both languages.
    [Fact]
    public async Task After_its_minute_a_code_is_over_for_a_stranger_and_shows_nothing()
    {
        var (set, session) = await holder.OpenAsync();
        var shown = await holder.ShowAsync(session);
        server.Wall.Shift = TimeSpan.FromSeconds(65);
        try
        {
            var way = shown.Code[(Official.Length - 1)..];
            var page = await PostAsync(way);
            Assert.Contains("<h1 id=\"verdict\">此码已失效</h1>", page, StringComparison.Ordinal);
            Assert.Contains("class=\"verdict no\"", page, StringComparison.Ordinal);
            Assert.Contains("<h1 id=\"verdict\">Code expired</h1>", await PostAsync(way + "?lang=en"), StringComparison.Ordinal);
            Assert.DoesNotContain(set.License.Enterprise.Name, page, StringComparison.Ordinal);
            Assert.Equal("EXPIRED", (string)(await AskAsync("state", session.Secret, new { name = shown.Name }))["state"]!);
        }
        finally
        {
            server.Wall.Shift = TimeSpan.Zero;
        }
    }

    [Fact]
    public async Task Without_the_secret_the_page_gets_nothing()
    {
        var (_, session) = await holder.OpenAsync();
        var (_, other) = await holder.OpenAsync();
        var shown = await holder.ShowAsync(session);
        object good = new { requestId = ServerFixture.NewRequestId(), scope = new[] { "name" }, purpose = "", audience = "", english = false };

        Assert.Equal("HOLDER_PROOF_REQUIRED", (string)(await AskAsync("codes", new string('A', 43), good, HttpStatusCode.Forbidden))["reason"]!);
        Assert.Equal("PRESENTATION_NOT_FOUND", (string)(await AskAsync("state", other.Secret, new { name = shown.Name }, HttpStatusCode.NotFound))["reason"]!);
        Assert.Equal("MALFORMED_REQUEST", (string)(await AskAsync("codes", session.Secret, new { requestId = "x", more = 1 }, HttpStatusCode.BadRequest))["reason"]!);
        Assert.Equal("SCOPE_INVALID", (string)(await AskAsync("codes", session.Secret, new { requestId = ServerFixture.NewRequestId(), scope = new[] { "secret" }, purpose = "", audience = "", english = false }, HttpStatusCode.BadRequest))["reason"]!);
        // As a form of another site would send it: without the header, and not as JSON.
        using var form = new HttpRequestMessage(HttpMethod.Post, "/present/codes") { Content = new StringContent("{}"), Headers = { { "Authorization", "Bearer " + session.Secret } } };
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.SendAsync(form, Cancel)).StatusCode);
        using var bare = await browser.PostAsJsonAsync("/present/codes", good, Cancel);
        Assert.Equal(HttpStatusCode.Forbidden, bare.StatusCode);
        using var huge = new HttpRequestMessage(HttpMethod.Post, "/present/codes") { Content = JsonContent.Create(new { purpose = new string('x', 10_000) }), Headers = { { "Authorization", "Bearer " + session.Secret } } };
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.SendAsync(huge, Cancel)).StatusCode);
    }

    [Fact]
    public async Task The_page_loads_nothing_of_others_and_lets_itself_not_be_framed()
    {
        foreach (var (path, type) in ((string, string)[])[("/present", "text/html"), ("/present/present.js", "text/javascript"), ("/present/present.css", "text/css")])
        {
            using var answer = await browser.GetAsync(path, Cancel);
            Assert.Equal((HttpStatusCode.OK, type), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
            var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
            Assert.Contains("default-src 'none'; script-src 'self'; style-src 'self'", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.True(answer.Headers.CacheControl!.NoStore);
            Assert.InRange((await answer.Content.ReadAsByteArrayAsync(Cancel)).Length, 500, 12 * 1024);
        }
    }

    // What is left of the minute goes down between two equal answers.
    private static bool Same(string one, string other)
    {
        var (first, second) = (JsonNode.Parse(one)!.AsObject(), JsonNode.Parse(other)!.AsObject());
        Assert.True(first.Remove("left") && second.Remove("left"));
        return JsonNode.DeepEquals(first, second);
    }

    private async Task<string> PostAsync(string way)
    {
        using var answer = await browser.PostAsync(way, null, Cancel);
        return await answer.Content.ReadAsStringAsync(Cancel);
    }

    private async Task<JsonNode> AskAsync(string what, string secret, object body, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/present/" + what) { Content = JsonContent.Create(body), Headers = { { "Authorization", "Bearer " + secret } } };
        using var answer = await browser.SendAsync(request, Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.StatusCode == expected, $"{answer.StatusCode}: {text}");
        return JsonNode.Parse(text)!;
    }
}
