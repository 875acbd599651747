using System.CommandLine;
using Grpc.Core;
using ShantingEId.Client;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Importing;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid import</c>.</summary>
internal static class ImportCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE.csv") { Description = "UTF-8 编码的 CSV（RFC 4180），表头为：" + string.Join(",", ImportFile.Columns) };
        var importId = new Option<string?>("--import-id") { Description = "这批数据的编号（默认取文件的 SM3 摘要）；改正文件后再次导入时用原编号，未改动的行不会重复签发", HelpName = "ID" };
        var report = new Option<string?>("--report") { Description = "逐行结果写入的文件（默认 FILE.csv.report.csv）", HelpName = "FILE" };
        var command = new EidCommand("import", "批量签发：逐行签发并写出每一行的结果；中断后再次运行即可继续，不会重复签发。")
        {
            Examples = ["eid import enterprises.csv", "eid import enterprises.csv --import-id 2026-03-batch-1 --report result.csv"],
            Notes =
            [
                "每行的请求编号由批次编号和该行内容算出，因此同一行重复提交得到同一套执照。服务中断不超过 60 秒时自动重连续传。\n" +
                "有问题的行写入结果文件后跳过，不影响其他行；有任何一行被拒绝时退出码为 1。主体种类按代码、类型和名称推断。",
            ],
            Arguments = { file },
        };
        var service = ServiceOptions.AddTo(command, "staff");
        command.Options.Add(importId);
        command.Options.Add(report);
        command.Do(async (parse, screen, cancel) =>
        {
            var path = parse.GetRequiredValue(file);
            var input = ImportFile.Open(path);
            using var connection = service.Open(parse);
            return await RunAsync(screen, connection, input, parse.GetValue(importId) ?? input.Digest, parse.GetValue(report) ?? path + ".report.csv", cancel);
        });
        return command;
    }

    private static async Task<int> RunAsync(Screen screen, Connection connection, ImportFile input, string importId, string reportPath, CancellationToken cancel)
    {
        var tally = new ImportTally();
        var progress = new ImportProgress(screen, tally, input.Count, TimeProvider.System);
        var code = ExitCode.Ok;
        using (var report = new ImportReport(reportPath))
        using (var run = new ImportRun(connection.Issuance, input.Rows(importId), report.Expect, answer => Answered(tally, report, answer), progress.Interrupted, TimeProvider.System))
        {
            try
            {
                await progress.FollowAsync(run.RunAsync(cancel));
            }
            catch (Exception error) when (cancel.IsCancellationRequested && error is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled })
            {
                code = ExitCode.Interrupted;
            }
            catch (RpcException error)
            {
                code = ErrorScreen.Show(screen, EidError.From(error));
            }
        }

        Summarise(screen, input, tally, progress, importId, reportPath, finished: code == ExitCode.Ok);
        return code == ExitCode.Ok && tally.Refused > 0 ? ExitCode.Refused : code;
    }

    private static void Answered(ImportTally tally, ImportReport report, V1.ImportSetsResponse answer)
    {
        report.Answer(answer);
        tally.Add(answer);
    }

    private static void Summarise(Screen screen, ImportFile input, ImportTally tally, ImportProgress progress, string importId, string reportPath, bool finished)
    {
        if (screen.Json)
        {
            Screen.Result(new
            {
                importId, rows = input.Count, finished, issued = tally.Issued, repeated = tally.Repeated, refused = tally.Refused,
                reasons = tally.Refusals().ToDictionary(entry => entry.Reason, entry => entry.Count), report = reportPath,
            });
            return;
        }

        if (tally.Done == 0 && !finished)
        {
            return; // the error says it all
        }

        var headline = finished
            ? tally.Refused == 0 ? "[bold green]✔ 全部签发[/]" : "[bold yellow]！ 已完成，有被拒绝的行[/]"
            : "[bold red]✘ 未完成[/]";
        screen.Line($"{headline}   {tally.Done}/{input.Count} 行，用时 {progress.Elapsed.TotalSeconds:F1} 秒，每秒 {progress.Rate:F0} 行");
        screen.Line();
        screen.Facts([("已签发", $"{tally.Issued}"), ("此前已签发", $"{tally.Repeated}"), ("被拒绝", $"{tally.Refused}"), ("逐行结果", reportPath)]);
        if (tally.Refused > 0)
        {
            screen.Table(["拒绝原因", "行数", "例如"], tally.Refusals().Select(entry => (string[])[entry.Reason, $"{entry.Count}", entry.Example]));
        }

        if (!finished)
        {
            screen.Line("  下一步：再次运行同一命令即可继续，已签发的行不会重复签发。");
        }
        else if (tally.Refused > 0)
        {
            screen.Plain($"  下一步：按结果文件改正有问题的行，再用 --import-id {importId} 导入，其余行不会重复签发。");
        }
    }
}
