using System.Net;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ShantingEId.Client;
using ShantingEId.Server.Rpc;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests.Sdk;

/// <summary>
/// A service that does what a test tells it to, also what no service of ours would: over real TLS and HTTP/2, with the certificates of
/// a deployment. What the SDK must bear is done to it here.
/// </summary>
public sealed class ScriptedService(string certificates) : IAsyncDisposable
{
    private WebApplication? app;
    private int port;

    /// <summary>What VerifyCode does; the number of the call is given, from 1.</summary>
    public Func<VerifyCodeRequest, ServerCallContext, int, Task<Verification>> Verify { get; set; } = (_, _, _) => Task.FromResult(Valid());

    public Func<AskQuestionsRequest, AskQuestionsResponse> Ask { get; set; } = _ => new AskQuestionsResponse();

    public Func<IAsyncStreamReader<VerifyCodesRequest>, IServerStreamWriter<VerifyCodesResponse>, ServerCallContext, Task> Batch { get; set; } = (_, _, _) => Task.CompletedTask;

    public Func<WatchChangesRequest, IServerStreamWriter<WatchChangesResponse>, ServerCallContext, int, Task> Watch { get; set; } = (_, _, _, _) => Task.CompletedTask;

    public Func<IssueSetRequest, int, Task<IssuedSet>> Issue { get; set; } = (_, _) => Task.FromResult(new IssuedSet());

    public Func<RevokeSetRequest, int, Task<IssuedSet>> Revoke { get; set; } = (_, _) => Task.FromResult(new IssuedSet());

    public Func<ListLookupsRequest, ListLookupsResponse> Lookups { get; set; } = _ => new ListLookupsResponse();

    /// <summary>How often any method was called.</summary>
    public int Calls { get; private set; }

    public Uri Address => new UriBuilder("https", "localhost", port).Uri;

    public static Verification Valid() => new()
    {
        Verdict = Verification.Types.Verdict.Valid, Explanation = "执照真实，登记在册，当前有效。",
        StatusAsOfTime = TimeProvider.System.GetUtcNow().ToTimestamp(),
    };

    /// <summary>An error as our server sends it.</summary>
    public static RpcException Error(ErrorReason reason, TimeSpan? retryAfter = null) => Status(reason, retryAfter).ToRpcException();

    /// <summary>The same as an item of a batch carries it.</summary>
    public static Google.Rpc.Status Status(ErrorReason reason, TimeSpan? retryAfter = null) => ErrorWire.ToStatus(new EidException(reason, "样例错误")
    {
        RetryAfter = retryAfter, Metadata = new Dictionary<string, string> { ["caller"] = "tax-bureau", ["quota"] = "calls_per_second" },
    });

    public EidClientOptions Options(string caller = "tax-bureau") => new()
    {
        Address = Address, Certificate = EidCertificate.FromFolder(certificates, caller), Purpose = "TAX_REGISTRATION", Timeout = TimeSpan.FromSeconds(10),
    };

    public async Task<ScriptedService> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(this);
        builder.Services.AddGrpc();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(X509Certificate2.CreateFromPemFile(Path.Combine(certificates, "server.crt"), Path.Combine(certificates, "server.key")));
        }));
        app = builder.Build();
        app.MapGrpcService<VerificationSide>();
        app.MapGrpcService<ChangeSide>();
        app.MapGrpcService<IssuanceSide>();
        await app.StartAsync();
        port = EidServer.Address(app).Port;
        return this;
    }

    /// <summary>Gone without waiting for anybody; the port stays ours.</summary>
    public async Task CrashAsync()
    {
        using var atOnce = new CancellationTokenSource(TimeSpan.Zero);
        await app!.StopAsync(atOnce.Token);
        await app.DisposeAsync();
        app = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
        {
            await CrashAsync();
        }
    }

    private sealed class VerificationSide(ScriptedService script) : VerificationService.VerificationServiceBase
    {
        public override Task<Verification> VerifyCode(VerifyCodeRequest request, ServerCallContext context) => script.Verify(request, context, ++script.Calls);

        public override Task<AskQuestionsResponse> AskQuestions(AskQuestionsRequest request, ServerCallContext context) => Task.FromResult(script.Ask(request));

        public override Task VerifyCodes(IAsyncStreamReader<VerifyCodesRequest> requestStream, IServerStreamWriter<VerifyCodesResponse> responseStream, ServerCallContext context)
        {
            script.Calls++;
            return script.Batch(requestStream, responseStream, context);
        }

        public override Task<ListLookupsResponse> ListLookups(ListLookupsRequest request, ServerCallContext context) => Task.FromResult(script.Lookups(request));
    }

    private sealed class ChangeSide(ScriptedService script) : ChangeService.ChangeServiceBase
    {
        public override Task WatchChanges(WatchChangesRequest request, IServerStreamWriter<WatchChangesResponse> responseStream, ServerCallContext context) =>
            script.Watch(request, responseStream, context, ++script.Calls);
    }

    private sealed class IssuanceSide(ScriptedService script) : IssuanceService.IssuanceServiceBase
    {
        public override Task<IssuedSet> IssueSet(IssueSetRequest request, ServerCallContext context) => script.Issue(request, ++script.Calls);

        public override Task<IssuedSet> RevokeSet(RevokeSetRequest request, ServerCallContext context) => script.Revoke(request, ++script.Calls);
    }
}

/// <summary>A test of a loop that may never end fails instead of hanging.</summary>
internal static class Patience
{
    public static CancellationToken OneMinute() =>
        CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken, new CancellationTokenSource(TimeSpan.FromMinutes(1)).Token).Token;
}

/// <summary>A fresh set of development certificates.</summary>
public sealed class CertificatesFixture : IDisposable
{
    public CertificatesFixture() => DevCertificates.Create(Folder, TimeProvider.System);

    public string Folder { get; } = Directory.CreateTempSubdirectory("eid-certs-").FullName;

    public Task<ScriptedService> StartAsync() => new ScriptedService(Folder).StartAsync();

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
