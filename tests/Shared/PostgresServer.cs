using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Npgsql;

[assembly: Xunit.AssemblyFixture(typeof(ShantingEId.TestSupport.PostgresServer.Last))]

namespace ShantingEId.TestSupport;

/// <summary>
/// A PostgreSQL cluster of the tests' own: a temporary folder, a free port of the loopback address, fsync on, a password. It ends with
/// the test process, however that ends: the server's keeper holds the other end of a pipe.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string User = "eid";
    // Starts the server, waits until its standard input ends, stops the server at once. $1 binaries, $2 folder, then options.
    private const string Keeper =
        """
        bin=$1 folder=$2; shift 2
        start() { "$bin/postgres" -D "$folder/data" "$@" >>"$folder/log" 2>&1 & echo $!; }
        server=$(start "$@")
        echo "$server"
        while read -r order; do
          case $order in
            restart) "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >>"$folder/log" 2>&1; server=$(start "$@"); echo "$server" ;;
            stop) "$bin/pg_ctl" -D "$folder/data" -m fast -w stop >>"$folder/log" 2>&1; echo stopped ;;
            start) server=$(start "$@"); echo "$server" ;;
          esac
        done
        "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >>"$folder/log" 2>&1
        """;

    private static readonly Lazy<Task<PostgresServer>> OneForAll = new(() => StartAsync());
    private readonly string folder = Directory.CreateTempSubdirectory("eid-postgres-").FullName;
    private string password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));
    private Process? keeper;
    private int databases;

    private PostgresServer()
    {
    }

    /// <summary>The cluster that tests of this process share, each with a database of its own.</summary>
    public static Task<PostgresServer> Shared => OneForAll.Value;

    /// <summary>Why it cannot run here; "" when it can.</summary>
    public static string Obstacle => Binaries is null ? "PostgreSQL is not installed (Debian package postgresql); ./test installs it" : "";

    public int Port { get; private set; }

    /// <summary>The postmaster's process id.</summary>
    public int Id { get; private set; }

    public string Password => password;

    /// <summary>What the server logged.</summary>
    public string Log => File.ReadAllText(Path.Combine(folder, "log"));

    private static string? Binaries { get; } = Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Select(version => Path.Combine(version, "bin")).LastOrDefault(bin => File.Exists(Path.Combine(bin, "initdb")))
        : null;

    /// <summary>Makes and starts a cluster.</summary>
    /// <param name="settings">Server settings, e.g. <c>synchronous_commit=off</c>.</param>
    public static async Task<PostgresServer> StartAsync(params string[] settings)
    {
        if (Binaries is null)
        {
            throw new InvalidOperationException(Obstacle);
        }

        var server = new PostgresServer();
        await server.StartClusterAsync(settings);
        return server;
    }

    /// <summary>Makes a standby of this cluster that follows it through a port, and starts it. It has everything the cluster has now.</summary>
    /// <param name="through">Port by which it reaches this cluster: its own, or that of a proxy.</param>
    /// <param name="name">Its name for <c>synchronous_standby_names</c>.</param>
    public async Task<PostgresServer> StartStandbyAsync(int through, string name)
    {
        var standby = new PostgresServer { password = password };
        await standby.StartClusterAsync([], async (owner, data) => await RunAsync(
            [.. owner, Path.Combine(Binaries!, "pg_basebackup"), "-D", data, "-R", "-X", "stream", "--no-sync", "-c", "fast",
                "-d", string.Create(CultureInfo.InvariantCulture, $"host=127.0.0.1 port={through} user={User} password={password} application_name={name}")]));
        return standby;
    }

    /// <summary>Runs a statement, e.g. a setting; returns the first value of its answer.</summary>
    public async Task<object?> RunAsync(string sql)
    {
        await using var connection = Connect();
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>Stops at once, as in a crash, and stays down; connections are cut.</summary>
    public async Task CrashAsync()
    {
        ProcessSignals.Quit(Id);
        while (Directory.Exists($"/proc/{Id}"))
        {
            await Task.Delay(5);
        }
    }

    /// <summary>For the database that every cluster has, at this port or behind a proxy at another.</summary>
    public string ConnectionString(int port = 0, string database = "postgres") =>
        string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={(port == 0 ? Port : port)};Username={User};Password={password};Database={database}");

    /// <summary>A connection, not yet open, to look behind the program's back.</summary>
    public NpgsqlConnection Connect(string database = "postgres") => new(ConnectionString(0, database) + ";Pooling=false");

    /// <summary>A fresh database; its name.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"eid_{Interlocked.Increment(ref databases)}");
        await using var connection = Connect();
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync();
        return name;
    }

    /// <summary>Stops as a crash would and starts again.</summary>
    public Task RestartAsync() => OrderAsync("restart");

    /// <summary>Stops in order; connections are ended.</summary>
    public Task StopAsync() => OrderAsync("stop");

    /// <summary>Starts again after <see cref="StopAsync"/>.</summary>
    public Task StartAgainAsync() => OrderAsync("start");

    public async ValueTask DisposeAsync()
    {
        if (keeper is not null)
        {
            keeper.StandardInput.Close();
            await keeper.WaitForExitAsync();
            keeper.Dispose();
        }

        Directory.Delete(folder, recursive: true);
    }

    private async Task StartClusterAsync(string[] settings, Func<string[], string, Task>? fill = null)
    {
        // The server refuses to run as root.
        string[] owner = Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];
        var secret = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(secret, password);
        if (owner.Length > 0)
        {
            await RunAsync(["chown", "-R", "postgres", folder]);
        }

        var data = Path.Combine(folder, "data");
        await (fill?.Invoke(owner, data) ?? RunAsync([.. owner, Path.Combine(Binaries!, "initdb"), "-D", data, "-U", User, "-E", "UTF8", "--locale=C", "-A", "scram-sha-256", "--pwfile=" + secret, "--no-sync"]));
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        string[] options = [string.Create(CultureInfo.InvariantCulture, $"port={Port}"), "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=400", "shared_buffers=32MB", .. settings];
        keeper = new Process
        {
            StartInfo = Start([.. owner, "bash", "-c", Keeper, "keeper", Binaries!, folder, .. options.SelectMany(option => (string[])["-c", option])]),
        };
        keeper.StartInfo.RedirectStandardInput = true;
        keeper.Start();
        await HearAsync();
    }

    private async Task OrderAsync(string order)
    {
        await keeper!.StandardInput.WriteLineAsync(order);
        await keeper.StandardInput.FlushAsync();
        await HearAsync();
    }

    private async Task HearAsync()
    {
        var said = await keeper!.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("PostgreSQL's keeper ended:\n" + Log);
        if (said == "stopped")
        {
            return;
        }

        Id = int.Parse(said, CultureInfo.InvariantCulture);
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await using var connection = Connect();
                await connection.OpenAsync();
                return;
            }
            catch (NpgsqlException) when (clock.Elapsed < TimeSpan.FromSeconds(60))
            {
                await Task.Delay(50);
            }
        }
    }

    private static ProcessStartInfo Start(string[] command) =>
        new(command[0], command.Skip(1)) { RedirectStandardOutput = true, WorkingDirectory = Path.GetTempPath() };

    private static async Task RunAsync(string[] command)
    {
        using var process = Process.Start(Start(command))!;
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{string.Join(' ', command)}: {said}");
        }
    }

    /// <summary>Ends the shared cluster after the last test.</summary>
    public sealed class Last : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            if (OneForAll.IsValueCreated)
            {
                await (await OneForAll.Value).DisposeAsync();
            }
        }
    }
}
