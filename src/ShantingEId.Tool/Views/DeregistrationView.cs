using ShantingEId.Deregistering;
using ShantingEId.Tool.Cli;
using ShantingEId.V1;
using Spectre.Console;
using Act = ShantingEId.V1.Deregistration.Types.Event.Types.Act;

namespace ShantingEId.Tool.Views;

/// <summary>简易注销 on the screen.</summary>
internal static class DeregistrationView
{
    private const int BarWidth = 24;

    public static void Show(Screen screen, Deregistration one, DateTimeOffset now)
    {
        var state = (DeregistrationState)one.State;
        var colour = one.State switch
        {
            Deregistration.Types.State.Objected or Deregistration.Types.State.Returned => "yellow",
            Deregistration.Types.State.Terminated or Deregistration.Types.State.Lapsed or Deregistration.Types.State.Withdrawn => "red",
            _ => "green",
        };
        screen.Line($"[bold {colour}]{Markup.Escape(StateOf(one.State, one.Published))}[/]   {Markup.Escape(one.CompanyName)}" + (one.Overdue ? "   [red]已超过办理期限[/]" : ""));
        if (one.State is Deregistration.Types.State.Published or Deregistration.Types.State.Objected && screen.IsTerminal)
        {
            screen.Line("  " + Markup.Escape(Bar(one, now)));
        }

        screen.Facts(
        [
            ("编号", Number(one.Name)), ("统一社会信用代码", one.CreditCode), ("申请日", Words.Of(one.ApplyDate)), ("异议截止日", Words.Of(one.LastDayToObject)),
            ("注销方式", one.ConfirmsItself ? "期满无异议由登记系统自动注销" : "期满无异议由申请人确认"),
            (one.ConfirmsItself ? "应注销于" : "确认截止日", state.IsEnd() ? "" : Words.Of(one.ConfirmsItself ? one.LastDayToCancel : one.LastDayToConfirm)), ("补正截止日", Words.Of(one.LastDayToMend)),
            (one.State == Deregistration.Types.State.Returned ? "须补正" : "说明", one.Remark),
            ("承诺书", one.Commitment is { } commitment ? $"{commitment.Reference}，{commitment.Investors} 名投资人，摘要 {Words.ShortHex(commitment.Digest)}" : ""),
        ]);
        if (one.Objections.Count > 0)
        {
            screen.Table(["异议", "异议人", "事由", "内容", "提出", "撤回"], one.Objections.Select(each => (string[])
                [each.Name[(each.Name.LastIndexOf('/') + 1)..], each.Objector, ((Impediment)each.Ground).ChineseName(), each.Reason, Words.Of(each.RaisedTime), Words.Of(each.WithdrawnTime)]));
        }

        if (one.Events.Count > 0)
        {
            screen.Table(["时间", "经过", "办理", "说明"], one.Events.Select(each => (string[])[Words.Of(each.Time), ActOf(each.Act), each.ActorTitle, each.Remark]));
        }
    }

    public static void Show(Screen screen, V1.Objection objection)
    {
        screen.Line(objection.WithdrawnTime is null ? "[bold yellow]已提出异议[/]" : "[bold green]异议已撤回[/]");
        screen.Facts(
        [
            ("异议", objection.Name["deregistrations/".Length..]), ("异议人", objection.Objector), ("事由", ((Impediment)objection.Ground).ChineseName()), ("内容", objection.Reason),
            ("提出", Words.Of(objection.RaisedTime)), ("撤回", Words.Of(objection.WithdrawnTime)),
        ]);
    }

    public static void List(Screen screen, IReadOnlyCollection<Deregistration> list)
    {
        if (list.Count == 0)
        {
            screen.Plain("没有这样的简易注销。");
            return;
        }

        screen.Table(["编号", "名称", "统一社会信用代码", "状态", "异议截止日", "异议"], list.Select(one => (string[])
            [Number(one.Name), one.CompanyName, one.CreditCode, StateOf(one.State, one.Published) + (one.Overdue ? "（超期）" : ""), Words.Of(one.LastDayToObject), Standing(one)]));
    }

    public static void Notices(Screen screen, ListNoticesResponse list)
    {
        if (list.Notices.Count == 0)
        {
            screen.Plain("没有公示。");
        }
        else
        {
            screen.Table(["编号", "名称", "统一社会信用代码", "自", "至", "状态"], list.Notices.Select(one => (string[])
                [Number(one.Name), one.CompanyName, one.CreditCode, Words.Of(one.From), Words.Of(one.To), StateOf(one.State, one.Published)]));
        }

        screen.Plain($"  标记：{list.Mark}");
    }

    private static string Standing(Deregistration one) => one.Objections.Count(each => each.WithdrawnTime is null) is > 0 and var count ? $"{count} 项" : "";

    private static string Number(string name) => name[(name.IndexOf('/') + 1)..];

    private static string StateOf(Deregistration.Types.State state, bool published) =>
        state == Deregistration.Types.State.Published && !published ? "征询部门意见" : ((DeregistrationState)state).ChineseName();

    // Days gone of the days in which somebody may object.
    private static string Bar(Deregistration one, DateTimeOffset now)
    {
        var first = Day(one.ApplyDate);
        var total = Day(one.LastDayToObject).DayNumber - first.DayNumber;
        var gone = Math.Clamp(Calendar.WorkCalendar.DayOf(now).DayNumber - first.DayNumber, 0, total);
        var filled = total == 0 ? BarWidth : gone * BarWidth / total;
        return $"{(one.Published ? "公示期" : "征询期")} {new string('█', filled)}{new string('░', BarWidth - filled)} 第 {gone} 日，共 {total} 日";
    }

    private static DateOnly Day(Google.Type.Date date) => new(date.Year, date.Month, date.Day);

    public static string ActOf(Act act) => act switch
    {
        Act.Apply => "申请",
        Act.RaiseObjection => "提出异议",
        Act.WithdrawObjection => "撤回异议",
        Act.Return => "退回补正",
        Act.Resubmit => "重新提交",
        Act.Terminate => "终止",
        Act.Withdraw => "撤回申请",
        Act.Confirm => "确认注销",
        Act.Expire => "到期结束",
        _ => "（不认识的事项）",
    };
}
