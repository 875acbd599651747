using System.Collections.Concurrent;
using System.Text;
using SkiaSharp;

namespace ShantingEId.Documents;

/// <summary>One shape of a face, in thousandths of an em, baseline at zero, y downwards.</summary>
/// <param name="Outline">The shape; shared and never changed.</param>
/// <param name="Ink">Its bounds; empty for a blank.</param>
/// <param name="IsIdeograph">Set on the full square: keeps its place in the em even when its ink is small (口, 一).</param>
/// <param name="Advance">Room it takes along the line.</param>
internal sealed record SealGlyph(SKPath Outline, SKRect Ink, bool IsIdeograph, float Advance)
{
    /// <summary>Middle of the room it takes.</summary>
    public float MiddleX => IsIdeograph ? SealFace.Em / 2 : Ink.MidX;
}

/// <summary>A font face whose outlines are read once per character; a district uses a few thousand of them.</summary>
internal sealed class SealFace : IDisposable
{
    /// <summary>Units of <see cref="SealGlyph"/>.</summary>
    public const float Em = 1000;

    /// <summary>Middle of the em square of the Noto CJK faces: 880 above the baseline, 120 below.</summary>
    public const float MiddleY = -380;

    private readonly SKTypeface typeface;
    private readonly SKFont font;
    private readonly ConcurrentDictionary<Rune, SealGlyph> glyphs = new();
    private readonly Lock loading = new();

    public SealFace(SKTypeface typeface)
    {
        this.typeface = typeface;
        font = new SKFont(typeface, Em) { Hinting = SKFontHinting.None, LinearMetrics = true, Subpixel = true };
    }

    /// <summary>Shapes of a text, one for each character; nothing is ever drawn with a substitute.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.TextInvalid"/> naming the characters the face lacks.</exception>
    public SealGlyph[] Shapes(string text, string field)
    {
        var shapes = new List<SealGlyph>(text.Length);
        var missing = new List<FieldViolation>();
        foreach (var rune in text.EnumerateRunes())
        {
            if (Shape(rune) is { } shape)
            {
                shapes.Add(shape);
            }
            else
            {
                missing.Add(new(field, ErrorReason.TextInvalid, $"第 {shapes.Count + missing.Count + 1} 个字“{rune}”（U+{rune.Value:X4}）不在印章字库内"));
            }
        }

        return missing.Count == 0
            ? [.. shapes]
            : throw new EidException(ErrorReason.TextInvalid, string.Join("；", missing.Select(each => each.Message)), missing);
    }

    public void Dispose()
    {
        foreach (var glyph in glyphs.Values)
        {
            glyph.Outline.Dispose();
        }

        font.Dispose();
        typeface.Dispose();
    }

    private SealGlyph? Shape(Rune rune)
    {
        if (glyphs.TryGetValue(rune, out var known))
        {
            return known;
        }

        // Control and format characters may have glyphs, and would be blanks nobody sees in a name.
        if (Rune.IsControl(rune) || Rune.GetUnicodeCategory(rune) == System.Globalization.UnicodeCategory.Format)
        {
            return null;
        }

        lock (loading)
        {
            var id = font.GetGlyph(rune.Value);
            return id == 0 ? null : glyphs.GetOrAdd(rune, Read(id, rune));
        }
    }

    private SealGlyph Read(ushort id, Rune rune)
    {
        var outline = font.GetGlyphPath(id) ?? new SKPath();
        var ink = outline.TightBounds;
        var advance = font.GetGlyphWidths([id])[0];
        // Full-width brackets and points fill half of their square; on an arc the other half would look like a gap.
        var square = advance > Em * 0.95f && Rune.IsLetter(rune) && rune.Value is < 0xFF00 or > 0xFFEF;
        return new SealGlyph(outline, ink, square, square || ink.IsEmpty ? Math.Min(advance, Em) : ink.Width + 110);
    }
}
