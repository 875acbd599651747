using System.CommandLine;
using ShantingEId.Client;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;
using Report = ShantingEId.V1.ReportStepRequest.Types.Report;

namespace ShantingEId.Tool.Commands.Cases;

/// <summary><c>eid case report</c>.</summary>
internal static class CaseReportCommand
{
    private static readonly Dictionary<string, Report> Reports = new()
    {
        ["accept"] = Report.Accept, ["complete"] = Report.Complete, ["return"] = Report.Return, ["refuse"] = Report.Refuse,
    };

    public static Command Create()
    {
        var name = CaseCommand.StepArgument();
        var report = new Argument<string>("REPORT") { Description = "accept 受理、complete 办结、return 退回补正、refuse 不予办理" };
        var reason = new Option<string?>("--reason") { Description = "理由，2 至 200 字；return、refuse 必填，申请人会看到", HelpName = "TEXT" };
        var text = new Option<string?>("--text") { Description = "办理结果，至多 500 字；complete 时与 --reference 至少填一项", HelpName = "TEXT" };
        var reference = new Option<string?>("--reference") { Description = "本单位的文号或业务编号，至多 64 字", HelpName = "TEXT" };
        var requestId = CaseCommand.RequestId();
        var command = new EidCommand("report", "办理单位报告一个事项的进展。")
        {
            Examples =
            [
                "eid case report cases/…/steps/TAX accept --as tax-bureau",
                "eid case report cases/…/steps/TAX complete --text 已办理税务登记 --reference 税登〔2026〕1号 --as tax-bureau",
                "eid case report cases/…/steps/TAX return --reason 经营地址证明不清晰，请重新上传 --as tax-bureau",
            ],
            Arguments = { name, report },
        };
        var service = ServiceOptions.AddTo(command, "tax-bureau");
        foreach (var option in (Option[])[reason, text, reference, requestId])
        {
            command.Options.Add(option);
        }

        command.Do(async (parse, screen, cancel) =>
        {
            var request = new ReportStepRequest
            {
                RequestId = parse.GetValue(requestId) ?? RequestIds.New(), Name = CaseCommand.StepNameOf(parse.GetRequiredValue(name)), Reason = parse.GetValue(reason) ?? "",
                Report = Reports.TryGetValue(parse.GetRequiredValue(report), out var known) ? known : throw new UsageException($"REPORT 应为 {string.Join("、", Reports.Keys)} 之一"),
                Evidence = parse.GetValue(text) is null && parse.GetValue(reference) is null ? null : new Evidence { Text = parse.GetValue(text) ?? "", Reference = parse.GetValue(reference) ?? "" },
            };
            using var connection = service.Open(parse);
            var step = await CaseCommand.WriteAsync(screen, request.RequestId, () => connection.Cases.ReportStepAsync(request, Connection.Writing(cancel)).ResponseAsync);
            if (screen.Json)
            {
                Screen.Result(step);
                return ExitCode.Ok;
            }

            screen.Line($"[bold green]✔ {Spectre.Console.Markup.Escape(step.Title)}：{Words.Of(step)}[/]");
            screen.Facts([("期限", step.State == Step.Types.State.Accepted ? Words.Of(step.Deadline) : ""), ("理由", step.Reason), ("结果", step.Evidence?.Text ?? ""), ("文号", step.Evidence?.Reference ?? "")]);
            return ExitCode.Ok;
        });
        return command;
    }
}
