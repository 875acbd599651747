using System.Diagnostics.CodeAnalysis;

namespace ShantingEId.Codes;

/// <summary>
/// 校验短码: the code under the QR that a clerk types when a scan fails. Eleven random characters (55 bits, so it cannot be
/// guessed within any quota) and a check character; see <see cref="ShortCode"/>. Shown in groups of four.
/// </summary>
public sealed record TypedCode
{
    private const int Length = 12;

    private TypedCode(string value) => Value = value;

    /// <summary>Twelve characters without separators; the form in which it is stored.</summary>
    public string Value { get; }

    /// <summary>Makes a fresh code.</summary>
    public static TypedCode Generate() => new(ShortCode.Generate(Length));

    /// <summary>Whether a text has the shape of a typed code (so that a wrong check character can be named as such).</summary>
    public static bool LooksLikeOne(string text) => ShortCode.Normalise(text, Length) is not null;

    /// <summary>Parses; false when a character is not of the alphabet or the check character is wrong.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out TypedCode? code)
    {
        code = ShortCode.Normalise(text, Length) is { } value && ShortCode.IsSound(value) ? new TypedCode(value) : null;
        return code is not null;
    }

    /// <summary>As printed: <c>XXXX-XXXX-XXXX</c>.</summary>
    public override string ToString() => $"{Value[..4]}-{Value[4..8]}-{Value[8..]}";
}
