using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using ShantingEId.Documents;
using ShantingEId.Issuing;
using ShantingEId.Presenting;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Rpc;
using ShantingEId.V1;
using ProtoMask = Google.Protobuf.WellKnownTypes.FieldMask;

namespace ShantingEId.Server.Public;

/// <summary>
/// 亮码页, <c>/present</c>: where a device without an app of its own shows live codes. The app gives it the session's secret in the fragment of the
/// address; with it the page asks here for codes and what became of them. That secret is the one right there is at this door, so every request
/// carries it in a header, which no page of others can send.
/// </summary>
internal sealed partial class PresentSite(PresentationDesk desk, HolderWire wire, CallerDirectory callers, AddressPace pace, IssuingAuthority authority, RegisterClock clock, EidServerOptions options, ILogger<PresentSite> log)
{
    private const string Path = "/present";
    private const string Bearer = "Bearer ";
    private const int MaxBody = 4096;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly Dictionary<string, (string Type, byte[] Bytes)> Files = new()
    {
        [Path + "/present.js"] = ("text/javascript; charset=utf-8", Read("present.js")), [Path + "/present.css"] = ("text/css; charset=utf-8", Read("present.css")),
    };

    private readonly PresentPage page = new(authority.Name);

    private sealed record CodeRequest(string RequestId, string[] Scope, string Purpose, string Audience, bool English);

    private sealed record StateRequest(string Name);

    private sealed record CodeAnswer(string Name, string Company, string CreditCode, string[] Scope, string Purpose, string Audience, string Path, int Side, double Left, double Life);

    private sealed record StateAnswer(string State, string By, string Purpose, string Time);

    private sealed record Refusal(string Reason, string Message);

    /// <summary>Answers what is asked below <c>/present</c>; false for everything else.</summary>
    public async Task<bool> TryAnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        var isRead = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        if (path == Path && isRead)
        {
            var words = PageWords.Of(context.Request);
            context.Response.Headers.ContentLanguage = words.Language;
            await WriteAsync(context, StatusCodes.Status200OK, "text/html; charset=utf-8", System.Text.Encoding.UTF8.GetBytes(page.Html(words)));
        }
        else if (Files.TryGetValue(path, out var file) && isRead)
        {
            await WriteAsync(context, StatusCodes.Status200OK, file.Type, file.Bytes);
        }
        else if (path is Path + "/codes" or Path + "/state" && HttpMethods.IsPost(context.Request.Method))
        {
            await AskAsync(context, path);
        }
        else
        {
            return false;
        }

