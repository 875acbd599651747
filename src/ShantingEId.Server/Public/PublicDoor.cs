using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Issuing;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Hot;
using ShantingEId.Server.Neighbours;
using ShantingEId.Server.Publishing;
using ShantingEId.Server.Storage;

namespace ShantingEId.Server.Public;

/// <summary>
/// The public door: a port of its own for anybody who scans a code, without a certificate. What comes in there reaches the public pages and nothing else,
/// and what comes in at the other port never reaches them: a connection carries through which door it came.
/// </summary>
internal static class PublicDoor
{
    /// <summary>The public as it stands in ledger and receipts; no registered caller's name begins so.</summary>
    public const string CallerName = "#public";

    /// <summary>The purpose under which the public sees a licence; what it grants is the deployment's to say.</summary>
    public const string Purpose = "PUBLIC_SCAN";

    private const string Mark = "eid-public";

    /// <summary>The public as a caller. Its look-ups are limited by where they come from, not all together: one who tries codes would else shut everybody out.</summary>
    public static Caller Caller { get; } = new(CallerName, "公众", CallerRole.HolderApp, [], [], [Purpose],
        Quota: new Quota(Quota.Highest, Quota.Highest, Quota.Highest, 1));

    /// <summary>Adds what the pages need.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.PurposeNotGranted"/>: the deployment does not say what the public may see.</exception>
    public static void Add(IServiceCollection services, EidServerOptions options, CallerDirectory callers, IssuingAuthority authority, SqlStore store, PackMaker? maker)
    {
        if (maker is not null)
        {
            if (!callers.HasPurpose(Purpose))
            {
                throw new EidException(ErrorReason.PurposeNotGranted, $"开放公众端口，{CallerDirectory.FileName} 应登记用证事由 {Purpose}，写明公众可以看到的事项");
            }

            services.AddSingleton<AddressPace>();
            services.AddSingleton<PublicSite>();
            services.AddSingleton<ScanApp>();
            services.AddSingleton<PresentSite>();

            // Status lists and packs, signed by a key that the service does not need but for them.
            services.AddSingleton(provider => new StatusBoard(store, provider.GetRequiredService<RegisterClock>()));
            services.AddSingleton(provider => new StatusDesk(provider.GetRequiredService<StatusBoard>(), provider.GetRequiredService<FeedFollower>(), authority, maker.Signer, provider.GetRequiredService<RegisterClock>(), options));
            services.AddSingleton(provider => new PackShelf(provider.GetRequiredService<StatusBoard>(), store, maker, provider.GetService<NeighbourDirectory>(), provider.GetRequiredService<RegisterClock>(), options));
            services.AddSingleton<StatusSite>();
        }
    }

    /// <summary>Opens the port. In development it speaks plain HTTP on this machine alone, so that any browser opens the page; else TLS.</summary>
    public static void Listen(KestrelServerOptions kestrel, EidServerOptions options, Action<ListenOptions> useTls)
    {
        if (options.PublicPort is not { } port)
        {
            return;
        }

        kestrel.Listen(options.IsProduction ? IPAddress.Any : IPAddress.Loopback, port, listen =>
        {
            listen.Protocols = options.IsProduction ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http1;
            if (options.IsProduction)
            {
                useTls(listen);
            }

            listen.Use(next => connection =>
            {
                connection.Items[Mark] = Mark;
                return next(connection);
            });
        });
    }

    /// <summary>Leads what came through the public door to the pages; stands before everything else.</summary>
    public static void Map(WebApplication app)
    {
        var (site, lists, scan, present) = (app.Services.GetService<PublicSite>(), app.Services.GetService<StatusSite>(), app.Services.GetService<ScanApp>(), app.Services.GetService<PresentSite>());
        if (app.Services.GetRequiredService<EidServerOptions>().PublicGateways is { Count: > 0 } gateways)
        {
            app.UseWhen(IsPublic, branch => branch.UseForwardedHeaders(Behind(gateways)));
        }

        app.Use((context, next) => site is not null && IsPublic(context) ? AnswerAsync(context, site, lists!, scan!, present!) : next(context));
    }

    private static bool IsPublic(HttpContext context) => context.Features.Get<IConnectionItemsFeature>()?.Items.ContainsKey(Mark) == true;

    // Whom each gateway says it asks for, from the nearest back to the first that is none of them: what stands before that anybody may have written.
    private static ForwardedHeadersOptions Behind(IReadOnlyList<IPAddress> gateways)
    {
        var trusted = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor, ForwardLimit = null };
        trusted.KnownProxies.Clear();
        trusted.KnownIPNetworks.Clear();
        foreach (var gateway in gateways)
        {
            trusted.KnownProxies.Add(gateway);
        }

        return trusted;
    }

    private static async Task AnswerAsync(HttpContext context, PublicSite site, StatusSite lists, ScanApp scan, PresentSite present)
    {
        if (!await lists.TryAnswerAsync(context) && !await scan.TryAnswerAsync(context) && !await present.TryAnswerAsync(context))
        {
            await site.AnswerAsync(context);
        }
    }
}
