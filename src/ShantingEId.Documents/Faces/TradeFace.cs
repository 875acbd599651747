using System.Globalization;
using ShantingEId.Licenses;
using ShantingEId.Trades;

namespace ShantingEId.Documents.Faces;

/// <summary>The items of a 行业综合许可证: its company, its trade, and a table of the permits it combines.</summary>
internal static class TradeFace
{
    private const double LabelSize = 4;
    private const double TableBottom = 148;
    private const double HeadHeight = 7;
    private const double TallestRow = 9;
    private const double CellGap = 1.6;

    // Left edges of the columns, and the right edge of the last.
    private static readonly double[] Edges = [FaceArtist.Left, 36, 118, 178, 228, FaceArtist.Right];
    private static readonly string[] Heads = ["序号", "许可（备案）事项", "许可证编号", "主管部门", "有效期"];

    public static void Draw(FacePen pen, EnterpriseFacts facts, TradeFacts trade, double top)
    {
        // 1. Company and trade.
        var text = new FitRule(LabelSize, 3, 1.4);
        const double itemsHeight = 19, column = 118;
        FaceColumn.Draw(pen, [new("名称", facts.Name, new FitRule(4.4, 3.2, 1.6), 0.4), new(FaceLabels.For(facts.Kind).Representative, facts.Representative, text, 0.4)],
            new Box(FaceArtist.Left, top, column, itemsHeight), LabelSize, 3);
        FaceColumn.Draw(pen, [new("行业", trade.Name, text, 0.4), new("经营场所", trade.Premises, text, 0.4)],
            new Box(FaceArtist.Right - column, top, column, itemsHeight), LabelSize, 3);

        // 2. The table, its rows as high as there is room for.
        var tableTop = top + itemsHeight + 2;
        var height = Math.Min(TallestRow, (TableBottom - tableTop - HeadHeight) / trade.Permits.Count);
        Row(pen, tableTop, HeadHeight, Heads, FaceLetters.Bold);
        foreach (var (i, permit) in trade.Permits.Index())
        {
            string[] cells = [(i + 1).ToString(CultureInfo.InvariantCulture), permit.Name, permit.Number, permit.Department, Term(permit)];
            Row(pen, tableTop + HeadHeight + (i * height), height, cells, FaceLetters.Regular);
        }

        // 3. Its lines.
        var bottom = tableTop + HeadHeight + (trade.Permits.Count * height);
        foreach (var y in Enumerable.Range(0, trade.Permits.Count + 1).Select(i => tableTop + HeadHeight + (i * height)).Prepend(tableTop))
        {
            pen.Line(Edges[0], y, Edges[^1], y, 0.2, Ink.Black);
        }

        foreach (var x in Edges)
        {
            pen.Line(x, tableTop, x, bottom, 0.2, Ink.Black);
        }
    }

    private static void Row(FacePen pen, double top, double height, string[] cells, FaceLetters letters)
    {
        for (var i = 0; i < cells.Length; i++)
        {
            var width = Edges[i + 1] - Edges[i] - (2 * CellGap);
            var size = Math.Min(3.4, height * 0.7);
            var text = pen.Fit(cells[i], width, height, new FitRule(size, Math.Min(size, 2.4), 0.9), Heads[i], letters);
            // Short cells stand in the middle, texts at the left.
            var left = i is 0 or 4 || letters == FaceLetters.Bold ? (width - text.Lines.Max(line => line.Width)) / 2 : 0;
            pen.Put(text, Edges[i] + CellGap + left, top + ((height - text.Height) / 2), letters);
        }
    }

    private static string Term(Permit permit) => string.Create(CultureInfo.InvariantCulture,
        $"{permit.GrantDate:yyyy-MM-dd} 至 {(permit.ExpireDate is { } end ? end.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : "长期")}");
}
