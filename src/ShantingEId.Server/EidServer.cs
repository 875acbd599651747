using System.Security.Cryptography.X509Certificates;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ShantingEId.Calendar;
using ShantingEId.Companies;
using ShantingEId.Deregistering;
using ShantingEId.Documents;
using ShantingEId.Issuing;
using ShantingEId.Server.Approvals;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Edge;
using ShantingEId.Server.Hot;
using ShantingEId.Server.Ledger;
using ShantingEId.Server.Neighbours;
using ShantingEId.Server.Public;
using ShantingEId.Server.Publishing;
using ShantingEId.Server.Rpc;
using ShantingEId.Server.Storage;
using ShantingEId.Server.Telemetry;
using ShantingEId.Trades;
using ShantingEId.Verifying;

namespace ShantingEId.Server;

/// <summary>Puts the server together; read it as the list of what runs.</summary>
public static class EidServer
{
    /// <summary>Size of the largest request, of a message in gRPC and of a body in JSON, of methods that take no document.</summary>
    internal const int MaxMessageBytes = 64 * 1024;

    // A full set: four seals with pictures.
    private const int MaxSetBytes = 1024 * 1024;
    // A document comes back with seals in it.
    private const int MaxDocumentAnswer = 9 * 1024 * 1024;

    /// <summary>Builds a server that is ready to start; refuses to on bad configuration.</summary>
    /// <exception cref="EidException">Keys, callers or register are not usable; the text says which.</exception>
    public static WebApplication Build(EidServerOptions options)
    {
        if (options.IsProduction && options.Synchronous != "FULL")
        {
            throw new EidException(ErrorReason.StoreUnavailable, "生产环境只接受 synchronous=FULL");
        }

        if (options.IsProduction && !options.Ledger)
        {
            throw new EidException(ErrorReason.AuditUnavailable, "生产环境不得关闭查询账本");
        }

        if (options.IsProduction && (options.FixedCaller is not null || options.PlainText))
        {
            throw new EidException(ErrorReason.AccessDenied, "生产环境不接受免证书或不加密的连接");
        }

        // 1. Everything that can be wrong is found before a port is opened.
        var now = options.Clock.GetUtcNow();
        var authority = AuthorityFiles.Load(options.CertificatesDirectory, options.IsProduction, now);
        var keys = authority.BuildKeyRing(now);
        var callers = CallerDirectory.Load(Path.Combine(options.CertificatesDirectory, CallerDirectory.FileName));
        NeighbourDirectory.Check(options, authority);
        var artist = new SealArtist(SealFonts.LoadDefault());
        var documents = DocumentWiring.Load(options, authority, now);
        var packs = options.PublicPort is null ? null : PackMaker.Load(options, authority, documents.List);
        var calendar = LoadCalendar(options);
        var trades = LoadTrades(options);
        if (options.IsProduction && options.JournalDirectory is null)
        {
            throw new EidException(ErrorReason.RegisterOutdated, "生产环境须用 --journal 指明登记日志的目录（各副本共用，与登记簿不在同一块磁盘）");
        }

        Directory.CreateDirectory(options.DataDirectory);
        var clock = new RegisterClock(options.Clock);
        var (store, feed) = Register.Open(options with { Clock = clock }, authority.StatusSecret);
        var lists = new ApprovedLists(options, authority, store);
        if (options.IsProduction)
        {
            RequireApproved(options, authority, callers, store, feed, () => documents.List?.RequireApproval(list => lists.Require(Deployment.TrustList, list)));
        }

        // 2. Services.
        var builder = WebApplication.CreateSlimBuilder();
        var services = builder.Services;
        services.AddSingleton(options);
        services.AddSingleton(options.Clock);
        services.AddSingleton(clock);
        services.AddSingleton(authority);
        services.AddSingleton(callers);
        services.AddSingleton(lists);
        services.AddSingleton<ILicenseStore>(_ => store); // Given by a function, it is closed with the server, after all that use it.
        services.AddSingleton<ICompanyStore>(store);
        services.AddSingleton<ILookupLog>(store); // Not so again: it would be closed before the feed, which still listens then.
        services.AddSingleton<IChangeFeed>(_ => feed);
        services.AddSingleton<RecentChanges>();
        services.AddSingleton<FeedFollower>();
        services.AddHostedService(provider => provider.GetRequiredService<FeedFollower>());
        if (options.Redis is { } redis)
        {
            services.AddSingleton(provider => RedisTier.Open(redis, authority, options.Clock, provider.GetRequiredService<ILogger<RedisTier>>()));
        }

        services.AddSingleton(provider => new HotLookup(provider.GetRequiredService<ILicenseStore>(), provider.GetRequiredService<FeedFollower>(),
            provider.GetRequiredService<RecentChanges>(), provider.GetService<RedisTier>(), provider.GetRequiredService<RegisterClock>(), options));
        services.AddSingleton<HotAnswers>();
        services.AddSingleton<FastLane>();
        services.AddSingleton(provider => new Verifier(keys, authority.CodePrefix, authority.Environment, provider.GetRequiredService<HotLookup>(), provider.GetRequiredService<RegisterClock>()));
        services.AddSingleton(provider => new SetMaker(authority, provider.GetRequiredService<ILicenseStore>(), artist.Draw, provider.GetRequiredService<Verifier>()));
        services.AddSingleton<Issuer>();
        services.AddSingleton<RegistrationChanger>();
        services.AddSingleton<ChangeWithdrawer>();
        services.AddSingleton<StateChanger>();
        services.AddSingleton(trades);
        services.AddSingleton<TradeIssuer>();
        services.AddSingleton<PermitChanger>();
        services.AddSingleton(calendar);
        services.AddSingleton<IDeregistrationStore>(_ => store);
        services.AddSingleton(provider => new DeregistrationDesk(provider.GetRequiredService<ILicenseStore>(), store, provider.GetRequiredService<IChangeFeed>(), calendar,
            options.Deregistration, authority.Name, provider.GetRequiredService<RegisterClock>()));
        services.AddSingleton<DeregistrationWire>();
        services.AddSingleton<DueDeregistrations>();
        services.AddHostedService(provider => provider.GetRequiredService<DueDeregistrations>());
        NeighbourDirectory.Add(services, options);
        services.AddSingleton<LookupDesk>();
        services.AddSingleton<VerifyBatch>();
        services.AddSingleton<LookupList>();
        services.AddSingleton<TimelineWire>();
        services.AddSingleton<FeedNotice>();
        CaseWiring.Add(services, options, callers, store);
        IncidentWiring.Add(services, options, store);
        documents.Add(services, store);
        SealWiring.Add(services, options, authority, store);
        HolderWiring.Add(services, options, authority, store);
        if (options.Ledger)
        {
            LedgerWiring.Add(services, options, authority);
        }

        PublicDoor.Add(services, options, callers, authority, store, packs);
        services.AddSingleton(new CallerQuotas([.. callers.All, PublicDoor.Caller], options.Clock, unlimited: options.FixedCaller is not null));
        services.AddSingleton(new CallerAuthenticator(callers, TlsFile(options, "tls-ca.crt"), options.Clock, options.FixedCaller));
        services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = MaxMessageBytes;
            grpc.MaxSendMessageSize = MaxSetBytes;
            grpc.Interceptors.Add<ErrorInterceptor>();
        }).AddServiceOptions<SealRpc>(seals =>
        {
            seals.MaxReceiveMessageSize = MethodRule.MaxRequestBytesOf(V1.SealService.Descriptor); // The gate keeps its other methods to theirs.
            seals.MaxSendMessageSize = MaxDocumentAnswer;
        }).AddJsonTranscoding(json =>
        {
            json.TypeRegistry = ErrorWire.Details;
            json.JsonSettings.WriteInt64sAsStrings = true;
            json.JsonSettings.IgnoreDefaultValues = true; // What a purpose does not grant is not there, rather than there and empty.
        });
        services.Configure<GrpcServiceOptions<DocumentRpc>>(grpc =>
        {
            grpc.MaxReceiveMessageSize = MethodRule.MaxRequestBytesOf(V1.DocumentService.Descriptor);
            grpc.MaxSendMessageSize = 8 * MaxSetBytes; // a 正本 as picture
        });
        services.AddGrpcReflection();
        HealthWiring.Add(services, options);
        TelemetryWiring.Add(services, options);
        // Calls that were accepted may finish; an import of hours ends at its next row (IssuanceRpc), and nothing keeps the process.
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(8));
        // Only PostConfigure takes the built-in compression out; clearing the list in AddGrpc does nothing.
        services.PostConfigure<GrpcServiceOptions>(grpc => grpc.CompressionProviders.Clear());

        // 3. One endpoint: mutual TLS; HTTP/2 for gRPC, and HTTP/1.1 beside it for JSON and gRPC-Web.
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            X509Certificate2 OwnCertificate() => X509Certificate2.CreateFromPemFile(
                Path.Combine(options.CertificatesDirectory, "server.crt"), Path.Combine(options.CertificatesDirectory, "server.key"));
            PublicDoor.Listen(kestrel, options, listen => listen.UseHttps(OwnCertificate()));
            void Listen(ListenOptions listen)
            {
                listen.Protocols = options.PlainText ? HttpProtocols.Http2 : HttpProtocols.Http1AndHttp2;
                if (options.PlainText)
                {
                    return;
                }

                listen.UseHttps(https =>
                {
                    https.ServerCertificate = OwnCertificate();
                    https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                    // The gate judges the certificate, so that a refusal is a gRPC answer with a reason and not a broken handshake.
                    https.AllowAnyClientCertificate();
                });
            }

            if (options.IsProduction)
            {
                kestrel.ListenAnyIP(options.Port, Listen);
            }
            else
            {
                kestrel.Listen(System.Net.IPAddress.Loopback, options.Port, Listen);
            }
        });
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        // While anything of this category may be logged, the framework makes a span and a scope for every call; ours are in CallWatch.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        // The framework logs callers' mistakes with stack traces; faults of ours are logged by the interceptor.
        builder.Logging.AddFilter("Grpc", LogLevel.None);
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None); // HealthNotice says it once.
        options.ConfigureLogging?.Invoke(builder.Logging);

        // 4. The path of a call: gRPC-Web unwrapped, the gate, then the method.
        var app = builder.Build();
        app.Services.GetRequiredService<ILicenseStore>();
        app.Services.GetService<LookupLedger>();
        app.Services.GetService<NeighbourDirectory>(); // What is in force is settled now, not with the first call.
        documents.TellRefusals(app.Services.GetRequiredService<ILogger<DocumentDesk>>());
        PublicDoor.Map(app);
        app.UseRouting();
        GrpcWebCall.Unwrap(app);
        app.UseMiddleware<CallerGate>();
        JsonShape.AddRules(app.MapGrpcService<IssuanceRpc>());
        JsonShape.AddRules(app.MapGrpcService<VerificationRpc>());
        JsonShape.AddRules(app.MapGrpcService<ChangeRpc>());
        JsonShape.AddRules(app.MapGrpcService<DeregistrationRpc>());
        JsonShape.AddRules(app.MapGrpcService<CaseRpc>());
        JsonShape.AddRules(app.MapGrpcService<TradeRpc>());
        JsonShape.AddRules(app.MapGrpcService<RegisterRpc>());
        JsonShape.AddRules(app.MapGrpcService<IncidentRpc>());
        JsonShape.AddRules(app.MapGrpcService<DocumentRpc>());
        JsonShape.AddRules(app.MapGrpcService<SealRpc>());
        JsonShape.AddRules(app.MapGrpcService<HolderRpc>());
        HealthWiring.Map(app);
        OpenApi.Map(app, options.IsProduction);
        if (!options.IsProduction)
        {
            JsonShape.AddOpenRules(app.MapGrpcReflectionService(), CallerAccess.Registered);
        }

        return app;
    }

    /// <summary>Where a started server listens for callers, by the name its certificate carries.</summary>
    public static Uri Address(WebApplication app) => AddressAt(app, isPublic: false)!;

    /// <summary>Where it serves the public pages; null when it does not.</summary>
    public static Uri? PublicAddress(WebApplication app) => AddressAt(app, isPublic: true);

    // The public door is opened first.
    private static Uri? AddressAt(WebApplication app, bool isPublic)
    {
        var bound = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ToArray();
        if (isPublic && app.Services.GetService<PublicSite>() is null)
        {
            return null;
        }

        var address = new Uri((isPublic ? bound[0] : bound[^1]).Replace("[::]", "127.0.0.1", StringComparison.Ordinal).Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal));
        return new UriBuilder(address.Scheme, "localhost", address.Port).Uri;
    }

    private static void RequireApproved(EidServerOptions options, IssuingAuthority authority, CallerDirectory callers, SqlStore store, IChangeFeed feed, Action requireLists)
    {
        try
        {
            Deployment.RequireApprovedAsync(options, authority, callers, store).GetAwaiter().GetResult();
            requireLists();
        }
        catch
        {
            if (feed is IAsyncDisposable listening)
            {
                listening.DisposeAsync().AsTask().GetAwaiter().GetResult();
            }

            (feed as IDisposable)?.Dispose();
            store.Dispose();
            throw;
        }
    }

    private static WorkCalendar LoadCalendar(EidServerOptions options)
    {
        try
        {
            options.Deregistration.Require(options.IsProduction);
            return options.Holidays is { } path ? WorkCalendar.Load(path) : WorkCalendar.Announced;
        }
        catch (Exception error) when (error is FormatException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new EidException(ErrorReason.DateInvalid, $"节假日表或期限设置有误：{error.Message}", error);
        }
    }

    private static TradeCatalogue LoadTrades(EidServerOptions options)
    {
        try
        {
            return options.Trades is { } path ? TradeCatalogue.Load(path) : TradeCatalogue.BuiltIn;
        }
        catch (Exception error) when (error is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new EidException(ErrorReason.TradeUnknown, $"行业目录有误：{error.Message}", error);
        }
    }

    private static X509Certificate2 TlsFile(EidServerOptions options, string file) =>
        X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(options.CertificatesDirectory, file)));
}
