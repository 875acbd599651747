using System.CommandLine;
using ShantingEId.Codes;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;

namespace ShantingEId.Tool.Commands.Cases;

/// <summary><c>eid case show</c> and <c>eid case progress</c>.</summary>
internal static class CaseShowCommand
{
    public static Command Create()
    {
        var name = CaseCommand.CaseArgument();
        var history = new Option<bool>("--history") { Description = "另列全部经过" };
        var command = new EidCommand("show", "查看一个办件：进度、各事项的状态、期限、办理单位和结果。")
        {
            Examples = ["eid case show 91370406MA00DEM06N", "eid case show 91370406MA00DEM06N --history", "eid case show 91370406MA00DEM06N --as holder-app"], Arguments = { name },
        };
        var service = ServiceOptions.AddTo(command, "staff");
        command.Options.Add(history);
        command.Do(async (parse, screen, cancel) =>
        {
            var request = new GetCaseRequest { Name = CaseCommand.NameOf(parse.GetRequiredValue(name)) };
            using var connection = service.Open(parse);
            var subject = await connection.Cases.GetCaseAsync(request, Connection.Reading(cancel));
            if (screen.Json)
            {
                Screen.Result(subject);
                return ExitCode.Ok;
            }

            CaseView.Show(screen, subject);
            if (parse.GetValue(history))
            {
                screen.Table(["时间", "事项", "状态", "经办", "理由", "结果"], subject.Events.Select(each => (string[])
                [
                    Words.Of(each.Time), subject.Steps.First(step => step.Kind == each.Kind).Title, Words.Of(each.State), each.ActorTitle, each.Reason,
                    $"{each.Evidence?.Text} {each.Evidence?.Reference}".Trim(),
                ]));
            }

            return ExitCode.Ok;
        });
        return command;
    }

    public static Command CreateProgress()
    {
        var code = new Argument<string>("CODE") { Description = "进度查询码，在受理回执上，形如 XXXXX-XXXXX" };
        var command = new EidCommand("progress", "凭进度查询码查看办到哪一步；不显示企业和人员。") { Examples = ["eid case progress 7K3M9-2XQ4P"], Arguments = { code } };
        var service = ServiceOptions.AddTo(command, "holder-app");
        command.Do(async (parse, screen, cancel) =>
        {
            var request = new GetProgressRequest { Code = ProgressCode.Parse(parse.GetRequiredValue(code)).Value };
            using var connection = service.Open(parse);
            var progress = await connection.Cases.GetProgressAsync(request, Connection.Within(TimeSpan.FromSeconds(2), cancel));
            if (screen.Json)
            {
                Screen.Result(progress);
            }
            else
            {
                CaseView.Show(screen, progress);
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
