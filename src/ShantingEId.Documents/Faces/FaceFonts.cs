using System.Collections.Concurrent;
using System.Text;
using SkiaSharp;

namespace ShantingEId.Documents.Faces;

/// <summary>The two faces that licences are set in.</summary>
public enum FaceLetters
{
    /// <summary>Items.</summary>
    Regular,

    /// <summary>Titles and labels.</summary>
    Bold,
}

/// <summary>
/// Song faces of the Debian package fonts-noto-cjk. Load once; safe to share between threads. Documents carry what they use of them.
/// </summary>
public sealed class FaceFonts : IDisposable
{
    private FaceFonts(string? directory)
    {
        Regular = FaceFont.Load(directory, "NotoSerifCJK-Regular.ttc", "Noto Serif CJK SC", bold: false);
        Bold = FaceFont.Load(directory, "NotoSerifCJK-Bold.ttc", "Noto Serif CJK SC", bold: true);
    }

    internal FaceFont Regular { get; }

    internal FaceFont Bold { get; }

    internal FaceFont this[FaceLetters letters] => letters == FaceLetters.Bold ? Bold : Regular;

    /// <summary>Loads the faces from a directory, or from where Debian puts them.</summary>
    /// <param name="directory">The only place to look; null for the usual ones.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.SealImageInvalid"/>: a face is not there.</exception>
    public static FaceFonts LoadDefault(string? directory = null) => new(directory);

    /// <inheritdoc/>
    public void Dispose()
    {
        Regular.Dispose();
        Bold.Dispose();
    }
}

/// <summary>How finely the outlines of an embedded font are put down.</summary>
internal enum FontGrid
{
    /// <summary>
    /// For files that are kept and sent. A character of 4 mm is drawn to 12 µm, a quarter of a dot of 600 to the inch, and what is packed is three
    /// fifths of what it is on the grid of the face.
    /// </summary>
    Fine = 340,

    /// <summary>The same for texts of very many characters, which are set small: 3.5 mm to 22 µm.</summary>
    Coarse = 160,

    /// <summary>The grid of the face itself, for printing.</summary>
    Whole = 1000,
}

/// <summary>One face: what its characters measure, and what is needed of it for one document.</summary>
internal sealed class FaceFont : IDisposable
{
    private const float Em = 1000;
    private const int MostFine = 250;

    private readonly SKFont font;
    private readonly ConcurrentDictionary<Rune, double> advances = new();
    private readonly ConcurrentDictionary<(Rune Rune, FontGrid Grid), TrueTypeGlyph> glyphs = new();
    private readonly Lock measuring = new();

    private FaceFont(SKTypeface typeface, bool bold)
    {
        Typeface = typeface;
        IsBold = bold;
        font = new SKFont(typeface, Em) { Hinting = SKFontHinting.None, LinearMetrics = true, Subpixel = true };
    }

    public SKTypeface Typeface { get; }

    public bool IsBold { get; }

    public static FaceFont Load(string? directory, string file, string family, bool bold) => new(FontFile.Find(directory, file, family), bold);

    /// <summary>Room a character takes along the line, in ems; null when the face lacks it.</summary>
    public double? Advance(Rune rune)
    {
        if (advances.TryGetValue(rune, out var known))
        {
            return known;
        }

        lock (measuring)
        {
            return font.GetGlyph(rune.Value) is not 0 and var glyph ? advances.GetOrAdd(rune, Math.Round(font.GetGlyphWidths([glyph])[0] / Em, 3)) : null;
        }
    }

    /// <summary>A TrueType font with the characters of these rows, on this grid; for files, on a coarser one when they are very many.</summary>
    public byte[] Subset(IEnumerable<TextRun> rows, FontGrid grid)
    {
        var runes = rows.SelectMany(row => row.Text.EnumerateRunes()).Distinct().Order().ToArray();
        grid = grid == FontGrid.Fine && runes.Length > MostFine ? FontGrid.Coarse : grid;
        var (units, characters) = ((int)grid, runes.Select(rune => (rune, Glyph(rune, grid))).ToArray());
        return new TrueTypeFont(IsBold ? "EidBold" : "EidText", units, units * 88 / 100, units * 12 / 100, IsBold).Write(characters);
    }

    public void Dispose()
    {
        font.Dispose();
        Typeface.Dispose();
    }

    private TrueTypeGlyph Glyph(Rune rune, FontGrid grid)
    {
        if (glyphs.TryGetValue((rune, grid), out var known))
        {
            return known;
        }

        lock (measuring)
        {
            var (scale, glyph) = ((int)grid / Em, font.GetGlyph(rune.Value));
            using var outline = font.GetGlyphPath(glyph);
            var advance = (int)Math.Round(font.GetGlyphWidths([glyph])[0] * scale);
            return glyphs.GetOrAdd((rune, grid), outline is null ? TrueTypeGlyph.Blank(advance) : TrueTypeGlyph.Of(outline, scale, advance));
        }
    }
}
