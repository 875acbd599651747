using ShantingEId.Server;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>What runs in the process that is killed: the server as it is, and one line that says where.</summary>
internal static class ServerHost
{
    public const string Command = "serve-for-test";
    public const string Ready = "ready ";

    public static async Task<int> RunAsync(ReplicaSettings settings)
    {
        var app = EidServer.Build(settings.ToOptions());
        await using (app)
        {
            await app.StartAsync();
            ExitWithTheTests();
            Console.WriteLine($"{Ready}{Environment.ProcessId} {EidServer.Address(app)}");
            await Microsoft.Extensions.Hosting.HostingAbstractionsHostExtensions.WaitForShutdownAsync(app);
        }

        return 0;
    }

    // The tests hold the other end of standard input: when they die, nothing stays behind.
    private static void ExitWithTheTests() => new Thread(() =>
    {
        Console.OpenStandardInput().CopyTo(Stream.Null);
        Environment.Exit(3);
    }) { IsBackground = true }.Start();
}
