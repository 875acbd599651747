using ShantingEId.Documents;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using SkiaSharp;

namespace ShantingEId.Tests.Documents;

internal static class Samples
{
    public const string Name = "枣庄市山亭区样例食品有限公司";

    public static readonly SealFonts Fonts = SealFonts.LoadDefault();
    public static readonly SealArtist Artist = new(Fonts);

    // An invented number with the check character that fits it.
    public static readonly CreditCode CreditCode = "0123456789ABCDEFGHJKLMNPQRTUWXY"
        .Select(check => CreditCode.TryParse("91370406MA0XYMWT0" + check, out var code, out _) ? code : null).First(code => code is not null)!;

    public static SealDesign Design(SealKind kind, string name = Name, string representative = "张志洋") =>
        new(kind, name, CreditCode, representative, SealCode.Create("370406", 1721));

    public static InkMap Draw(SealKind kind, string name = Name, string representative = "张志洋") =>
        new(Artist.Draw(Design(kind, name, representative)));

    // An invented name of any length, with the strokes of real ones.
    public static string NameOf(int length) =>
        string.Concat(Enumerable.Repeat("山东省枣庄市山亭区样例农业综合开发（集团）有限责任公司鑫馨建筑第一分公司城头镇疆懿商店", 2))[..length];
}

// Where a picture has ink, in millimetres from its middle.
internal sealed class InkMap
{
    private readonly SKBitmap bitmap;
    private readonly double perMillimetre;

    public InkMap(SealPicture picture)
    {
        Picture = picture;
        bitmap = SKBitmap.Decode(picture.Png);
        perMillimetre = bitmap.Width / (double)picture.WidthMillimetres;
    }

    public SealPicture Picture { get; }

    public bool Ink(double x, double y)
    {
        var (column, row) = ((int)((x * perMillimetre) + (bitmap.Width / 2.0)), (int)((y * perMillimetre) + (bitmap.Height / 2.0)));
        return bitmap.GetPixel(Math.Clamp(column, 0, bitmap.Width - 1), Math.Clamp(row, 0, bitmap.Height - 1)).Alpha > 0;
    }

    public bool RingIsClean(double from, double to)
    {
        for (var radius = from; radius <= to; radius += 0.04)
        {
            for (var angle = 0.0; angle < 2 * Math.PI; angle += 0.04 / radius)
            {
                if (Ink(radius * Math.Sin(angle), radius * Math.Cos(angle)))
                {
                    return false;
                }
            }
        }

        return true;
    }

    // Both rays this many degrees from the lower middle.
    public bool RaysAreClean(double degrees, double from, double to)
    {
        var (sin, cos) = Math.SinCos(degrees * Math.PI / 180);
        for (var radius = from; radius <= to; radius += 0.02)
        {
            if (Ink(radius * sin, radius * cos) || Ink(-radius * sin, radius * cos))
            {
                return false;
            }
        }

        return true;
    }

    public string Box(double left, double top, double right, double bottom) => string.Join('\n', Rows(left, top, right, bottom));

    // Bounds of the ink within a box.
    public (double Left, double Top, double Right, double Bottom) Bounds(double left, double top, double right, double bottom)
    {
        var rows = Rows(left, top, right, bottom);
        var columns = rows[0].Length;
        bool Column(int x) => rows.Any(row => row[x] == '#');
        var first = Enumerable.Range(0, columns).First(Column);
        var last = Enumerable.Range(0, columns).Last(Column);
        return (left + (first / perMillimetre), top + (rows.FindIndex(row => row.Contains('#', StringComparison.Ordinal)) / perMillimetre),
            left + ((last + 1) / perMillimetre), top + ((rows.FindLastIndex(row => row.Contains('#', StringComparison.Ordinal)) + 1) / perMillimetre));
    }

    // Groups of neighbouring columns with ink.
    public int Groups(double left, double top, double right, double bottom)
    {
        var rows = Rows(left, top, right, bottom);
        var line = string.Concat(Enumerable.Range(0, rows[0].Length).Select(x => rows.Any(row => row[x] == '#') ? '#' : ' '));
        return line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
    }

    private List<string> Rows(double left, double top, double right, double bottom)
    {
        var rows = new List<string>();
        for (var y = top; y < bottom; y += 1 / perMillimetre)
        {
            rows.Add(string.Create((int)((right - left) * perMillimetre), (Map: this, y, left), static (row, at) =>
            {
                for (var x = 0; x < row.Length; x++)
                {
                    row[x] = at.Map.Ink(at.left + ((x + 0.5) / at.Map.perMillimetre), at.y + (0.5 / at.Map.perMillimetre)) ? '#' : ' ';
                }
            }));
        }

        return rows;
    }
}
