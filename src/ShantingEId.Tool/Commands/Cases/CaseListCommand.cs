using System.CommandLine;
using ShantingEId.Cases;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;

namespace ShantingEId.Tool.Commands.Cases;

/// <summary><c>eid case list</c>.</summary>
internal static class CaseListCommand
{
    private const int LargestPage = 500;

    public static Command Create()
    {
        var after = new Option<long>("--after") { Description = "只看此标记之后有变化的事项（默认 0，全部）", HelpName = "MARK", DefaultValueFactory = _ => 0 };
        var kind = new Option<string[]>("--step") { Description = "只看这些事项，可写多次：" + CaseCommand.KindHelp, HelpName = "KIND", DefaultValueFactory = _ => [] };
        var overdue = new Option<bool>("--overdue") { Description = "只看逾期未办结的" };
        var all = new Option<bool>("--all") { Description = "也列出已结束的和等待前置事项的" };
        var command = new EidCommand("list", "列出待办事项：本单位可受理的、办理中的和待补正的；登记人员看到全部单位的。")
        {
            Examples = ["eid case list --as tax-bureau", "eid case list --overdue", "eid case list --as tax-bureau --after 1024 --json"],
            Notes = ["末行的标记可作下次的 --after，只看其后的变化，不会遗漏。各单位的系统应直接用 ListSteps 或 WatchSteps 按标记领取。"],
        };
        var service = ServiceOptions.AddTo(command, "staff");
        foreach (var option in (Option[])[after, kind, overdue, all])
        {
            command.Options.Add(option);
        }

        command.Do(async (parse, screen, cancel) =>
        {
            var request = new ListStepsRequest { AfterMark = parse.GetValue(after), IsOverdue = parse.GetValue(overdue), PageSize = LargestPage };
            request.Kinds.AddRange(parse.GetValue(kind)!.Select(CaseCommand.KindOf));
            using var connection = service.Open(parse);
            var list = await ReadAsync(connection, request, parse.GetValue(all), cancel);
            if (screen.Json)
            {
                Screen.Result(list);
            }
            else
            {
                Show(screen, list, request);
            }

            return ExitCode.Ok;
        });
        return command;
    }

    // A step appears with each of its changes; what counts here is the one it stands at.
    private static async Task<ListStepsResponse> ReadAsync(Connection connection, ListStepsRequest request, bool all, CancellationToken cancel)
    {
        var newest = new Dictionary<string, StepChange>();
        var answer = new ListStepsResponse();
        for (var mark = request.AfterMark; !answer.IsCurrent;)
        {
            var page = await connection.Cases.ListStepsAsync(new ListStepsRequest(request) { AfterMark = mark }, Connection.Writing(cancel));
            foreach (var change in page.Changes)
            {
                newest[change.Step] = change;
            }

            (mark, answer.Mark, answer.IsCurrent) = (page.Mark, page.Mark, page.IsCurrent);
        }

        answer.Changes.AddRange(newest.Values.Where(change => all || ((StepState)change.State).IsDue() || change.State == Step.Types.State.Returned).OrderBy(change => change.Mark));
        return answer;
    }

    private static void Show(Screen screen, ListStepsResponse list, ListStepsRequest request)
    {
        if (list.Changes.Count == 0)
        {
            screen.Plain(request.IsOverdue ? "没有逾期的事项。" : "没有待办事项。");
        }
        else
        {
            screen.Table(["事项", "状态", "自", "期限", "统一社会信用代码", "事项编号"], list.Changes.Select(change => (string[])
            [
                change.Title, Words.Of(change.State) + (request.IsOverdue ? "（逾期）" : ""), Words.Of(change.Time)[..16], Words.Of(change.Deadline),
                change.CreditCode, change.Step,
            ]));
            screen.Line();
        }

        screen.Plain($"共 {list.Changes.Count} 项；标记 {list.Mark}");
    }
}
