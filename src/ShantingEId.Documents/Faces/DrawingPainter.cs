using System.Runtime.InteropServices;
using System.Text;
using SkiaSharp;

namespace ShantingEId.Documents.Faces;

/// <summary>Paints drawings on a Skia canvas, for PNG and PDF.</summary>
internal sealed class DrawingPainter : IDisposable
{
    private readonly Dictionary<FaceLetters, (SKTypeface Face, bool IsOwn)> faces = [];

    /// <summary>Prepares the fonts.</summary>
    /// <param name="fonts">Whole faces.</param>
    /// <param name="drawings">What will be painted.</param>
    /// <param name="cutDown">
    /// Whether to use faces cut down to these drawings. In a PDF they also make text come out as it went in: a whole face has
    /// one glyph for 行 and for the radical ⾏, and readers would find the wrong one.
    /// </param>
    public DrawingPainter(FaceFonts fonts, IReadOnlyList<Drawing> drawings, bool cutDown)
    {
        foreach (var rows in drawings.SelectMany(drawing => drawing.Text).GroupBy(row => row.Font))
        {
            using var bytes = cutDown ? SKData.CreateCopy(fonts[rows.Key].Subset(rows, FontGrid.Whole)) : null;
            var own = bytes is null ? null : SKTypeface.FromData(bytes);
            faces[rows.Key] = (own ?? fonts[rows.Key].Typeface, own is not null);
        }
    }

    /// <summary>Paints a page; the canvas already counts millimetres.</summary>
    public void Paint(SKCanvas canvas, Drawing drawing)
    {
        foreach (var shape in drawing.Shapes)
        {
            switch (shape)
            {
                case TextRun row: PaintText(canvas, row); break;
                case StraightLine line: PaintLine(canvas, line); break;
                case Rectangle rectangle: PaintRectangle(canvas, rectangle); break;
                case Picture picture: PaintPicture(canvas, picture.Box, picture.Png.AsSpan(), SKFilterMode.Nearest); break;
                case SealImprint seal: PaintPicture(canvas, seal.Box, seal.Png.AsSpan(), SKFilterMode.Linear); break;
                case PathShape path: PaintPath(canvas, path); break;
                default: throw new NotSupportedException(shape.GetType().Name);
            }
        }
    }

    public void Dispose()
    {
        foreach (var (face, isOwn) in faces.Values)
        {
            if (isOwn)
            {
                face.Dispose();
            }
        }
    }

    private void PaintText(SKCanvas canvas, TextRun row)
    {
        using var font = new SKFont(faces[row.Font].Face, (float)row.Size) { Hinting = SKFontHinting.None, LinearMetrics = true, Subpixel = true, Edging = SKFontEdging.Antialias };
        using var paint = Fill(row.Ink);
        using var builder = new SKTextBlobBuilder();
        var glyphs = row.Text.EnumerateRunes().Select(rune => font.GetGlyph(rune.Value)).ToArray();
        builder.AddHorizontalRun(glyphs, font, [.. row.Offsets.Select(offset => (float)offset)], 0);
        using var blob = builder.Build();
        canvas.Save();
        canvas.Translate((float)row.X, (float)row.Y);
        canvas.RotateDegrees((float)-row.Turn);
        canvas.DrawText(blob, 0, 0, paint);
        canvas.Restore();
    }

    private static void PaintLine(SKCanvas canvas, StraightLine line)
    {
        using var paint = Stroke(line.Ink, line.Width);
        canvas.DrawLine((float)line.Box.X, (float)line.Box.Y, (float)line.Box.Right, (float)line.Box.Bottom, paint);
    }

    private static void PaintRectangle(SKCanvas canvas, Rectangle rectangle)
    {
        var box = Rect(rectangle.Box);
        if (rectangle.Fill is { } fill)
        {
            using var paint = Fill(fill);
            canvas.DrawRect(box, paint);
        }

        if (rectangle.Line > 0)
        {
            using var paint = Stroke(rectangle.LineInk, rectangle.Line);
            canvas.DrawRect(box, paint);
        }
    }

    private static void PaintPicture(SKCanvas canvas, Box box, ReadOnlySpan<byte> png, SKFilterMode filter)
    {
        using var data = SKData.CreateCopy(png);
        using var image = SKImage.FromEncodedData(data) ?? throw new EidException(ErrorReason.PictureUnreadable, "照面上的图片无法识读");
        canvas.DrawImage(image, Rect(box), new SKSamplingOptions(filter, filter == SKFilterMode.Linear ? SKMipmapMode.Linear : SKMipmapMode.None));
    }

    private static void PaintPath(SKCanvas canvas, PathShape shape)
    {
        using var builder = new SKPathBuilder();
        foreach (var step in shape.Steps)
        {
            switch (step.Verb)
            {
                case PathVerb.Move: builder.MoveTo((float)step.X1, (float)step.Y1); break;
                case PathVerb.Line: builder.LineTo((float)step.X1, (float)step.Y1); break;
                case PathVerb.Quad: builder.QuadTo((float)step.X1, (float)step.Y1, (float)step.X2, (float)step.Y2); break;
                case PathVerb.Cubic: builder.CubicTo((float)step.X1, (float)step.Y1, (float)step.X2, (float)step.Y2, (float)step.X3, (float)step.Y3); break;
                default: builder.Close(); break;
            }
        }

        using var path = builder.Detach();
        using var paint = Fill(shape.Fill);
        canvas.DrawPath(path, paint);
    }

    private static SKRect Rect(Box box) => new((float)box.X, (float)box.Y, (float)box.Right, (float)box.Bottom);

    private static SKColor Colour(Ink ink) => new(ink.Red, ink.Green, ink.Blue, ink.Opacity);

    private static SKPaint Fill(Ink ink) => new() { Color = Colour(ink), IsAntialias = true };

    private static SKPaint Stroke(Ink ink, double width) => new() { Color = Colour(ink), IsAntialias = true, IsStroke = true, StrokeWidth = (float)width };
}
