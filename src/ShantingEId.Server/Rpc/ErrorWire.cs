using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using ShantingEId.V1;

namespace ShantingEId.Server.Rpc;

/// <summary>The one place where an error becomes gRPC or JSON: status, <c>google.rpc.ErrorInfo</c>, field violations, retry time.</summary>
internal static class ErrorWire
{
    /// <summary>Domain of every reason.</summary>
    public const string Domain = "eid";

    /// <summary>Types that stand in the details of an error; without them no error could be written as JSON.</summary>
    public static TypeRegistry Details { get; } = TypeRegistry.FromFiles(ErrorDetailsReflection.Descriptor, V1.RefusalReceipt.Descriptor.File);

    private static readonly JsonFormatter Json = new(JsonFormatter.Settings.Default.WithTypeRegistry(Details));

    /// <summary>The rich status of an error.</summary>
    public static Google.Rpc.Status ToStatus(EidException error)
    {
        var info = new ErrorInfo { Domain = Domain, Reason = error.Reason.WireName() };
        foreach (var (key, value) in error.Metadata)
        {
            info.Metadata.Add(key, value);
        }

        var status = new Google.Rpc.Status { Code = (int)Code(error.Reason.Kind()), Message = error.Message };
        status.Details.Add(Any.Pack(info));
        if (error.Violations.Count > 0)
        {
            var request = new BadRequest();
            request.FieldViolations.AddRange(error.Violations.Select(violation => new BadRequest.Types.FieldViolation
            {
                Field = violation.Field, Reason = violation.Reason.WireName(), Description = violation.Message,
            }));
            status.Details.Add(Any.Pack(request));
        }

        if (error.Reason == ErrorReason.RateLimited)
        {
            var violation = new QuotaFailure.Types.Violation { Subject = "caller:" + error.Metadata.GetValueOrDefault("caller", ""), Description = error.Message, QuotaId = error.Metadata.GetValueOrDefault("quota", "") };
            status.Details.Add(Any.Pack(new QuotaFailure { Violations = { violation } }));
        }

        if (error.RetryAfter is { } delay)
        {
            status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(delay) }));
        }

        if (error.Receipt is { } receipt)
        {
            status.Details.Add(Any.Pack(new RefusalReceipt { Receipt = ByteString.CopyFrom(receipt) }));
        }

        return status;
    }

    /// <summary>The exception that carries the status to the caller.</summary>
    public static RpcException ToRpc(EidException error) => ToStatus(error).ToRpcException();

    /// <summary>The time is over: the same text whoever noticed it.</summary>
    public static EidException OutOfTime() => new(ErrorReason.DeadlineExceeded, "调用方已放弃或时限已到");

    /// <summary>Whether a request is of the gRPC family, gRPC-Web included; every other is taken for JSON.</summary>
    public static bool IsGrpc(Microsoft.AspNetCore.Http.HttpRequest request) => request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Writes a refusal without entering the method, in the form the request came in: gRPC headers, or the status as JSON.</summary>
    public static Task WriteAsync(HttpContext context, EidException error)
    {
        var status = ToStatus(error);
        var response = context.Response;
        if (IsGrpc(context.Request))
        {
            response.StatusCode = StatusCodes.Status200OK;
            response.ContentType = "application/grpc";
            response.Headers["grpc-status"] = status.Code.ToString(CultureInfo.InvariantCulture);
            response.Headers["grpc-message"] = Uri.EscapeDataString(status.Message);
            response.Headers["grpc-status-details-bin"] = Convert.ToBase64String(status.ToByteArray()).TrimEnd('=');
            return Task.CompletedTask;
        }

        response.StatusCode = HttpStatus(error.Reason);
        response.ContentType = "application/json; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        if (error.RetryAfter is { } delay)
        {
            response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(delay.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        return response.WriteAsync(Json.Format(status), CancellationToken.None);
    }

    // As google.rpc.Code maps to HTTP, and as the transcoder does, but for refusals that HTTP has a name for and that no method gives.
    private static int HttpStatus(ErrorReason reason) => reason switch
    {
        ErrorReason.MessageTooLarge => StatusCodes.Status413PayloadTooLarge,
        ErrorReason.ContentTypeNotSupported or ErrorReason.CompressionNotSupported => StatusCodes.Status415UnsupportedMediaType,
        _ => reason.Kind() switch
        {
            ErrorKind.Unauthenticated => StatusCodes.Status401Unauthorized,
            ErrorKind.PermissionDenied => StatusCodes.Status403Forbidden,
            ErrorKind.NotFound => StatusCodes.Status404NotFound,
            ErrorKind.AlreadyExists or ErrorKind.Aborted => StatusCodes.Status409Conflict,
            ErrorKind.ResourceExhausted => StatusCodes.Status429TooManyRequests,
            ErrorKind.Unimplemented => StatusCodes.Status501NotImplemented,
            ErrorKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
            ErrorKind.DeadlineExceeded => StatusCodes.Status504GatewayTimeout,
            ErrorKind.Internal => StatusCodes.Status500InternalServerError,
            _ => StatusCodes.Status400BadRequest,
        },
    };

    private static StatusCode Code(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidArgument => StatusCode.InvalidArgument,
        ErrorKind.Unauthenticated => StatusCode.Unauthenticated,
        ErrorKind.PermissionDenied => StatusCode.PermissionDenied,
        ErrorKind.NotFound => StatusCode.NotFound,
        ErrorKind.AlreadyExists => StatusCode.AlreadyExists,
        ErrorKind.FailedPrecondition => StatusCode.FailedPrecondition,
        ErrorKind.Aborted => StatusCode.Aborted,
        ErrorKind.ResourceExhausted => StatusCode.ResourceExhausted,
        ErrorKind.Unavailable => StatusCode.Unavailable,
        ErrorKind.DeadlineExceeded => StatusCode.DeadlineExceeded,
        ErrorKind.Unimplemented => StatusCode.Unimplemented,
        _ => StatusCode.Internal,
    };
}
