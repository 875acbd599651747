using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ShantingEId.Server.Authority;
using ShantingEId.TimeStamps;

namespace ShantingEId.Server;

/// <summary>
/// A time stamp service for development (RFC 3161 §3.4): on this machine only, with the development folder's key, by this machine's
/// clock. Production asks a licensed one.
/// </summary>
public static class DevTimeStamps
{
    private const int MaxRequest = 16 * 1024;

    /// <summary>Builds the service; the caller starts it.</summary>
    /// <param name="certificates">A folder of <see cref="DevCertificates"/>.</param>
    /// <param name="port">Port on 127.0.0.1; 0 for a free one.</param>
    /// <param name="clock">The time that is stamped.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>: not a development folder, or its key is missing.</exception>
    public static WebApplication Build(string certificates, int port, TimeProvider clock)
    {
        var key = AuthorityFiles.OpenKey(certificates, AuthorityFiles.TimeStamper, clock.GetUtcNow());
        if (!AuthorityFiles.ReadCertificate(certificates, AuthorityFiles.Root).Subject.Contains("开发", StringComparison.Ordinal))
        {
            throw new EidException(ErrorReason.SigningKeyUnusable, "开发用时间戳服务只使用 eid dev-certs 生成的密钥");
        }

        var authority = new TimeStampAuthority(key, clock);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.Limits.MaxRequestBodySize = MaxRequest;
            kestrel.AddServerHeader = false;
        });
        var app = builder.Build();
        app.MapPost("/", async (HttpRequest request, CancellationToken cancel) =>
        {
            if (request.ContentType != "application/timestamp-query")
            {
                return Results.StatusCode(StatusCodes.Status415UnsupportedMediaType);
            }

            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body, cancel);
            return Results.Bytes(authority.Respond(body.ToArray()), "application/timestamp-reply");
        });
        return app;
    }
}
