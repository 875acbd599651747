using System.Net;
using System.Net.Http.Headers;

namespace ShantingEId.Server.Tests;

/// <summary>Lists and packs are anybody's, but nobody takes all of the line; who has a current copy is told so.</summary>
public sealed class StatusPaceTests(PublicFixture server) : IClassFixture<PublicFixture>
{
    [Fact]
    public async Task Who_fetches_without_end_is_asked_to_wait_and_a_current_copy_is_not_sent_again()
    {
        using var browser = server.Browser();
        using var first = await browser.GetAsync("/pack/latest", TestContext.Current.CancellationToken);
        Assert.Equal("public, max-age=300", first.Headers.CacheControl!.ToString());
        using (var again = new HttpRequestMessage(HttpMethod.Get, "/pack/latest") { Headers = { IfNoneMatch = { first.Headers.ETag! } } })
        using (var same = await browser.SendAsync(again, TestContext.Current.CancellationToken))
        {
            Assert.Equal((HttpStatusCode.NotModified, first.Headers.ETag, "public, max-age=300", 0), (same.StatusCode, same.Headers.ETag, same.Headers.CacheControl!.ToString(), (await same.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length));
        }

        // Any other copy, of another list too, is an old one.
        using var list = await browser.GetAsync("/status/0", TestContext.Current.CancellationToken);
        Assert.NotEqual(list.Headers.ETag, first.Headers.ETag);
        foreach (var (path, tag) in ((string, EntityTagHeaderValue)[])[("/pack/latest", list.Headers.ETag!), ("/pack/latest", new EntityTagHeaderValue("\"0\"")), ("/status/0", first.Headers.ETag!)])
        {
            using var other = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { IfNoneMatch = { tag } } };
            using var whole = await browser.SendAsync(other, TestContext.Current.CancellationToken);
            Assert.Equal((HttpStatusCode.OK, true), (whole.StatusCode, (await whole.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length > 100));
        }

        var (packs, lists) = (await CountAsync("/pack/0/delta"), await CountAsync("/status/7"));

        Assert.InRange(packs, 55, 70);
        Assert.InRange(lists, 590, 700);
        using var held = await browser.GetAsync("/status/0", TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.TooManyRequests, "no-store"), (held.StatusCode, held.Headers.CacheControl!.ToString()));
        Assert.InRange(held.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        using var page = await browser.GetAsync("/", TestContext.Current.CancellationToken); // The pages have a pace of their own.
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);

        async Task<int> CountAsync(string path)
        {
            for (var count = 0; ; count++)
            {
                using var answer = await browser.GetAsync(path, TestContext.Current.CancellationToken);
                if (answer.StatusCode == HttpStatusCode.TooManyRequests)
                {
                    return count;
                }

                Assert.InRange(count, 0, 1000);
            }
        }
    }
}
