namespace ShantingEId.Documents;

/// <summary>Measures of a row of shapes, in characters along the row and glyph units across it.</summary>
internal sealed class TextLine
{
    // Ink width of a broad character; the em square keeps a margin around it.
    private const float EmInk = 940;

    // A name of flat characters alone (一, 二) must not be blown up to full height.
    private const float LeastTop = -810;
    private const float LeastBottom = 50;

    private readonly SealGlyph[] shapes;

    public TextLine(SealGlyph[] shapes)
    {
        this.shapes = shapes;
        Advance = shapes.Sum(shape => shape.Advance) / SealFace.Em;
        var top = shapes.Min(shape => shape.Ink.Top);
        var bottom = shapes.Max(shape => shape.Ink.Bottom);
        (top, bottom) = (Math.Min(top, LeastTop), Math.Max(bottom, LeastBottom));
        InkWidth = Math.Max(EmInk, shapes.Max(shape => shape.Ink.Width));
        MiddleY = (top + bottom) / 2;
        InkHeight = bottom - top;
    }

    /// <summary>Length of the row in full characters.</summary>
    public double Advance { get; }

    /// <summary>Width of the broadest ink: it is what a width asked for is given to.</summary>
    public float InkWidth { get; }

    /// <summary>Height of the tallest ink: scaled to the height asked for, so that a clause's millimetres are met exactly.</summary>
    public float InkHeight { get; }

    /// <summary>Middle of that ink.</summary>
    public float MiddleY { get; }

    /// <summary>Every shape with the middle of its place along the row, in full characters from the left end.</summary>
    public IEnumerable<(SealGlyph Shape, double At)> Placed()
    {
        var left = 0.0;
        foreach (var shape in shapes)
        {
            yield return (shape, left + (shape.Advance / SealFace.Em / 2));
            left += shape.Advance / SealFace.Em;
        }
    }
}
