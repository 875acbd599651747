using System.CommandLine;
using ShantingEId.Server.Journal;
using ShantingEId.Server.Ledger;
using ShantingEId.Server.Storage;
using ShantingEId.Tool.Cli;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid fsck</c>.</summary>
internal static class FsckCommand
{
    public static Command Create()
    {
        var ledgers = new Option<string[]>("--ledger") { Description = "其他副本的查询账本目录，可多次给出（本副本默认为登记簿目录下的 ledger）", HelpName = "DIR", DefaultValueFactory = _ => [] };
        var checkpoints = new Option<string[]>("--checkpoints") { Description = "另存的账本检查点文件，可多次给出", HelpName = "FILE", DefaultValueFactory = _ => [] };
        var keep = new Option<int?>("--ledger-keep") { Description = "账本按规定保存的天数；更早的账页可以不在", HelpName = "DAYS" };
        var command = new EidCommand("fsck", "逐套复查整个登记簿：文件、签名、摘要、私钥、答复和记录是否齐全相符；并复查登记日志、查询账本及其检查点。只读，可在服务运行时使用。")
        {
            Examples = ["eid fsck", "eid fsck --data /srv/eid/data --certs /srv/eid/certs --environment Production"],
        };
        var register = RegisterOptions.AddTo(command);
        foreach (var option in (Option[])[ledgers, checkpoints, keep])
        {
            command.Options.Add(option);
        }

        command.Do((parse, screen, _) =>
        {
            var options = register.Read(parse) with { LedgerKeep = parse.GetValue(keep) is { } days ? TimeSpan.FromDays(days) : null };
            var lookups = LedgerCheck.Run(options, parse.GetRequiredValue(ledgers), parse.GetRequiredValue(checkpoints));
            var journal = JournalAudit.Run(options);
            RegisterProblem[] problems = [.. RegisterCheck.Run(options), .. journal.Problems, .. lookups.Problems];
            if (screen.Json)
            {
                Screen.Result(problems);
            }
            else if (problems.Length == 0)
            {
                screen.Plain("✔ 登记簿完好");
                if (journal.Last > 0)
                {
                    screen.Plain($"✔ 登记日志完好：第 {journal.First} 笔至第 {journal.Last} 笔，与登记簿相接");
                }

                screen.Plain($"✔ 查询账本 {lookups.Ledgers} 本完好：{lookups.Ticks} 批 {lookups.Records} 条，与 {lookups.Checkpoints} 个签过的检查点相符");
            }
            else
            {
                screen.Plain($"✘ 发现 {problems.Length} 处问题");
                screen.Facts([.. problems.Select(problem => (problem.Subject, problem.Problem))]);
            }

            if (!screen.Json)
            {
                foreach (var remark in lookups.Remarks)
                {
                    screen.Plain("  " + remark);
                }
            }

            return Task.FromResult(problems.Length == 0 ? ExitCode.Ok : ExitCode.Refused);
        });
        return command;
    }
}
