using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ShantingEId.TestSupport;

/// <summary>A redis-server of the system on a free port of the loopback address, without persistence; gone with the test.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private const string Program = "redis-server";
    private readonly string folder = Directory.CreateTempSubdirectory("eid-redis-").FullName;
    private readonly string[] options;
    private readonly string? password;
    private Process? process;

    private RedisServer(string? password, int maxMegabytes)
    {
        this.password = password;
        options =
        [
            .. password is null ? [] : new[] { "--requirepass", password },
            // As a cache is set up: what is used least goes first.
            .. maxMegabytes == 0 ? [] : new[] { "--maxmemory", $"{maxMegabytes}mb", "--maxmemory-policy", "allkeys-lru" },
        ];
    }

    /// <summary>Its port; the same after a restart.</summary>
    public int Port { get; private set; }

    /// <summary>Its process; another after a restart.</summary>
    public int Id => process!.Id;

    /// <summary>Address for StackExchange.Redis.</summary>
    public string Address => AddressThrough(Port);

    /// <summary>Why there is none here; "" when there is.</summary>
    public static string Obstacle { get; } =
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(directory => File.Exists(Path.Combine(directory, Program))) ? "" : $"{Program} is not installed; ./test installs it";

    /// <summary>Starts one.</summary>
    /// <param name="password">Asked of clients; null for none.</param>
    /// <param name="maxMegabytes">Its memory; 0 without limit.</param>
    public static async Task<RedisServer> StartAsync(string? password = null, int maxMegabytes = 0)
    {
        // With CI set, a missing program fails the test instead of skipping it.
        Assert.SkipWhen(Obstacle.Length > 0 && Environment.GetEnvironmentVariable("CI") is null, Obstacle);
        Assert.Equal("", Obstacle);
        var server = new RedisServer(password, maxMegabytes);
        for (var attempt = 1; ; attempt++)
        {
            server.Port = FreePort();
            try
            {
                await server.RunAsync();
                return server;
            }
            catch (InvalidOperationException) when (attempt < 3)
            {
                // Somebody else took the port between asking for it and using it.
            }
        }
    }

    /// <summary>Address for StackExchange.Redis by way of a proxy.</summary>
    public string AddressThrough(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}{(password is null ? "" : $",password={password}")}");

    /// <summary>kill -9: connections are reset, what it held is gone.</summary>
    public async Task KillAsync()
    {
        if (process is { HasExited: false } running)
        {
            ProcessSignals.Resume(running.Id);
            ProcessSignals.Kill(running.Id);
            await running.WaitForExitAsync();
        }

        process?.Dispose();
        process = null;
    }

    /// <summary>Starts it again on its port, empty.</summary>
    public Task RestartAsync() => RunAsync();

    /// <summary>SIGSTOP: connections stay and nobody answers.</summary>
    public void Pause() => ProcessSignals.Pause(Id);

    /// <summary>SIGCONT.</summary>
    public void Resume() => ProcessSignals.Resume(Id);

    /// <summary>Throws everything away.</summary>
    public async Task FlushAsync() => Assert.Equal("OK", (await CommandAsync("FLUSHALL")).Text);

    /// <summary>Runs one command on a connection of its own.</summary>
    public async Task<RedisReply> CommandAsync(params RedisArgument[] command)
    {
        using var wire = await ConnectAsync();
        return await wire.SendAsync(command);
    }

    /// <summary>A connection for several commands, past every proxy.</summary>
    public async Task<RedisWire> ConnectAsync()
    {
        var wire = await RedisWire.ConnectAsync(Port);
        if (password is not null)
        {
            await wire.SendAsync("AUTH", password);
        }

        return wire;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(folder, recursive: true);
    }

    private async Task RunAsync()
    {
        process = Process.Start(new ProcessStartInfo(Program,
            ["--port", Port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no", "--dir", folder,
                "--logfile", Path.Combine(folder, "redis.log"), .. options]))!;
        var watch = Stopwatch.StartNew();
        while (!await AnswersAsync())
        {
            if (process.HasExited || watch.Elapsed > TimeSpan.FromSeconds(20))
            {
                await KillAsync();
                throw new InvalidOperationException("redis-server did not start:\n" + await File.ReadAllTextAsync(Path.Combine(folder, "redis.log")));
            }

            await Task.Delay(10);
        }
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            return (await CommandAsync("PING")).Text == "PONG";
        }
        catch (Exception error) when (error is SocketException or IOException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
