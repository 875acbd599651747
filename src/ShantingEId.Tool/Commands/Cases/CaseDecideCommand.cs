using System.CommandLine;
using ShantingEId.Client;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;
using Decision = ShantingEId.V1.DecideStepRequest.Types.Decision;

namespace ShantingEId.Tool.Commands.Cases;

/// <summary><c>eid case decide</c>.</summary>
internal static class CaseDecideCommand
{
    private static readonly Dictionary<string, Decision> Decisions = new()
    {
        ["grant"] = Decision.Grant, ["return"] = Decision.Return, ["refuse"] = Decision.Refuse, ["reopen"] = Decision.Reopen, ["withdraw"] = Decision.Withdraw,
    };

    public static Command Create()
    {
        var name = CaseCommand.CaseArgument();
        var decision = new Argument<string>("DECISION") { Description = "grant 核发、return 退回补正、refuse 不予登记、reopen 补正后恢复办理、withdraw 撤回" };
        var step = new Option<string>("--step") { Description = "对哪个事项（默认 LICENSE；reopen、withdraw 可用于其他事项）", HelpName = "KIND", DefaultValueFactory = _ => "LICENSE" };
        var reason = new Option<string?>("--reason") { Description = "理由，2 至 200 字；return、refuse、withdraw 必填，申请人会看到", HelpName = "TEXT" };
        var fields = new EnterpriseOptions();
        var requestId = CaseCommand.RequestId();
        var command = new EidCommand("decide", "登记人员的决定：核发、退回、不予登记、恢复、撤回。核发即签发执照和四枚印章。")
        {
            Examples =
            [
                "eid case decide 91370406MA00DEM06N grant",
                "eid case decide 91370406MA00DEM06N return --reason 名称与预先核准不符",
                "eid case decide 91370406MA00DEM06N reopen --file enterprise.json",
                "eid case decide 91370406MA00DEM06N withdraw --step 公积金 --reason 申请人撤回",
            ],
            Notes = ["撤回营业执照即撤回整个办件。恢复办理营业执照时，可用 --file 等选项给出更正后的全部登记事项。"], Arguments = { name, decision },
        };
        var service = ServiceOptions.AddTo(command, "staff");
        foreach (var option in (Option[])[step, reason, requestId])
        {
            command.Options.Add(option);
        }

        fields.AddTo(command);
        command.Do(async (parse, screen, cancel) =>
        {
            if (!Decisions.TryGetValue(parse.GetRequiredValue(decision), out var decided))
            {
                throw new UsageException($"DECISION 应为 {string.Join("、", Decisions.Keys)} 之一");
            }

            var kind = (ShantingEId.Cases.StepKind)CaseCommand.KindOf(parse.GetRequiredValue(step));
            var request = new DecideStepRequest
            {
                RequestId = parse.GetValue(requestId) ?? RequestIds.New(), Decision = decided, Reason = parse.GetValue(reason) ?? "", Enterprise = fields.IsGiven(parse) ? fields.Read(parse) : null,
            };
            using var connection = service.Open(parse);
            request.Name = await CaseCommand.ResolveAsync(connection, parse.GetRequiredValue(name), cancel) + "/steps/" + ShantingEId.Cases.StepKinds.WireName(kind);
            var subject = await CaseCommand.WriteAsync(screen, request.RequestId, () => connection.Cases.DecideStepAsync(request, Connection.Writing(cancel)).ResponseAsync);
            if (screen.Json)
            {
                Screen.Result(subject);
            }
            else
            {
                CaseView.Show(screen, subject);
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
