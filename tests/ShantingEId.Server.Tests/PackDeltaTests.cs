using System.Net;
using ShantingEId.Client;
using ShantingEId.Crypto;
using ShantingEId.Server.Tests.Life;
using ShantingEId.StatusLists;

namespace ShantingEId.Server.Tests;

/// <summary>A public door that makes packs as often as they are asked for.</summary>
public sealed class PackFixture : PublicFixture
{
    public override EidServerOptions Options() => base.Options() with { PackEvery = TimeSpan.FromMilliseconds(1), PacksKept = 3, StatusTtl = TimeSpan.FromSeconds(2) };
}

/// <summary>Packs follow each other; a delta leads from one to the newest.</summary>
public sealed class PackDeltaTests(PackFixture server) : IClassFixture<PackFixture>
{
    private readonly HttpClient browser = server.Browser();
    private readonly LifeClient life = LifeClient.Of(server);

    [Fact]
    public async Task A_delta_of_the_service_gives_the_newest_pack_also_after_a_restart()
    {
        var roots = EidTrust.FromPem(await File.ReadAllTextAsync(Path.Combine(server.Certificates, "root.crt"), TestContext.Current.CancellationToken)).Roots;
        var set = await life.FoundAsync();
        var first = await GetAsync("/pack/latest");
        await life.DoAsync("Revoke", set);

        var second = PackDelta.Apply(first, await GetAsync($"/pack/{StatusPack.Open(first, roots).Number}/delta"));

        var (before, after) = (StatusPack.Open(first, roots), StatusPack.Open(second, roots));
        Assert.Equal(before.Number + 1, after.Number);
        var changed = Enumerable.Range(0, 1 << 20).Where(at => before.Lists[0].States[at] != after.Lists[0].States[at]).ToList();
        Assert.Equal((0, 1), (before.Lists[0].States[changed.Single()], after.Lists[0].States[changed.Single()]));
        Assert.Equal(second, await File.ReadAllBytesAsync(Path.Combine(server.Data, "packs", after.Number + ".pack"), TestContext.Current.CancellationToken));

        // Numbers go on, and what is too old is gone.
        await server.StopAsync();
        await server.StartAsync();
        using var again = server.Browser();
        for (var i = 0; i < 3; i++)
        {
            await again.GetByteArrayAsync("/pack/latest", TestContext.Current.CancellationToken);
        }

        Assert.Equal(after.Number + 3, StatusPack.Open(await File.ReadAllBytesAsync(Path.Combine(server.Data, "packs", after.Number + 3 + ".pack"), TestContext.Current.CancellationToken), roots).Number);
        using var gone = await again.GetAsync($"/pack/{before.Number}/delta", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task A_list_is_kept_while_nothing_moves_and_signed_anew_when_its_time_is_over()
    {
        var first = await GetAsync("/status/0");
        var began = TimeProvider.System.GetTimestamp();
        for (var same = true; same;)
        {
            Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(10));
            await Task.Delay(200, TestContext.Current.CancellationToken);
            var again = await GetAsync("/status/0");
            same = again.AsSpan().SequenceEqual(first);
            Assert.True(same || Time(again) - Time(first) >= TimeSpan.FromSeconds(1), $"{Time(first):O} {Time(again):O}");
        }

        static DateTimeOffset Time(byte[] bytes) => Envelope.TryParse(bytes, out var envelope) && StatusToken.TryRead(envelope, out var token) ? token.IssueTime : default;
    }

    private Task<byte[]> GetAsync(string path) => browser.GetByteArrayAsync(path, TestContext.Current.CancellationToken);
}
