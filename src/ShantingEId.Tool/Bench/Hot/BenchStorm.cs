using System.Diagnostics;
using System.Globalization;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ShantingEId.Incidents;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server;
using ShantingEId.Server.Authority;
using ShantingEId.V1;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Tool.Bench.Hot;

/// <summary>How a storm is measured.</summary>
/// <param name="Sets">Sets of the register, all of them revoked.</param>
/// <param name="PerSecond">Verifications a second, storm or not.</param>
/// <param name="WarmUp">Before anything is counted.</param>
/// <param name="Window">Quiet and storm take turns of this length.</param>
internal sealed record StormPlan(int Sets, int PerSecond, TimeSpan WarmUp, TimeSpan Window)
{
    /// <summary>Sets that are revoked before anything is counted.</summary>
    public int WarmUpSets => Math.Min(300, Sets / 2);
}

/// <summary>
/// Every set of a register is revoked by an incident while hot codes of these very sets are verified over gRPC at a fixed rate: how fast, whether the
/// verifications stay as quick as without it (in turns: the incident is paused and continued), and whether one of them is ever called
/// valid after its revocation was acknowledged.
/// </summary>
internal static class BenchStorm
{
    private const int Hot = 200;
    private const string Purpose = "TAX_REGISTRATION";

    public static async Task RunAsync(IReadOnlyList<EnterpriseInput> rows, StormPlan plan, string? postgres)
    {
        var folder = Directory.CreateTempSubdirectory("eid-storm-").FullName;
        var certificates = Path.Combine(folder, "certs");
        DevCertificates.Create(certificates, TimeProvider.System);
        var now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        var options = new EidServerOptions
        {
            CertificatesDirectory = certificates, DataDirectory = Directory.CreateDirectory(Path.Combine(folder, "data")).FullName, Environment = "Development",
            FixedCaller = "tax-bureau", PlainText = true, Postgres = postgres is null ? null : await BenchScale.CreateDatabaseAsync(postgres, "eid_storm"),
            ConfigureLogging = logging => logging.SetMinimumLevel(LogLevel.Warning),
        };
        try
        {
            var clock = Stopwatch.StartNew();
            var signed = new ScaleRegister(AuthorityFiles.Load(certificates, production: false, now)).Sign(rows, plan.Sets + plan.WarmUpSets, now);
            await BenchScale.LoadAsync(options, signed, signed.Length, now);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{signed.Length} licences loaded in {clock.Elapsed.TotalSeconds:0.0} s, {plan.PerSecond} verifications/s of {Hot} codes, turns of {plan.Window.TotalSeconds:0} s"));
            await using var app = EidServer.Build(options);
            await app.StartAsync();
            await MeasureAsync(app, [.. signed.Select(each => (each.Code, each.License.Id))], plan);
            await app.StopAsync();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task MeasureAsync(WebApplication app, (string Code, LicenseId Id)[] all, StormPlan plan)
    {
        var desk = app.Services.GetRequiredService<IncidentDesk>();
        var store = app.Services.GetRequiredService<IIncidentStore>();
        using var channel = GrpcChannel.ForAddress(EidServer.Address(app));
        var client = new VerificationService.VerificationServiceClient(channel);
        // Spread over the list: they are revoked all the time, not all at once.
        var sets = all[plan.WarmUpSets..];
        var hot = sets.Index().Where(each => each.Index % Math.Max(1, sets.Length / Hot) == 0).Take(Hot).ToArray();
        var load = new FixedRate(client, [.. hot.Select(each => (each.Item.Code, (long)each.Index))], plan.PerSecond);

        // 1. Everything has run before it counts: the answers are at hand, and the way of an incident is compiled.
        var warm = await ApproveAsync(desk, store, [.. all[..plan.WarmUpSets].Select(each => each.Id)], 1);
        await load.RunAsync(plan.WarmUp);
        await EndAsync(store, warm);

        // 2. Approved, and in turns: a pause, a storm.
        var incident = await ApproveAsync(desk, store, [.. sets.Select(each => each.Id)], 2);
        await ActAsync(desk, incident, IncidentDeed.Pause, 0);
        var (ratios, running, quiet, storm) = (new List<double>(), TimeSpan.Zero, new List<double>(), new List<double>());
        using var watching = new CancellationTokenSource();
        var watch = WatchAsync(store, incident, load, watching.Token);
        for (var round = 1; ; round++)
        {
            var calm = await load.RunAsync(plan.Window);
            var before = (await store.FindIncidentAsync(incident, CancellationToken.None))!.Done;
            await ActAsync(desk, incident, IncidentDeed.Continue, round);
            var clock = Stopwatch.StartNew();
            var busy = await load.RunAsync(plan.Window, until: async () => (await store.FindIncidentAsync(incident, CancellationToken.None))!.State == IncidentState.Completed);
            var took = clock.Elapsed;
            var after = (await store.FindIncidentAsync(incident, CancellationToken.None))!;
            running += took;
            ratios.Add(At(busy, 0.99) / At(calm, 0.99));
            quiet.AddRange(calm);
            storm.AddRange(busy);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"round {round}: quiet p50 {At(calm, 0.5):0.00} p99 {At(calm, 0.99):0.00} ms, storm p50 {At(busy, 0.5):0.00} p99 {At(busy, 0.99):0.00} ms, {(after.Done - before) / took.TotalSeconds:0} sets/s"));
            if (!await PauseAsync(desk, store, incident, round))
            {
                break;
            }
        }

        await watching.CancelAsync();
        await watch;

        // 3. Every one was revoked, and says so.
        var end = (await store.FindIncidentAsync(incident, CancellationToken.None))!;
        if (end.Done != sets.Length)
        {
            throw new InvalidOperationException($"{end.Done} of {sets.Length} were revoked, {end.Skipped} skipped, {end.Failed} failed");
        }

        await load.RunAsync(TimeSpan.FromSeconds(1));
        Figure.AtLeast("storm_revoked", end.Done, "sets", sets.Length);
        // A hundred thousand sets, more than the district has, in ten minutes: as long as a keeper can be asked to wait for a stolen key.
        Figure.AtLeast("storm_throughput", end.Done / running.TotalSeconds, "sets/s", 167);
        Figure.Show("storm_quiet_hot_p99", At([.. quiet.Order()], 0.99), "ms");
        Figure.Show("storm_hot_p99", At([.. storm.Order()], 0.99), "ms");
        Figure.AtMost("storm_hot_p99_vs_quiet", Figure.Median(ratios), "ratio", 2);
        Figure.AtMost("storm_stale_valid", load.Stale, "answers", 0);
        Figure.AtLeast("storm_revoked_answers", load.Revoked, "answers", 1);
    }

