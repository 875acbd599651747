using System.Globalization;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using ShantingEId.Server.Hot;
using ShantingEId.Server.Rpc;

namespace ShantingEId.Server.Callers;

/// <summary>
/// Stands in front of every call, before a byte of its body is parsed: who calls, whether it may, whether the wire form is
/// acceptable, how long it may take. After the call it turns the framework's own refusals (malformed bytes, too large) into
/// errors of ours; no interceptor sees those.
/// </summary>
internal sealed class CallerGate(RequestDelegate next, CallerAuthenticator authenticator, FastLane fastLane)
{
    private static readonly object CallerKey = new();
    private static readonly object ReachedKey = new();
    private static readonly TimeSpan ShortestDeadline = TimeSpan.FromMilliseconds(20);

    /// <summary>The caller of the current call.</summary>
    public static Caller CallerOf(HttpContext context) => (Caller)context.Items[CallerKey]!;

    /// <summary>Notes that the body was parsed and the method entered.</summary>
    public static void MarkReached(HttpContext context) => context.Items[ReachedKey] = true;

    /// <summary>The method is not in the caller's list.</summary>
    public static EidException NotGranted() => new(ErrorReason.AccessDenied, "贵单位未获准调用此方法");

    /// <summary>Runs the gate.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            // 1. Who.
            var caller = await authenticator.AuthenticateAsync(context);
            context.Items[CallerKey] = caller;

            // 2. May it? Unknown methods are refused like forbidden ones.
            if (!MethodRule.All.TryGetValue(context.Request.Path, out var rule) || !caller.MayCall(context.Request.Path, rule))
            {
                throw NotGranted();
            }

            // 3. Wire form: no compression (a bomb is refused unopened).
            if (context.Request.Headers["grpc-encoding"].ToString() is not ("" or "identity"))
            {
                throw new EidException(ErrorReason.CompressionNotSupported, "不接受压缩的请求（grpc-encoding 应为 identity）");
            }

            // 4. An answer at hand needs no more.
            if (context.Request.Path.Value == FastLane.Path && await fastLane.TryAnswerAsync(context, caller))
            {
                return;
            }

            // 5. Time: every call has a deadline, no longer than the method's ceiling.
            LimitDeadline(context, rule);
        }
        catch (EidException error)
        {
            ErrorWire.WriteTo(context.Response, error);
            return;
        }

        await next(context);

        // A request that is not gRPC at all has its answer in the HTTP status.
        var response = context.Response;
        if (!context.Items.ContainsKey(ReachedKey) && !response.HasStarted && response.StatusCode == StatusCodes.Status200OK
            && Enum.TryParse<StatusCode>(response.Headers["grpc-status"].ToString(), out var status) && FrameworkRefusal.Of(status) is { } refusal)
        {
            ErrorWire.WriteTo(response, refusal);
        }
    }

    private static void LimitDeadline(HttpContext context, MethodRule rule)
    {
        var header = context.Request.Headers["grpc-timeout"].ToString();
        var asked = ParseTimeout(header);
        if (header.Length > 0 && asked is null)
        {
            throw new EidException(ErrorReason.MalformedRequest, "grpc-timeout 无法识别");
        }

        if (asked < ShortestDeadline)
        {
            throw new EidException(ErrorReason.DeadlineTooShort, "剩余时间不足 20 毫秒，未开始处理");
        }

        if (asked is null || asked > rule.Ceiling)
        {
            context.Request.Headers["grpc-timeout"] = string.Create(CultureInfo.InvariantCulture, $"{(long)rule.Ceiling.TotalSeconds}S");
        }
    }

    // gRPC over HTTP/2: at most eight digits and a unit.
    private static TimeSpan? ParseTimeout(string text)
    {
        if (text.Length is < 2 or > 9 || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            return null;
        }

        return text[^1] switch
        {
            'H' => TimeSpan.FromHours(value),
            'M' => TimeSpan.FromMinutes(value),
            'S' => TimeSpan.FromSeconds(value),
            'm' => TimeSpan.FromMilliseconds(value),
            'u' => TimeSpan.FromMicroseconds(value),
            'n' => TimeSpan.FromMicroseconds(value / 1000.0),
            _ => null,
        };
    }
}
