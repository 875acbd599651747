using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;
using ShantingEId.Server.Public;
using ShantingEId.StatusLists;

namespace ShantingEId.Server.Publishing;

/// <summary>
/// What any cache may keep and anybody may fetch behind the public door: <c>/status/{list}</c>, <c>/pack/latest</c>,
/// <c>/pack/{n}/delta</c>. All of it is signed; nothing says who asked about whom.
/// </summary>
internal sealed partial class StatusSite(StatusDesk desk, PackShelf shelf, AddressPace pace, EidServerOptions options, ILogger<StatusSite> log)
{
    // What a delta to the newest pack is today is another one tomorrow.
    private static readonly TimeSpan PackAge = TimeSpan.FromMinutes(5);

    /// <summary>Answers a request of these paths; false leaves it to the pages.</summary>
    public async Task<bool> TryAnswerAsync(HttpContext context)
    {
        var parts = (context.Request.Path.Value ?? "").Split('/');
        switch (parts)
        {
            case ["", "status", var list]:
                await AnswerAsync(context, pace.TakeList, StatusToken.MediaType, options.StatusTtl, async cancel => TryNumber(list, out var number) && number <= int.MaxValue ? await desk.TokenAsync((int)number, cancel) : null);
                return true;
            case ["", "pack", "latest"]:
                await AnswerAsync(context, pace.TakePack, StatusPack.MediaType, PackAge, async cancel => await shelf.LatestAsync(cancel));
                return true;
            case ["", "pack", var from, "delta"]:
                await AnswerAsync(context, pace.TakePack, PackDelta.MediaType, PackAge, async cancel => TryNumber(from, out var number) ? await shelf.DeltaAsync(number, cancel) : null);
                return true;
            default:
                return false;
        }
    }

    // One spelling of a number, so that no cache keeps a list under many addresses.
    private static bool TryNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number.ToString(CultureInfo.InvariantCulture) == text;

    private async Task AnswerAsync(HttpContext context, Action<IPAddress?> take, string type, TimeSpan age, Func<CancellationToken, Task<Published?>> make)
    {
        var (request, response) = (context.Request, context.Response);
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        Published? published;
        try
        {
            take(context.Connection.RemoteIpAddress);
            published = await make(context.RequestAborted);
        }
        catch (EidException error) when (error.Reason == ErrorReason.RateLimited)
        {
            response.StatusCode = StatusCodes.Status429TooManyRequests;
            AddressPace.TellWait(response, error);
            return;
        }
        catch (EidException error)
        {
            // Old bytes are still signed and say how old they are: who has a copy goes on with it as long as it lasts.
            NotMade(error);
            response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        if (published is null)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        response.Headers.CacheControl = string.Create(CultureInfo.InvariantCulture, $"public, max-age={(long)age.TotalSeconds}");
        response.Headers.ETag = published.Tag;
        response.Headers.AccessControlAllowOrigin = "*"; // Public and signed; pages of others may judge by it.
        if (request.GetTypedHeaders().IfNoneMatch.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Tag == published.Tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = type;
        response.ContentLength = published.Bytes.Length;
        if (!HttpMethods.IsHead(request.Method))
        {
            await response.Body.WriteAsync(published.Bytes, context.RequestAborted);
        }
    }

    [LoggerMessage(EventName = "StatusNotMade", Level = LogLevel.Warning, Message = "A status list or pack could not be made")]
    private partial void NotMade(EidException error);
}
