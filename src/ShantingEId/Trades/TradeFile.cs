using System.Globalization;
using ShantingEId.Licenses;

namespace ShantingEId.Trades;

/// <summary>Reads <c>trades.txt</c>. What it says is printed on licences, so whatever cannot be right is refused.</summary>
internal static class TradeFile
{
    public const int MostPermits = 12;

    public static TradeCatalogue Parse(string text)
    {
        var permits = new Dictionary<string, PermitKind>();
        var trades = new Dictionary<string, Trade>();
        var names = new HashSet<string>();
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            var row = line.Trim();
            if (row.Length == 0 || row[0] == '#')
            {
                continue;
            }

            try
            {
                var word = row.Split(' ', 2);
                var fields = word[^1].Split('|', StringSplitOptions.TrimEntries);
                switch (word[0], fields.Length)
                {
                    case ("permit", 6):
                        var permit = Permit(fields);
                        Require(names.Add("permit " + permit.Name) && permits.TryAdd(permit.Code, permit), "许可重复");
                        break;
                    case ("trade", 4):
                        var trade = OneTrade(fields, permits);
                        Require(names.Add("trade " + trade.Name) && trades.TryAdd(trade.Code, trade), "行业重复");
                        break;
                    default:
                        throw new FormatException("不是六栏的 permit 行，也不是四栏的 trade 行");
                }
            }
            catch (FormatException error)
            {
                throw new FormatException($"行业目录第 {number} 行：{error.Message}", error);
            }
        }

        if (permits.Keys.FirstOrDefault(code => !trades.Values.Any(trade => trade.Permits.Any(each => each.Code == code))) is { } unused)
        {
            throw new FormatException($"行业目录：许可 {unused} 没有任何行业用到");
        }

        return new TradeCatalogue([.. permits.Values], [.. trades.Values]);
    }

    private static PermitKind Permit(string[] fields) => new(Code(fields[0]), Text(fields[1], "名称"), Text(fields[2], "主管部门"), Text(fields[3], "依据"),
        fields[4] == "-" ? null
            : int.TryParse(fields[4], NumberStyles.None, CultureInfo.InvariantCulture, out var years) && years is >= 1 and <= 30 ? years
            : throw new FormatException("有效期应为 1 至 30 年，或 -"),
        fields[5] switch { "yes" => true, "no" => false, _ => throw new FormatException("告知承诺应为 yes 或 no") });

    private static Trade OneTrade(string[] fields, Dictionary<string, PermitKind> permits)
    {
        var codes = fields[3].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Require(codes.Length is >= 2 and <= MostPermits && codes.Distinct().Count() == codes.Length, $"应合并 2 至 {MostPermits} 项互不相同的许可");
        var source = fields[2] switch
        {
            "DRAFT" => TradeSource.Draft,
            "SD" => TradeSource.Shandong,
            "CN" => TradeSource.Elsewhere,
            _ => throw new FormatException("来源应为 SD、CN 或 DRAFT"),
        };
        return new Trade(Code(fields[0]), Text(fields[1], "名称"), source,
            [.. codes.Select(code => permits.GetValueOrDefault(code) ?? throw new FormatException($"没有许可 {code}"))]);
    }

    private static string Code(string text) =>
        text.Length is >= 2 and <= 40 && text.All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c) || c == '_') ? text
            : throw new FormatException("代码应为 2 至 40 个大写字母、数字或 _");

    private static string Text(string text, string field) =>
        FaceText.Problem(text, 2, 60) is { Length: > 0 } problem ? throw new FormatException($"{field}{problem}") : text;

    private static void Require(bool condition, string problem)
    {
        if (!condition)
        {
            throw new FormatException(problem);
        }
    }
}
