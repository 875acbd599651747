using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using ShantingEId.Licenses;

namespace ShantingEId.Codes;

/// <summary>
/// 校验短码: the code under the QR that a clerk types when a scan fails. Eleven random characters (55 bits, so it cannot be
/// guessed within any quota) and one check character (ISO/IEC 7064 MOD 33,32) that finds every single wrong character.
/// Shown in groups of four; typing is forgiving about lower case, spaces and hyphens, and about nothing else.
/// </summary>
public sealed record TypedCode
{
    // No I, L, O, U: they are misread as 1, 1, 0, V.
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private const int Length = 12;

    private TypedCode(string value) => Value = value;

    /// <summary>Twelve characters without separators; the form in which it is stored.</summary>
    public string Value { get; }

    /// <summary>Makes a fresh code.</summary>
    public static TypedCode Generate()
    {
        var body = RandomNumberGenerator.GetString(Alphabet, Length - 1);
        return new TypedCode(body + Iso7064.HybridCheck(Alphabet, body));
    }

    /// <summary>Whether a text has the shape of a typed code (so that a wrong check character can be named as such).</summary>
    public static bool LooksLikeOne(string text) => text.Length <= 24 && Normalise(text) is { } value && value.Length == Length;

    /// <summary>Parses; false when a character is not of the alphabet or the check character is wrong.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out TypedCode? code)
    {
        code = null;
        if (text is null || text.Length > 24 || Normalise(text) is not { Length: Length } value
            || value.Any(c => !Alphabet.Contains(c, StringComparison.Ordinal))
            || Iso7064.HybridCheck(Alphabet, value.AsSpan(0, Length - 1)) != value[^1])
        {
            return false;
        }

        code = new TypedCode(value);
        return true;
    }

    /// <summary>As printed: <c>XXXX-XXXX-XXXX</c>.</summary>
    public override string ToString() => $"{Value[..4]}-{Value[4..8]}-{Value[8..]}";

    private static string? Normalise(string text)
    {
        Span<char> kept = stackalloc char[24];
        var length = 0;
        foreach (var c in text)
        {
            if (c is '-' or ' ')
            {
                continue;
            }

            if (!char.IsAsciiLetterOrDigit(c))
            {
                return null;
            }

            kept[length++] = char.ToUpperInvariant(c);
        }

        return kept[..length].ToString();
    }
}
