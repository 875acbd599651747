namespace ShantingEId;

/// <summary>How a refusal is to be understood; decides the gRPC status and nothing else.</summary>
public enum ErrorKind
{
    /// <summary>The input itself is wrong; sending it again cannot help.</summary>
    InvalidArgument,

    /// <summary>The caller did not prove who it is.</summary>
    Unauthenticated,

    /// <summary>The caller is known but may not do this.</summary>
    PermissionDenied,

    /// <summary>The named thing is not in the register.</summary>
    NotFound,

    /// <summary>The thing to be created exists already.</summary>
    AlreadyExists,

    /// <summary>The state of the register forbids this.</summary>
    FailedPrecondition,

    /// <summary>Somebody else was faster; read again and retry.</summary>
    Aborted,

    /// <summary>A limit (size, quota, disk) is reached.</summary>
    ResourceExhausted,

    /// <summary>Not possible now; retry with the same request id.</summary>
    Unavailable,

    /// <summary>The time the caller allowed is over or too short.</summary>
    DeadlineExceeded,

    /// <summary>The feature is not offered.</summary>
    Unimplemented,

    /// <summary>A fault of ours.</summary>
    Internal,
}

/// <summary>One field at fault, as <c>google.rpc.BadRequest.FieldViolation</c> carries it.</summary>
/// <param name="Field">Path of the field as the request spells it, e.g. <c>enterprise.name</c>.</param>
/// <param name="Reason">Machine reason of this field, e.g. <c>TEXT_INVALID</c>.</param>
/// <param name="Message">What is wrong, in Chinese, without the raw value.</param>
public sealed record FieldViolation(string Field, ErrorReason Reason, string Message);

/// <summary>
/// The one error of the system. Answers (revoked, expired, not found in a look-up) are data, never this.
/// One file of the server turns it into gRPC; see <c>ErrorWire</c>.
/// </summary>
public sealed class EidException : Exception
{
    /// <summary>Makes an error with its machine reason and a Chinese text that may be shown to the caller.</summary>
    public EidException(ErrorReason reason, string message, Exception? inner = null)
        : base(message, inner) => Reason = reason;

    /// <summary>Makes an error about fields; all violations are reported at once.</summary>
    public EidException(ErrorReason reason, string message, IReadOnlyList<FieldViolation> violations)
        : base(message)
    {
        Reason = reason;
        Violations = violations;
    }

    /// <summary>A refusal of one field, with what is wrong with it in Chinese.</summary>
    public static EidException OfField(ErrorReason reason, string field, string problem) => new(reason, $"{field} {problem}", [new FieldViolation(field, reason, problem)]);

    /// <summary>Machine reason; its wire name is upper snake case.</summary>
    public ErrorReason Reason { get; }

    /// <summary>Fields at fault; empty when the error is not about fields.</summary>
    public IReadOnlyList<FieldViolation> Violations { get; } = [];

    /// <summary>Variable parts of the message, for machines (for example the licence that exists already).</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>How long to wait before a retry, where one makes sense.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Receipt of the refusal, where one was asked for; set when the refusal has been recorded.</summary>
    public byte[]? Receipt { get; set; }
}
