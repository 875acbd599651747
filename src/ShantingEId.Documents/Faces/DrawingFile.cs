using System.Globalization;
using System.Text;
using ShantingEId.Crypto;
using ShantingEId.Documents.Ofd;
using SkiaSharp;

namespace ShantingEId.Documents.Faces;

/// <summary>Writes drawings as PNG, PDF and OFD. The same drawing gives the same bytes.</summary>
public static class DrawingFile
{
    private const double MillimetresPerInch = 25.4;
    private const double PointsPerInch = 72;

    /// <summary>A picture of a page on white.</summary>
    /// <param name="drawing">The page.</param>
    /// <param name="fonts">What its text is set in.</param>
    /// <param name="dotsPerInch">24 to 600.</param>
    public static byte[] ToPng(Drawing drawing, FaceFonts fonts, int dotsPerInch = 150)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dotsPerInch, 24);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dotsPerInch, 600);
        var scale = dotsPerInch / MillimetresPerInch;
        using var surface = SKSurface.Create(new SKImageInfo((int)Math.Round(drawing.Width * scale), (int)Math.Round(drawing.Height * scale), SKColorType.Rgb888x, SKAlphaType.Opaque))
            ?? throw new InvalidOperationException("surface refused");
        surface.Canvas.Clear(SKColors.White);
        surface.Canvas.Scale((float)scale);
        using var painter = new DrawingPainter(fonts, [drawing], cutDown: false);
        painter.Paint(surface.Canvas, drawing);
        using var image = surface.Snapshot();
        using var pixels = image.PeekPixels() ?? throw new InvalidOperationException("pixels out of reach");
        using var png = pixels.Encode(new SKPngEncoderOptions(SKPngEncoderFilterFlags.Sub, 5));
        return png is null ? throw new InvalidOperationException("PNG refused") : png.ToArray();
    }

    /// <summary>
    /// One OFD document with these pages, not signed. Imprints of seals are left out: in OFD a signature puts them there (<see cref="OfdSigner"/>).
    /// </summary>
    /// <param name="pages">The pages.</param>
    /// <param name="fonts">What their text is set in.</param>
    /// <param name="author">Who made it, for the document's own information.</param>
    /// <param name="time">When, likewise.</param>
    public static OfdFile ToOfd(IReadOnlyList<Drawing> pages, FaceFonts fonts, string author, DateTimeOffset time)
    {
        // Its identifier follows from what it is.
        var said = string.Join('\n', [pages[0].Title, author, time.ToString("O", CultureInfo.InvariantCulture), .. pages.SelectMany(page => page.Text).Select(row => row.Text)]);
        var id = Convert.ToHexStringLower(Sm3.Hash(Encoding.UTF8.GetBytes(said)).AsSpan(0, 16));
        return OfdDocument.Create(pages, fonts, new OfdInfo(id, pages[0].Title, author, time, []));
    }

    /// <summary>One PDF with these pages; fonts are inside, and text comes out as it went in.</summary>
    /// <param name="pages">The pages.</param>
    /// <param name="fonts">What their text is set in.</param>
    /// <param name="author">Who made it, for the file's own information.</param>
    /// <param name="time">When, likewise.</param>
    public static byte[] ToPdf(IReadOnlyList<Drawing> pages, FaceFonts fonts, string author, DateTimeOffset time)
    {
        using var painter = new DrawingPainter(fonts, pages, cutDown: true);
        using var output = new MemoryStream(128 * 1024);
        var about = new SKDocumentPdfMetadata { Title = pages[0].Title, Author = author, Producer = "ShantingEId", Creation = time.UtcDateTime, Modified = time.UtcDateTime, RasterDpi = 300, EncodingQuality = 101 };
        using (var document = SKDocument.CreatePdf(output, about))
        {
            const float scale = (float)(PointsPerInch / MillimetresPerInch);
            foreach (var page in pages)
            {
                using var canvas = document.BeginPage((float)page.Width * scale, (float)page.Height * scale);
                canvas.Scale(scale);
                painter.Paint(canvas, page);
                document.EndPage();
            }

            document.Close();
        }

        return output.ToArray();
    }
}
