using ShantingEId.Tool.Cli;
using ShantingEId.V1;
using Spectre.Console;
using Act = ShantingEId.V1.Incident.Types.Act;
using Deed = ShantingEId.V1.Incident.Types.Event.Types.Deed;
using State = ShantingEId.V1.Incident.Types.State;

namespace ShantingEId.Tool.Views;

/// <summary>批量处置 on the screen.</summary>
internal static class IncidentView
{
    public static void Show(Screen screen, Incident one)
    {
        var (colour, headline) = one.Name.Length == 0 ? ("yellow", "试运行：未写入任何内容") : (ColourOf(one.State), Of(one.State));
        screen.Line($"[bold {colour}]{headline}[/]   {Of(one.Act)} {one.SetCount} 套{(one.NewSealCount > 0 ? $"（新制印章 {one.NewSealCount} 枚）" : "")}");
        screen.Facts(
        [
            ("编号", Number(one.Name)), ("条件", Of(one.Query)), ("理由", one.Reason), ("决定机关", one.Authority), ("清单摘要", Words.Hex(one.Digest)),
            ("进度", one.State is State.Prepared or State.Unspecified ? "" : Progress(one)), ("速度", one.SetsPerSecond > 0 ? $"每秒 {one.SetsPerSecond:F0} 套，约还需 {Time(one.RemainingSeconds)}" : ""),
            ("说明", one.Remark), ("准备", Words.Of(one.PreparedTime)), ("批准", Words.Of(one.ApprovedTime)), ("结束", Words.Of(one.EndedTime)),
        ]);
        if (one.Sample.Count > 0)
        {
            screen.Table(["其中", "统一社会信用代码", "现状态", "届时"], one.Sample.Select(set => (string[])
                [set.Name, set.CreditCode, Words.Of(set.State), set.Reason.Length == 0 ? Of(one.Act) : $"{set.Message}（{set.Reason}）"]));
            if (one.SetCount > one.Sample.Count)
            {
                screen.Plain($"  以上为前 {one.Sample.Count} 套，共 {one.SetCount} 套。");
            }
        }

        if (one.Reasons.Count > 0)
        {
            screen.Table(["未办", "原因", "套数"], one.Reasons.Select(each => (string[])[Of(each.Outcome), each.Reason, $"{each.Count}"]));
        }

        if (one.Events.Count > 0)
        {
            screen.Table(["时间", "经过", "办理", "说明"], one.Events.Select(each => (string[])[Words.Of(each.Time), Of(each.Deed), each.ActorTitle, each.Remark]));
        }

        if (one.State == State.Prepared)
        {
            screen.Line();
            screen.Plain($"  全部清单：eid incident show {Number(one.Name)} --sets");
            screen.Plain($"  须由另一登记人员批准：eid incident approve {Number(one.Name)} --digest {Words.Hex(one.Digest)[..8]} --count {one.SetCount}");
        }
    }

    public static void List(Screen screen, IReadOnlyCollection<Incident> list)
    {
        if (list.Count == 0)
        {
            screen.Plain("没有这样的批量处置。");
            return;
        }

        screen.Table(["编号", "事项", "状态", "进度", "理由", "准备"], list.Select(one => (string[])
            [Number(one.Name), Of(one.Act), Of(one.State), $"{Ended(one)}/{one.SetCount}", one.Reason, Words.Of(one.PreparedTime)]));
    }

    public static void Sets(Screen screen, IReadOnlyCollection<IncidentSet> sets)
    {
        if (sets.Count == 0)
        {
            screen.Plain("没有未办的执照。");
            return;
        }

        screen.Table(["名称", "统一社会信用代码", "证照标识", "现状态", "结果"], sets.Select(set => (string[])
            [set.Name, set.CreditCode, set.IssuedSet["issuedSets/".Length..], Words.Of(set.State), set.Reason.Length == 0 ? Of(set.Outcome) : $"{Of(set.Outcome)}：{set.Message}（{set.Reason}）"]));
    }

    /// <summary>Sets that have an outcome.</summary>
    public static long Ended(Incident one) => one.DoneCount + one.SkippedCount + one.FailedCount;

    /// <summary>One line about how far it is.</summary>
    public static string Progress(Incident one) => $"已办 {one.DoneCount}，略过 {one.SkippedCount}，未成 {one.FailedCount}，共 {one.SetCount}";

    public static string Number(string name) => name[(name.IndexOf('/') + 1)..];

    public static string Of(State state) => state switch
    {
        State.Prepared => "待批准",
        State.Running => "正在执行",
        State.Paused => "已暂停",
        State.Completed => "已完成",
        State.Stopped => "已终止",
        _ => "状态不明",
    };

    public static string Of(Act act) => act switch
    {
        Act.Revoke => "吊销",
        Act.Reissue => "换发执照和四枚印章",
        _ => "（不认识的事项）",
    };

    private static string Of(IncidentSet.Types.Outcome outcome) => outcome switch
    {
        IncidentSet.Types.Outcome.Done => "已办",
        IncidentSet.Types.Outcome.Skipped => "略过",
        IncidentSet.Types.Outcome.Failed => "未成，须人工处理",
        _ => "尚未办理",
    };

    private static string Of(Deed deed) => deed switch
    {
        Deed.Prepare => "准备",
        Deed.Approve => "批准",
        Deed.Pause => "暂停",
        Deed.Continue => "继续",
        Deed.Stop => "终止",
        _ => "（不认识的事项）",
    };

    private static string Of(IncidentQuery? query) => query is null ? "" : string.Join("；", new[]
    {
        query.SignedFrom is null ? "" : "签发不早于 " + Words.Of(query.SignedFrom), query.SignedBefore is null ? "" : "签发早于 " + Words.Of(query.SignedBefore),
        query.ManifestKey.Length == 0 ? "" : "签名密钥 " + query.ManifestKey, query.SealIssuer.Length == 0 ? "" : "印章证书签发者 " + query.SealIssuer,
        query.Division.Length == 0 ? "" : "区划 " + query.Division, query.Kind == Enterprise.Types.Kind.Unspecified ? "" : Words.Of((Licenses.EnterpriseKind)query.Kind),
    }.Where(part => part.Length > 0).DefaultIfEmpty("逐一列出的执照"));

    private static string ColourOf(State state) => state is State.Prepared or State.Paused ? "yellow" : state == State.Stopped ? "red" : "green";

    private static string Time(long seconds) => seconds < 120 ? $"{seconds} 秒" : $"{(seconds + 59) / 60} 分钟";
}
