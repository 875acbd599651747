using ShantingEId.Seals;
using SkiaSharp;

namespace ShantingEId.Documents;

/// <summary>财务专用章: must differ from the 公章 in name and look (1999 rule §22): 38 mm, no star, its kind in a line.</summary>
internal static class FinanceSeal
{
    private const float Diameter = 38;
    private const float Border = 1;

    private static readonly RingRoom Name = new(
        (Diameter / 2) - Border, (Diameter / 2) - Border, 0.8, 4.8, 0.85, SealLettering.RoundArc);

    /// <summary>Border and the words.</summary>
    public static void Prepare(SealSheet sheet, SealFonts fonts)
    {
        var middle = (Diameter - Border) / 2;
        sheet.Frame(new SKRect(-middle, -middle, middle, middle), Border, round: true);
        SealLettering.Row(sheet, fonts.Words.Shapes("财务专用章", "kind"), (-8.5, 2.6, 17, 4.4), 3.1);
    }

    /// <summary>Name and seal code.</summary>
    public static void Draw(SealSheet sheet, SealFonts fonts, SealDesign design)
    {
        SealLettering.Ring(sheet, fonts.Words.Shapes(design.Name, SealArtist.NameField), Name);
        SealLettering.LowerCode(sheet, fonts, design.SealCode, 16.5, 1.5, 1.04);
    }
}
