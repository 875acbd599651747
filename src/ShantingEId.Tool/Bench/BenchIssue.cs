using System.Diagnostics;
using System.Globalization;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Tool.Bench;

/// <summary>
/// How fast sets are issued, durable commits counted, and what the time goes into. Our cryptography is held against the same
/// number of bare BouncyCastle operations over messages of the same length, turn by turn in one run.
/// </summary>
internal static class BenchIssue
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(12);

    public static async Task RunAsync(IReadOnlyList<EnterpriseInput> rows, int rounds)
    {
        using var world = new BenchWorld();
        Console.WriteLine($"rows {rows.Count}, processors {Environment.ProcessorCount}, warm-up {WarmUp.TotalSeconds:0} s, rounds {rounds}");
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < WarmUp)
        {
            await PassAsync(world, new Stages(), rows.Take(200).ToArray(), Environment.ProcessorCount);
        }

        // 1. Throughput on all processors.
        var stages = new Stages();
        var rates = new List<double>();
        var share = new List<(double Draw, double Commit, double Read, double Total)>();
        for (var round = 0; round < rounds; round++)
        {
            stages.Reset();
            var (elapsed, busy) = await PassAsync(world, stages, rows, Environment.ProcessorCount);
            rates.Add(rows.Count / elapsed.TotalSeconds);
            share.Add((stages.Drawing.Spent.TotalMilliseconds, stages.Committing.Spent.TotalMilliseconds, stages.Reading.Spent.TotalMilliseconds, busy.TotalMilliseconds));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round + 1}: {rates[^1]:0.0} sets/s"));
        }

        // 2. One thread: after each set the same operations bare, so that both meet the same caches and the same machine.
        var bare = new BareSm2();
        var ratios = new List<double>();
        double ours = 0, bareTime = 0, hashing = 0;
        for (var round = 0; round < rounds; round++)
        {
            var (crypto, operations, hash) = await PairAsync(world, bare, rows.Take(400).ToArray());
            ratios.Add(crypto / operations);
            ours += crypto / rounds;
            bareTime += operations / rounds;
            hashing += hash / rounds;
        }

        double draw = share.Sum(s => s.Draw), commit = share.Sum(s => s.Commit), read = share.Sum(s => s.Read), total = share.Sum(s => s.Total);
        var rest = total - draw - commit - read;
        var hashShare = Math.Min(rest, rest * hashing / ours);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"share of working time: drawing {draw / total:P0}, signing and checking {(rest - hashShare) / total:P0}, hashing {hashShare / total:P0}, committing {commit / total:P0} (waiting for the one writer included), reading {read / total:P0}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"per set on one thread: ours {ours:0.000} ms, bare {bareTime:0.000} ms (4 keys, 10 signatures, 10 verifications over the same lengths), SM3 part {hashing:0.000} ms"));
        Figure.AtLeast("issue_sets_per_second", Figure.Median(rates), "sets/s", 100);
        Figure.AtMost("issue_crypto_vs_bare", Figure.Median(ratios), "ratio", 1.3);
    }

    private static async Task<(TimeSpan Elapsed, TimeSpan Busy)> PassAsync(BenchWorld world, Stages stages, IReadOnlyList<EnterpriseInput> rows, int threads)
    {
        var (issuer, _, _) = world.NewRegister(stages);
        var busy = new StageClock();
        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(rows.Index(), new ParallelOptions { MaxDegreeOfParallelism = threads }, async (item, _) =>
        {
            await busy.TimeAsync(() => new ValueTask<IssuedSet>(BenchWorld.IssueAsync(issuer, item.Item, item.Index)));
        });
        return (clock.Elapsed, busy.Spent);
    }

    // Milliseconds for one set: ours without drawing and store, the bare operations, and the hashing inside ours.
    private static async Task<(double Ours, double Bare, double Hashing)> PairAsync(BenchWorld world, BareSm2 bare, EnterpriseInput[] rows)
    {
        var stages = new Stages();
        var (issuer, _, _) = world.NewRegister(stages);
        var (issuing, operations, hashing) = (new StageClock(), new StageClock(), new StageClock());
        foreach (var (index, row) in rows.Index())
        {
            var set = await issuing.TimeAsync(() => new ValueTask<IssuedSet>(BenchWorld.IssueAsync(issuer, row, index)));
            operations.Time(() => Bare(bare, set));
            hashing.Time(() => Hash(set));
        }

        var crypto = issuing.Spent - stages.Drawing.Spent - stages.Committing.Spent - stages.Reading.Spent;
        return (crypto.TotalMilliseconds / rows.Length, operations.Spent.TotalMilliseconds / rows.Length, hashing.Spent.TotalMilliseconds / rows.Length);
    }

    private static bool Bare(BareSm2 bare, IssuedSet set)
    {
        bare.SignAndVerify(set.Manifest);
        bare.SignAndVerify(new byte[250]); // a licence code's signed bytes
        foreach (var seal in set.Seals.Seals)
        {
            bare.GenerateKey();
            bare.SignAndVerify(seal.Certificate.Der);
            bare.SignAndVerify(seal.Seal.SignedPart);
        }

        return true;
    }

    // Once to sign, once to verify, once for the manifest's digest.
    private static int Hash(IssuedSet set) => set.Seals.Seals.Sum(seal => Sm3.Hash(seal.Seal.Der).Length + Sm3.Hash(seal.Seal.Der).Length + Sm3.Hash(seal.Seal.Der).Length);
}
