using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using ShantingEId.V1;

namespace ShantingEId.Server.Rpc;

/// <summary>The one place where an error becomes gRPC: status, <c>google.rpc.ErrorInfo</c>, field violations, retry time.</summary>
internal static class ErrorWire
{
    /// <summary>Domain of every reason.</summary>
    public const string Domain = "eid";

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

    /// <summary>Writes a refusal without entering the method: a response of headers only.</summary>
    public static void WriteTo(Microsoft.AspNetCore.Http.HttpResponse response, EidException error)
    {
        var status = ToStatus(error);
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/grpc";
        response.Headers["grpc-status"] = status.Code.ToString(CultureInfo.InvariantCulture);
        response.Headers["grpc-message"] = Uri.EscapeDataString(status.Message);
        response.Headers["grpc-status-details-bin"] = Convert.ToBase64String(status.ToByteArray()).TrimEnd('=');
    }

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
