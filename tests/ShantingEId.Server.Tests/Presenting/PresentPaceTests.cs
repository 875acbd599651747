using System.Buffers.Text;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests.Presenting;

/// <summary>A clock that only the test moves.</summary>
public sealed class PresentPaceFixture : PresentFixture
{
    public FakeTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow());

    protected override TimeProvider Clock => Time;
}

/// <summary>What one address may ask of the page that shows live codes, on a clock of the test: to the very request.</summary>
public sealed class PresentPaceTests(PresentPaceFixture server) : IClassFixture<PresentPaceFixture>
{
    private readonly HolderClient holder = new(server);
    private readonly HttpClient browser = server.Browser();

    [Fact]
    public async Task Looks_and_guessed_secrets_are_counted_and_who_had_too_many_is_told_when_to_come_again()
    {
        var (set, session) = await holder.OpenAsync();
        var shown = await holder.ShowAsync(session);

        // 1. Whoever looks, with the right secret, and however often: three thousand a minute. The pages are not touched by it.
        for (var look = 0; look < 3000; look++)
        {
            Assert.Equal(HttpStatusCode.OK, (await LookAsync(session.Secret, shown)).Status);
        }

        Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(1)), await LookAsync(session.Secret, shown));
        Assert.Equal(HttpStatusCode.OK, (await OpenAsync(set)).Status);
        server.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, (await LookAsync(session.Secret, shown)).Status);

        // 2. Twenty secrets tried, in either way, and then nothing goes any more from there: no look, no code, no page.
        server.Time.Advance(TimeSpan.FromMinutes(2));
        for (var guess = 0; guess < 20; guess++)
        {
            var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
            Assert.Equal(HttpStatusCode.Forbidden, (guess % 2 == 0 ? await LookAsync(secret, shown) : await AskAsync(secret)).Status);
        }

        Assert.All([await LookAsync(session.Secret, shown), await AskAsync(session.Secret), await OpenAsync(set)], answer => Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(3)), answer));
        server.Time.Advance(TimeSpan.FromSeconds(3));
        Assert.All([await LookAsync(session.Secret, shown), await AskAsync(session.Secret), await OpenAsync(set)], answer => Assert.Equal((HttpStatusCode.OK, null), answer));
    }

    private Task<(HttpStatusCode Status, TimeSpan? Wait)> LookAsync(string secret, Presentation shown) => PostAsync("state", secret, new { name = shown.Name });

    private Task<(HttpStatusCode Status, TimeSpan? Wait)> AskAsync(string secret) =>
        PostAsync("codes", secret, new { requestId = ServerFixture.NewRequestId(), scope = new[] { "name" }, purpose = "", audience = "", english = false });

    private async Task<(HttpStatusCode Status, TimeSpan? Wait)> OpenAsync(IssuedSet set)
    {
        using var answer = await browser.GetAsync("/?code=" + set.TypedCode, TestContext.Current.CancellationToken);
        return (answer.StatusCode, answer.Headers.RetryAfter?.Delta);
    }

    private async Task<(HttpStatusCode Status, TimeSpan? Wait)> PostAsync(string what, string secret, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/present/" + what) { Content = JsonContent.Create(body), Headers = { { "Authorization", "Bearer " + secret } } };
        using var answer = await browser.SendAsync(request, TestContext.Current.CancellationToken);
        return (answer.StatusCode, answer.Headers.RetryAfter?.Delta);
    }
}