    // As two people would do it; the list is given by name, as it would be found.
    private static async Task<string> ApproveAsync(IncidentDesk desk, IIncidentStore store, IReadOnlyList<LicenseId> licences, int turn)
    {
        var number = "";
        var command = new PrepareCommand("staff", RequestId.Parse($"bench-prepare-{turn:D4}"), IncidentAct.Revoke, new ShantingEId.Incidents.IncidentQuery(), licences, "样例：签名密钥泄露", "样例机关");
        await desk.PrepareAsync(command, (incident, _) =>
        {
            number = incident.Number;
            return [];
        }, CancellationToken.None);
        var prepared = (await store.FindIncidentAsync(number, CancellationToken.None))!;
        await desk.ApproveAsync(new IncidentCaller("supervisor", RequestId.Parse($"bench-approve-{turn:D4}"), _ => []), number, prepared.Digest, prepared.SetCount, CancellationToken.None);
        return number;
    }

    private static Task<IssueOutcome> ActAsync(IncidentDesk desk, string number, IncidentDeed deed, int turn) =>
        desk.ActAsync(new IncidentCaller("staff", RequestId.Parse($"bench-{deed}-turn-{turn:D6}"), _ => []), number, deed, "", CancellationToken.None);

    private static async Task EndAsync(IIncidentStore store, string number)
    {
        while ((await store.FindIncidentAsync(number, CancellationToken.None))!.State != IncidentState.Completed)
        {
            await Task.Delay(20);
        }
    }

