using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using ShantingEId.Server.Edge;
using ShantingEId.Server.Hot;
using ShantingEId.Server.Rpc;
using ShantingEId.Server.Telemetry;

namespace ShantingEId.Server.Callers;

/// <summary>
/// Stands in front of every call, gRPC, gRPC-Web and JSON, before a byte of its body is parsed: who calls, whether it may and
/// how often, whether the wire form is acceptable, how long it may take. After the call it turns the framework's own refusals
/// (malformed bytes, too large) into errors of ours; no interceptor sees those.
/// </summary>
internal sealed class CallerGate(RequestDelegate next, CallerAuthenticator authenticator, CallerQuotas quotas, FastLane fastLane, TimeProvider clock)
{
    private const int FrameHeader = 5;
    private static readonly TimeSpan ShortestDeadline = TimeSpan.FromMilliseconds(20);

    /// <summary>The caller of the current call, of a method that only registered callers reach.</summary>
    public static Caller CallerOf(HttpContext context) => GatedCall.Of(context).Caller!;

    /// <summary>The method is not in the caller's list.</summary>
    public static EidException NotGranted() => new(ErrorReason.AccessDenied, "贵单位未获准调用此方法");

    /// <summary>Runs the gate.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        var watch = CallWatch.Begin(clock);
        Caller? caller = null;
        MethodRule? rule = null;
        TimeSpan time;
        try
        {
            // 1. Who.
            caller = await authenticator.AuthenticateAsync(context);

            // 2. What, and may it? Everything that is not expressly granted is refused.
            rule = RequireRule(context, caller);
            watch.Trace(context.Request, rule, caller);

            // 3. How often.
            quotas.Take(caller);
            if (rule.IsLookup)
            {
                quotas.RequireLookup(caller!);
            }

            // 4. Wire form: no compression (a bomb is refused unopened).
            RequireWireForm(context);

            // 5. An answer at hand needs no more.
            if (context.Request.Path.Value == FastLane.Path && context.Features.Get<GrpcWebCall>() is null && await fastLane.TryAnswerAsync(context, caller!))
            {
                watch.End(rule, caller, null);
                return;
            }

            // 6. Time: every call has a deadline, no longer than the method's ceiling.
            time = LimitDeadline(context.Request, rule);
            if (rule.TakesPlace)
            {
                quotas.EnterStream(caller);
            }
        }
        catch (EidException error)
        {
            watch.End(rule, caller, error.Reason);
            await ErrorWire.WriteAsync(context, error);
            return;
        }

