using System.Diagnostics;
using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Npgsql;
using ShantingEId.Licenses;
using ShantingEId.Server;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Storage;
using ShantingEId.V1;

namespace ShantingEId.Tool.Bench.Hot;

/// <summary>
/// Whether a register of a million answers as quickly as one of ten thousand: <c>VerifyCode</c> over gRPC, hot (answer at hand) and cold
/// (state read from the register, <c>max_state_age</c> 0), turn by turn against both registers in one run.
/// </summary>
internal static class BenchScale
{
    private const int Few = 10_000;
    private const int Asked = 5_000;
    private const int CallersAtOnce = 4;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(3);

    private sealed record World(WebApplication App, VerificationService.VerificationServiceClient Client, string[] Codes);

    public static async Task RunAsync(IReadOnlyList<EnterpriseInput> rows, int rounds, int many, string? postgres)
    {
        var folder = Directory.CreateTempSubdirectory("eid-scale-").FullName;
        var certificates = Path.Combine(folder, "certs");
        DevCertificates.Create(certificates, TimeProvider.System);
        var now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        var register = new ScaleRegister(AuthorityFiles.Load(certificates, production: false, now));
        var signed = register.Sign(rows, Asked, now);
        var codes = Array.ConvertAll(signed, each => each.Code);
        var worlds = new Dictionary<int, World>();
        try
        {
            foreach (var count in new[] { Few, many })
            {
                var clock = Stopwatch.StartNew();
                var options = new EidServerOptions
                {
                    CertificatesDirectory = certificates, DataDirectory = Path.Combine(folder, $"{count}"), Environment = "Development", FixedCaller = "tax-bureau", PlainText = true,
                    Postgres = postgres is null ? null : await CreateDatabaseAsync(postgres, $"eid_scale_{count}"), ConfigureLogging = logging => logging.SetMinimumLevel(LogLevel.Warning),
                };
                Directory.CreateDirectory(options.DataDirectory);
                await LoadAsync(options, signed, count, now);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} licences loaded in {clock.Elapsed.TotalSeconds:0.0} s"));
                var app = EidServer.Build(options);
                await app.StartAsync();
                worlds[count] = new World(app, new VerificationService.VerificationServiceClient(GrpcChannel.ForAddress(EidServer.Address(app))), codes);
            }

            foreach (var hot in new[] { true, false })
            {
                await CompareAsync(worlds, hot, rounds, many, postgres is null ? "sqlite" : "postgres");
            }
        }
        finally
        {
            foreach (var world in worlds.Values)
            {
                await world.App.DisposeAsync();
            }

            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task CompareAsync(Dictionary<int, World> worlds, bool hot, int rounds, int many, string store)
    {
        foreach (var world in worlds.Values)
        {
            // Every answer is worked out once; after that hot means hot.
            await MeasureAsync(world, hot, WarmUp);
        }

        var ratios = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            var few = await MeasureAsync(worlds[Few], hot, Window);
            var lots = await MeasureAsync(worlds[many], hot, Window);
            ratios.Add(lots.P99 / few.P99);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{(hot ? "hot" : "cold")} round {round + 1}: {Few}: p50 {few.P50:0.000} p99 {few.P99:0.000} ms, {many}: p50 {lots.P50:0.000} p99 {lots.P99:0.000} ms"));
        }

        Figure.AtMost($"scale_{store}_{(hot ? "hot" : "cold")}_p99_vs_{Few}", Figure.Median(ratios), "ratio", 1.2);
    }

    private static async Task<(double P50, double P99)> MeasureAsync(World world, bool hot, TimeSpan window)
    {
        var clock = Stopwatch.StartNew();
        var all = await Task.WhenAll(Enumerable.Range(0, CallersAtOnce).Select(caller => Task.Run(async () =>
        {
            var times = new List<long>();
            // Each walks over all codes, from another place on.
            for (var i = caller * Asked / CallersAtOnce; clock.Elapsed < window; i++)
            {
                var request = new VerifyCodeRequest { Code = world.Codes[i % Asked], Purpose = "TAX_REGISTRATION" };
                if (!hot)
                {
                    request.MaxStateAge = new Duration();
                }

                var start = Stopwatch.GetTimestamp();
                var answer = await world.Client.VerifyCodeAsync(request);
                times.Add(Stopwatch.GetTimestamp() - start);
                if (answer.Verdict != Verification.Types.Verdict.Valid)
                {
                    throw new InvalidOperationException($"answer {answer.Verdict} {answer.Reason}");
                }
            }

            return times;
        })));
        var sorted = all.SelectMany(times => times).Order().ToArray();
        double At(double share) => sorted[(int)(sorted.Length * share)] * 1e3 / Stopwatch.Frequency;
        return (At(0.5), At(0.99));
    }

    internal static async Task LoadAsync(EidServerOptions options, (byte[], Codes.ManifestDigest, string, Licenses.License)[] signed, int count, DateTimeOffset now)
    {
        // Opened once for its tables.
        var (store, feed) = Register.Open(options);
        await DisposeAsync(feed);
        store.Dispose();
        if (options.Postgres is { } connectionString)
        {
            await using var postgres = new NpgsqlConnection(connectionString);
            await postgres.OpenAsync();
            ScaleRegister.Load(postgres, signed, count, now);
        }
        else
        {
            await using var sqlite = new SqliteConnection($"Data Source={Register.SqlitePath(options)};Pooling=False");
            await sqlite.OpenAsync();
            ScaleRegister.Load(sqlite, signed, count, now);
        }
    }

    internal static async Task<string> CreateDatabaseAsync(string postgres, string name)
    {
        await using var connection = new NpgsqlConnection(postgres);
        await connection.OpenAsync();
        await using var drop = new NpgsqlCommand($"DROP DATABASE IF EXISTS {name} WITH (FORCE)", connection);
        await drop.ExecuteNonQueryAsync();
        await using var create = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await create.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(postgres) { Database = name }.ToString();
    }

    internal static async ValueTask DisposeAsync(object owned)
    {
        if (owned is IAsyncDisposable later)
        {
            await later.DisposeAsync();
        }
        else
        {
            (owned as IDisposable)?.Dispose();
        }
    }
}
