using System.Security.Cryptography;
using ShantingEId.Licenses;

namespace ShantingEId.Codes;

/// <summary>
/// Random codes that people type: characters of one alphabet, the last of which is a check character (ISO/IEC 7064 MOD 33,32) that
/// finds every single wrong one. Typing is forgiving about lower case, spaces and hyphens, and about nothing else.
/// </summary>
internal static class ShortCode
{
    // No I, L, O, U: they are misread as 1, 1, 0, V.
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private const int Longest = 24;

    /// <summary>A fresh code.</summary>
    public static string Generate(int length)
    {
        var body = RandomNumberGenerator.GetString(Alphabet, length - 1);
        return body + Iso7064.HybridCheck(Alphabet, body);
    }

    /// <summary>The code without separators in upper case, if the text has its length and nothing but letters and digits; else null.</summary>
    public static string? Normalise(string? text, int length)
    {
        if (text is null || text.Length > Longest)
        {
            return null;
        }

        Span<char> kept = stackalloc char[Longest];
        var count = 0;
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

            kept[count++] = char.ToUpperInvariant(c);
        }

        return count == length ? kept[..count].ToString() : null;
    }

    /// <summary>Whether every character is of the alphabet and the check character is right.</summary>
    public static bool IsSound(string value) =>
        value.All(c => Alphabet.Contains(c, StringComparison.Ordinal)) && Iso7064.HybridCheck(Alphabet, value.AsSpan(0, value.Length - 1)) == value[^1];
}
