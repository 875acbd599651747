using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.TestSupport;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)] // Times are measured, and most tests load every core.

namespace ShantingEId.Reliability.Tests;

/// <summary>The test runner, or with <c>serve-for-test</c> the server that the tests kill, or with <c>postgres-for-bench</c> a PostgreSQL for a benchmark.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => args switch
    {
        ["postgres-for-bench"] => PostgresAsync(),
        [LedgerHost.Command, var certificates, var ledger, var acks, var flush] => LedgerHost.RunAsync(certificates, ledger, acks, flush == "flush"),
        [ServerHost.Command, var settings] => ServerHost.RunAsync(ReplicaSettings.Parse(settings)),
        _ when args.Any(arg => arg is "--server" or "--internal-msbuild-node") =>
            TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
        _ => ConsoleRunner.Run(args),
    };

    private static async Task<int> PostgresAsync()
    {
        await using var server = await PostgresServer.StartAsync();
        Console.WriteLine(server.ConnectionString());
        await Console.OpenStandardInput().CopyToAsync(Stream.Null);
        return 0;
    }
}
