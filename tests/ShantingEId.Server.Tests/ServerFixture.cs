using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using ShantingEId.Server;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Tests.Journal;
using ShantingEId.TestSupport;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

/// <summary>A real server over real TLS on a free port, with fresh keys and a fresh register, and clients for every caller.</summary>
public class ServerFixture : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("eid-test-").FullName;
    private readonly List<GrpcChannel> channels = [];
    private WebApplication? app;

    public string Certificates => Path.Combine(folder, "certs");

    public string Data => Path.Combine(folder, "data");

    public Uri Address { get; private set; } = new("https://localhost");

    public IServiceProvider Services => app!.Services;

    protected WebApplication App => app!;

    /// <summary>Everything the server logged since it was made.</summary>
    public LogRecorder Log { get; } = new();

    public string RegisterPath => Path.Combine(Data, "register.db");

    public virtual async ValueTask InitializeAsync()
    {
        DevCertificates.Create(Certificates, TimeProvider.System);
        LiftQuotas();
        Prepare();
        await StartAsync();
    }

    // Tests ask for what does not exist, and for more, than any department does; what quotas do is tested by themselves.
    private void LiftQuotas()
    {
        var path = Path.Combine(Certificates, CallerDirectory.FileName);
        var file = JsonNode.Parse(File.ReadAllText(path))!;
        foreach (var caller in file["callers"]!.AsArray())
        {
            caller!["quota"] = new JsonObject { ["calls_per_second"] = Quota.Highest, ["misses_per_minute"] = Quota.Highest, ["streams"] = Quota.Highest };
        }

        File.WriteAllText(path, file.ToJsonString());
    }

    /// <summary>Changes files of the deployment before the first start.</summary>
    protected virtual void Prepare()
    {
    }

    /// <summary>The one clock of the server.</summary>
    protected virtual TimeProvider Clock => TimeProvider.System;

    public virtual EidServerOptions Options() => new()
    {
        CertificatesDirectory = Certificates, DataDirectory = Data, Environment = "Development",
        ConfigureLogging = logging => logging.AddProvider(Log), Clock = Clock,
    };

    /// <summary>The register, read behind the server's back.</summary>
    public virtual RegisterFile OpenRegister() => new(RegisterPath);

    public async Task StartAsync()
    {
        app = EidServer.Build(Options());
        await app.StartAsync();
        Address = EidServer.Address(app);
    }

    /// <summary>Stops the server and leaves the clients' channels open.</summary>
    public Task StopServingAsync() => app!.StopAsync();

    public async Task StopAsync()
    {
        foreach (var channel in channels)
        {
            channel.Dispose();
        }

        channels.Clear();
        if (app is not null)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }
    }

    public virtual async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (Rebuilt.IsAsked && app is not null)
        {
            Rebuilt.Tell(GetType().Name, await RebuildAsync());
        }

        Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>What the journal alone makes of an empty register, held against the one that was lived in; the server must not be running.</summary>
    public async Task<List<string>> RebuildAsync()
    {
        var (empty, open) = await EmptyAsync();
        return await Rebuilt.DifferencesAsync(Options(), OpenRegister, empty, open);
    }

    /// <summary>An empty register of this deployment, and how it is opened behind the server's back.</summary>
    protected virtual Task<(EidServerOptions Options, Func<RegisterFile> Open)> EmptyAsync()
    {
        var place = Path.Combine(folder, Path.GetRandomFileName());
        return Task.FromResult((Options() with { DataDirectory = place }, new Func<RegisterFile>(() => new RegisterFile(Path.Combine(place, "register.db")))));
    }

    /// <summary>A channel that presents this caller's certificate; null presents none.</summary>
    public GrpcChannel Channel(string? caller) => Channel(caller is null ? null : Certificate(caller), Address);

    /// <summary>A channel to any server of this deployment.</summary>
    public GrpcChannel Channel(X509Certificate2? certificate, Uri address)
    {
        var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = Handler(certificate), DisposeHttpClient = true, MaxReceiveMessageSize = 1024 * 1024,
        });
        channels.Add(channel);
        return channel;
    }

    public X509Certificate2 Certificate(string caller) =>
        X509Certificate2.CreateFromPemFile(Path.Combine(Certificates, caller + ".crt"), Path.Combine(Certificates, caller + ".key"));

    /// <summary>TLS as every client here speaks it: trusts the deployment's CA and nothing else.</summary>
    public SocketsHttpHandler Handler(X509Certificate2? certificate) => new()
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
                CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(Path.Combine(Certificates, "tls-ca.crt")) },
            },
            // Always presented, also when the platform would leave it out because it is expired or for another use.
            ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
        },
    };

    public IssuanceService.IssuanceServiceClient Staff() => new(Channel("staff"));

    public VerificationService.VerificationServiceClient Tax() => new(Channel("tax-bureau"));

    public static string NewRequestId() => SampleCompanies.NewRequestId();

    /// <summary>A valid request for a fresh invented company; change one thing to make it wrong.</summary>
    public static IssueSetRequest ValidRequest(int company = 0) => SampleCompanies.IssueRequest(company);
}
