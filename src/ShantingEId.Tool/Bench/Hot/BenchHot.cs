using ShantingEId.Tool.Cli;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace ShantingEId.Tool.Bench.Hot;

/// <summary>
/// Hits of unary <c>VerifyCode</c> against an echo of the same reply size on the same Kestrel, loaded by h2load, turn by turn in one run;
/// one processor for the servers, one for the load.
/// </summary>
internal static class BenchHot
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(3);

    private sealed record Case(string Name, string Server, string Body, string Echo, double Goal);

    private static readonly Case[] Cases =
    [
        new("path", "bare", "bare", nameof(EchoBase.Plain), 0.85),
        new("ledger", "ledger", "ledger", nameof(EchoBase.Plain), 0.7),
        new("ledger_receipt", "ledger", "ledger-receipt", nameof(EchoBase.Receipt), 0.6),
    ];

    public static async Task RunAsync(int rounds)
    {
        if (!H2Load.IsInstalled)
        {
            throw new UsageException("需要 h2load 和 taskset（Debian 软件包 nghttp2-client、util-linux）");
        }

        var folder = Directory.CreateTempSubdirectory("eid-hot-").FullName;
        using var server = Process.Start(new ProcessStartInfo("taskset", ["-c", "0", Environment.ProcessPath!, typeof(BenchHot).Assembly.Location, "bench", "hot-server", folder])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
            // The runtime must not think that it has one processor only: its compiler would starve (performance notes, warm-up).
            Environment = { ["DOTNET_PROCESSOR_COUNT"] = "2" },
        })!;
        try
        {
            var addresses = JsonSerializer.Deserialize<HotAddresses>(await NextLineAsync(server))!;
            await MeasureAsync(server, addresses, rounds);
            await BenchMutual.RunAsync(addresses, Path.Combine(folder, "certs"), rounds);
            await server.StandardInput.WriteLineAsync("quit");
            await server.WaitForExitAsync();
        }
        finally
        {
            if (!server.HasExited)
            {
                server.Kill(entireProcessTree: true);
            }

            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task MeasureAsync(Process server, HotAddresses addresses, int rounds)
    {
        Console.WriteLine($"h2load: {H2Load.Connections} connections, {H2Load.Streams} streams each; warm-up {WarmUp.TotalSeconds:0} s each, {rounds} rounds of {Window.TotalSeconds:0} s; reply {addresses.PlainSize} bytes");
        foreach (var suffix in new[] { "-h2c", "-tls" })
        {
            Uri Ours(Case each) => new(addresses.Urls[each.Server + suffix], Server.Hot.FastLane.Path);
            Uri Echo(Case each) => new(addresses.Urls["echo" + suffix], EchoBase.PathOf(each.Echo));
            string Body(Case each) => addresses.Bodies[$"{each.Server}{suffix}{each.Body[each.Server.Length..]}"];

            // 1. Everything at full speed; the reply with a receipt is as long as it turns out to be under load.
            foreach (var each in Cases)
            {
                var load = await H2Load.RunAsync(Ours(each), Body(each), WarmUp);
                Require(load, addresses.PlainSize);
                if (each.Echo == nameof(EchoBase.Receipt))
                {
                    await TellAsync(server, $"echo 1 {(int)load.BytesPerAnswer - 5}");
                }

                await H2Load.RunAsync(Echo(each), Body(each), WarmUp);
            }

            // 2. Turn by turn.
            var pairs = Cases.ToDictionary(each => each, _ => new List<(double Ours, double Echo)>());
            for (var round = 0; round < rounds; round++)
            {
                foreach (var each in Cases)
                {
                    var echo = await H2Load.RunAsync(Echo(each), Body(each), Window);
                    var ours = await H2Load.RunAsync(Ours(each), Body(each), Window);
                    Require(ours, addresses.PlainSize);
                    pairs[each].Add((ours.PerSecond, echo.PerSecond));
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                        $"round {round + 1}{suffix} {each.Name}: ours {ours.PerSecond:0}/s, echo {echo.PerSecond:0}/s, ratio {ours.PerSecond / echo.PerSecond:0.000}, {ours.BytesPerAnswer:0} bytes"));
                }
            }

            foreach (var each in Cases)
            {
                Figure.AtLeast($"hot_{each.Name}_vs_echo{suffix.Replace('-', '_')}", Figure.Median(pairs[each].Select(pair => pair.Ours / pair.Echo)), "ratio", each.Goal);
            }

            // 3. Latency at a moderate load (4 connections of 8 streams), and what a call allocates.
            foreach (var each in Cases)
            {
                var ours = await H2Load.LatenciesAsync(Ours(each), Body(each), Window);
                var echo = await H2Load.LatenciesAsync(Echo(each), Body(each), Window);
                var (mine, floor) = (await AllocatedAsync(server, Ours(each), Body(each)), await AllocatedAsync(server, Echo(each), Body(each)));
                var name = each.Name + suffix.Replace('-', '_');
                foreach (var (whose, times, bytes) in new[] { ("hot", ours, mine), ("echo", echo, floor) })
                {
                    Figure.Show($"{whose}_{name}_p50", At(times, 0.5), "ms");
                    Figure.Show($"{whose}_{name}_p99", At(times, 0.99), "ms");
                    Figure.Show($"{whose}_{name}_allocated", bytes, "bytes/call");
                }
            }
        }
    }

    private static async Task<double> AllocatedAsync(Process server, Uri url, string body)
    {
        var before = long.Parse(await TellAsync(server, "allocated"));
        var load = await H2Load.RunAsync(url, body, TimeSpan.FromSeconds(1));
        return (long.Parse(await TellAsync(server, "allocated")) - before) / (double)load.Requests;
    }

    private static double At(double[] sorted, double share) => sorted[(int)(sorted.Length * share)];

    // h2load counts any answer; one that is too short is an error of ours and no hit.
    private static void Require(Load load, int size)
    {
        if (load.BytesPerAnswer < size * 0.98)
        {
            throw new InvalidOperationException($"answers of {load.BytesPerAnswer:0} bytes are not the right ones ({size})");
        }
    }

    private static async Task<string> TellAsync(Process server, string line)
    {
        await server.StandardInput.WriteLineAsync(line);
        return await NextLineAsync(server);
    }

    // The log of the servers goes the same way.
    private static async Task<string> NextLineAsync(Process server)
    {
        while (await server.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith('{') || line == "done" || long.TryParse(line, out _))
            {
                return line;
            }
        }

        throw new InvalidOperationException("the servers ended");
    }
}