    // Paused, with what was under way done; false when it had come to its end instead, be it a moment before.
    private static async Task<bool> PauseAsync(IncidentDesk desk, IIncidentStore store, string number, int turn)
    {
        try
        {
            await ActAsync(desk, number, IncidentDeed.Pause, turn);
        }
        catch (EidException refused) when (refused.Reason == ErrorReason.IncidentNotAllowed)
        {
            // Only an incident that is over cannot be paused; what follows says so.
        }

        while ((await store.FindIncidentAsync(number, CancellationToken.None))!.Worker.Length > 0)
        {
            await Task.Delay(20);
        }

        return (await store.FindIncidentAsync(number, CancellationToken.None))!.State != IncidentState.Completed;
    }

    // Everything before this place of the list was acknowledged before it was read.
    private static async Task WatchAsync(IIncidentStore store, string number, FixedRate load, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            load.Acknowledged = (await store.FindIncidentAsync(number, CancellationToken.None))!.Next;
            await Task.Delay(50, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static double At(double[] sorted, double share) => sorted[(int)(sorted.Length * share)];

    /// <summary>Asks at a fixed rate, whatever the answers take.</summary>
    private sealed class FixedRate(VerificationService.VerificationServiceClient client, (string Code, long Ordinal)[] codes, int perSecond)
    {
        private long acknowledged;
        private long stale;
        private long revoked;
        private int turn;

        public long Acknowledged
        {
            set => Interlocked.Exchange(ref acknowledged, value);
        }

        public long Stale => Interlocked.Read(ref stale);

        public long Revoked => Interlocked.Read(ref revoked);

        /// <summary>Latencies in milliseconds, sorted.</summary>
        public async Task<double[]> RunAsync(TimeSpan window, Func<Task<bool>>? until = null)
        {
            var (clock, calls, ended) = (Stopwatch.StartNew(), new List<Task<double>>(), until is null ? null : EndsAsync(until, window));
            // A thread of its own, so that a busy pool does not make it ask less.
            await Task.Factory.StartNew(() =>
            {
                while (clock.Elapsed < window && ended is not { IsCompleted: true })
                {
                    for (var due = (int)(clock.Elapsed.TotalSeconds * perSecond); calls.Count < due;)
                    {
                        calls.Add(AskAsync(codes[turn++ % codes.Length]));
                    }

                    Thread.Sleep(1);
                }
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            return [.. (await Task.WhenAll(calls)).Order()];
        }

        private static async Task EndsAsync(Func<Task<bool>> until, TimeSpan window)
        {
            for (var clock = Stopwatch.StartNew(); clock.Elapsed < window && !await until();)
            {
                await Task.Delay(100);
            }
        }

        private async Task<double> AskAsync((string Code, long Ordinal) asked)
        {
            var (began, settled) = (Stopwatch.GetTimestamp(), Interlocked.Read(ref acknowledged));
            var answer = await client.VerifyCodeAsync(new VerifyCodeRequest { Code = asked.Code, Purpose = Purpose });
            var took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            if (answer.Verdict is not (Verdict.Valid or Verdict.Revoked))
            {
                throw new InvalidOperationException($"answer {answer.Verdict} {answer.Reason}");
            }

            Interlocked.Add(ref revoked, answer.Verdict == Verdict.Revoked ? 1 : 0);
            Interlocked.Add(ref stale, answer.Verdict == Verdict.Valid && asked.Ordinal < settled ? 1 : 0);
            return took;
        }
    }
}
