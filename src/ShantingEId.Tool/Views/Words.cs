using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using ShantingEId.Cases;
using ShantingEId.Companies;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.V1;

namespace ShantingEId.Tool.Views;

/// <summary>Values of the API as people in China write them.</summary>
internal static class Words
{
    private static readonly TimeSpan ChinaTime = TimeSpan.FromHours(8);

    /// <summary>Times are shown in the one civil time of China and say so.</summary>
    public static string Of(DateTimeOffset time) => time.ToOffset(ChinaTime).ToString("yyyy-MM-dd HH:mm:ss") + "（北京时间）";

    public static string Of(Timestamp? time) => time is null ? "" : Of(time.ToDateTimeOffset());

    public static string Of(Google.Type.Date? date) => date is null ? "" : $"{date.Year:D4}-{date.Month:D2}-{date.Day:D2}";

    public static string Of(Seal.Types.Kind kind) => ((SealKind)kind).ChineseName();

    /// <summary>The seal that a person calls so; null when there is none.</summary>
    public static Seal.Types.Kind? SealOf(string name) => SealKinds.All.FirstOrDefault(kind => kind.ChineseName() == name) is not SealKind.Unspecified and var kind ? (Seal.Types.Kind)kind : null;

    public static string Of(IssuedSet.Types.State state) => state switch
    {
        IssuedSet.Types.State.Active => "有效",
        IssuedSet.Types.State.Revoked => "已吊销",
        IssuedSet.Types.State.Superseded => "已换发",
        IssuedSet.Types.State.Suspended => "暂停",
        IssuedSet.Types.State.Cancelled => "已注销",
        IssuedSet.Types.State.Rescinded => "登记已撤销",
        IssuedSet.Types.State.Withdrawn => "生效前已撤回",
        IssuedSet.Types.State.Scheduled => "尚未生效",
        _ => "状态不明",
    };

    public static string Of(V1.FiledItem.Types.Kind kind) => ((FiledItemKind)kind).ChineseName();

    /// <summary>To the minute, for lists.</summary>
    public static string Minute(Timestamp? time) => time is null ? "" : time.ToDateTimeOffset().ToOffset(ChinaTime).ToString("yyyy-MM-dd HH:mm");

    public static string Of(Step.Types.State state) => CaseErrors.ChineseName((StepState)state);

    public static string Of(Step step) => Of(step.State) + (step.IsOverdue ? "（逾期）" : "");

    public static string Of(Case.Types.State state) => state switch
    {
        Case.Types.State.Running => "办理中",
        Case.Types.State.Completed => "全部办结",
        Case.Types.State.Closed => "已终结，有事项未办成",
        _ => "状态不明",
    };

    public static string Of(EnterpriseKind kind) => kind switch
    {
        EnterpriseKind.Company => "公司",
        EnterpriseKind.NonCompanyLegalPerson => "非公司企业法人",
        EnterpriseKind.SoleProprietorship => "个人独资企业",
        EnterpriseKind.Partnership => "合伙企业",
        EnterpriseKind.Cooperative => "农民专业合作社",
        EnterpriseKind.IndividualBusiness => "个体工商户",
        EnterpriseKind.Branch => "分支机构",
        _ => "未注明",
    };

    public static string Hex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);

    /// <summary>Enough of a digest to compare by eye.</summary>
    public static string ShortHex(ByteString bytes) => Hex(bytes) is { Length: > 16 } hex ? hex[..16] + "…" : Hex(bytes);
}
