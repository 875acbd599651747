using SkiaSharp;

namespace ShantingEId.Documents.Faces;

/// <summary>One character of a TrueType font (ISO/IEC 14496-22, table glyf): its outline on the grid of the font.</summary>
/// <param name="Data">The record; empty for a blank.</param>
/// <param name="Advance">Room it takes along the line, units of the grid.</param>
/// <param name="Left">Least x of its points; with the others 0 for a blank.</param>
/// <param name="Bottom">Least y.</param>
/// <param name="Right">Greatest x.</param>
/// <param name="Top">Greatest y.</param>
/// <param name="Points">How many points.</param>
/// <param name="Contours">How many contours.</param>
internal sealed record TrueTypeGlyph(byte[] Data, int Advance, int Left, int Bottom, int Right, int Top, int Points, int Contours)
{
    private const byte OnCurve = 0x01;
    private const byte Repeated = 0x08;

    // How far a curve may be from the one it stands for, units of the grid.
    private const double Tolerance = 1;

    private readonly record struct Point(int X, int Y, bool IsOn);

    /// <summary>A blank.</summary>
    public static TrueTypeGlyph Blank(int advance) => new([], advance, 0, 0, 0, 0, 0, 0);

    /// <summary>Puts an outline on the grid: points are rounded, cubic curves become quadratic ones.</summary>
    /// <param name="outline">The outline; y downwards, as Skia has it.</param>
    /// <param name="scale">Units of the grid for one unit of the outline.</param>
    /// <param name="advance">Units of the grid.</param>
    public static TrueTypeGlyph Of(SKPath outline, double scale, int advance)
    {
        var contours = ReadContours(outline, scale);
        if (contours.Count == 0)
        {
            return Blank(advance);
        }

        var all = contours.SelectMany(contour => contour).ToList();
        var (left, bottom, right, top) = (all.Min(point => point.X), all.Min(point => point.Y), all.Max(point => point.X), all.Max(point => point.Y));
        var data = new List<byte>(64 + (3 * all.Count));
        foreach (var number in (int[])[contours.Count, left, bottom, right, top])
        {
            Add(data, number);
        }

        foreach (var contour in contours.Index())
        {
            Add(data, contours.Take(contour.Index + 1).Sum(each => each.Count) - 1);
        }

        Add(data, 0); // No instructions.
        AddPoints(data, all);
        return new TrueTypeGlyph([.. data], advance, left, bottom, right, top, all.Count, contours.Count);
    }

    private static List<List<Point>> ReadContours(SKPath outline, double scale)
    {
        var contours = new List<List<Point>>();
        var contour = new List<Point>();
        using var iterator = outline.CreateRawIterator();
        var points = new SKPoint[4];
        for (var verb = iterator.Next(points); verb != SKPathVerb.Done; verb = iterator.Next(points))
        {
            switch (verb)
            {
                case SKPathVerb.Move:
                    Finish();
                    contour.Add(Round(At(0), true));
                    break;
                case SKPathVerb.Line:
                    contour.Add(Round(At(1), true));
                    break;
                case SKPathVerb.Quad:
                    contour.AddRange([Round(At(1), false), Round(At(2), true)]);
                    break;
                case SKPathVerb.Cubic:
                    AddCubic(contour, At(0), At(1), At(2), At(3));
                    break;
                case SKPathVerb.Close:
                    break;
                default:
                    throw new NotSupportedException($"{verb} in a glyph");
            }
        }

        Finish();
        return contours;

        (double X, double Y) At(int i) => (points[i].X * scale, -points[i].Y * scale);

        void Finish()
        {
            if (Tidy(contour) is { Count: > 2 } tidy)
            {
                // Ink is on the right of the way here, on the left in the PostScript outlines that this comes from.
                tidy.Reverse(1, tidy.Count - 1);
                contours.Add(tidy);
            }

            contour = [];
        }
    }

