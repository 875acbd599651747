using System.Collections.Concurrent;
using System.Diagnostics;
using ShantingEId.TestSupport;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>A server in a process of its own.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private const string ClockLibrary = "/usr/$LIB/faketime/libfaketimeMT.so.1"; // The loader fills in $LIB.
    private const string ServedBy = "✔ 服务已启动："; // What eid serve says, before the address.
    private readonly Process process;
    private readonly ConcurrentQueue<string> output = new();
    private readonly TaskCompletionSource<(int Id, Uri Address)> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool disposed;

    private ServerProcess(Process process) => this.process = process;

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = new("https://localhost");

    /// <summary>The server's own process id; under a tracer the started process is another.</summary>
    public int Id { get; private set; }

    /// <summary>Everything it printed.</summary>
    public string Output => string.Join('\n', output);

    /// <summary>Starts one and waits until it listens.</summary>
    /// <param name="folders">Its keys, its register and its ledger.</param>
    /// <param name="synchronous">SQLite's mode.</param>
    /// <param name="tracer">Program and arguments put in front, e.g. strace.</param>
    public static Task<ServerProcess> StartAsync(Folders folders, string synchronous = "FULL", params string[] tracer) =>
        StartAsync(new ReplicaSettings(folders.Certificates, folders.Data) { Synchronous = synchronous }, tracer);

    /// <summary>Starts one with its settings and waits until it listens.</summary>
    public static async Task<ServerProcess> StartAsync(ReplicaSettings settings, params string[] tracer)
    {
        var server = new ServerProcess(Prepare(settings, [.. tracer, "dotnet", typeof(ServerProcess).Assembly.Location, ServerHost.Command, settings.ToString()]));
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts <c>eid serve</c> as people start it, of whatever version, and waits until it listens. Of the settings it takes the folders and the databases.</summary>
    /// <param name="program">The command's eid.dll.</param>
    /// <param name="settings">How it is run; the register is in PostgreSQL.</param>
    public static async Task<ServerProcess> StartAsync(string program, ReplicaSettings settings)
    {
        var process = Prepare(settings, ["dotnet", program, "serve", "--certs", settings.Certificates, "--data", settings.Data, "--port", "0", .. settings.Redis is { } redis ? (string[])["--redis", redis] : []]);
        process.StartInfo.Environment["EID_POSTGRES"] = settings.Postgres;
        var server = new ServerProcess(process);
        await server.StartAsync();
        return server;
    }

    private static Process Prepare(ReplicaSettings settings, string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        // A kill loop starts a thousand of them and lets each live for a second.
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_gcConcurrent"] = "0";
        if (settings.ClockFile is { } clock && FileClock.IsFaked)
        {
            start.Environment["LD_PRELOAD"] = ClockLibrary;
            start.Environment["FAKETIME_TIMESTAMP_FILE"] = clock;
            start.Environment["FAKETIME_CACHE_DURATION"] = "1"; // seconds until it looks again
            // Leases run on monotonic time, which no operator sets.
            start.Environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1";
        }

        return new Process { StartInfo = start, EnableRaisingEvents = true };
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        ProcessSignals.Kill(Id);
        await process.WaitForExitAsync();
    }

    /// <summary>SIGSTOP: it stands still with everything open.</summary>
    public void Pause() => ProcessSignals.Pause(Id);

    /// <summary>SIGCONT.</summary>
    public void Resume() => ProcessSignals.Resume(Id);

    /// <summary>SIGTERM, and the time until it was gone with its exit code.</summary>
    public async Task<(TimeSpan Took, int Code)> TerminateAsync()
    {
        var watch = Stopwatch.StartNew();
        ProcessSignals.Terminate(Id);
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return (watch.Elapsed, process.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        // Who failed between the end of one and the start of the next comes again, and must not hide why.
        if (disposed)
        {
            return;
        }

        disposed = true;
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
            await process.WaitForExitAsync(); // And for the last of what it says.
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
        else if (line.StartsWith(ServedBy, StringComparison.Ordinal))
        {
            ready.TrySetResult((process.Id, new Uri(line[ServedBy.Length..line.IndexOf('（', StringComparison.Ordinal)])));
        }
    }
}
