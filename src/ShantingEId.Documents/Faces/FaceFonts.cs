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
/// Song faces of the Debian package fonts-noto-cjk. Load once; safe to share between threads. With libharfbuzz-subset0 the
/// documents carry what they use of them.
/// </summary>
public sealed class FaceFonts : IDisposable
{
    private FaceFonts(string? directory, bool embed)
    {
        Regular = FaceFont.Load(directory, "NotoSerifCJK-Regular.ttc", "Noto Serif CJK SC", bold: false, embed);
        Bold = FaceFont.Load(directory, "NotoSerifCJK-Bold.ttc", "Noto Serif CJK SC", bold: true, embed);
    }

    internal FaceFont Regular { get; }

    internal FaceFont Bold { get; }

    /// <summary>Whether documents carry their fonts; without libharfbuzz-subset0 they only name them.</summary>
    public bool CanEmbed => Regular.CanEmbed && Bold.CanEmbed;

    internal FaceFont this[FaceLetters letters] => letters == FaceLetters.Bold ? Bold : Regular;

    /// <summary>Loads the faces from a directory, or from where Debian puts them.</summary>
    /// <param name="directory">The only place to look; null for the usual ones.</param>
    /// <param name="embed">False for documents that only name their fonts, as where the library is missing.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.SealImageInvalid"/>: a face is not there.</exception>
    public static FaceFonts LoadDefault(string? directory = null, bool embed = true) => new(directory, embed);

    /// <inheritdoc/>
    public void Dispose()
    {
        Regular.Dispose();
        Bold.Dispose();
    }
}

/// <summary>One face: what its characters measure, and what is needed of it for one document.</summary>
internal sealed class FaceFont : IDisposable
{
    private const float Em = 1000;

    private readonly SKFont font;
    private readonly FontSubsetter? subsetter;
    private readonly ConcurrentDictionary<Rune, double> advances = new();
    private readonly Lock measuring = new();

    private FaceFont(SKTypeface typeface, FontSubsetter? subsetter, bool bold)
    {
        Typeface = typeface;
        this.subsetter = subsetter;
        IsBold = bold;
        font = new SKFont(typeface, Em) { Hinting = SKFontHinting.None, LinearMetrics = true, Subpixel = true };
    }

    public SKTypeface Typeface { get; }

    public bool IsBold { get; }

    public bool CanEmbed => subsetter is not null;

    public static FaceFont Load(string? directory, string file, string family, bool bold, bool embed)
    {
        var (found, face) = FontFile.Find(directory, file, family);
        return new FaceFont(face, embed ? FontSubsetter.TryOpen(found) : null, bold);
    }

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

    /// <summary>An OpenType font with the characters of these rows; null where fonts cannot be cut down.</summary>
    public byte[]? Subset(IEnumerable<TextRun> rows) => subsetter?.Cut(rows.SelectMany(row => row.Text.EnumerateRunes()));

    public void Dispose()
    {
        font.Dispose();
        subsetter?.Dispose();
        Typeface.Dispose();
    }
}
