using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ShantingEId.Tool.Bench.Hot;

/// <summary>What one run of h2load saw.</summary>
/// <param name="PerSecond">Answers per second.</param>
/// <param name="Requests">Answers.</param>
/// <param name="BytesPerAnswer">Bytes of the body for each answer.</param>
internal sealed record Load(double PerSecond, long Requests, double BytesPerAnswer);

/// <summary>Runs h2load (nghttp2) on a processor of its own against one URL with one gRPC body.</summary>
internal static partial class H2Load
{
    public const int Connections = 8;
    public const int Streams = 100;

    /// <summary>Whether the programs are here.</summary>
    public static bool IsInstalled => IsOnPath("h2load") && IsOnPath("taskset");

    private static bool IsOnPath(string name) => Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, name)));

    public static async Task<Load> RunAsync(Uri url, string bodyFile, TimeSpan time)
    {
        var output = await RunAsync(url, bodyFile, time, []);
        var rate = Number(RatePattern(), output);
        var requests = (long)Number(DonePattern(), output);
        var bytes = Number(BytesPattern(), output);
        if (Number(FailedPattern(), output) > 0)
        {
            throw new InvalidOperationException("h2load saw failed requests:\n" + output);
        }

        return new Load(rate, requests, bytes / requests);
    }

    /// <summary>Latencies in milliseconds of a run at a fixed, moderate concurrency; writing them down costs rate, so rates are taken without.</summary>
    public static async Task<double[]> LatenciesAsync(Uri url, string bodyFile, TimeSpan time)
    {
        var log = Path.GetTempFileName();
        try
        {
            await RunAsync(url, bodyFile, time, ["--log-file", log], connections: 4, streams: 8);
            return [.. File.ReadLines(log).Select(line => long.Parse(line.Split('\t')[2], CultureInfo.InvariantCulture) / 1000.0).Order()];
        }
        finally
        {
            File.Delete(log);
        }
    }

    private static async Task<string> RunAsync(Uri url, string bodyFile, TimeSpan time, string[] more, int connections = Connections, int streams = Streams)
    {
        using var process = Process.Start(new ProcessStartInfo("taskset",
            ["-c", "1", "h2load", "-t", "1", "-c", $"{connections}", "-m", $"{streams}", "-D", $"{(int)time.TotalSeconds}", "-d", bodyFile,
                "-H", "content-type: application/grpc", "-H", "te: trailers", .. more, url.ToString()])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException("h2load: " + await errors + output);
    }

    private static double Number(Regex pattern, string output) => double.Parse(pattern.Match(output).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"finished in [0-9.]+\w+, ([0-9.]+) req/s")]
    private static partial Regex RatePattern();

    [GeneratedRegex(@"requests: \d+ total, \d+ started, (\d+) done")]
    private static partial Regex DonePattern();

    [GeneratedRegex(@"(\d+) failed, ")]
    private static partial Regex FailedPattern();

    [GeneratedRegex(@"\((\d+)\) data")]
    private static partial Regex BytesPattern();
}
