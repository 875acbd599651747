using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ShantingEId.Issuing;
using ShantingEId.Server;
using ShantingEId.V1;

namespace ShantingEId.Tool.Bench.Hot;

/// <summary>Where the servers of a measurement listen, and what to send them.</summary>
/// <param name="Urls">By name: <c>echo-h2c</c>, <c>bare-tls</c>, <c>ledger-h2c</c> …</param>
/// <param name="Bodies">Files with one framed request each, by name of the server and of the request.</param>
/// <param name="PlainSize">Bytes of our answer without a receipt.</param>
internal sealed record HotAddresses(Dictionary<string, Uri> Urls, Dictionary<string, string> Bodies, int PlainSize);

/// <summary>
/// The servers that <c>eid bench hot</c> measures, in one process of their own on one processor: the echo and ours, without
/// ledger and with it, each with and without TLS. Told over standard input what to do: <c>echo N BYTES</c>, <c>allocated</c>, <c>quit</c>.
/// </summary>
internal static class HotServer
{
    private const string Purpose = "TAX_REGISTRATION";

    public static async Task RunAsync(string folder)
    {
        var certificates = Path.Combine(folder, "certs");
        DevCertificates.Create(certificates, TimeProvider.System);
        Dictionary<string, Uri> urls = [];
        Dictionary<string, string> bodies = [];
        var plainSize = 0;
        List<WebApplication> running = [];
        foreach (var secure in new[] { false, true })
        {
            var suffix = secure ? "-tls" : "-h2c";
            running.Add(await StartEchoAsync(certificates, secure));
            urls["echo" + suffix] = EidServer.Address(running[^1]);
            foreach (var ledger in new[] { false, true })
            {
                var name = (ledger ? "ledger" : "bare") + suffix;
                var app = EidServer.Build(new EidServerOptions
                {
                    CertificatesDirectory = certificates, DataDirectory = Path.Combine(folder, name), Environment = "Development", FixedCaller = "tax-bureau", PlainText = !secure,
                    Ledger = ledger, ConfigureLogging = logging => logging.SetMinimumLevel(LogLevel.Warning),
                });
                await app.StartAsync();
                running.Add(app);
                urls[name] = EidServer.Address(app);
                var code = await IssueAsync(app);
                foreach (var receipt in new[] { false, true })
                {
                    var request = new VerifyCodeRequest { Code = code, Purpose = Purpose, WithReceipt = receipt };
                    var file = Path.Combine(folder, $"{name}-{receipt}.bin");
                    await File.WriteAllBytesAsync(file, Frame(request.ToByteArray()));
                    bodies[$"{name}{(receipt ? "-receipt" : "")}"] = file;
                }

                plainSize = await AskAsync(urls[name], certificates, code);
            }
        }

        // Mutual TLS, as departments come: for the C# client, since load generators have no certificate.
        AllowMuch(Path.Combine(certificates, "callers.json"));
        running.Add(await StartEchoAsync(certificates, secure: true, withClientCertificate: true));
        urls["echo-mtls"] = EidServer.Address(running[^1]);
        var mutual = EidServer.Build(new EidServerOptions { CertificatesDirectory = certificates, DataDirectory = Path.Combine(folder, "mtls"), Environment = "Development", ConfigureLogging = logging => logging.SetMinimumLevel(LogLevel.Warning) });
        await mutual.StartAsync();
        running.Add(mutual);
        urls["ledger-mtls"] = EidServer.Address(mutual);
        bodies["code-mtls"] = await IssueAsync(mutual);

        EchoBase.Replies = [new byte[plainSize], new byte[plainSize]];
        await Console.Out.WriteLineAsync(JsonSerializer.Serialize(new HotAddresses(urls, bodies, plainSize)));
        while (await Console.In.ReadLineAsync() is { } line && line != "quit")
        {
            if (line.Split(' ') is ["echo", var index, var size])
            {
                EchoBase.Replies[int.Parse(index)] = new byte[int.Parse(size)];
            }

            await Console.Out.WriteLineAsync(line == "allocated" ? GC.GetTotalAllocatedBytes(precise: true).ToString() : "done");
        }

        foreach (var app in running)
        {
            await app.DisposeAsync();
        }
    }

    private static async Task<WebApplication> StartEchoAsync(string certificates, bool secure, bool withClientCertificate = false)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen =>
        {
            kestrel.AddServerHeader = false;
            listen.Protocols = HttpProtocols.Http2;
            if (secure)
            {
                listen.UseHttps(X509Certificate2.CreateFromPemFile(Path.Combine(certificates, "server.crt"), Path.Combine(certificates, "server.key")), https =>
                {
                    https.ClientCertificateMode = withClientCertificate ? ClientCertificateMode.RequireCertificate : ClientCertificateMode.NoCertificate;
                    https.AllowAnyClientCertificate();
                });
            }
        }));
        var app = builder.Build();
        app.MapGrpcService<EchoService>();
        await app.StartAsync();
        return app;
    }

    private static async Task<string> IssueAsync(WebApplication app)
    {
        var code = "";
        var row = BenchRows.Inputs(BenchRows.Load(null).Take(1).ToArray())[0];
        await app.Services.GetRequiredService<Issuer>().IssueAsync(new IssueCommand("bench", RequestId.Parse("bench-request-00000001"), row, (set, _) =>
        {
            code = set.LicenseCode;
            return set.Manifest;
        }), CancellationToken.None);
        return code;
    }

    // The tax bureau's quota is not what is measured.
    private static void AllowMuch(string file)
    {
        var callers = JsonNode.Parse(File.ReadAllText(file))!;
        foreach (var caller in callers["callers"]!.AsArray())
        {
            caller!["quota"] = new JsonObject { ["calls_per_second"] = 1_000_000, ["burst"] = 1_000_000 };
        }

        File.WriteAllText(file, callers.ToJsonString());
    }

    // Twice: the second time the answer is at hand. It must be the right one, or everything measured would be worthless.
    private static async Task<int> AskAsync(Uri url, string certificates, string code)
    {
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(Path.Combine(certificates, "tls-ca.crt")) },
        };
        using var channel = GrpcChannel.ForAddress(url, new GrpcChannelOptions { HttpHandler = handler });
        var client = new VerificationService.VerificationServiceClient(channel);
        Verification? answer = null;
        for (var i = 0; i < 3; i++)
        {
            answer = await client.VerifyCodeAsync(new VerifyCodeRequest { Code = code, Purpose = Purpose });
            if (answer.Verdict != Verification.Types.Verdict.Valid || answer.License.Enterprise.Name.Length == 0 || answer.StatusAsOfTime is null)
            {
                throw new InvalidOperationException($"{url} answers {answer.Verdict}");
            }
        }

        return answer!.CalculateSize();
    }

    private static byte[] Frame(byte[] message) =>
        [0, (byte)(message.Length >> 24), (byte)(message.Length >> 16), (byte)(message.Length >> 8), (byte)message.Length, .. message];
}
