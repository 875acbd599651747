namespace ShantingEId.Documents;

/// <summary>
/// The line on which the middles of ring characters stand: every point lies the same distance inside the inner edge of
/// the border, on a circle or an oval. Halves mirror each other, so only the right one is kept, from the top clockwise.
/// </summary>
internal sealed class SealArc
{
    private const int Steps = 360;

    private readonly double[] lengths = new double[Steps + 1];
    private readonly double[] angles = new double[Steps + 1];
    private readonly double[] tightness = new double[Steps + 1];
    private readonly double a;
    private readonly double b;
    private readonly double inside;

    /// <summary>Measures the line.</summary>
    /// <param name="a">Half width of the inner edge of the border.</param>
    /// <param name="b">Half height of it.</param>
    /// <param name="inside">Distance of the line from that edge.</param>
    /// <param name="halfGlyph">Half height of the characters, which decides how close their inner corners come.</param>
    public SealArc(double a, double b, double inside, double halfGlyph)
    {
        (this.a, this.b, this.inside) = (a, b, inside);
        var (lastX, lastY, _, _) = At(0);
        for (var i = 0; i <= Steps; i++)
        {
            var t = i * Math.PI / Steps;
            var (x, y, _, _) = At(t);
            var bend = Math.Pow((a * a * Math.Cos(t) * Math.Cos(t)) + (b * b * Math.Sin(t) * Math.Sin(t)), 1.5) / (a * b);
            lengths[i] = i == 0 ? 0 : lengths[i - 1] + Math.Sqrt(((x - lastX) * (x - lastX)) + ((y - lastY) * (y - lastY)));
            angles[i] = Math.Atan2(x, -y);
            // How much shorter the line is where the feet of the characters stand; the worst place so far counts.
            var here = (bend - inside - halfGlyph) / (bend - inside);
            tightness[i] = i == 0 ? here : Math.Min(tightness[i - 1], here);
            (lastX, lastY) = (x, y);
        }
    }

    /// <summary>Length of the part within an angle seen from the middle of the seal, half of it on each side of the top.</summary>
    public double Length(double degrees) => 2 * Interpolate(angles, lengths, degrees * Math.PI / 360);

    /// <summary>Share of the length left at the feet of the characters within that part.</summary>
    public double Tightness(double degrees) => Interpolate(angles, tightness, degrees * Math.PI / 360);

    /// <summary>Place at a length from the top, clockwise, with sine and cosine of the turn of an upright character.</summary>
    public (float X, float Y, float Sine, float Cosine) Place(double length)
    {
        var (x, y, sine, cosine) = At(Interpolate(lengths, Parameters, Math.Abs(length)));
        var side = Math.Sign(length);
        return length == 0 ? ((float)x, (float)y, 0, 1) : ((float)(side * x), (float)y, (float)(side * sine), (float)cosine);
    }

    private static double[] Parameters { get; } = [.. Enumerable.Range(0, Steps + 1).Select(i => i * Math.PI / Steps)];

    private (double X, double Y, double NormalX, double NormalUp) At(double t)
    {
        var (sin, cos) = Math.SinCos(t);
        var length = Math.Sqrt((b * b * sin * sin) + (a * a * cos * cos));
        var (normalX, normalUp) = (b * sin / length, a * cos / length);
        return ((a * sin) - (inside * normalX), -(b * cos) + (inside * normalUp), normalX, normalUp);
    }

    private static double Interpolate(double[] from, double[] to, double value)
    {
        var found = Array.BinarySearch(from, value);
        if (found >= 0)
        {
            return to[found];
        }

        var above = Math.Clamp(~found, 1, Steps);
        var part = (value - from[above - 1]) / (from[above] - from[above - 1]);
        return to[above - 1] + (part * (to[above] - to[above - 1]));
    }
}
