using System.Diagnostics.CodeAnalysis;

namespace ShantingEId.Codes;

/// <summary>
/// 进度查询码: opens the progress of one case to whoever has the receipt. Nine random characters (45 bits) and a check character;
/// see <see cref="ShortCode"/>. Ten in two groups of five, so that nobody takes it for a <see cref="TypedCode"/>.
/// </summary>
public sealed record ProgressCode
{
    private const int Length = 10;

    private ProgressCode(string value) => Value = value;

    /// <summary>Ten characters without separators; the form in which it is stored.</summary>
    public string Value { get; }

    /// <summary>Makes a fresh code.</summary>
    public static ProgressCode Generate() => new(ShortCode.Generate(Length));

    /// <summary>Parses; false when a character is not of the alphabet or the check character is wrong.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ProgressCode? code)
    {
        code = ShortCode.Normalise(text, Length) is { } value && ShortCode.IsSound(value) ? new ProgressCode(value) : null;
        return code is not null;
    }

    /// <summary>Parses what a person typed.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.ProgressCodeInvalid"/>, on field <c>code</c>.</exception>
    public static ProgressCode Parse(string? text)
    {
        if (TryParse(text, out var code))
        {
            return code;
        }

        var problem = TypedCode.TryParse(text, out _) ? "是执照上的校验短码，不是进度查询码；进度查询码在受理回执上，共 10 位"
            : ShortCode.Normalise(text, Length) is null ? "应为 10 位字母和数字" : "校验位不符，请核对是否录错";
        throw new EidException(ErrorReason.ProgressCodeInvalid, "进度查询码" + problem, [new FieldViolation("code", ErrorReason.ProgressCodeInvalid, problem)]);
    }

    /// <summary>As printed: <c>XXXXX-XXXXX</c>.</summary>
    public override string ToString() => $"{Value[..5]}-{Value[5..]}";
}
