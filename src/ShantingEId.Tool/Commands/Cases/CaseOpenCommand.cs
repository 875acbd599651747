using System.CommandLine;
using ShantingEId.Client;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;
using Kind = ShantingEId.V1.Step.Types.Kind;

namespace ShantingEId.Tool.Commands.Cases;

/// <summary><c>eid case open</c> and <c>eid case add</c>.</summary>
internal static class CaseOpenCommand
{
    private static readonly Kind[] Everything =
        [Kind.SealEngraving, Kind.Tax, Kind.SocialSecurity, Kind.MedicalInsurance, Kind.HousingFund, Kind.BankAppointment, Kind.Employment];

    public static Command Create()
    {
        var fields = new EnterpriseOptions();
        var step = new Option<string[]>("--step") { Description = "同时申请的事项，可写多次：" + CaseCommand.KindHelp, HelpName = "KIND", DefaultValueFactory = _ => [] };
        var all = new Option<bool>("--all") { Description = "同时申请全部事项" };
        var requestId = CaseCommand.RequestId();
        var command = new EidCommand("open", "受理一份开办申请。各项自动检查都通过的，当场签发执照和四枚印章（即报即得）；否则转人工审核并说明理由。")
        {
            Examples =
            [
                "eid case open --file enterprise.json --all",
                "eid case open --file enterprise.json --step 税务 --step 社保",
            ],
            Notes = ["营业执照和电子印章总在其中。其余事项可以同时申请，也可以以后用 eid case add 加办。\n--file 的内容与 eid issue 相同。"],
        };
        var service = ServiceOptions.AddTo(command, "staff");
        fields.AddTo(command);
        foreach (var option in (Option[])[step, all, requestId])
        {
            command.Options.Add(option);
        }

        command.Do(async (parse, screen, cancel) =>
        {
            if (parse.GetValue(all) && parse.GetValue(step)!.Length > 0)
            {
                throw new UsageException("--all 和 --step 只用其一");
            }

            var request = new OpenCaseRequest { RequestId = parse.GetValue(requestId) ?? RequestIds.New(), Enterprise = fields.Read(parse) };
            request.Steps.AddRange(parse.GetValue(all) ? Everything : parse.GetValue(step)!.Select(CaseCommand.KindOf));
            using var connection = service.Open(parse);
            var subject = await CaseCommand.WriteAsync(screen, request.RequestId, () => connection.Cases.OpenCaseAsync(request, Connection.Writing(cancel)).ResponseAsync);
            Show(screen, subject, Outcome(subject));
            return ExitCode.Ok;
        });
        return command;
    }

    public static Command CreateAdd()
    {
        var name = CaseCommand.CaseArgument();
        var kinds = new Argument<string[]>("KIND") { Description = "加办的事项：" + CaseCommand.KindHelp, Arity = ArgumentArity.OneOrMore };
        var requestId = CaseCommand.RequestId();
        var command = new EidCommand("add", "在办件中加办事项；撤回过或不予办理的事项也可以再次申请。")
        {
            Examples = ["eid case add 91370406MA00DEM06N 公积金 银行"], Arguments = { name, kinds },
        };
        var service = ServiceOptions.AddTo(command, "staff");
        command.Options.Add(requestId);
        command.Do(async (parse, screen, cancel) =>
        {
            var request = new AddStepsRequest { RequestId = parse.GetValue(requestId) ?? RequestIds.New() };
            request.Steps.AddRange(parse.GetRequiredValue(kinds).Select(CaseCommand.KindOf));
            using var connection = service.Open(parse);
            request.Name = await CaseCommand.ResolveAsync(connection, parse.GetRequiredValue(name), cancel);
            Show(screen, await CaseCommand.WriteAsync(screen, request.RequestId, () => connection.Cases.AddStepsAsync(request, Connection.Writing(cancel)).ResponseAsync));
            return ExitCode.Ok;
        });
        return command;
    }

    private static string Outcome(Case subject) => subject.Steps.Single(step => step.Kind == Kind.License).State switch
    {
        Step.Types.State.Done => "[bold green]✔ 即报即得[/]   营业执照和四枚电子印章已当场签发。",
        Step.Types.State.Review => $"[bold yellow]… 转人工审核[/]   理由如下；审核后：eid case decide {subject.Name[6..]} grant",
        _ => "",
    };

    private static void Show(Screen screen, Case subject, string said = "")
    {
        if (screen.Json)
        {
            Screen.Result(subject);
            return;
        }

        if (said.Length > 0)
        {
            screen.Line(said);
        }

        CaseView.Show(screen, subject);
    }
}
