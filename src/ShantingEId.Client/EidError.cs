using System.Security.Authentication;
using Google.Rpc;
using Grpc.Core;

namespace ShantingEId.Client;

/// <summary>One field at fault.</summary>
/// <param name="Field">Path as the request spells it, e.g. <c>enterprise.name</c>.</param>
/// <param name="Reason">Machine reason of this field, e.g. <c>TEXT_INVALID</c>; may be empty.</param>
/// <param name="Message">What is wrong, in Chinese.</param>
public sealed record EidFieldViolation(string Field, string Reason, string Message);

/// <summary>
/// An error of the service in one readable piece. Take decisions by <see cref="Reason"/>, never by <see cref="Message"/>.
/// That a licence is revoked, forged or unknown is not an error but an answer: see <c>Verification.Verdict</c>.
/// </summary>
public sealed record EidError
{
    /// <summary>Reason given by this SDK, not by the service: nobody answered at the address.</summary>
    public const string ServerUnreachable = "SERVER_UNREACHABLE";

    /// <summary>Reason given by this SDK: the two sides could not agree on TLS, so nothing was sent.</summary>
    public const string TlsFailed = "TLS_FAILED";

    /// <summary>Reason given by this SDK: the connection broke before the answer was complete.</summary>
    public const string ConnectionLost = "CONNECTION_LOST";

    /// <summary>Reason given by this SDK: the receipt is not good, or not one for this question and this answer.</summary>
    public const string ReceiptInvalid = "RECEIPT_INVALID";

    /// <summary>Too many questions; <see cref="RetryAfter"/> says when the next one will be taken.</summary>
    public const string RateLimited = "RATE_LIMITED";

    /// <summary>gRPC status code.</summary>
    public required StatusCode Code { get; init; }

    /// <summary>Machine reason, e.g. <c>USCC_INVALID</c>; the status code's name in capitals when the service gave none.</summary>
    public required string Reason { get; init; }

    /// <summary>Text for people, in Chinese where it comes from the service.</summary>
    public required string Message { get; init; }

    /// <summary>All fields at fault; empty when the error is not about fields.</summary>
    public IReadOnlyList<EidFieldViolation> Violations { get; init; } = [];

    /// <summary>How long to wait before a retry, where the service says so.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Variable parts of the message, e.g. <c>license_id</c> of the licence that exists already.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether the same request, with the same request_id, may be sent again as it stands.</summary>
    public bool IsTransient =>
        Code is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Aborted ? Reason != TlsFailed : Reason == ConnectionLost;

    /// <summary>The receipt of a refused look-up as it came (not checked), where one was asked for; empty otherwise.</summary>
    internal ReadOnlyMemory<byte> Receipt { get; init; }

    /// <summary>Reads what a failed call carries.</summary>
    public static EidError From(RpcException error) => From(error.GetRpcStatus(), error.StatusCode) ?? FromTransport(error);

    /// <summary>Reads what a failed item of a batch carries.</summary>
    public static EidError From(Google.Rpc.Status status) =>
        From(status, (StatusCode)status.Code) ?? new EidError { Code = (StatusCode)status.Code, Reason = CapitalName((StatusCode)status.Code), Message = status.Message };

    private static EidError? From(Google.Rpc.Status? details, StatusCode code)
    {
        // Other services on the way may add details of their own; only those of this domain are ours.
        if (details?.GetDetail<ErrorInfo>() is not { Domain: "eid" } info)
        {
            return null;
        }

        return new EidError
        {
            Code = code,
            Reason = info.Reason,
            Message = details.Message,
            Violations = [.. (details.GetDetail<BadRequest>()?.FieldViolations ?? []).Select(field => new EidFieldViolation(field.Field, field.Reason, field.Description))],
            RetryAfter = details.GetDetail<RetryInfo>()?.RetryDelay?.ToTimeSpan(),
            Metadata = new Dictionary<string, string>(info.Metadata),
            Receipt = details.GetDetail<V1.RefusalReceipt>()?.Receipt.Memory ?? default,
        };
    }

    private static EidError FromTransport(RpcException error)
    {
        for (var cause = error.Status.DebugException; cause is not null; cause = cause.InnerException)
        {
            if (cause is AuthenticationException)
            {
                return new EidError { Code = error.StatusCode, Reason = TlsFailed, Message = "TLS 握手失败：" + cause.Message };
            }
        }

        if (error.StatusCode == StatusCode.Unavailable)
        {
            return new EidError { Code = error.StatusCode, Reason = ServerUnreachable, Message = "连接不上服务" };
        }

        // The transport tells a reset stream, a closed connection and a torn frame by several codes; no service of ours sends them bare.
        return error.Status.DebugException is IOException or HttpRequestException && error.StatusCode is StatusCode.Internal or StatusCode.Cancelled or StatusCode.Unknown
            ? new EidError { Code = error.StatusCode, Reason = ConnectionLost, Message = "连接中断，没有收到完整的答复" }
            : new EidError { Code = error.StatusCode, Reason = CapitalName(error.StatusCode), Message = error.Status.Detail };
    }

    // DeadlineExceeded is DEADLINE_EXCEEDED everywhere else in gRPC.
    private static string CapitalName(StatusCode code) =>
        string.Concat(code.ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? "_" + c : c.ToString())).ToUpperInvariant();
}