    // As many quadratic pieces of equal length as keep within the tolerance: the error of one is √3/36 of the third difference, that of n falls with n³.
    private static void AddCubic(List<Point> contour, (double X, double Y) p0, (double X, double Y) p1, (double X, double Y) p2, (double X, double Y) p3)
    {
        var third = double.Hypot(p3.X - (3 * p2.X) + (3 * p1.X) - p0.X, p3.Y - (3 * p2.Y) + (3 * p1.Y) - p0.Y);
        var pieces = Math.Clamp((int)Math.Ceiling(Math.Cbrt(third * Math.Sqrt(3) / 36 / Tolerance)), 1, 8);
        for (var i = 0; i < pieces; i++)
        {
            // The control point where the tangents at both ends meet on average: a quarter of 3(c1 + c2) - (start + end) of the piece.
            var (from, to) = ((double)i / pieces, (i + 1.0) / pieces);
            var (start, end) = (On(from), On(to));
            var (first, second) = (Slope(from), Slope(to));
            var step = (to - from) / 4;
            contour.Add(Round((((start.X + end.X) / 2) + ((first.X - second.X) * step), ((start.Y + end.Y) / 2) + ((first.Y - second.Y) * step)), false));
            contour.Add(Round(end, true));
        }

        (double X, double Y) On(double t) => (Bernstein(p0.X, p1.X, p2.X, p3.X, t), Bernstein(p0.Y, p1.Y, p2.Y, p3.Y, t));

        (double X, double Y) Slope(double t) => (Derivative(p0.X, p1.X, p2.X, p3.X, t), Derivative(p0.Y, p1.Y, p2.Y, p3.Y, t));

        static double Bernstein(double a, double b, double c, double d, double t) =>
            (a * (1 - t) * (1 - t) * (1 - t)) + (3 * b * t * (1 - t) * (1 - t)) + (3 * c * t * t * (1 - t)) + (d * t * t * t);

        static double Derivative(double a, double b, double c, double d, double t) =>
            3 * (((b - a) * (1 - t) * (1 - t)) + (2 * (c - b) * t * (1 - t)) + ((d - c) * t * t));
    }

    // Leaves out what a reader puts in by itself: a point on the curve half-way between two beside it, and a point where the last one was.
    private static List<Point> Tidy(List<Point> contour)
    {
        var distinct = contour.Where((point, i) => i == 0 || !(point.IsOn && contour[i - 1].IsOn && point == contour[i - 1])).ToList();
        while (distinct.Count > 1 && distinct[^1] == distinct[0])
        {
            distinct.RemoveAt(distinct.Count - 1); // Contours close by themselves.
        }

        return [.. distinct.Where((point, i) => i == 0 || !point.IsOn || !IsHalfWay(distinct[i - 1], point, distinct[(i + 1) % distinct.Count]))];

        static bool IsHalfWay(Point before, Point point, Point after) => !before.IsOn && !after.IsOn
            && Math.Abs(before.X + after.X - (2 * point.X)) <= 1 && Math.Abs(before.Y + after.Y - (2 * point.Y)) <= 1;
    }

    // Flags of all points, then the ways from each to the next: 0 bytes for none, 1 for up to 255, else 2.
    private static void AddPoints(List<byte> data, List<Point> points)
    {
        var flags = new List<byte>(points.Count);
        var (across, up) = (new List<byte>(points.Count), new List<byte>(points.Count));
        var (x, y) = (0, 0);
        foreach (var point in points)
        {
            flags.Add((byte)((point.IsOn ? OnCurve : 0) | AddStep(across, point.X - x, 0x02) | AddStep(up, point.Y - y, 0x04)));
            (x, y) = (point.X, point.Y);
        }

        for (var (i, end) = (0, 0); i < flags.Count; i = end)
        {
            for (end = i + 1; end < flags.Count && flags[end] == flags[i] && end - i < 256; end++)
            {
            }

            data.AddRange(end - i > 2 ? [(byte)(flags[i] | Repeated), (byte)(end - i - 1)] : Enumerable.Repeat(flags[i], end - i));
        }

        data.AddRange(across);
        data.AddRange(up);
    }

    // The second flag says that a short step is positive, or that there is none.
    private static int AddStep(List<byte> data, int step, int isShort)
    {
        var isSame = isShort << 3;
        if (step == 0)
        {
            return isSame;
        }

        if (Math.Abs(step) < 256)
        {
            data.Add((byte)Math.Abs(step));
            return isShort | (step > 0 ? isSame : 0);
        }

        Add(data, step);
        return 0;
    }

    private static void Add(List<byte> data, int number) => data.AddRange([(byte)(number >> 8), (byte)number]);

    private static Point Round((double X, double Y) point, bool isOn) => new((int)Math.Round(point.X), (int)Math.Round(point.Y), isOn);
}
