using ShantingEId.TestSupport;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>One server process of a cluster, with fault proxies of its own on its ways to PostgreSQL and Redis, and its clients.</summary>
public sealed class Replica : IAsyncDisposable
{
    private ServerProcess? server;
    private EidClient? client;

    internal Replica(Folders folders, ReplicaSettings settings, FaultProxy? toPostgres, FaultProxy? toRedis) =>
        (Folders, Settings, ToPostgres, ToRedis) = (folders, settings, toPostgres, toRedis);

    public Folders Folders { get; }

    public ServerProcess Server => server!;

    public EidClient Client => client!;

    /// <summary>The way to PostgreSQL; nothing in a cluster without.</summary>
    public FaultProxy? ToPostgres { get; }

    /// <summary>The way to Redis; nothing in a cluster without.</summary>
    public FaultProxy? ToRedis { get; }

    /// <summary>How it is run; a change takes effect with the next start.</summary>
    public ReplicaSettings Settings { get; set; }

    /// <summary>Starts the process, and returns when it has answered a call.</summary>
    public async Task StartAsync()
    {
        for (var attempt = 1; server is null; attempt++)
        {
            try
            {
                server = await ServerProcess.StartAsync(Settings);
            }
            catch (InvalidOperationException) when (attempt < 3)
            {
                // It refuses to start without its database, and a busy machine may take longer than it waits. Whoever runs it starts it again.
            }
        }

        client = new EidClient(server, Folders);
        await client.WaitUntilItAnswersAsync();
    }

    /// <summary>kill -9, and a new process with the same folders.</summary>
    public async Task RestartAsync()
    {
        await KillAsync();
        await StartAsync();
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        client?.Dispose();
        if (server is not null)
        {
            await server.DisposeAsync();
        }

        (client, server) = (null, null);
    }

    /// <summary>Sets its wall clock apart from everybody else's, while it runs, and returns when that is felt.</summary>
    public async Task SetClockAsync(TimeSpan offset)
    {
        // Renamed into place: a reader never finds half of it.
        await File.WriteAllTextAsync(Settings.ClockFile! + ".new", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{offset.TotalSeconds:+0;-0;+0}"));
        File.Move(Settings.ClockFile! + ".new", Settings.ClockFile!, overwrite: true);
        await Task.Delay(FileClock.Felt);
    }

    /// <summary>How often a line of its log holds this.</summary>
    public int LogLines(string part) => Server.Output.Split('\n').Count(line => line.Contains(part, StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        await (ToPostgres?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (ToRedis?.DisposeAsync() ?? ValueTask.CompletedTask);
    }
}
