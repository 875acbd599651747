using System.Net;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Codes;
using ShantingEId.Server.Tests.Life;

namespace ShantingEId.Server.Tests;

/// <summary>A deployment behind two gateways, one after the other; the tests are the nearer one.</summary>
public sealed class GatewayFixture : PublicFixture
{
    // Stands still, so that no place comes free (every three seconds one would).
    protected override TimeProvider Clock { get; } = new FakeTimeProvider(TimeProvider.System.GetUtcNow());

    public override EidServerOptions Options() => base.Options() with { PublicGateways = [IPAddress.Loopback, IPAddress.Parse("192.0.2.1")] };
}

/// <summary>Behind gateways that are named each visitor has limits of his own, and nobody chooses whom he is taken for.</summary>
public sealed class PublicGatewayTests(GatewayFixture server) : IClassFixture<GatewayFixture>
{
    [Fact]
    public async Task Each_visitor_has_his_own_limits_and_cannot_shed_them()
    {
        using var browser = server.Browser();
        var set = await LifeClient.Of(server).FoundAsync();
        var tried = 0;
        while (await AskAsync("203.0.113.7", TypedCode.Generate().ToString()) == HttpStatusCode.OK)
        {
            Assert.InRange(++tried, 0, 25);
        }

        Assert.Equal(20, tried);
        Assert.Equal(HttpStatusCode.OK, await AskAsync("203.0.113.8", set.TypedCode));
        // What he sends himself stands before what the gateways write, whatever it is.
        foreach (var forged in (string[])["203.0.113.8", "127.0.0.1", "192.0.2.1", "not an address", "203.0.113.8, 192.0.2.1"])
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, await AskAsync(forged + ", 203.0.113.7", set.TypedCode));
            Assert.Equal(HttpStatusCode.TooManyRequests, await AskAsync(forged + ", 203.0.113.7, 192.0.2.1", set.TypedCode));
        }

        Assert.Equal(HttpStatusCode.OK, await AskAsync("203.0.113.7, 203.0.113.9", set.TypedCode));

        async Task<HttpStatusCode> AskAsync(string from, string code)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/?code=" + code);
            Assert.True(request.Headers.TryAddWithoutValidation("X-Forwarded-For", from));
            using var answer = await browser.SendAsync(request, TestContext.Current.CancellationToken);
            return answer.StatusCode;
        }
    }
}

/// <summary>A deployment behind a gateway on another machine.</summary>
public sealed class DistantGatewayFixture : PublicFixture
{
    protected override TimeProvider Clock { get; } = new FakeTimeProvider(TimeProvider.System.GetUtcNow());

    public override EidServerOptions Options() => base.Options() with { PublicGateways = [IPAddress.Parse("192.0.2.1")] };
}

/// <summary>Who comes past the gateway, from this very machine too, is taken for who he is.</summary>
public sealed class DistantGatewayTests(DistantGatewayFixture server) : IClassFixture<DistantGatewayFixture>
{
    [Fact]
    public async Task Only_the_named_gateway_is_believed_and_not_this_machine()
    {
        using var browser = server.Browser();
        for (var tried = 0; ; tried++)
        {
            Assert.InRange(tried, 0, 20);
            using var request = new HttpRequestMessage(HttpMethod.Get, "/?code=" + TypedCode.Generate()) { Headers = { { "X-Forwarded-For", $"203.0.113.{tried}" } } };
            using var answer = await browser.SendAsync(request, TestContext.Current.CancellationToken);
            if (answer.StatusCode == HttpStatusCode.TooManyRequests)
            {
                Assert.Equal(20, tried);
                return;
            }
        }
    }
}
