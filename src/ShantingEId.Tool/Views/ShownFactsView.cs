using System.Globalization;
using ShantingEId.Licenses;
using ShantingEId.Seals;

namespace ShantingEId.Tool.Views;

/// <summary>
/// The facts in a receipt under the labels that the licence has, in the order of its face. What a text should be and is not is
/// shown as it stands: the receipt may be anybody's.
/// </summary>
internal static class ShownFactsView
{
    /// <summary>All facts; those of names unknown here last, under their names.</summary>
    public static IReadOnlyList<(string Label, string Value)> Of(IReadOnlyDictionary<string, string> facts)
    {
        var left = new SortedDictionary<string, string>(facts.ToDictionary(), StringComparer.Ordinal);
        var kind = Enum.GetValues<EnterpriseKind>().FirstOrDefault(each => WireName(each.ToString()) == facts.GetValueOrDefault("kind"));
        var labels = FaceView.Labels(kind);
        List<(string Label, string Value)> rows =
        [
            ("统一社会信用代码", Take("credit_code")),
            ("名称", Take("name")),
            ("主体种类", Take("kind") is var text && kind != EnterpriseKind.Unspecified ? Words.Of(kind) : text),
            ("类型", Take("type")),
            (labels.Representative, Take("representative")),
            (labels.Capital ?? "出资额", Take("capital")),
            (labels.Established, Take("establish_date")),
            (labels.Address, Take("address")),
            ("经营范围", Take("business_scope")),
            .. SealKinds.All.Select(each => (each.ChineseName(), Seal(Take("seal." + WireName(each.ToString()))))),
            ("登记机关", With(Take("authority_name"), Take("authority_code"))),
            ("邻区", With(Take("issuer_name"), Take("issuer_division"))),
            ("签发时间", Time(Take("issue_time"))),
            ("证照标识", Take("license_id")),
            ("版本", Take("version") is { Length: > 0 } version ? $"第 {version} 版" : ""),
            ("状态起始时间", Time(Take("state_effective_time"))),
            ("状态登记时间", Time(Take("state_recorded_time"))),
            ("状态理由", Take("state_reason")),
            ("接替的执照", With(Take("successor_version") is { Length: > 0 } successor ? $"第 {successor} 版" : "", Take("successor_license_id"))),
            ("接替的时间", Time(Take("successor_effective_time"))),
            ("现行版本", Take("current_version") is { Length: > 0 } current ? $"第 {current} 版" : ""),
            ("现在的名称", Take("current_name")),
            ("查询的时点", Time(Take("as_of_time"))),
        ];
        for (var i = 1; left.ContainsKey($"question.{i}"); i++)
        {
            rows.Add((Question(Take($"question.{i}")), Take($"answer.{i}") switch { "YES" => "是", "NO" => "否", var other => other }));
        }

        return [.. rows.Where(row => row.Value.Length > 0), .. left.Select(fact => (fact.Key, fact.Value))];

        string Take(string name) => left.Remove(name, out var value) ? value : "";
    }

    private static string Question(string text)
    {
        var (name, value) = text.Split(' ', 2) is [var first, var rest] ? (first, rest) : (text, "");
        return (name switch
        {
            "active" => "是否有效",
            "name_matches" => "名称是否为",
            "representative_is" => "法定代表人（负责人）是否为",
            "seal_current" => "现行印章中是否有",
            "permit_active" => "下列许可是否有效：",
            _ => name,
        }) + value;
    }

    private static string Seal(string text) => text.Split(' ') is [var code, var digest] ? $"{code}，摘要（SM3）{digest}" : text;

    private static string With(string name, string code) => code.Length > 0 ? $"{name}（{code}）" : name;

    private static string Time(string text) =>
        DateTimeOffset.TryParseExact(text, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? Words.Of(time) : text;

    private static string WireName(string name) => System.Text.Json.JsonNamingPolicy.SnakeCaseUpper.ConvertName(name);
}
