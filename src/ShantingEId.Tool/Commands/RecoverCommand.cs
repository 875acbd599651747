using System.CommandLine;
using ShantingEId.Server.Approvals;
using ShantingEId.Server.Journal;
using ShantingEId.Tool.Cli;
using Spectre.Console;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid recover</c>.</summary>
internal static class RecoverCommand
{
    private const string DefaultPlan = "recovery-plan.json";

    public static Command Create()
    {
        var plan = new Option<string?>("--plan") { Description = "经两人批准的恢复方案；不给则只制订方案，不改动登记簿", HelpName = "FILE" };
        var save = new Option<string>("--out") { Description = $"方案写入的文件（默认 {DefaultPlan}）", HelpName = "FILE", DefaultValueFactory = _ => DefaultPlan };
        var command = new EidCommand("recover", "从备份恢复之后，按登记日志补回备份以后的每一笔，直到最后一次已确认的办理；复查无误后才能重新启动服务。")
        {
            Examples = ["eid recover", $"eid approve {DefaultPlan} --as staff", $"eid approve {DefaultPlan} --as supervisor", $"eid recover --plan {DefaultPlan}"],
            Notes = ["先停止全部服务，把备份放回原处。中途停止的，用同一方案再运行一次即可继续。", "恢复由两人批准：制订方案后，两名有权准备或批准批量处置的登记人员各运行一次 eid approve。"],
        };
        var register = RegisterOptions.AddTo(command);
        command.Options.Add(plan);
        command.Options.Add(save);
        command.Do(async (parse, screen, _) =>
        {
            var options = register.Read(parse);
            if (parse.GetValue(plan) is { } file)
            {
                return await RunAsync(screen, options, ApprovalFile.Load(file));
            }

            var made = await RegisterRecovery.PlanAsync(options);
            var path = parse.GetRequiredValue(save);
            if (made.Count > 0 || made.IsUnfinished)
            {
                made.ToApprove().Save(path);
            }

            Show(screen, made, path);
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Show(Screen screen, RecoveryPlan made, string path)
    {
        if (screen.Json)
        {
            Screen.Result(new { from = made.From, to = made.To, count = made.Count, epoch = made.Epoch, unfinished = made.IsUnfinished, plan = made.Count > 0 || made.IsUnfinished ? path : null });
            return;
        }

        if (made.Count == 0 && !made.IsUnfinished)
        {
            screen.Plain($"✔ 登记簿与登记日志一致（第 {made.To} 笔），无须恢复");
            return;
        }

        screen.Plain($"登记簿停在第 {made.From} 笔，登记日志到第 {made.To} 笔：须补回 {made.Count} 笔");
        screen.Plain($"方案已写入 {path}。下一步：两人先后批准，然后执行");
        screen.Plain($"  eid approve {path} --as 登记人员");
        screen.Plain($"  eid approve {path} --as 另一登记人员");
        screen.Plain($"  eid recover --plan {path}");
    }

    private static async Task<int> RunAsync(Screen screen, Server.EidServerOptions options, ApprovalFile agreed)
    {
        var plan = await RegisterRecovery.PlanAsync(options);
        IReadOnlyList<Server.Storage.RegisterProblem> problems = [];
        if (Console.IsErrorRedirected)
        {
            problems = await RegisterRecovery.RunAsync(options, agreed);
        }
        else
        {
            await new Progress(screen.Error).Columns(new ProgressBarColumn { Width = 24 }, new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new RemainingTimeColumn())
                .StartAsync(async context =>
                {
                    var bar = context.AddTask("补回", maxValue: Math.Max(1, plan.Count));
                    problems = await RegisterRecovery.RunAsync(options, agreed, position =>
                    {
                        bar.Value = position - plan.From;
                        bar.Description = position == plan.To ? "全部补回，正在逐套复查" : $"补回至第 {position} 笔";
                    });
                });
        }

        if (screen.Json)
        {
            Screen.Result(new { recovered = plan.Count, position = plan.To, epoch = plan.Epoch, problems });
        }
        else if (problems.Count == 0)
        {
            screen.Plain($"✔ 已补回 {plan.Count} 笔，登记簿到第 {plan.To} 笔，逐套复查无误；现在可以启动服务（eid serve）");
        }
        else
        {
            screen.Plain($"✘ 已补回 {plan.Count} 笔，但复查发现 {problems.Count} 处问题，服务不能启动");
            screen.Facts([.. problems.Select(problem => (problem.Subject, problem.Problem))]);
        }

        return problems.Count == 0 ? ExitCode.Ok : ExitCode.Refused;
    }
}
