using ShantingEId.Seals;
using SkiaSharp;

namespace ShantingEId.Documents;

/// <summary>发票专用章: every measure is from 国家税务总局公告2011年第7号; no seal code, because the form has no place for one.</summary>
internal static class InvoiceSeal
{
    // 形状为椭圆形，长轴 40 mm、短轴 30 mm、边宽 1 mm.
    private const float HalfWidth = 20;
    private const float HalfHeight = 15;
    private const float Border = 1;

    // 税号: 18 digits together 26 mm wide, each 1.3 wide and 3.7 high, in the middle.
    private const float NumberWidth = 26;
    private const float DigitWidth = 1.3f;
    private const float DigitHeight = 3.7f;

    // 名称: 4.2 high, 0.5 from the inner edge of the border, on an arc of 210 to 260 degrees.
    private static readonly RingRoom Name = new(
        HalfWidth - Border, HalfHeight - Border, 0.5, 4.2, 0.8, count => Math.Clamp(150 + (8 * count), 210, 260));

    /// <summary>Border and the words: 4.6 high, 3 wide each, top 4.2 below the middle.</summary>
    public static void Prepare(SealSheet sheet, SealFonts fonts)
    {
        var (x, y) = (HalfWidth - (Border / 2), HalfHeight - (Border / 2));
        sheet.Frame(new SKRect(-x, -y, x, y), Border, round: true);
        SealLettering.Row(sheet, fonts.Words.Shapes("发票专用章", "kind"), (-8.3, 4.2, 16.6, 4.6), 3);
    }

    /// <summary>Name and taxpayer number.</summary>
    public static void Draw(SealSheet sheet, SealFonts fonts, SealDesign design)
    {
        SealLettering.Ring(sheet, fonts.Words.Shapes(design.Name, SealArtist.NameField), Name);

        var number = fonts.Digits.Shapes(design.CreditCode.Value, "enterprise.credit_code");
        var step = (NumberWidth - DigitWidth) / (number.Length - 1);
        // One width of stroke for all: a zero fills its cell, broader letters (M, W) are drawn in to it.
        var (across, down) = (DigitWidth / fonts.Zero.Width, DigitHeight / fonts.Zero.Height);
        for (var i = 0; i < number.Length; i++)
        {
            var x = (i - ((number.Length - 1) / 2f)) * step;
            sheet.Put(number[i], fonts.Zero.MidY, x, 0, 0, 1, Math.Min(across, DigitWidth / number[i].Ink.Width), down);
        }
    }
}
