using ShantingEId.Seals;

namespace ShantingEId.Documents;

/// <summary>Where the ring of a name may be.</summary>
/// <param name="HalfWidth">Half width of the inner edge of the border, millimetres.</param>
/// <param name="HalfHeight">Half height of it.</param>
/// <param name="Gap">Room between the border and the heads of the characters.</param>
/// <param name="Height">Height of the characters while they fit.</param>
/// <param name="Widest">Widest character, as a share of the height.</param>
/// <param name="Arc">Angle from the outer edge of the first to that of the last character, by number of characters.</param>
internal sealed record RingRoom(
    double HalfWidth, double HalfHeight, double Gap, double Height, double Widest, Func<double, double> Arc);

/// <summary>Sets names around the border and words along straight lines.</summary>
internal static class SealLettering
{
    // Narrower than this a Song character is a barcode: from here on the whole character shrinks.
    private const double Narrowest = 0.5;

    // Ink of neighbours keeps this share of the room at their feet, where an arc brings them together.
    private const double Filled = 0.97;

    /// <summary>
    /// Arc of a name on a round seal. A short name would look lost on a wide arc and crowded on a narrow one: it opens with
    /// every character, and stops where the seal code below needs room; the narrow characters of long names may come closer.
    /// </summary>
    public static double RoundArc(double count) => Math.Min(96 + (15 * count), 288 + Math.Clamp((count - 20) / 2, 0, 10));

    /// <summary>
    /// Sets a name around the upper border, left to right (1999 rule §15), at equal lengths of arc. A long name gets the
    /// wider arc first, then narrower characters, and only then smaller ones.
    /// </summary>
    public static void Ring(SealSheet sheet, SealGlyph[] name, RingRoom room)
    {
        var line = new TextLine(name);
        var degrees = room.Arc(line.Advance);
        for (var height = room.Height; ; height *= 0.97)
        {
            var arc = new SealArc(room.HalfWidth, room.HalfHeight, room.Gap + (height / 2), height / 2);
            var length = arc.Length(degrees);
            // A row of n characters has n - 1 steps and one character width from edge to edge.
            var share = arc.Tightness(degrees) * Filled;
            var width = Math.Min(height * room.Widest, share * length / (line.Advance - 1 + share));
            if (width < height * Narrowest)
            {
                continue;
            }

            var step = line.Advance > 1 ? (length - width) / (line.Advance - 1) : 0;
            foreach (var (glyph, at) in line.Placed())
            {
                var (x, y, sine, cosine) = arc.Place((at - (line.Advance / 2)) * step);
                sheet.Put(glyph, line.MiddleY, x, y, sine, cosine, (float)width / line.InkWidth, (float)height / line.InkHeight);
            }

            return;
        }
    }

    /// <summary>Sets digits along the lower border so that they read upright, left to right.</summary>
    /// <param name="sheet">Where to.</param>
    /// <param name="fonts">Whose digits.</param>
    /// <param name="code">The code.</param>
    /// <param name="radius">Radius of the middles of the digits.</param>
    /// <param name="height">Height of a digit.</param>
    /// <param name="step">Length of arc from digit to digit.</param>
    public static void LowerCode(SealSheet sheet, SealFonts fonts, SealCode code, double radius, double height, double step)
    {
        var digits = fonts.Digits.Shapes(code.Value, "seal_code");
        var scale = (float)height / fonts.Zero.Height;
        for (var i = 0; i < digits.Length; i++)
        {
            var (sine, cosine) = Math.SinCos((((digits.Length - 1) / 2.0) - i) * step / radius);
            sheet.Put(digits[i], fonts.Zero.MidY, (float)(-radius * sine), (float)(radius * cosine), (float)sine, (float)cosine, scale, scale);
        }
    }

    /// <summary>Sets a straight row in a box: the ink fills its height, the outer edges of the row its width.</summary>
    /// <param name="sheet">Where to.</param>
    /// <param name="row">What to set.</param>
    /// <param name="box">Left, top, width and height, millimetres.</param>
    /// <param name="width">Width of one full character.</param>
    public static void Row(SealSheet sheet, SealGlyph[] row, (double Left, double Top, double Width, double Height) box, double width)
    {
        var line = new TextLine(row);
        var step = line.Advance > 1 ? (box.Width - width) / (line.Advance - 1) : 0;
        foreach (var (glyph, at) in line.Placed())
        {
            var x = box.Left + (box.Width / 2) + ((at - (line.Advance / 2)) * step);
            sheet.Put(glyph, line.MiddleY, (float)x, (float)(box.Top + (box.Height / 2)), 0, 1, (float)width / line.InkWidth, (float)box.Height / line.InkHeight);
        }
    }
}
