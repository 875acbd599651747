using System.Collections.Immutable;

namespace ShantingEId.Documents.Faces;

/// <summary>Collects the shapes of a page. Layouts are written for one size of paper and drawn at any of the same proportions.</summary>
/// <param name="fonts">What text is set in.</param>
/// <param name="scale">Millimetres of paper for one of the layout.</param>
internal sealed class FacePen(FaceFonts fonts, double scale)
{
    /// <summary>Height of an em above the baseline in the Noto CJK faces; the rest is below.</summary>
    public const double Ascent = 0.88;

    private readonly ImmutableArray<Shape>.Builder shapes = ImmutableArray.CreateBuilder<Shape>();

    public ImmutableArray<Shape> Shapes => shapes.ToImmutable();

    public void Add(Shape shape) => shapes.Add(shape);

    /// <summary>A box of the layout on paper, to the hundredth of a millimetre.</summary>
    public Box OnPaper(Box box) => new(Round(box.X), Round(box.Y), Round(box.Width), Round(box.Height));

    public void Line(double x1, double y1, double x2, double y2, double width, Ink ink) =>
        shapes.Add(new StraightLine(OnPaper(new Box(x1, y1, x2 - x1, y2 - y1)), Round(width), ink));

    public void Frame(Box box, double line, Ink ink, Ink? fill = null) => shapes.Add(new Rectangle(OnPaper(box), Round(line), ink, fill));

    public void Picture(Box box, byte[] png) => shapes.Add(new Picture(OnPaper(box), [.. png]));

    /// <summary>The imprint of a seal around a place of the layout; a seal keeps its own size on any paper.</summary>
    public void Seal(double x, double y, double width, double height, byte[] png)
    {
        var place = OnPaper(new Box(x, y, 0, 0));
        shapes.Add(new SealImprint(Box.Around(place.X, place.Y, width, height), [.. png]));
    }

    /// <summary>Writes a text of one line with its middle at x, and room between its characters.</summary>
    public void Centred(string text, double x, double top, double size, FaceLetters letters = FaceLetters.Regular, double gap = 0, Ink? ink = null)
    {
        var line = FittedText.Spaced(fonts[letters], text, size, gap);
        Row(line, x - (line.Width / 2), top, size, letters, ink ?? Ink.Black);
    }

    /// <summary>Writes a text of one line from x on.</summary>
    public void Write(string text, double x, double top, double size, FaceLetters letters = FaceLetters.Regular, double gap = 0)
    {
        Row(FittedText.Spaced(fonts[letters], text, size, gap), x, top, size, letters, Ink.Black);
    }

    /// <summary>Writes a text of one line that ends at x.</summary>
    public void WriteTo(string text, double x, double top, double size)
    {
        var line = FittedText.Spaced(fonts.Regular, text, size, 0);
        Row(line, x - line.Width, top, size, FaceLetters.Regular, Ink.Black);
    }

    /// <summary>Writes a label, its characters spread over the width; one that is broader is set narrower.</summary>
    public void Label(string text, double x, double top, double size, double width)
    {
        var plain = FittedText.Spaced(fonts.Bold, text, size, 0).Width;
        Row(FittedText.Spaced(fonts.Bold, text, size, text.Length > 1 ? (width - plain) / (text.Length - 1) : 0), x, top, size, FaceLetters.Bold, Ink.Black);
    }

    /// <summary>Writes the lines of a fitted text from the upper left of its room on.</summary>
    public void Put(FittedText text, double x, double top, FaceLetters letters = FaceLetters.Regular)
    {
        var lead = (FittedText.Leading - 1) / 2 * text.Size;
        foreach (var (i, line) in text.Lines.Index())
        {
            Row(line, x, top + (i * text.Size * FittedText.Leading) + lead, text.Size, letters, Ink.Black);
        }
    }

    /// <summary>Fits a text, or refuses the whole face.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.TextInvalid"/>: no room for it even at its least size.</exception>
    public FittedText Fit(string text, double width, double height, FitRule rule, string what, FaceLetters letters = FaceLetters.Regular) =>
        TryFit(text, width, height, rule, letters) ?? throw new EidException(ErrorReason.TextInvalid, $"照面放不下{what}（{text.Length} 字）");

    public FittedText? TryFit(string text, double width, double height, FitRule rule, FaceLetters letters = FaceLetters.Regular) =>
        FittedText.TryFit(fonts[letters], text, width, height, rule);

    private void Row(FittedLine line, double x, double top, double size, FaceLetters letters, Ink ink)
    {
        if (line.Text.Length == 0)
        {
            return;
        }

        var baseline = top + (size * Ascent);
        shapes.Add(new TextRun(OnPaper(new Box(x, top, line.Width, size)), Round(x), Round(baseline), line.Text,
            [.. line.Offsets.Select(Round)], letters, Round(size), ink));
    }

    private double Round(double layout) => Math.Round(layout * scale, 2);
}
