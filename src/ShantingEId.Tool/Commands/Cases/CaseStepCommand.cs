using System.CommandLine;
using ShantingEId.Seals;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;

namespace ShantingEId.Tool.Commands.Cases;

/// <summary><c>eid case step</c>.</summary>
internal static class CaseStepCommand
{
    public static Command Create()
    {
        var name = CaseCommand.StepArgument();
        var output = new Option<string?>("--out") { Description = "把印模图片存到此目录（刻章单位）", HelpName = "DIR" };
        var command = new EidCommand("step", "办理单位查看一个事项：状态、期限，以及本事项可用的企业信息。此次查看记入查询记录。")
        {
            Examples = ["eid case step cases/…/steps/TAX --as tax-bureau", "eid case step cases/…/steps/SEAL_ENGRAVING --as engraver --out imprints"], Arguments = { name },
        };
        var service = ServiceOptions.AddTo(command, "tax-bureau");
        command.Options.Add(output);
        command.Do(async (parse, screen, cancel) =>
        {
            var request = new GetStepRequest { Name = CaseCommand.StepNameOf(parse.GetRequiredValue(name)) };
            using var connection = service.Open(parse);
            var order = await connection.Cases.GetStepAsync(request, Connection.Reading(cancel));
            var files = parse.GetValue(output) is { } directory ? Write(order, directory) : [];
            if (screen.Json)
            {
                Screen.Result(order);
                return ExitCode.Ok;
            }

            Show(screen, order);
            foreach (var file in files)
            {
                screen.Line($"  [green]已存[/] {Spectre.Console.Markup.Escape(file)}");
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static void Show(Screen screen, StepOrder order)
    {
        screen.Line($"[bold]{Spectre.Console.Markup.Escape(order.Step.Title)}[/]   {Words.Of(order.Step)}   期限 {Words.Of(order.Step.Deadline)}");
        screen.Line();
        screen.Facts([.. order.Company.License is { } license ? FaceView.Of(license) : [], ("执照状态", order.Company.Explanation), ("事项编号", order.Step.Name), ("理由", order.Step.Reason)]);
        if (order.Imprints.Count > 0)
        {
            screen.Table(["章型", "印章编码", "章面"], order.Imprints.Select(imprint => (string[])[Words.Of(imprint.Kind), imprint.SealCode, $"{imprint.WidthMm}×{imprint.HeightMm} 毫米"]));
        }
        else if (order.Company.Seals.Count > 0)
        {
            screen.Table(["章型", "印章编码"], order.Company.Seals.Select(seal => (string[])[Words.Of(seal.Kind), seal.SealCode]));
        }
    }

    private static List<string> Write(StepOrder order, string directory)
    {
        if (order.Imprints.Count == 0)
        {
            throw new UsageException("该事项没有印模图片；--out 只用于公章刻制，且执照应为有效");
        }

        Directory.CreateDirectory(directory);
        var written = new List<string>();
        foreach (var imprint in order.Imprints)
        {
            var path = Path.Combine(directory, $"{imprint.SealCode}-{((SealKind)imprint.Kind).ChineseName()}.png");
            Files.Write(path, imprint.Png.Span);
            written.Add(path);
        }

        return written;
    }
}
