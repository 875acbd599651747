using System.CommandLine;
using Grpc.Core;
using ShantingEId.Client;
using ShantingEId.Server.Callers;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Demo;
using Spectre.Console;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid demo</c>.</summary>
internal static class DemoCommand
{
    // Of the command that goes on where the demonstration ended.
    private const int PagesPort = 7480;

    public static Command Create()
    {
        var directory = new Option<string>("--dir") { Description = "存放样例密钥、登记簿和导出文件的目录（默认 demo）", HelpName = "DIR", DefaultValueFactory = _ => "demo" };
        var stay = new Option<bool>("--stay") { Description = "演示之后服务不停，可以在浏览器中打开核验页；按 Ctrl+C 停止" };
        var command = new EidCommand("demo", "演示一张执照的全过程：签发、核验、回执、篡改、越权、吊销、变更通知。在本机启动真实服务，无需任何准备。")
        {
            Examples = ["eid demo", "eid demo --dir my-demo", "eid demo --stay"],
            Notes = ["企业、人员和地址都是样例。每一步的结果都与预期核对，有一步不符即以退出码 1 结束。"],
        };
        command.Options.Add(directory);
        command.Options.Add(stay);
        command.Do(async (parse, screen, cancel) =>
        {
            var steps = new DemoSteps(screen);
            screen.Line("[bold]山亭电子营业执照演示[/]   企业、人员和地址均为样例");
            await using var server = await DemoServer.StartAsync(parse.GetRequiredValue(directory), cancel);
            screen.Line();
            screen.Facts([("服务", $"{server.Address.ToString().TrimEnd('/')}（双向 TLS，gRPC）"), ("密钥和证书", $"{server.Certificates}（开发用，生产环境拒绝）"), ("登记簿", $"{server.Data}（新建）")]);
            var (problem, places) = await TellAsync(screen, server, steps, cancel);
            if (screen.Json)
            {
                Screen.Result(new { passed = problem.Length == 0, problem, steps = steps.All, files = server.Output, page = places is null ? null : new Uri(server.Pages, places.Code) });
            }
            else if (places is not null)
            {
                Summarise(screen, server, steps, places, parse.GetValue(stay));
            }

            if (problem.Length > 0)
            {
                screen.Problem("演示失败：" + problem, "");
            }

            else if (parse.GetValue(stay))
            {
                await server.StayAsync(cancel);
            }

            return problem.Length == 0 ? ExitCode.Ok : ExitCode.Refused;
        });
        return command;
    }

    private static async Task<(string Problem, DemoPlaces? Places)> TellAsync(Screen screen, DemoServer server, DemoSteps steps, CancellationToken cancel)
    {
        try
        {
            return ("", await new DemoStory(screen, server, steps).TellAsync(cancel));
        }
        catch (DemoFailedException error)
        {
            return (error.Message, null);
        }
        catch (RpcException error) when (!cancel.IsCancellationRequested)
        {
            return (Refused(EidError.From(error)), null);
        }
        catch (EidCallException error)
        {
            return (Refused(error.Error), null);
        }
        catch (HttpRequestException error)
        {
            return ($"第 {steps.All.Count + 1} 步：核验页打不开（{error.Message}）", null);
        }
        catch (TimeoutException)
        {
            return ($"第 {steps.All.Count + 1} 步：没有在时限内收到变更通知", null);
        }

        string Refused(EidError refusal) => $"第 {steps.All.Count + 1} 步：{refusal.Message}（{refusal.Reason}）";
    }

    private static void Summarise(Screen screen, DemoServer server, DemoSteps steps, DemoPlaces places, bool stays)
    {
        screen.Line();
        screen.Line($"[bold green]✔ 演示完成[/]   {steps.All.Count} 步全部与预期相符");
        screen.Line();
        for (var i = 0; i < steps.All.Count; i++)
        {
            screen.Line($"  {i + 1}. {Markup.Escape(steps.All[i].Title)}  [green]{Markup.Escape(steps.All[i].Actual)}[/]");
        }

        screen.Line();
        screen.Facts(
        [
            ("导出的文件", server.Output),
            ("离线核对回执", $"eid verify-receipt {Path.Combine(server.Output, "tax-registration.receipt")} --roots {Path.Combine(server.Output, "authority-chain.pem")} --callers {Path.Combine(server.Certificates, CallerDirectory.FileName)}"),
            ("离线查看印章", $"eid inspect {Path.Combine(server.Output, "official-seal.esl")} --roots {Path.Combine(server.Output, "authority-chain.pem")}"),
            ("继续试用", $"eid serve --certs {server.Certificates} --data {server.Data} --public-port {PagesPort}"),
        ]);
        screen.Line();
        var pages = stays ? server.Pages : new Uri($"http://localhost:{PagesPort}");
        screen.Line(stays ? "服务没有停，在浏览器中打开（按 Ctrl+C 停止）：" : "用上面的命令启动服务后，在浏览器中打开：");
        screen.Whole($"  执照核验页  {new Uri(pages, places.Code)}");
        screen.Whole($"  录入短码    {new Uri(pages, places.TypedCode)}");
        screen.Whole($"  扫码页      {new Uri(pages, "/scan")}");
    }
}
