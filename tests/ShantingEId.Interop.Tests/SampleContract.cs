using System.Collections.Immutable;
using ShantingEId.Documents.Faces;
using SkiaSharp;

namespace ShantingEId.Interop.Tests;

/// <summary>A contract of two invented companies, two pages of A4, to be stamped by both.</summary>
internal static class SampleContract
{
    public const string Buyer = "枣庄市山亭区样例商贸有限公司";
    public const string Seller = "枣庄市山亭区样例食品有限公司";

    private const double Left = 27;
    private const double Right = 183;
    private const double Size = 4.3;
    private const double Row = 8.6;

    private static readonly string[] First =
    [
        $"甲方：{Buyer}", $"乙方：{Seller}", "",
        "　　甲乙双方经协商一致，就食品采购事宜订立本合同。本合同为样例，其中的企业、货物和金额均为虚构。", "",
        "一、标的", "　　乙方按月向甲方供应预包装食品（样例），品种、规格和数量以双方确认的订单为准。",
        "二、质量", "　　货物应符合食品安全国家标准，随货附出厂检验合格证明；保质期剩余时间不少于全部保质期的三分之二。",
        "三、价款与结算", "　　单价以订单所列为准，含税、含运费。乙方凭验收单和发票按月结算，甲方在收到发票之日起十五日内付款。",
        "四、交货与验收", "　　乙方送货至甲方仓库。甲方当场核对数量和外包装，三日内完成质量验收；逾期未提出异议的，视为验收合格。",
        "五、违约责任", "　　一方逾期履行的，每逾期一日按逾期部分价款的万分之五支付违约金；货物不合格的，乙方负责退换并承担由此发生的费用。",
    ];

    private static readonly string[] Second =
    [
        "六、保密", "　　双方对在履行本合同中知悉的对方商业秘密负有保密义务，期限至合同终止后二年。",
        "七、争议解决", "　　因本合同发生的争议，双方协商解决；协商不成的，向甲方所在地有管辖权的人民法院起诉。",
        "八、电子签章", "　　本合同以电子文件形式订立，双方以电子印章签署；可靠的电子签名与手写签名或者盖章具有同等的法律效力。合同各页加盖骑缝章。",
        "九、生效", "　　本合同自双方盖章之日起生效，有效期一年。",
    ];

    /// <summary>The pages.</summary>
    public static IReadOnlyList<Drawing> Pages()
    {
        var one = new List<Shape>();
        Put(one, "食品采购合同（样例）", 105 - (10 * 7.6 / 2), 38, 7.6, FaceLetters.Bold);
        Put(one, "合同编号：样例〔2026〕第1号", Right - (Width("合同编号：样例〔2026〕第1号") * 3.8), 50, 3.8);
        Write(one, First, 64);
        Put(one, "第1页 共2页", 96, 284, 3.4);

        var two = new List<Shape>();
        var end = Write(two, Second, 32) + 16;
        foreach (var (x, party, name) in ((double, string, string)[])[(Left, "甲方（盖章）", Buyer), (110, "乙方（盖章）", Seller)])
        {
            Put(two, party + "：", x, end, Size, FaceLetters.Bold);
            Put(two, name, x, end + 10, Size);
            Put(two, "法定代表人（签章）：", x, end + 43, Size);
            Put(two, "2026年3月2日", x, end + 66, Size);
        }

        Put(two, "第2页 共2页", 96, 284, 3.4);
        return [new Drawing("食品采购合同（样例）", 210, 297, [.. one]), new Drawing("食品采购合同（样例）", 210, 297, [.. two])];
    }

    /// <summary>Pages that were shown one under the other, laid beside each other on grey, half as large.</summary>
    public static void LayOut(string pages, string picture)
    {
        const int gap = 28;
        using var shown = SKBitmap.Decode(pages);
        var (width, height) = (shown.Width / 2, shown.Height / 4);
        using var surface = SKSurface.Create(new SKImageInfo((2 * width) + (3 * gap), height + (2 * gap)));
        surface.Canvas.Clear(new SKColor(0xE9, 0xEA, 0xEC));
        using var paint = new SKPaint { IsAntialias = true };
        using var image = SKImage.FromBitmap(shown);
        for (var page = 0; page < 2; page++)
        {
            surface.Canvas.DrawImage(image, new SKRect(0, page * shown.Height / 2f, shown.Width, (page + 1) * shown.Height / 2f),
                SKRect.Create(gap + (page * (width + gap)), gap, width, height), new SKSamplingOptions(SKCubicResampler.Mitchell), paint);
        }

        using var whole = surface.Snapshot();
        using var png = whole.Encode(SKEncodedImageFormat.Png, 100);
        File.WriteAllBytes(picture, png.ToArray());
    }

    private static double Write(List<Shape> shapes, IEnumerable<string> paragraphs, double y)
    {
        foreach (var paragraph in paragraphs)
        {
            foreach (var row in Rows(paragraph))
            {
                Put(shapes, row, Left, y, Size, paragraph is [>= '一' and <= '龥', '、', ..] ? FaceLetters.Bold : FaceLetters.Regular);
                y += Row;
            }
        }

        return y;
    }

    // Points and closing brackets hang at the end rather than begin a row.
    private static IEnumerable<string> Rows(string paragraph)
    {
        var (row, room) = ("", (Right - Left) / Size);
        foreach (var c in paragraph)
        {
            if (Width(row + c) > room && !"，。；、）".Contains(c, StringComparison.Ordinal))
            {
                yield return row;
                row = "";
            }

            row += c;
        }

        yield return row;
    }

    private static double Width(string text) => text.Sum(c => char.IsAscii(c) ? 0.56 : 1);

    private static void Put(List<Shape> shapes, string text, double x, double y, double size, FaceLetters letters = FaceLetters.Regular)
    {
        if (text.Trim().Length == 0)
        {
            return;
        }

        ImmutableArray<double> offsets = [.. text.Select((_, i) => Width(text[..i]) * size)];
        shapes.Add(new TextRun(new Box(x, y - size, (Width(text) * size) + 1, size * 1.4), x, y, text, offsets, letters, size, Ink.Black));
    }
}
