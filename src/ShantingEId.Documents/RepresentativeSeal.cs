using System.Text;
using ShantingEId.Seals;
using SkiaSharp;

namespace ShantingEId.Documents;

/// <summary>
/// 法定代表人名章: square, 20 mm. Names of two to four Chinese characters fill the four fields of the old layout, right
/// column first; other names stand in rows read from the left.
/// </summary>
internal static class RepresentativeSeal
{
    private const float Side = 20;
    private const float Border = 1;
    private const float Margin = 0.8f;
    private const float Inside = Side - (2 * Border) - (2 * Margin);
    private const float Between = 0.6f;

    // Rows that are the parts of the name read better than somewhat larger letters.
    private const float WholeParts = 1.5f;

    /// <summary>Border.</summary>
    public static void Prepare(SealSheet sheet)
    {
        var middle = (Side - Border) / 2;
        sheet.Frame(new SKRect(-middle, -middle, middle, middle), Border, round: false);
    }

    /// <summary>Name, with 印 where custom fills the four fields so.</summary>
    public static void Draw(SealSheet sheet, SealFonts fonts, SealDesign design)
    {
        var name = design.Representative;
        var shapes = fonts.Words.Shapes(name, SealArtist.RepresentativeField);
        if (shapes.Length is >= 2 and <= 4 && shapes.All(shape => shape.IsIdeograph))
        {
            // 张三 → 张三之印, 张志洋 → 张志洋印, four characters stand alone.
            var suffix = shapes.Length switch { 2 => "之印", 3 => "印", _ => "" };
            Fields(sheet, [.. shapes, .. fonts.Words.Shapes(suffix, SealArtist.RepresentativeField)]);
            return;
        }

        Rows(sheet, shapes, name);
    }

    private static void Fields(SealSheet sheet, SealGlyph[] four)
    {
        var field = (Inside - Between) / 2;
        for (var i = 0; i < 4; i++)
        {
            var x = (i < 2 ? 1 : -1) * (field + Between) / 2;
            var y = (i % 2 == 0 ? -1 : 1) * (field + Between) / 2;
            // Each character fills its field, as an engraver would stretch it, but flat ones only a little.
            var ink = four[i].Ink;
            var (scaleX, scaleY) = (field / Math.Max(ink.Width, 880), field / Math.Max(ink.Height, 880));
            var centred = four[i] with { IsIdeograph = false };
            sheet.Put(centred, ink.MidY, x, y, 0, 1, scaleX, scaleY);
        }
    }

    // The number of rows that lets the letters be largest; lines end after · or a space where there is one.
    private static void Rows(SealSheet sheet, SealGlyph[] shapes, string name)
    {
        var runes = name.EnumerateRunes().ToArray();
        var parts = 1 + runes.Count(rune => rune.Value is ' ' or '·');
        var best = Enumerable.Range(1, Math.Min(6, shapes.Length))
            .Select(count => Split(shapes, runes, count))
            .MaxBy(rows => Size(rows).Width * Size(rows).Height * (rows.Count == parts ? WholeParts : 1))!;
        var (height, width) = Size(best);
        var pitch = best.Count == 1 ? 0 : (Inside - height) / (best.Count - 1);
        pitch = Math.Min(pitch, height * 1.35f);
        for (var i = 0; i < best.Count; i++)
        {
            var line = new TextLine(best[i]);
            var y = (i - ((best.Count - 1) / 2f)) * pitch;
            var across = (float)(Math.Max(0, line.Advance - 1) * width * 1.06) + width;
            SealLettering.Row(sheet, best[i], (-across / 2, y - (height / 2), across, height), width);
        }
    }

    private static (float Height, float Width) Size(List<SealGlyph[]> rows)
    {
        var height = (Inside - (Between * (rows.Count - 1))) / rows.Count;
        var width = (float)rows.Min(row => Inside / (1 + (Math.Max(0, new TextLine(row).Advance - 1) * 1.06)));
        return (Math.Min(height, width * 1.9f), Math.Min(width, height * 1.1f));
    }

    // Fills rows one after the other to the least width that needs no more rows than asked for.
    private static List<SealGlyph[]> Split(SealGlyph[] shapes, Rune[] runes, int count)
    {
        var words = new List<(int From, int To)>();
        var from = 0;
        for (var i = 0; i < runes.Length; i++)
        {
            var last = i == runes.Length - 1;
            if (last || runes[i].Value is ' ' or '·' || (shapes[i].IsIdeograph && runes[i + 1].Value != '·'))
            {
                words.Add((from, i + 1));
                from = i + 1;
            }
        }

        var lengths = words.Select(word => shapes[word.From..word.To].Sum(shape => shape.Advance)).ToArray();
        for (var limit = Math.Max(lengths.Max(), lengths.Sum() / count); ; limit *= 1.02f)
        {
            var rows = new List<SealGlyph[]>();
            for (var (i, start) = (0, 0); i < words.Count; start = i)
            {
                var length = 0f;
                while (i < words.Count && (i == start || length + lengths[i] <= limit))
                {
                    length += lengths[i++];
                }

                var end = words[i - 1].To;
                // A space at the end of a row is no part of it.
                end -= runes[end - 1].Value == ' ' && end - 1 > words[start].From ? 1 : 0;
                rows.Add(shapes[words[start].From..end]);
            }

            if (rows.Count <= count)
            {
                return rows;
            }
        }
    }
}
