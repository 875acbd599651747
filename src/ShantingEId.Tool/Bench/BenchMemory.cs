using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Grpc.Core;
using ShantingEId.Client;
using ShantingEId.Server;
using ShantingEId.V1;

namespace ShantingEId.Tool.Bench;

/// <summary>Resident memory of a server process of its own while all rows are imported twice; the second time all are refused.</summary>
internal static partial class BenchMemory
{
    public static async Task RunAsync(IReadOnlyList<Enterprise> rows)
    {
        var folder = Directory.CreateTempSubdirectory("eid-memory-").FullName;
        var certificates = Path.Combine(folder, "certs");
        DevCertificates.Create(certificates, TimeProvider.System);
        using var server = Process.Start(new ProcessStartInfo(Environment.ProcessPath!)
        {
            ArgumentList = { typeof(BenchMemory).Assembly.Location, "serve", "--certs", certificates, "--data", Path.Combine(folder, "data"), "--environment", "Development", "--port", "0" },
            RedirectStandardOutput = true,
        })!;
        try
        {
            var address = await ReadAddressAsync(server);
            _ = server.StandardOutput.ReadToEndAsync();
            string Pem(string file) => File.ReadAllText(Path.Combine(certificates, file));
            using var channel = EidChannel.Create(address, Pem("staff.crt"), Pem("staff.key"), Pem("tls-ca.crt"));
            var staff = new IssuanceService.IssuanceServiceClient(channel);

            var first = await ImportAsync(staff, rows, "first");
            var afterFirst = Resident(server.Id);
            var second = await ImportAsync(staff, rows, "second");
            var afterSecond = Resident(server.Id);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"first import: {first}, resident {afterFirst:0.0} MB"));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"second import: {second}, resident {afterSecond:0.0} MB, peak {Peak(server.Id):0.0} MB"));
            Figure.AtMost("server_resident_after_two_imports", afterSecond, "MB", 250);
            Figure.AtMost("server_resident_growth_second_import", afterSecond / afterFirst, "ratio", 1.1);
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Uri> ReadAddressAsync(Process server)
    {
        while (await server.StandardOutput.ReadLineAsync() is { } line)
        {
            if (AddressPattern().Match(line) is { Success: true } match)
            {
                return new Uri(match.Value);
            }
        }

        throw new InvalidOperationException("the server did not start");
    }

    private static async Task<string> ImportAsync(IssuanceService.IssuanceServiceClient staff, IReadOnlyList<Enterprise> rows, string run)
    {
        using var call = staff.ImportSets();
        var outcomes = new Dictionary<ImportSetsResponse.Types.Outcome, int>();
        var reading = Task.Run(async () =>
        {
            await foreach (var answer in call.ResponseStream.ReadAllAsync())
            {
                outcomes[answer.Outcome] = outcomes.GetValueOrDefault(answer.Outcome) + 1;
            }
        });
        foreach (var (index, row) in rows.Index())
        {
            await call.RequestStream.WriteAsync(new ImportSetsRequest
            {
                Row = index, Request = new IssueSetRequest { RequestId = $"memory-{run}-{index:D8}", Enterprise = row },
            });
        }

        await call.RequestStream.CompleteAsync();
        await reading;
        return string.Join(", ", outcomes.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key} {pair.Value}"));
    }

    private static double Resident(int id) => StatusLine(id, "VmRSS:");

    private static double Peak(int id) => StatusLine(id, "VmHWM:");

    private static double StatusLine(int id, string name)
    {
        var line = File.ReadLines($"/proc/{id}/status").First(text => text.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) / 1024;
    }

    [GeneratedRegex(@"https://[A-Za-z0-9.:\[\]]+")]
    private static partial Regex AddressPattern();
}
