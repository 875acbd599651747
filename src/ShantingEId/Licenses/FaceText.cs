using System.Globalization;
using System.Text;

namespace ShantingEId.Licenses;

/// <summary>
/// Rules for text that is printed and signed: what a person sees must be exactly what was signed, so nothing invisible,
/// reordering or ambiguous may enter.
/// </summary>
internal static class FaceText
{
    // Without ICU the platform calls every text normalised, silently. Then nothing may be issued.
    static FaceText()
    {
        if ("e\u0301".IsNormalized(NormalizationForm.FormC))
        {
            throw new InvalidOperationException("Unicode normalisation is not available: install libicu and unset invariant globalization");
        }
    }

    /// <summary>Says what is wrong with a text, or "" when it may be used.</summary>
    /// <param name="text">The text; null counts as empty.</param>
    /// <param name="min">Least number of characters (Unicode scalar values); 0 allows an empty text.</param>
    /// <param name="max">Most characters; the UTF-8 form may not exceed four times this.</param>
    public static string Problem(string? text, int min, int max)
    {
        text ??= "";
        if (text.Length == 0)
        {
            return min == 0 ? "" : "不能为空";
        }

        var count = 0;
        var index = 0;
        var plain = true;
        while (index < text.Length)
        {
            if (IsPlain(text[index]))
            {
                count++;
                index++;
                continue;
            }

            plain = false;
            if (Rune.DecodeFromUtf16(text.AsSpan(index), out var rune, out var used) != System.Buffers.OperationStatus.Done)
            {
                return $"第 {count + 1} 个字符是不成对的代理码元 U+{(int)text[index]:X4}";
            }

            var category = Rune.GetUnicodeCategory(rune);
            // Cf holds zero-width and bidirectional controls; Zl, Zp and Cc break lines; Co and Cn have no agreed look.
            if (category is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator || IsBlank(rune, category))
            {
                return $"第 {count + 1} 个字符 U+{rune.Value:X4} 是控制、不可见或专用区字符";
            }

            count++;
            index += used;
        }

        if (Rune.IsWhiteSpace(Rune.GetRuneAt(text, 0)) || char.IsWhiteSpace(text[^1]))
        {
            return "首尾不能有空格";
        }

        if (!plain && !text.IsNormalized(NormalizationForm.FormC))
        {
            return "不是 Unicode NFC 规范形式";
        }

        if (count < min || count > max || Encoding.UTF8.GetByteCount(text) > max * 4)
        {
            return $"长度应在 {min} 至 {max} 个字符之间，现为 {count} 个";
        }

        return "";
    }

    // Nearly every text consists of these alone: visible, assigned, and unchanged by NFC whatever stands beside them.
    private static bool IsPlain(char c) =>
        c is (>= ' ' and <= '~') or (>= '\u4E00' and <= '\u9FA5') or (>= '\uFF01' and <= '\uFF5E') or '、' or '。';

    // Spaces that look like the two ordinary ones, letters and signs drawn as nothing (Default_Ignorable_Code_Point), and U+FFFD, which stands for a
    // character that was lost on the way here.
    private static bool IsBlank(Rune rune, UnicodeCategory category) =>
        (category == UnicodeCategory.SpaceSeparator && rune.Value is not (0x20 or 0x3000))
        || rune.Value is 0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or 0x3164 or 0xFFA0 or 0x2800 or 0xFFFD
        || rune.Value is (>= 0x180B and <= 0x180F) or (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0100 and <= 0xE01EF);
}
