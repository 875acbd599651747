using ShantingEId.Licenses;

namespace ShantingEId.Cases;

/// <summary>
/// 即报即得: the automatic checks that decide whether an application needs a person. Each looks at the facts alone; that they can
/// stand on a licence at all, that the seals can be drawn and that the company has no set in force is checked by the issuer.
/// </summary>
public static class InstantGrant
{
    private const decimal LargeCapital = 100_000_000m;
    private const int OldDays = 30;

    // 企业名称登记管理规定 12: names that begin with these are reviewed strictly.
    private static readonly string[] ReservedWords = ["中国", "中华", "中央", "全国", "国家"];

    // Trades that need a permit before they may be registered at all (企业登记前置审批事项目录).
    private static readonly string[] PermitWords = ["民用爆炸物品", "爆破作业", "民用枪支", "危险化学品", "烟草专卖", "证券", "期货", "保险", "银行业务", "民办学校"];

    // Each gives "" when it has nothing to say.
    private static readonly (string Name, Func<EnterpriseFacts, DateOnly, string> Problem)[] Checks =
    [
        ("FACTS_UNUSUAL", (facts, _) => string.Join("；", facts.Warnings)),
        ("NAME_ENDING", (facts, _) => EndingFits(facts.Kind, facts.Name) ? "" : "名称中的组织形式与主体种类不一致，请核对"),
        ("NAME_RESERVED_WORD", (facts, _) => Found(ReservedWords, facts.Name) is { Length: > 0 } words ? $"名称含有“{words}”，须从严审核" : ""),
        ("SCOPE_NEEDS_PERMIT", (facts, _) => Found(PermitWords, facts.BusinessScope) is { Length: > 0 } words ? $"经营范围涉及须先经许可的事项（{words}），请核对许可文件" : ""),
        ("CAPITAL_LARGE", (facts, _) => facts.Capital is { Amount: > LargeCapital } ? "注册资本（出资额）超过一亿元，请核对出资期限" : ""),
        ("ESTABLISH_DATE_OLD", (facts, today) => facts.EstablishDate < today.AddDays(-OldDays) ? $"成立日期早于申请日 {OldDays} 天以上，请核对是否为新设" : ""),
        ("REPRESENTATIVE_NAME", (facts, _) => facts.Representative.All(IsHan) ? "" : $"{FaceLabels.For(facts.Kind).Representative}姓名含有汉字以外的字符，请核对证件"),
    ];

    /// <summary>Names of the checks.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Checks.Select(check => check.Name)];

    /// <summary>Everything a person should look at; empty when nothing.</summary>
    public static IReadOnlyList<Finding> Check(EnterpriseFacts facts, DateOnly today) =>
        [.. Checks.Select(check => new Finding(check.Name, check.Problem(facts, today))).Where(finding => finding.Text.Length > 0)];

    private static string Found(string[] words, string text) => string.Join("、", words.Where(word => text.Contains(word, StringComparison.Ordinal)));

    private static bool EndingFits(EnterpriseKind kind, string name) => kind switch
    {
        EnterpriseKind.Company => name.EndsWith("公司", StringComparison.Ordinal) && !name.EndsWith("分公司", StringComparison.Ordinal),
        EnterpriseKind.Cooperative => name.EndsWith("合作社", StringComparison.Ordinal) || name.EndsWith("联合社", StringComparison.Ordinal),
        EnterpriseKind.Partnership => name.Contains("合伙", StringComparison.Ordinal),
        _ => !name.EndsWith("有限公司", StringComparison.Ordinal) && !name.EndsWith("有限责任公司", StringComparison.Ordinal),
    };

    // Rare characters of names lie beyond the first plane, as surrogate pairs.
    private static bool IsHan(char c) => c is (>= '\u3400' and <= '\u9FFF') or '·' or '•' or '〇' || char.IsSurrogate(c);
}
