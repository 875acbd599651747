using System.Collections.Immutable;

namespace ShantingEId.Documents.Faces;

/// <summary>A colour.</summary>
/// <param name="Red">0 to 255.</param>
/// <param name="Green">0 to 255.</param>
/// <param name="Blue">0 to 255.</param>
/// <param name="Opacity">0 clear to 255 solid.</param>
public readonly record struct Ink(byte Red, byte Green, byte Blue, byte Opacity = 255)
{
    /// <summary>Ink of text.</summary>
    public static Ink Black { get; } = new(0x1C, 0x1A, 0x18);

    /// <summary>Ink of the drawn border.</summary>
    public static Ink Bronze { get; } = new(0xA8, 0x7F, 0x3C);
}

/// <summary>An upright rectangle on the page, millimetres, origin at the upper left, y downwards.</summary>
/// <param name="X">Left edge.</param>
/// <param name="Y">Upper edge.</param>
/// <param name="Width">Width.</param>
/// <param name="Height">Height.</param>
public readonly record struct Box(double X, double Y, double Width, double Height)
{
    /// <summary>Right edge.</summary>
    public double Right => X + Width;

    /// <summary>Lower edge.</summary>
    public double Bottom => Y + Height;

    /// <summary>The box of this size around a middle.</summary>
    public static Box Around(double x, double y, double width, double height) => new(x - (width / 2), y - (height / 2), width, height);
}

/// <summary>One thing that is drawn; later ones lie over earlier ones.</summary>
/// <param name="Box">What it keeps within.</param>
public abstract record Shape(Box Box);

/// <summary>A row of characters, each at a place of its own: no output sets text again, so all show the same.</summary>
/// <param name="Box">Room of the row.</param>
/// <param name="X">Left end of the baseline.</param>
/// <param name="Y">Height of the baseline.</param>
/// <param name="Text">The characters.</param>
/// <param name="Offsets">Where each character begins, from <paramref name="X"/>; one for each Unicode scalar.</param>
/// <param name="Font">Which face.</param>
/// <param name="Size">Em, millimetres.</param>
/// <param name="Ink">Colour.</param>
/// <param name="Turn">Degrees anticlockwise about the left end of the baseline.</param>
public sealed record TextRun(
    Box Box, double X, double Y, string Text, ImmutableArray<double> Offsets, FaceLetters Font, double Size, Ink Ink, double Turn = 0) : Shape(Box);

/// <summary>A straight line from the upper left of its box to the lower right; lines here are level or upright.</summary>
/// <param name="Box">Its ends; no width or no height.</param>
/// <param name="Width">Thickness, millimetres.</param>
/// <param name="Ink">Colour.</param>
public sealed record StraightLine(Box Box, double Width, Ink Ink) : Shape(Box);

/// <summary>A rectangle: filled, outlined along its edge, or both.</summary>
/// <param name="Box">Where.</param>
/// <param name="Line">Thickness of the outline, millimetres; 0 for none.</param>
/// <param name="LineInk">Colour of the outline.</param>
/// <param name="Fill">Colour inside; null for none.</param>
public sealed record Rectangle(Box Box, double Line, Ink LineInk, Ink? Fill = null) : Shape(Box);

/// <summary>A picture that fills its box.</summary>
/// <param name="Box">Where.</param>
/// <param name="Png">PNG bytes.</param>
public sealed record Picture(Box Box, ImmutableArray<byte> Png) : Shape(Box);

/// <summary>
/// The imprint of a seal. Previews draw it; in OFD a signature puts it there, so that no seal is ever seen without one.
/// </summary>
/// <param name="Box">Where.</param>
/// <param name="Png">PNG bytes.</param>
public sealed record SealImprint(Box Box, ImmutableArray<byte> Png) : Shape(Box);

/// <summary>A filled outline.</summary>
/// <param name="Box">Where.</param>
/// <param name="Steps">The outline, in millimetres of the page.</param>
/// <param name="Fill">Colour.</param>
public sealed record PathShape(Box Box, ImmutableArray<PathStep> Steps, Ink Fill) : Shape(Box);

/// <summary>What a step of an outline does.</summary>
public enum PathVerb
{
    /// <summary>Begins at point 1.</summary>
    Move,

    /// <summary>Straight to point 1.</summary>
    Line,

    /// <summary>Quadratic curve by point 1 to point 2.</summary>
    Quad,

    /// <summary>Cubic curve by points 1 and 2 to point 3.</summary>
    Cubic,

    /// <summary>Back to where it began.</summary>
    Close,
}

/// <summary>A step of an outline with up to three points; those it has no use for are 0.</summary>
/// <param name="Verb">What it does.</param>
/// <param name="X1">Point 1.</param>
/// <param name="Y1">Point 1.</param>
/// <param name="X2">Point 2.</param>
/// <param name="Y2">Point 2.</param>
/// <param name="X3">Point 3.</param>
/// <param name="Y3">Point 3.</param>
public readonly record struct PathStep(PathVerb Verb, double X1 = 0, double Y1 = 0, double X2 = 0, double Y2 = 0, double X3 = 0, double Y3 = 0);

/// <summary>One page, described once; PNG, PDF, SVG and OFD are written from it.</summary>
/// <param name="Title">What the page is.</param>
/// <param name="Width">Millimetres.</param>
/// <param name="Height">Millimetres.</param>
/// <param name="Shapes">From the bottom to the top.</param>
public sealed record Drawing(string Title, double Width, double Height, ImmutableArray<Shape> Shapes)
{
    /// <summary>All rows of text, in order.</summary>
    public IEnumerable<TextRun> Text => Shapes.OfType<TextRun>();
}
