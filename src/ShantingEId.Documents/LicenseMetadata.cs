using System.Globalization;
using ShantingEId.Calendar;
using ShantingEId.Licenses;

namespace ShantingEId.Documents;

/// <summary>Metadata of a licence by the keys that GB/T 36903 documents carry in OFD (CustomDatas).</summary>
internal static class LicenseMetadata
{
    /// <summary>Holder's kind of code: 统一社会信用代码 (GB/T 36903 appendix A).</summary>
    private const string CreditCodeType = "001";

    /// <summary>Items of the licence, in the order of the standard; those that have no value are left out.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Of(License license, AuthoritySeal seal, DateTimeOffset time)
    {
        var facts = license.Facts;
        var labels = FaceLabels.For(facts.Kind);
        (string Key, string? Value)[] items =
        [
            ("ZZMC", license.Trade is null ? "营业执照" : "行业综合许可证"), ("ZZLXDM", license.Id.Type), ("ZZBH", license.Id.Serial), ("ZZBS", license.Id.ToString()),
            ("ZZBFJG", license.AuthorityName), ("ZZBFJGDM", license.AuthorityCode.Value), ("ZZBFRQ", Day(WorkCalendar.DayOf(license.IssueTime))),
            ("CZZT", facts.Name), ("CZZTDM", facts.CreditCode.Value), ("CZZTDMLX", "统一社会信用代码"), ("CZZTDMLXDM", CreditCodeType),
            ("ZZYXQQSRQ", Day(WorkCalendar.DayOf(license.IssueTime))), ("ZZQZR", license.AuthorityName), ("ZZQZSJ", Second(time)), ("ZZQZMC", seal.Seal.Info.Name), ("CJSJ", Second(time)),
            // Items of the face, by pinyin initials of their labels as these keys are everywhere.
            ("KZ_LX", facts.Type), (labels.Representative switch { "经营者" => "KZ_JYZ", "负责人" => "KZ_FZR", "投资人" => "KZ_TZR", "执行事务合伙人" => "KZ_ZXSWHHR", _ => "KZ_FDDBR" }, facts.Representative),
            ("KZ_ZCZB", labels.Capital is null ? null : facts.Capital?.Text), ("KZ_CLRQ", Day(facts.EstablishDate)), ("KZ_ZS", facts.Address), ("KZ_JYFW", facts.BusinessScope),
            ("KZ_HY", license.Trade?.Name), ("KZ_JYCS", license.Trade?.Premises),
            ("KZ_XKSX", license.Trade is null ? null : string.Join('；', license.Trade.Permits.Select(permit => $"{permit.Name} {permit.Number}"))),
        ];
        return [.. items.Where(item => !string.IsNullOrEmpty(item.Value)).Select(item => KeyValuePair.Create(item.Key, item.Value!))];
    }

    /// <summary>Items of a 加注件.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> OfCopy(CopyNote note, DateTimeOffset time) =>
        [new("JZJZZZ", note.Maker), new("JZJZZSJ", Second(time)), new("JZJZZSY", note.Purpose), new("JZJYXQJZSJ", Second(note.Expiry))];

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Second(DateTimeOffset time) => time.ToOffset(WorkCalendar.ChinaOffset).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
