using System.Globalization;
using System.Text;
using ShantingEId.Calendar;
using ShantingEId.Licenses;

namespace ShantingEId.Trades;

/// <summary>What is said about one permit, unchecked.</summary>
/// <param name="Code">Short name in the catalogue.</param>
/// <param name="Number">许可证编号.</param>
/// <param name="GrantDate">First day of its term, <c>yyyy-MM-dd</c>; empty is today.</param>
/// <param name="ExpireDate">Last day of its term; empty: what the catalogue sets, or none.</param>
/// <param name="OnCommitment">Whether it is granted on 告知承诺.</param>
/// <param name="CheckBy">By when the commitment is to be checked; empty: <see cref="TradeInput.CheckDays"/> after the first day.</param>
public sealed record PermitInput(string Code, string Number, string GrantDate = "", string ExpireDate = "", bool OnCommitment = false, string CheckBy = "");

/// <summary>What is said about a comprehensive licence, unchecked. What stands on the business licence is not asked again.</summary>
/// <param name="Trade">Short name of the trade.</param>
/// <param name="Premises">经营场所; empty: the address on the business licence.</param>
/// <param name="Permits">Its permits.</param>
public sealed record TradeInput(string Trade, string Premises, IReadOnlyList<PermitInput> Permits)
{
    /// <summary>Days within which a commitment is checked unless said otherwise: no national rule sets one, places write one to three months.</summary>
    public const int CheckDays = 60;

    /// <summary>Checks it against the catalogue; every violation at once.</summary>
    /// <param name="catalogue">Trades and permits.</param>
    /// <param name="address">Address on the business licence.</param>
    /// <param name="today">The day.</param>
    /// <param name="mustLead">Whether the permit that makes the trade must be among them.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.TradeUnknown"/>, <see cref="ErrorReason.PermitInvalid"/>, <see cref="ErrorReason.TextInvalid"/>.</exception>
    public TradeFacts Parse(TradeCatalogue catalogue, string address, DateOnly today, bool mustLead = true)
    {
        var trade = Find(catalogue, Trade);
        var violations = new List<FieldViolation>();
        var permits = new List<Permit>();
        for (var i = 0; i < Permits.Count; i++)
        {
            if (Parse(Permits[i], trade, today, string.Create(CultureInfo.InvariantCulture, $"permits[{i}]"), violations) is { } permit)
            {
                permits.Add(permit);
            }
        }

        var premises = Premises.Length == 0 ? address : Premises;
        if (FaceText.Problem(premises, 2, 200) is { Length: > 0 } problem)
        {
            violations.Add(new FieldViolation("premises", ErrorReason.TextInvalid, problem));
        }

        if (Permits.DistinctBy(permit => permit.Code).Count() != Permits.Count || Permits.DistinctBy(permit => permit.Number).Count() != Permits.Count)
        {
            violations.Add(new FieldViolation("permits", ErrorReason.PermitInvalid, "每项许可只能写一次，编号不得相同"));
        }

        if (mustLead && !Permits.Any(permit => permit.Code == trade.Permits[0].Code))
        {
            violations.Add(new FieldViolation("permits", ErrorReason.PermitInvalid, $"“{trade.Name}”至少应有{trade.Permits[0].Name}"));
        }

        return violations.Count == 0
            ? new TradeFacts(trade.Code, trade.Name, premises, trade.InOrder(permits))
            : throw new EidException(violations[0].Reason, string.Join("；", violations.Select(one => one.Message)), violations);
    }

    /// <summary>What was asked for, in one text that cannot be read two ways.</summary>
    public string Digestible() => string.Join('\u001E', [Trade, Premises, .. Permits.Select(one =>
        string.Join('\u001D', one.Code, one.Number, one.GrantDate, one.ExpireDate, one.OnCommitment ? "1" : "0", one.CheckBy))]);

    /// <summary>The trade of a code.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.TradeUnknown"/>.</exception>
    public static Trade Find(TradeCatalogue catalogue, string code) => catalogue.FindTrade(code)
        ?? throw new EidException(ErrorReason.TradeUnknown, "行业目录中没有这个行业；可用 ListTrades 查看目录",
            [new FieldViolation("trade", ErrorReason.TradeUnknown, "行业目录中没有这个行业")]);

    private static Permit? Parse(PermitInput input, Trade trade, DateOnly today, string path, List<FieldViolation> violations)
    {
        var before = violations.Count;
        void Add(string field, string problem) => violations.Add(new FieldViolation($"{path}.{field}", ErrorReason.PermitInvalid, problem));
        DateOnly? Date(string text, string field)
        {
            if (text.Length > 0 && !DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
            {
                Add(field, "不是存在的日期");
                return null;
            }

            return text.Length == 0 ? null : DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);
        }

        if (trade.Permits.FirstOrDefault(one => one.Code == input.Code) is not { } kind)
        {
            Add("code", $"“{trade.Name}”不包含这项许可");
            return null;
        }

        if (FaceText.Problem(input.Number, 2, 40) is { Length: > 0 } problem)
        {
            Add("number", "许可证编号" + problem);
        }

        var granted = Date(input.GrantDate, "grant_date") ?? today;
        var longest = kind.TermYears is { } years ? granted.AddYears(years).AddDays(-1) : (DateOnly?)null;
        var expires = Date(input.ExpireDate, "expire_date") ?? longest;
        if (granted > today.AddYears(1) || expires < granted || expires > longest)
        {
            Add("expire_date", longest is null ? "有效期止应不早于发证日期" : $"{kind.Name}的有效期最长 {kind.TermYears} 年");
        }

        if (expires < today)
        {
            Add("expire_date", "有效期已过");
        }

        var checkBy = input.OnCommitment ? Date(input.CheckBy, "check_by_date") ?? granted.AddDays(CheckDays) : Date(input.CheckBy, "check_by_date");
        if (input.OnCommitment && !kind.OnCommitment)
        {
            Add("on_commitment", $"{kind.Name}不能以告知承诺方式取得");
        }

        if ((!input.OnCommitment && checkBy is not null) || checkBy < granted)
        {
            Add("check_by_date", "核查期限只用于告知承诺，且不早于发证日期");
        }

        return violations.Count > before ? null : new Permit(kind.Code, kind.Name, input.Number, kind.Department, granted, expires, checkBy);
    }
}
