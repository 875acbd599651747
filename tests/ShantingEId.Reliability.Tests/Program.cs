using ShantingEId.Reliability.Tests.Bench;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)] // Times are measured, and most tests load every core.

namespace ShantingEId.Reliability.Tests;

/// <summary>The test runner, or with <c>serve-for-test</c> the server that the tests kill.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => args switch
    {
        [ServerHost.Command, var settings] => ServerHost.RunAsync(ReplicaSettings.Parse(settings)),
        _ when args.Any(arg => arg is "--server" or "--internal-msbuild-node") =>
            TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
        _ => ConsoleRunner.Run(args),
    };
}
