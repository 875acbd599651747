using SkiaSharp;

namespace ShantingEId.Documents;

/// <summary>
/// The faces seals are cut in, from the Debian package fonts-noto-cjk: Song-like Noto Serif for words (1999 rule §17
/// asks for 宋体) and Noto Sans for digits. Load once; safe to share between threads.
/// </summary>
public sealed class SealFonts : IDisposable
{
    private SealFonts(string? directory)
    {
        Words = Load(directory, "NotoSerifCJK-Bold.ttc", "Noto Serif CJK SC");
        Digits = Load(directory, "NotoSansCJK-Regular.ttc", "Noto Sans CJK SC");
        Zero = Digits.Shapes("0", "digits")[0].Ink;
    }

    /// <summary>Names and kinds of seals.</summary>
    internal SealFace Words { get; }

    /// <summary>Seal codes and taxpayer numbers.</summary>
    internal SealFace Digits { get; }

    /// <summary>Ink of a zero: the full height and the usual width of a digit.</summary>
    internal SKRect Zero { get; }

    /// <summary>
    /// Loads the faces from <paramref name="directory"/> when one is named, and from nowhere else then: whoever names a
    /// directory wants to hear that it is wrong. Otherwise looks in /usr/share/fonts/opentype/noto (Debian),
    /// /usr/share/fonts/noto-cjk and /usr/local/share/fonts/noto, in this order.
    /// </summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SealImageInvalid"/>: a face is not there.</exception>
    public static SealFonts LoadDefault(string? directory = null) => new(directory);

    /// <inheritdoc/>
    public void Dispose()
    {
        Words.Dispose();
        Digits.Dispose();
    }

    private static SealFace Load(string? directory, string file, string family) => new(FontFile.Find(directory, file, family));
}
