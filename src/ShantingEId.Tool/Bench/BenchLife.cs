using System.Diagnostics;
using System.Globalization;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Verifying;

namespace ShantingEId.Tool.Bench;

/// <summary>
/// Renaming against founding: the same companies, the same threads, turn by turn in one register. And a look-up as of a past instant against
/// a plain one, of a company with 200 versions, read from the register both times.
/// </summary>
internal static class BenchLife
{
    private const int Versions = 200;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);

    public static async Task RunAsync(IReadOnlyList<EnterpriseInput> rows, int rounds)
    {
        using var world = new BenchWorld();
        Console.WriteLine($"rows {rows.Count}, processors {Environment.ProcessorCount}, warm-up {WarmUp.TotalSeconds:0} s, rounds {rounds}");
        await RenameAsync(world, rows, rounds);
        await AsOfAsync(world, rows[0], rounds);
    }

    private static async Task RenameAsync(BenchWorld world, IReadOnlyList<EnterpriseInput> rows, int rounds)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < WarmUp;)
        {
            await RoundAsync(world, [.. rows.Take(200)]);
        }

        var ratios = new List<double>();
        var rates = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            var (founded, renamed, each) = await RoundAsync(world, rows);
            ratios.AddRange(each);
            rates.Add(renamed);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round + 1}: founded {founded:0.0} sets/s, renamed {renamed:0.0} sets/s"));
        }

        Figure.Show("rename_sets_per_second", Figure.Median(rates), "sets/s");
        Figure.AtLeast("rename_vs_founding", Figure.Median(ratios), "ratio", 0.9);
    }

    // In stretches, each with a ratio of its own, so that founding and renaming meet the same machine and the same register: what disturbs one
    // of them does not decide.
    private static async Task<(double Founded, double Renamed, double[] Ratios)> RoundAsync(BenchWorld world, IReadOnlyList<EnterpriseInput> rows)
    {
        var (issuer, changer, _, _) = world.NewLife(new Stages());
        var (founding, renaming, ratios) = (TimeSpan.Zero, TimeSpan.Zero, new List<double>());
        var options = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount };
        foreach (var stretch in rows.Index().Chunk(50))
        {
            var clock = Stopwatch.StartNew();
            await Parallel.ForEachAsync(stretch, options, async (item, _) => await BenchWorld.IssueAsync(issuer, item.Item, item.Index));
            var founded = clock.Elapsed;
            clock.Restart();
            await Parallel.ForEachAsync(stretch, options, async (item, _) => await BenchWorld.ChangeAsync(changer, item.Item.CreditCode, item.Index, FaceItems.Name,
                new EnterpriseInput { Name = "改" + item.Item.Name[1..] }));
            var renamed = clock.Elapsed;
            ratios.Add(founded / renamed);
            founding += founded;
            renaming += renamed;
        }

        return (rows.Count / founding.TotalSeconds, rows.Count / renaming.TotalSeconds, [.. ratios]);
    }

    private static async Task AsOfAsync(BenchWorld world, EnterpriseInput row, int rounds)
    {
        // 1. A company with many versions; the time of each lies between two of these.
        var (issuer, changer, verifier, _) = world.NewLife(new Stages());
        await BenchWorld.IssueAsync(issuer, row, 0);
        var times = new List<DateTimeOffset>();
        for (var version = 2; version <= Versions; version++)
        {
            // Some systems' timers count in steps of 4 ms, and end a shorter delay at once.
            await Task.Delay(10);
            times.Add(TimeProvider.System.GetUtcNow());
            await Task.Delay(10);
            await BenchWorld.ChangeAsync(changer, row.CreditCode, version, FaceItems.Address, new EnterpriseInput { Address = $"枣庄市山亭区样例路{version}号" });
        }

        // 2. Every instant gives its own version, or the measurement would be worthless.
        var holder = CreditCode.Parse(row.CreditCode);
        foreach (var (index, time) in times.Index())
        {
            var answer = await verifier.LookupAsync(holder, new AskedTime(TimeSpan.Zero, time), CancellationToken.None);
            if (answer.Manifest?.License.Id.Version != index + 1 || !answer.IsValid)
            {
                throw new InvalidOperationException($"at {time:O} version {index + 1} was in force, not {answer.Manifest?.License.Id}");
            }
        }

        // 3. Turn by turn.
        async Task<double> TimeAsync(Func<int, AskedTime> when, TimeSpan window)
        {
            var clock = Stopwatch.StartNew();
            var count = 0;
            for (; clock.Elapsed < window; count++)
            {
                await verifier.LookupAsync(holder, when(count), CancellationToken.None);
            }

            return clock.Elapsed.TotalMicroseconds / count;
        }

        Task<double> Plain(TimeSpan window) => TimeAsync(_ => AskedTime.Now, window);
        Task<double> AsOf(TimeSpan window) => TimeAsync(i => new AskedTime(TimeSpan.Zero, times[i % times.Count]), window);
        await Plain(WarmUp / 2);
        await AsOf(WarmUp / 2);
        var ratios = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            var (plain, asOf) = (await Plain(Window), await AsOf(Window));
            ratios.Add(asOf / plain);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round + 1}: plain {plain:0.0} us, as of a past instant {asOf:0.0} us"));
        }

        Figure.AtMost("as_of_200_versions_vs_plain", Figure.Median(ratios), "ratio", 2);
    }
}
