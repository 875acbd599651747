using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using ShantingEId.Server;
using ShantingEId.Tool.Cli;

namespace ShantingEId.Tool.Demo;

/// <summary>
/// A real server in this process: development keys, a fresh register, a free port, mutual TLS. Everything lies in one
/// folder, which only this class fills and empties.
/// </summary>
internal sealed class DemoServer : IAsyncDisposable
{
    private const string Marker = ".eid-demo";

    private readonly WebApplication app;

    private DemoServer(WebApplication app, string directory)
    {
        this.app = app;
        Directory = directory;
        Address = EidServer.Address(app);
        Pages = EidServer.PublicAddress(app)!;
    }

    public string Directory { get; }

    public Uri Address { get; }

    /// <summary>The public port.</summary>
    public Uri Pages { get; }

    /// <summary>Ends when the host was told to stop (Ctrl+C, SIGTERM).</summary>
    public Task StayAsync(CancellationToken cancel) => app.WaitForShutdownAsync(cancel);

    public string Certificates => Path.Combine(Directory, "certs");

    public string Data => Path.Combine(Directory, "data");

    public string Output => Path.Combine(Directory, "files");

    public static async Task<DemoServer> StartAsync(string directory, CancellationToken cancel)
    {
        Claim(directory);
        var certificates = Path.Combine(directory, "certs");
        var data = Path.Combine(directory, "data");
        // The same company is founded in every run, so the register begins empty; and a folder of an earlier version may lack keys, callers or
        // what they are granted, so those begin anew, too.
        foreach (var old in (string[])[certificates, data])
        {
            if (System.IO.Directory.Exists(old))
            {
                System.IO.Directory.Delete(old, recursive: true);
            }
        }

        DevCertificates.Create(certificates, TimeProvider.System);

        var app = EidServer.Build(new EidServerOptions { CertificatesDirectory = certificates, DataDirectory = data, Environment = "Development", Port = 0, PublicPort = 0, PublicContact = "0632-0000000（样例）" });
        await app.StartAsync(cancel);
        return new DemoServer(app, directory);
    }

    /// <summary>The server as one caller reaches it: over TCP and TLS, like anybody.</summary>
    public Connection Open(string caller) => Connection.Open(Address, Certificates, caller);

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(CancellationToken.None);
        await app.DisposeAsync();
    }

    // A folder with other people's files in it is never touched.
    private static void Claim(string directory)
    {
        var marker = Path.Combine(directory, Marker);
        if (System.IO.Directory.Exists(directory) && System.IO.Directory.EnumerateFileSystemEntries(directory).Any() && !File.Exists(marker))
        {
            throw new UsageException($"目录 {directory} 已有其他文件，演示不会动它；请用 --dir 指定一个新目录");
        }

        try
        {
            System.IO.Directory.CreateDirectory(directory);
            File.WriteAllText(marker, "eid demo 建立的目录，可以整个删除。\n");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"不能写入目录 {directory}；请用 --dir 指定一个可写的目录");
        }
    }
}
