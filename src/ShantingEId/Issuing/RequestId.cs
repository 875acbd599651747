using System.Diagnostics.CodeAnalysis;

namespace ShantingEId.Issuing;

/// <summary>A caller's name for one write, which makes retrying it safe: 16 to 64 characters of A-Z a-z 0-9 . _ -</summary>
public sealed record RequestId
{
    private RequestId(string value) => Value = value;

    /// <summary>The text.</summary>
    public string Value { get; }

    /// <summary>Parses strictly.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out RequestId? id)
    {
        id = text is { Length: >= 16 and <= 64 } && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-') ? new RequestId(text) : null;
        return id is not null;
    }

    /// <summary>Parses or throws <see cref="ErrorReason.RequestIdInvalid"/>.</summary>
    public static RequestId Parse(string? text) => TryParse(text, out var id) ? id
        : throw new EidException(ErrorReason.RequestIdInvalid, "request_id 应为 16 至 64 位字母、数字或 . _ -",
            [new FieldViolation("request_id", ErrorReason.RequestIdInvalid, "应为 16 至 64 位字母、数字或 . _ -")]);

    /// <inheritdoc/>
    public override string ToString() => Value;
}
