using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace ShantingEId.Tool.Bench.Hot;

/// <summary>A Redis of the measurement's own: loopback, free port, nothing kept; ends with it.</summary>
internal sealed class LocalRedis : IDisposable
{
    private readonly Process process;
    private readonly string folder = Directory.CreateTempSubdirectory("eid-redis-").FullName;

    public LocalRedis()
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Address = $"127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}";
        }

        process = Process.Start(new ProcessStartInfo("redis-server",
            ["--bind", "127.0.0.1", "--port", Address.Split(':')[1], "--dir", folder, "--save", "", "--appendonly", "no", "--loglevel", "warning"]) { RedirectStandardOutput = true })!;
    }

    public string Address { get; }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
