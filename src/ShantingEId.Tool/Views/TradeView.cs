using Google.Type;
using ShantingEId.Tool.Cli;
using ShantingEId.V1;
using PermitState = ShantingEId.V1.Permit.Types.State;

namespace ShantingEId.Tool.Views;

/// <summary>Permits of a comprehensive licence, and what is due of them.</summary>
internal static class TradeView
{
    /// <summary>One row for each permit; nothing where there is none.</summary>
    public static void Permits(Screen screen, IReadOnlyList<Permit> permits)
    {
        if (permits.Count > 0)
        {
            screen.Table(["许可", "编号", "状态", "有效期", "主管部门", "告知承诺"], permits.Select(permit => (string[])
                [(permit.IsInForce ? "✔ " : "✘ ") + permit.Name, permit.Number, State(permit), Term(permit), permit.Department, Commitment(permit)]));
        }
    }

    /// <summary>A permit's state in words, with its end where one is known.</summary>
    public static string State(Permit permit) => permit.State switch
    {
        PermitState.Active or PermitState.Confirmed => "有效",
        PermitState.Suspended => permit.StateUntilTime is { } until ? $"暂停至 {Words.Minute(until)}" : "暂停",
        PermitState.Revoked => "已吊销",
        PermitState.Cancelled => "已注销",
        PermitState.Expired => "已过有效期",
        PermitState.Scheduled => "尚未生效",
        _ => "状态不明",
    };

    /// <summary>What is due.</summary>
    public static void Due(Screen screen, IReadOnlyList<DuePermit> permits) =>
        screen.Table(["期限", "企业", "许可", "编号", "主管部门", "证照标识"], permits.Select(permit => (string[])
            [Day(permit.DueDate), permit.HolderName, permit.Code, permit.Number, permit.Department, permit.IssuedSet["issuedSets/".Length..]]));

    /// <summary>The catalogue.</summary>
    public static void Trades(Screen screen, IReadOnlyList<TradeKind> trades) =>
        screen.Table(["代码", "行业", "许可（首项必备）", "目录"], trades.Select(trade => (string[])
            [trade.Code, trade.Name, string.Join("、", trade.Permits.Select(permit => permit.Name)), trade.IsPublished ? "已公布" : "拟定，待确认"]));

    private static string Term(Permit permit) => permit.ExpireDate is null ? $"{Day(permit.GrantDate)} 起" : $"{Day(permit.GrantDate)} 至 {Day(permit.ExpireDate)}";

    private static string Commitment(Permit permit) => !permit.OnCommitment ? "" : permit.State == PermitState.Confirmed ? "是，已核查" : $"是，{Day(permit.CheckByDate)} 前核查";

    private static string Day(Date? date) => date is null ? "" : $"{date.Year:D4}-{date.Month:D2}-{date.Day:D2}";
}
