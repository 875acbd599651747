using System.Collections.Immutable;

namespace ShantingEId.Documents.Faces;

/// <summary>Text repeated over a page, so light that what is under it can be read; in every quarter of the page several times.</summary>
internal static class Watermark
{
    private const double Turn = 28;
    private const double Apart = 12;
    private static readonly Ink Faint = new(0x8A, 0x1F, 0x1F, 40);
    private static readonly Ink Strong = new(0x8A, 0x1F, 0x1F, 130);

    /// <summary>The page with these lines repeated over it.</summary>
    /// <param name="drawing">The page.</param>
    /// <param name="fonts">What text is set in.</param>
    /// <param name="text">One line for each.</param>
    public static Drawing Over(Drawing drawing, FaceFonts fonts, params IReadOnlyList<string> text) => Over(drawing, fonts, Faint, new FitRule(5.2, 4, 2), text);

    /// <summary>The same so large and dark that nobody takes the page for one in force, nor cuts a part out of it without them.</summary>
    public static Drawing Across(Drawing drawing, FaceFonts fonts, params IReadOnlyList<string> text) => Over(drawing, fonts, Strong, new FitRule(12, 7, 4), text);

    private static Drawing Over(Drawing drawing, FaceFonts fonts, Ink ink, FitRule rule, IReadOnlyList<string> text)
    {
        // 1. One block: its lines below each other, none longer than half the page.
        var longest = drawing.Width * 0.46;
        var rows = text.Select(line => FittedText.TryFit(fonts.Regular, line, longest, drawing.Height / 4, rule)
            ?? throw new EidException(ErrorReason.TextInvalid, $"水印放不下（{line.Length} 字）"))
            .SelectMany(fitted => fitted.Lines.Select(line => (Line: line, fitted.Size))).ToArray();
        var (width, height) = (rows.Max(row => row.Line.Width), rows.Sum(row => row.Size * FittedText.Leading));

        // 2. As many blocks as there is room for, each whole.
        var (sine, cosine) = Math.SinCos(Turn * Math.PI / 180);
        var (across, down) = ((width * cosine) + (height * sine), (width * sine) + (height * cosine));
        var shapes = ImmutableArray.CreateBuilder<Shape>();
        shapes.AddRange(drawing.Shapes);
        var columns = Math.Max(1, (int)((drawing.Width - 4) / (across + Apart)));
        var lines = Math.Max(1, (int)((drawing.Height - 4) / (down + (Apart / 2))));
        for (var line = 0; line < lines; line++)
        {
            for (var column = 0; column < columns; column++)
            {
                var x = (drawing.Width * (column + 0.5) / columns) - (across / 2);
                var y = (drawing.Height * (line + 0.5) / lines) + (down / 2);
                Block(x, y);
            }
        }

        return drawing with { Shapes = shapes.ToImmutable() };

        // From the lower left corner of the turned block.
        void Block(double left, double bottom)
        {
            // Upper left corner of the block: the first line begins there.
            var (x, y) = (left, bottom - (height * cosine));
            foreach (var (row, size) in rows)
            {
                // Down by the height above the baseline, at a right angle to the line.
                var (baseX, baseY) = (x + (size * FacePen.Ascent * sine), y + (size * FacePen.Ascent * cosine));
                var box = new Box(Round(x), Round(y - (row.Width * sine)), Round((row.Width * cosine) + (size * sine)), Round((row.Width * sine) + (size * cosine)));
                shapes.Add(new TextRun(box, Round(baseX), Round(baseY), row.Text, [.. row.Offsets.Select(Round)], FaceLetters.Regular, Round(size), ink, Turn));
                (x, y) = (x + (size * FittedText.Leading * sine), y + (size * FittedText.Leading * cosine));
            }
        }
    }

    private static double Round(double millimetres) => Math.Round(millimetres, 2);
}