        await PassAsync(context, new GatedCall(caller, rule), rule, time, watch);
    }

    // 7. The method, and what the framework refused on the way to it.
    private async Task PassAsync(HttpContext context, GatedCall call, MethodRule rule, TimeSpan time, CallWatch watch)
    {
        context.Features.Set(call);
        try
        {
            if (context.GetEndpoint()!.Metadata.GetMetadata<JsonShape>() is { } shape)
            {
                await JsonDoor.PassAsync(context, call, shape, time, clock, next);
            }
            else if (await IsTooLargeAsync(context, rule, time, clock))
            {
                var refusal = FrameworkRefusal.TooLarge(rule.MaxRequestBytes);
                call.Refused = refusal.Reason;
                await ErrorWire.WriteAsync(context, refusal);
            }
            else
            {
                await next(context);
                await RenameFrameworkRefusalAsync(context, call);
            }
        }
        finally
        {
            if (rule.TakesPlace)
            {
                quotas.LeaveStream(call.Caller);
            }

            watch.End(rule, call.Caller, call.Refused);
        }
    }

    private static MethodRule RequireRule(HttpContext context, Caller? caller)
    {
        var rule = RuleOf(context);
        if (caller is null && rule?.Access is not CallerAccess.Certified)
        {
            throw new EidException(ErrorReason.AccessDenied, "此证书未登记为调用方；请先向登记机关申请接入");
        }

        if (rule is null)
        {
            // In gRPC an unknown method is refused like a forbidden one; a web address that leads nowhere says so.
            throw ErrorWire.IsGrpc(context.Request) ? NotGranted() : new EidException(ErrorReason.PathUnknown, "没有这个路径，或它不接受此 HTTP 方法；见 /openapi.json");
        }

        return rule.Access != CallerAccess.Granted || caller!.MayCall(rule) ? rule : throw NotGranted();
    }

    // Routing overlooks case and a slash at the end; in gRPC that is another method.
    private static MethodRule? RuleOf(HttpContext context)
    {
        var metadata = context.GetEndpoint()?.Metadata;
        var rule = metadata?.GetMetadata<MethodRule>();
        return rule is { Access: CallerAccess.Granted } && metadata!.GetMetadata<JsonShape>() is null && !string.Equals(context.Request.Path.Value, rule.Path, StringComparison.Ordinal) ? null : rule;
    }

    private static void RequireWireForm(HttpContext context)
    {
        var (request, metadata) = (context.Request, context.GetEndpoint()!.Metadata);
        if (request.Headers["grpc-encoding"].ToString() is not ("" or "identity") || request.Headers.ContentEncoding.ToString() is not ("" or "identity"))
        {
            throw new EidException(ErrorReason.CompressionNotSupported, "不接受压缩的请求（grpc-encoding、content-encoding 应为 identity）");
        }

        if (metadata.GetMetadata<GrpcMethodMetadata>() is not null && metadata.GetMetadata<JsonShape>() is null && !ErrorWire.IsGrpc(request))
        {
            throw new EidException(ErrorReason.ContentTypeNotSupported, "此路径只接受 gRPC；JSON 的路径见 /openapi.json");
        }
    }

    // gRPC has one limit for all methods of a service; a method that takes no document beside one that does has a smaller one of its own. A frame
    // says its length first. What cannot be read is left to the framework, which will not be able to either.
    private static async Task<bool> IsTooLargeAsync(HttpContext context, MethodRule rule, TimeSpan time, TimeProvider clock)
    {
        if (!rule.IsNarrow)
        {
            return false;
        }

        if (context.Features.Get<GrpcWebCall>() is { } web)
        {
            web.LimitTo(((rule.MaxRequestBytes + FrameHeader) * 4L / 3) + FrameHeader); // Cannot be looked at first.
            return false;
        }

        using var timer = new CancellationTokenSource(time, clock);
        try
        {
            var body = context.Request.BodyReader;
            var read = await body.ReadAtLeastAsync(FrameHeader, timer.Token);
            var length = LengthOf(read.Buffer);
            body.AdvanceTo(read.Buffer.Start);
            return length > rule.MaxRequestBytes;
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            return false;
        }
    }

    private static uint LengthOf(ReadOnlySequence<byte> start)
    {
        Span<byte> header = stackalloc byte[FrameHeader];
        if (start.Length < FrameHeader)
        {
            return 0;
        }

        start.Slice(0, FrameHeader).CopyTo(header);
        return BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
    }

    private static async Task RenameFrameworkRefusalAsync(HttpContext context, GatedCall call)
    {
        // A request that is not gRPC at all has its answer in the HTTP status.
        var response = context.Response;
        if (!call.Reached && !response.HasStarted && response.StatusCode == StatusCodes.Status200OK
            && Enum.TryParse<StatusCode>(response.Headers["grpc-status"].ToString(), out var status)
            && FrameworkRefusal.Of(context.Features.Get<GrpcWebCall>() is { IsTooLarge: true } ? StatusCode.ResourceExhausted : status, call.Rule.MaxRequestBytes) is { } refusal)
        {
            call.Refused = refusal.Reason;
            await ErrorWire.WriteAsync(context, refusal);
        }
    }

    private static TimeSpan LimitDeadline(HttpRequest request, MethodRule rule)
    {
        var header = request.Headers["grpc-timeout"].ToString();
        var asked = ParseTimeout(header);
        if (header.Length > 0 && asked is null)
        {
            throw new EidException(ErrorReason.MalformedRequest, "grpc-timeout 无法识别");
        }

        if (asked < ShortestDeadline)
        {
            throw new EidException(ErrorReason.DeadlineTooShort, "剩余时间不足 20 毫秒，未开始处理");
        }

        if (asked <= rule.Ceiling)
        {
            return asked.Value;
        }

        request.Headers["grpc-timeout"] = rule.CeilingHeader;
        return rule.Ceiling;
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
