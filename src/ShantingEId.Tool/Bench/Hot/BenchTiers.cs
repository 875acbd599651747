using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server;
using ShantingEId.Server.Hot;
using ShantingEId.Server.Storage;

namespace ShantingEId.Tool.Bench.Hot;

/// <summary>One register reading from each tier alone: memory, Redis, register; how many a second, and how long the slowest take.</summary>
internal static class BenchTiers
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);
    private static readonly int[] CallersAtOnce = [1, 16];

    public static async Task RunAsync(IReadOnlyList<EnterpriseInput> rows, int rounds, string? postgres)
    {
        using var world = new BenchWorld();
        using var server = new LocalRedis();
        var options = new EidServerOptions { CertificatesDirectory = "", DataDirectory = world.NewFolder(), Postgres = postgres };
        var (store, feed) = Register.Open(options);
        await using var redis = RedisTier.Open(server.Address, world.Authority, TimeProvider.System, NullLogger<RedisTier>.Instance);
        var clock = new RegisterClock(TimeProvider.System);
        var changes = new RecentChanges();
        using var follower = new FeedFollower(feed, changes, clock, options, NullLogger<FeedFollower>.Instance);
        var lookup = new HotLookup(store, follower, changes, redis, clock, options);
        await follower.StartAsync(CancellationToken.None);

        var keys = new List<RegisterKey>();
        var issuer = world.NewIssuer(store, feed, lookup);
        foreach (var (index, row) in rows.Take(500).Index())
        {
            keys.Add(RegisterKey.Of((await BenchWorld.IssueAsync(issuer, row, index)).ManifestDigest));
        }

        // Memory first; then Redis, which may still be starting, until it has everything.
        await Task.Delay(500);
        foreach (var key in keys)
        {
            await lookup.FindAsync(key, options.StateBound, CancellationToken.None);
            var reading = await store.FindAsync(key, TimeSpan.Zero, CancellationToken.None);
            for (var patience = Stopwatch.StartNew(); await redis.GetAsync(key) is null;)
            {
                redis.Set(key, patience.Elapsed < TimeSpan.FromSeconds(10) ? reading : throw new InvalidOperationException("Redis takes nothing"));
                await Task.Delay(5);
            }
        }

        var tiers = new (string Name, Func<RegisterKey, ValueTask<RegisterEntry?>> Read)[]
        {
            ("memory", async key => (await lookup.FindAsync(key, options.StateBound, CancellationToken.None)).Entry),
            ("redis", async key => (await redis.GetAsync(key))?.Entry),
            ("store", async key => (await store.FindAsync(key, TimeSpan.Zero, CancellationToken.None)).Entry),
        };
        Console.WriteLine($"register {(postgres is null ? "SQLite" : "PostgreSQL")}, licences {keys.Count}, warm-up {WarmUp.TotalSeconds:0} s each, {rounds} rounds of {Window.TotalSeconds:0} s");
        foreach (var tier in tiers)
        {
            await MeasureAsync(tier, keys, 16, WarmUp);
        }

        foreach (var callers in CallersAtOnce)
        {
            var seen = tiers.ToDictionary(tier => tier.Name, _ => new List<(double Rate, double P50, double P99)>());
            for (var round = 0; round < rounds; round++)
            {
                foreach (var tier in tiers)
                {
                    seen[tier.Name].Add(await MeasureAsync(tier, keys, callers, Window));
                }
            }

            foreach (var (name, results) in seen)
            {
                Figure.Show($"tier_{name}_callers_{callers}", Figure.Median(results.Select(result => result.Rate)), "readings/s");
                Figure.Show($"tier_{name}_callers_{callers}_p50", Figure.Median(results.Select(result => result.P50)), "us");
                Figure.Show($"tier_{name}_callers_{callers}_p99", Figure.Median(results.Select(result => result.P99)), "us");
            }
        }

        await follower.StopAsync(CancellationToken.None);
        await BenchScale.DisposeAsync(feed);
        store.Dispose();
    }

    private static async Task<(double Rate, double P50, double P99)> MeasureAsync((string Name, Func<RegisterKey, ValueTask<RegisterEntry?>> Read) tier, List<RegisterKey> keys, int callers, TimeSpan window)
    {
        var clock = Stopwatch.StartNew();
        var all = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var times = new List<long>();
            for (var i = caller; clock.Elapsed < window; i++)
            {
                var start = Stopwatch.GetTimestamp();
                if (await tier.Read(keys[i % keys.Count]) is null)
                {
                    throw new InvalidOperationException($"{tier.Name} does not have what was put into it");
                }

                times.Add(Stopwatch.GetTimestamp() - start);
                if (i % 64 == 0)
                {
                    await Task.Yield(); // Memory answers at once: without this its callers keep every thread from those who bring Redis's answers.
                }
            }

            return times;
        })));
        var sorted = all.SelectMany(times => times).Order().ToArray();
        double At(double share) => sorted[(int)(sorted.Length * share)] * 1e6 / Stopwatch.Frequency;
        return (sorted.Length / clock.Elapsed.TotalSeconds, At(0.5), At(0.99));
    }
}
