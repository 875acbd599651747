using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Rpc;

namespace ShantingEId.Server.Edge;

/// <summary>
/// What gRPC gives by itself and JSON transcoding does not: a deadline, a limit to the body, strictness about what is asked, and
/// refusals with a reason. The transcoder would pass over members it does not know, and say in English and without details
/// what it could not read.
/// </summary>
internal static class JsonDoor
{
    /// <summary>Lets a call through to its method.</summary>
    public static async Task PassAsync(HttpContext context, GatedCall call, JsonShape shape, TimeSpan time, TimeProvider clock, RequestDelegate next)
    {
        var (client, stream) = (context.RequestAborted, context.Response.Body);
        using var timer = new CancellationTokenSource(time, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(client, timer.Token);
        var most = call.Rule.MaxJsonBytes;
        var buffer = shape.HasBody ? ArrayPool<byte>.Shared.Rent((int)Math.Min(context.Request.ContentLength ?? most, most) + 1) : [];
        EidException? refusal = null;
        try
        {
            // 1. Time: the transcoder hands this token to the method.
            context.RequestAborted = either.Token;

            // 2. The request, whole and strictly read.
            if (shape.HasBody)
            {
                RequireJson(context.Request);
                var body = buffer.AsMemory(0, await ReadBodyAsync(context.Request, buffer, most, either.Token));
                StrictJson.Check(body.Span, shape);
                context.Request.Body = new MemoryStream(buffer, 0, body.Length, writable: false);
            }

            StrictJson.CheckQuery(context.Request.Query, shape);

            // 3. The method. Answers about companies are kept by nobody on the way.
            context.Response.Headers.CacheControl = "no-store";
            context.Response.Body = new HeldBody(stream, call);
            await next(context);
            refusal = call.Reached ? null : new EidException(ErrorReason.MalformedRequest, "请求的 JSON 或参数取值不符合接口定义；见 /openapi.json");
        }
        catch (EidException error)
        {
            refusal = error;
        }
        catch (Exception error) when (error is OperationCanceledException or IOException && timer.IsCancellationRequested && !call.Reached)
        {
            refusal = ErrorWire.OutOfTime();
        }
        finally
        {
            context.RequestAborted = client;
            context.Response.Body = stream;
            if (buffer.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }

        // 4. The refusal, where there is one.
        if (refusal is not null && !client.IsCancellationRequested && !context.Response.HasStarted)
        {
            call.Refused = refusal.Reason;
            await ErrorWire.WriteAsync(context, refusal);
        }
    }

    private static void RequireJson(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || (type.Charset.HasValue && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
        {
            throw new EidException(ErrorReason.ContentTypeNotSupported, "请求应为 UTF-8 的 application/json");
        }
    }

    private static async Task<int> ReadBodyAsync(HttpRequest request, byte[] buffer, int most, CancellationToken cancel)
    {
        var length = 0;
        try
        {
            while ((request.ContentLength ?? 0) <= most && length <= most)
            {
                var read = await request.Body.ReadAsync(buffer.AsMemory(length, Math.Min(buffer.Length, most + 1) - length), cancel);
                if (read == 0)
                {
                    return length;
                }

                length += read;
            }
        }
        catch (BadHttpRequestException)
        {
            throw new EidException(ErrorReason.MalformedRequest, "请求体残缺");
        }

        throw FrameworkRefusal.TooLarge(most);
    }
}
