using System.Globalization;
using System.Text.RegularExpressions;

namespace ShantingEId.Licenses;

/// <summary>
/// 注册资本（出资额）: the text as registered, and the amount where the text gives one. The text is what is signed and
/// printed; the amount serves machines.
/// </summary>
public sealed partial record RegisteredCapital
{
    private static readonly Dictionary<string, string> Currencies = new()
    {
        [""] = "CNY", ["人民币"] = "CNY", ["美元"] = "USD", ["港元"] = "HKD", ["港币"] = "HKD", ["澳门元"] = "MOP",
        ["日元"] = "JPY", ["欧元"] = "EUR", ["英镑"] = "GBP", ["新台币"] = "TWD", ["韩元"] = "KRW", ["新加坡元"] = "SGD",
        ["加拿大元"] = "CAD", ["澳大利亚元"] = "AUD", ["瑞士法郎"] = "CHF",
    };

    private RegisteredCapital(string text, decimal? amount, string? currency)
    {
        Text = text;
        Amount = amount;
        Currency = currency;
    }

    /// <summary>The text as registered, e.g. <c>50(万元人民币)</c>.</summary>
    public string Text { get; }

    /// <summary>Amount in whole units of <see cref="Currency"/> (yuan, not 万元), at most two decimals; null where the text gives none.</summary>
    public decimal? Amount { get; }

    /// <summary>ISO 4217 code; null where <see cref="Amount"/> is null.</summary>
    public string? Currency { get; }

    /// <summary>
    /// Parses a registered text. Words without a figure are kept without an amount; a figure that cannot be an amount
    /// (negative, unknown currency, more than two decimals, overflow, Latin text) is refused.
    /// </summary>
    public static bool TryParse(string text, out RegisteredCapital? capital, out string problem)
    {
        capital = null;
        problem = FaceText.Problem(text, 1, 60);
        if (problem.Length > 0)
        {
            return false;
        }

        var match = Pattern().Match(text);
        if (!match.Success)
        {
            // Whoever writes a figure means an amount, so it must be one; only words may stay words.
            if (text.Any(c => char.IsDigit(c) || IsLatin(c) || c is '-' or '−' or '－' or '负' or '負' or '∞'))
            {
                problem = "无法识别为金额；请写成“50万人民币”或“50(万元人民币)”一类的形式";
                return false;
            }

            capital = new RegisteredCapital(text, null, null);
            return true;
        }

        if (!Currencies.TryGetValue(match.Groups["currency"].Value, out var currency))
        {
            problem = "币种不在允许的范围内";
            return false;
        }

        if (!decimal.TryParse(match.Groups["number"].Value, NumberStyles.AllowDecimalPoint | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var number)
            || number > 100_000_000_000m)
        {
            problem = "金额超出可表示的范围";
            return false;
        }

        var amount = number * match.Groups["unit"].Value switch { "万" => 10_000m, "亿" => 100_000_000m, _ => 1m };
        if (amount != decimal.Round(amount, 2))
        {
            problem = "金额最多精确到分（两位小数）";
            return false;
        }

        capital = new RegisteredCapital(text, decimal.Round(amount, 2), currency);
        return true;
    }

    private static bool IsLatin(char c) => char.IsAsciiLetter(c) || c is (>= 'Ａ' and <= 'Ｚ') or (>= 'ａ' and <= 'ｚ');

    // At most ten decimals (分 of 亿): a longer fraction would be rounded by decimal instead of refused.
    // Shapes seen in the register: 50(万元人民币) · 102.9万人民币 · 1,234(万美元) · 30万元 · 30万 · 5000元
    [GeneratedRegex(@"^(?<number>([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]{1,10})?)\s?((?<unit>[万亿]?)元?(?<currency>\p{IsCJKUnifiedIdeographs}*)|\((?<unit>[万亿]?)元?(?<currency>\p{IsCJKUnifiedIdeographs}*)\)|（(?<unit>[万亿]?)元?(?<currency>\p{IsCJKUnifiedIdeographs}*)）)$", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
