using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>A server in a process of its own.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private const int SigTerm = 15;
    private const int SigKill = 9;
    private readonly Process process;
    private readonly ConcurrentQueue<string> output = new();
    private readonly TaskCompletionSource<(int Id, Uri Address)> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(Process process) => this.process = process;

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = new("https://localhost");

    /// <summary>The server's own process id; under a tracer the started process is another.</summary>
    public int Id { get; private set; }

    /// <summary>Everything it printed.</summary>
    public string Output => string.Join('\n', output);

    /// <summary>Starts one and waits until it listens.</summary>
    /// <param name="folders">Its keys and its register.</param>
    /// <param name="synchronous">SQLite's mode.</param>
    /// <param name="tracer">Program and arguments put in front, e.g. strace.</param>
    public static async Task<ServerProcess> StartAsync(Folders folders, string synchronous = "FULL", params string[] tracer)
    {
        string[] command = [.. tracer, "dotnet", typeof(ServerProcess).Assembly.Location, ServerHost.Command, folders.Certificates, folders.Data, synchronous];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        // A kill loop starts a thousand of them and lets each live for a second.
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_gcConcurrent"] = "0";
        var server = new ServerProcess(new Process { StartInfo = start, EnableRaisingEvents = true });
        await server.StartAsync();
        return server;
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _ = Signal(Id, SigKill);
        await process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, and the time until it was gone with its exit code.</summary>
    public async Task<(TimeSpan Took, int Code)> TerminateAsync()
    {
        var watch = Stopwatch.StartNew();
        _ = Signal(Id, SigTerm);
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return (watch.Elapsed, process.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            await KillAsync();
        }

        process.Dispose();
    }

    private async Task StartAsync()
    {
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
        process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException("server did not start"));
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            (Id, Address) = await ready.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }
        catch (Exception error)
        {
            process.Kill(entireProcessTree: true);
            throw new InvalidOperationException("server did not start:\n" + Output, error);
        }
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        output.Enqueue(line);
        if (line.StartsWith(ServerHost.Ready, StringComparison.Ordinal) && line.Split(' ') is [_, var id, var address])
        {
            ready.TrySetResult((int.Parse(id, System.Globalization.CultureInfo.InvariantCulture), new Uri(address)));
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int process, int signal);
}