        return true;
    }

    private async Task AskAsync(HttpContext context, string path)
    {
        var (status, answer) = await AnswerAsync(context, path);
        await WriteAsync(context, status, "application/json; charset=utf-8", JsonSerializer.SerializeToUtf8Bytes(answer, answer.GetType(), Json));
    }

    private async Task<(int Status, object Answer)> AnswerAsync(HttpContext context, string path)
    {
        var from = context.Connection.RemoteIpAddress;
        try
        {
            // 1. Not too often from one place, and in the one form that the page has: another site's form cannot send it. Who shows a code looks every other
            // second what became of it: that leaves the others behind the same address their pages.
            if (path == Path + "/state")
            {
                pace.TakeLook(from);
            }
            else
            {
                pace.Take(from);
            }

            var header = context.Request.Headers.Authorization.ToString();
            if (!context.Request.HasJsonContentType() || !header.StartsWith(Bearer, StringComparison.Ordinal))
            {
                throw new EidException(ErrorReason.HolderProofRequired, "没有设备会话；请从企业应用中打开本页");
            }

            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            {
                limit.MaxRequestBodySize = MaxBody;
            }

            // 2. What the session may.
            var secret = header[Bearer.Length..];
            return (StatusCodes.Status200OK, path == Path + "/codes" ? await CodeAsync(context, secret) : await StateAsync(context, secret));
        }
        catch (EidException error)
        {
            if (error.Reason is ErrorReason.HolderProofRequired or ErrorReason.PresentationNotFound)
            {
                pace.CountMiss(from);
            }

            if (error.Reason.Kind() is ErrorKind.Internal or ErrorKind.Unavailable)
            {
                NoAnswer(error);
            }

            AddressPace.TellWait(context.Response, error);
            return (StatusOf(error.Reason.Kind()), new Refusal(error.Reason.WireName(), error.Message));
        }
        catch (Exception error) when (error is JsonException or BadHttpRequestException)
        {
            return (StatusCodes.Status400BadRequest, new Refusal(ErrorReason.MalformedRequest.WireName(), "请求无法识别"));
        }
    }

    private async Task<CodeAnswer> CodeAsync(HttpContext context, string secret)
    {
        var asked = await ReadAsync<CodeRequest>(context);
        var request = new CreatePresentationRequest { RequestId = asked.RequestId, Secret = secret, Scope = new ProtoMask { Paths = { asked.Scope } }, Audience = asked.Audience, PurposeText = asked.Purpose };
        var (made, license) = await desk.CreateAsync(wire.ToCommand(request, app: null), context.RequestAborted);
        var symbol = CodeSymbol.Create(made.Text);
        return new CodeAnswer("presentations/" + made.Code.Id.Value, license.Facts.Name, made.Code.Holder.Value, [.. FieldMask.NamesOf(made.Code.Scope).Select(name => PresentPage.FieldName(name, asked.English))],
            made.Purpose, callers.TitleOf(made.Code.Audience), symbol.ToPath(), symbol.Side, Math.Max(0, (made.ExpireTime - clock.GetUtcNow()).TotalSeconds), (made.Code.ExpireTime - made.Code.IssueTime).TotalSeconds);
    }

    private async Task<StateAnswer> StateAsync(HttpContext context, string secret)
    {
        var found = await desk.FindAsync(app: null, secret, HolderWire.ParseName((await ReadAsync<StateRequest>(context)).Name), context.RequestAborted);
        var state = wire.StateOf(found).ToString().ToUpperInvariant();
        return found.Seen is not { } seen ? new StateAnswer(state, "", "", "")
            : new StateAnswer(state, callers.TitleOf(seen.By), callers.TitleOfPurpose(seen.Purpose), seen.Time.ToOffset(TimeSpan.FromHours(8)).ToString("HH:mm:ss", CultureInfo.InvariantCulture));
    }

    private static async Task<T> ReadAsync<T>(HttpContext context) => await JsonSerializer.DeserializeAsync<T>(context.Request.Body, Json, context.RequestAborted) ?? throw new JsonException("null");

    private async Task WriteAsync(HttpContext context, int status, string type, byte[] bytes)
    {
        var response = context.Response;
        (response.StatusCode, response.ContentType, response.ContentLength) = (status, type, bytes.Length);
        // Nothing of others, nowhere to be framed, and no page outlives its moment in a cache.
        response.Headers.ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
        response.Headers.CacheControl = "no-store";
        if (options.IsProduction)
        {
            response.Headers.StrictTransportSecurity = "max-age=31536000";
        }

        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(bytes, context.RequestAborted);
        }
    }

    private static int StatusOf(ErrorKind kind) => kind switch
    {
        ErrorKind.PermissionDenied => StatusCodes.Status403Forbidden,
        ErrorKind.NotFound => StatusCodes.Status404NotFound,
        ErrorKind.FailedPrecondition => StatusCodes.Status409Conflict,
        ErrorKind.ResourceExhausted => StatusCodes.Status429TooManyRequests,
        ErrorKind.InvalidArgument => StatusCodes.Status400BadRequest,
        _ => StatusCodes.Status503ServiceUnavailable,
    };

    private static byte[] Read(string name)
    {
        using var stream = typeof(PresentSite).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException(name + " is not embedded");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    [LoggerMessage(EventName = "PresentNoAnswer", Level = LogLevel.Warning, Message = "A device could not be given a live code")]
    private partial void NoAnswer(EidException error);
}
