using ShantingEId.Seals;
using SkiaSharp;

namespace ShantingEId.Documents;

/// <summary>公章: round, star in the middle, full name around it (1999 rule §§14, 15, 17; practice in standards §6.2).</summary>
internal static class OfficialSeal
{
    private const float Diameter = 40;
    private const float Border = 1.2f;

    // Practice is 14 mm at 42 mm; measured through the five points.
    private const float StarDiameter = 14 * Diameter / 42;

    private static readonly RingRoom Name = new(
        (Diameter / 2) - Border, (Diameter / 2) - Border, 0.8, 5.2, 0.85, SealLettering.RoundArc);

    /// <summary>Border and star.</summary>
    public static void Prepare(SealSheet sheet)
    {
        var middle = (Diameter - Border) / 2;
        sheet.Frame(new SKRect(-middle, -middle, middle, middle), Border, round: true);

        // Every second point of the five in one line, filled whole (non-zero winding).
        using var line = new SKPathBuilder();
        line.AddPoly([.. Enumerable.Range(0, 5).Select(StarPoint)], close: true);
        using var star = line.Detach();
        sheet.Fill(star);
    }

    /// <summary>Name and seal code.</summary>
    public static void Draw(SealSheet sheet, SealFonts fonts, SealDesign design)
    {
        SealLettering.Ring(sheet, fonts.Words.Shapes(design.Name, SealArtist.NameField), Name);
        SealLettering.LowerCode(sheet, fonts, design.SealCode, 17.3, 1.5, 1.04);
    }

    private static SKPoint StarPoint(int number)
    {
        var (sin, cos) = MathF.SinCos(number * 4 * MathF.PI / 5);
        return new SKPoint(sin * StarDiameter / 2, -cos * StarDiameter / 2);
    }
}
