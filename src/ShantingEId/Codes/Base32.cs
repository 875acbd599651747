namespace ShantingEId.Codes;

/// <summary>
/// Base32 of RFC 4648 §6, upper case, without padding, canonical: spare bits must be zero and impossible lengths are
/// refused, so that no two texts stand for the same bytes.
/// </summary>
internal static class Base32
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        var chars = new char[((bytes.Length * 8) + 4) / 5];
        int buffer = 0, bits = 0, length = 0;
        foreach (var b in bytes)
        {
            buffer = ((buffer << 8) | b) & 0xFFFF;
            bits += 8;
            while (bits >= 5)
            {
                bits -= 5;
                chars[length++] = Alphabet[(buffer >> bits) & 31];
            }
        }

        if (bits > 0)
        {
            chars[length] = Alphabet[(buffer << (5 - bits)) & 31];
        }

        return new string(chars);
    }

    /// <summary>Null when a character, the length or a spare bit is wrong.</summary>
    public static byte[]? Decode(ReadOnlySpan<char> text)
    {
        // A last group of 1, 3 or 6 characters cannot occur: it holds no whole number of bytes.
        if (text.Length % 8 is 1 or 3 or 6)
        {
            return null;
        }

        var bytes = new byte[text.Length * 5 / 8];
        int buffer = 0, bits = 0, length = 0;
        foreach (var c in text)
        {
            var value = c switch { >= 'A' and <= 'Z' => c - 'A', >= '2' and <= '7' => c - '2' + 26, _ => -1 };
            if (value < 0)
            {
                return null;
            }

            buffer = ((buffer << 5) | value) & 0xFFFF;
            bits += 5;
            if (bits >= 8)
            {
                bits -= 8;
                bytes[length++] = (byte)(buffer >> bits);
            }
        }

        return (buffer & ((1 << bits) - 1)) == 0 ? bytes : null;
    }
}
