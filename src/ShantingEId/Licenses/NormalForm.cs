using System.Globalization;
using System.Text;

namespace ShantingEId.Licenses;

/// <summary>
/// Unicode NFC without the platform's tables: the program runs without culture data (<c>InvariantGlobalization</c>), where
/// <see cref="string.IsNormalized()"/> says yes to everything. Stricter than NFC by one rule that needs no table of
/// orders and compositions: no combining marks and no conjoining letters at all, only whole characters.
/// </summary>
internal static class NormalForm
{
    // Characters outside the marks whose canonical form is another one (UAX #15, NFC_Quick_Check=No), as pairs first, last.
    // FA0E, FA0F, FA11 … FA29 are the twelve ordinary ideographs inside the compatibility block.
    private const string Replaced =
        "\u0374\u0374\u037E\u037E\u0387\u0387\u0958\u095F\u09DC\u09DD\u09DF\u09DF\u0A33\u0A33\u0A36\u0A36\u0A59\u0A5B\u0A5E\u0A5E\u0B5C\u0B5D"
        + "\u0F43\u0F43\u0F4D\u0F4D\u0F52\u0F52\u0F57\u0F57\u0F5C\u0F5C\u0F69\u0F69\u1F71\u1F71\u1F73\u1F73\u1F75\u1F75\u1F77\u1F77\u1F79\u1F79"
        + "\u1F7B\u1F7B\u1F7D\u1F7D\u1FBB\u1FBB\u1FBE\u1FBE\u1FC9\u1FC9\u1FCB\u1FCB\u1FD3\u1FD3\u1FDB\u1FDB\u1FE3\u1FE3\u1FEB\u1FEB\u1FEE\u1FEF"
        + "\u1FF9\u1FF9\u1FFB\u1FFB\u1FFD\u1FFD\u2000\u2001\u2126\u2126\u212A\u212B\u2329\u232A\u2ADC\u2ADC\uF900\uFA0D\uFA10\uFA10\uFA12\uFA12"
        + "\uFA15\uFA1E\uFA20\uFA20\uFA22\uFA22\uFA25\uFA26\uFA2A\uFAD9\uFB1D\uFB1D\uFB1F\uFB1F\uFB2A\uFB4E";

    /// <summary>Whether the character is whole and its own canonical form, whatever stands beside it.</summary>
    public static bool Allows(Rune rune)
    {
        if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark)
        {
            return false;
        }

        switch (rune.Value)
        {
            case >= 0x1100 and <= 0x11FF or >= 0xA960 and <= 0xA97F or >= 0xD7B0 and <= 0xD7FF: // conjoining Hangul letters
            case >= 0x16D63 and <= 0x16D6A: // Kirat Rai vowels, which compose with each other
            case >= 0x1D15E and <= 0x1D164 or >= 0x1D1BB and <= 0x1D1C0: // musical signs
            case >= 0x2F800 and <= 0x2FA1F: // compatibility ideographs
                return false;
        }

        for (var i = 0; i < Replaced.Length; i += 2)
        {
            if (rune.Value >= Replaced[i] && rune.Value <= Replaced[i + 1])
            {
                return false;
            }
        }

        return true;
    }
}
