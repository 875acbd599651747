using System.CommandLine;
using ShantingEId.Tool.Bench.Hot;
using ShantingEId.Tool.Bench.Symbols;
using ShantingEId.Licenses;
using ShantingEId.Tool.Cli;
using ShantingEId.V1;

namespace ShantingEId.Tool.Bench;

/// <summary><c>eid bench</c>: figures, each against its goal on a line of its own.</summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        var bench = new Command("bench", "测量：签发、核验、二维码大小、内存。每个指标单独一行：figure 名称 数值 单位 关系 目标。");
        bench.Subcommands.Add(One("issue", "每秒签发套数（含落盘），各环节占比，密码运算与裸运算之比。", (rows, rounds) => BenchIssue.RunAsync(BenchRows.Inputs(rows), rounds), 5));
        bench.Subcommands.Add(One("life", "更名与设立签发速度之比；两百个版本的企业按过去时点查询与普通查询之比。", (rows, rounds) => BenchLife.RunAsync(BenchRows.Inputs(rows), rounds), 5));
        bench.Subcommands.Add(One("verify", "不用缓存的核验速度与裸 SM2 验签速度之比（单线程）。", (rows, rounds) => BenchVerify.RunAsync(BenchRows.Inputs(rows), rounds), 8));
        bench.Subcommands.Add(One("codes", "证照码二维码的版本，按名称长度列出。", (rows, _) => BenchCodes.RunAsync(BenchRows.Inputs(rows)), 1));
        bench.Subcommands.Add(SymbolsCommand());
        bench.Subcommands.Add(One("memory", "另起一个服务进程，全部导入两遍后的常驻内存。", (rows, _) => BenchMemory.RunAsync(rows), 1));
        bench.Subcommands.Add(One("hot", "热核验（VerifyCode 命中缓存）与同一 Kestrel 上同样大小回显之比：不记账、记账、记账并出回执。", (_, rounds) => BenchHot.RunAsync(rounds), 5));
        bench.Subcommands.Add(WithPostgres("tiers", "一次登记簿读取在各级的速度：内存、Redis、登记簿。", 5, (rows, rounds, postgres, _) => BenchTiers.RunAsync(rows, rounds, postgres)));
        var many = new Option<int>("--licences") { Description = "大登记簿的执照数（默认 1000000）", HelpName = "N", DefaultValueFactory = _ => 1_000_000 };
        var scale = WithPostgres("scale", "百万执照与一万执照的登记簿，热、冷核验延迟之比。", 5, (rows, rounds, postgres, parse) => BenchScale.RunAsync(rows, rounds, parse.GetValue(many), postgres));
        scale.Options.Add(many);
        bench.Subcommands.Add(scale);
        bench.Subcommands.Add(One("stamp", "OFD 文件（1 页、100 页）用印和核验的耗时，与裸 SM2、SM3 运算之比。", (rows, rounds) => BenchStamp.RunAsync(BenchRows.Inputs(rows), rounds), 41));
        bench.Subcommands.Add(StormCommand());
        bench.Subcommands.Add(DocumentsCommand());
        bench.Subcommands.Add(PackCommand());
        bench.Subcommands.Add(HotServerCommand());
        return bench;
    }

    private static EidCommand WithPostgres(string name, string purpose, int rounds, Func<IReadOnlyList<EnterpriseInput>, int, string?, ParseResult, Task> run)
    {
        var postgres = new Option<string?>("--postgres") { Description = "PostgreSQL 连接串；不给则用 SQLite。会在其中建立样例数据", HelpName = "CONNECTION" };
        var count = new Option<int>("--rounds") { Description = $"测量轮数（默认 {rounds}）", HelpName = "N", DefaultValueFactory = _ => rounds };
        var command = new EidCommand(name, purpose) { Examples = [$"eid bench {name}", $"eid bench {name} --postgres \"Host=127.0.0.1;Username=eid;Password=…;Database=bench\""] };
        command.Options.Add(postgres);
        command.Options.Add(count);
        command.Do(async (parse, _, _) =>
        {
            await run(BenchRows.Inputs(BenchRows.Load(null)), parse.GetValue(count), parse.GetValue(postgres), parse);
            return ExitCode.Ok;
        });
        return command;
    }

    private static EidCommand StormCommand()
    {
        var sets = new Option<int>("--sets") { Description = "吊销的套数（默认 100000，至多 500000）", HelpName = "N", DefaultValueFactory = _ => 100_000 };
        var warmUp = new Option<int>("--warm-up") { Description = "预热秒数（默认 12；少于 10 的结果不作数）", HelpName = "N", DefaultValueFactory = _ => 12 };
        var rate = new Option<int>("--rate") { Description = "每秒核验次数（默认 1000）", HelpName = "N", DefaultValueFactory = _ => 1000 };
        var command = WithPostgres("storm", "批量吊销全部执照时的速度，其间热核验与平静时的 p99 之比，吊销之后有无仍答有效。", 5, (rows, rounds, postgres, parse) =>
            BenchStorm.RunAsync(rows, new StormPlan(parse.GetValue(sets), parse.GetValue(rate), TimeSpan.FromSeconds(parse.GetValue(warmUp)), TimeSpan.FromSeconds(rounds)), postgres));
        command.Options.Single(option => option.Name == "--rounds").Description = "平静与批量吊销每轮各几秒（默认 5）";
        command.Options.Add(sets);
        command.Options.Add(rate);
        command.Options.Add(warmUp);
        return command;
    }

    private static EidCommand DocumentsCommand()
    {
        var documents = new Option<int>("--documents") { Description = "测内存时生成的文件数（默认 10000）", HelpName = "N", DefaultValueFactory = _ => 10_000 };
        var samples = new Option<string?>("--samples") { Description = "把每种文件各写一份到此目录", HelpName = "DIR" };
        var command = One("documents", "执照照面生成 OFD（含印章签名）、PDF、PNG 的耗时与大小；连续生成时的内存。",
            (rows, rounds, parse) => BenchDocuments.RunAsync(BenchRows.Inputs(rows), rounds, parse.GetValue(documents), parse.GetValue(samples)), 100);
        command.Options.Add(documents);
        command.Options.Add(samples);
        return command;
    }

    private static EidCommand PackCommand()
    {
        var sets = new Option<int>("--sets") { Description = "包中的套数（默认 1000000）", HelpName = "N", DefaultValueFactory = _ => 1_000_000 };
        var warmUp = new Option<int>("--warm-up") { Description = "预热秒数（默认 12；少于 10 的结果不作数）", HelpName = "N", DefaultValueFactory = _ => 12 };
        var command = One("pack", "离线状态包的大小、制作和载入时间，千处变更的增量；按包核验与裸 SM2 验签速度之比（单线程）。",
            (rows, rounds, parse) => BenchPack.RunAsync(BenchRows.Inputs(rows), parse.GetValue(sets), rounds, TimeSpan.FromSeconds(parse.GetValue(warmUp))), 8);
        command.Options.Add(sets);
        command.Options.Add(warmUp);
        return command;
    }

    private static EidCommand SymbolsCommand()
    {
        var codes = new Option<int>("--codes") { Description = "拿多少张执照的证照码做图（默认 4，名称从短到长）", HelpName = "N", DefaultValueFactory = _ => 4 };
        var pictures = new Option<string?>("--pictures") { Description = "把做出的图写到此目录", HelpName = "DIR" };
        var reader = new Argument<string[]>("COMMAND") { Description = "另一个识读程序及其参数，写在 -- 之后：标准输入每行一个图片路径，标准输出每行一个 JSON 字符串或 null", Arity = ArgumentArity.ZeroOrMore };
        var command = One("symbols", "证照码二维码的大小，与欧盟证书的中位数相比；旋转、透视、模糊、低对比、部分遮挡的图，与同行设置下同样内容相比，识读的比例。",
            (rows, _, parse) => BenchSymbols.RunAsync(BenchRows.Inputs(rows), parse.GetValue(codes), parse.GetValue(pictures), parse.GetValue(reader) ?? []), 1);
        command.Options.Add(codes);
        command.Options.Add(pictures);
        command.Arguments.Add(reader);
        return command;
    }

    private static Command HotServerCommand()
    {
        var folder = new Argument<string>("folder");
        var command = new Command("hot-server") { folder };
        command.Hidden = true;
        command.SetAction(parse => HotServer.RunAsync(parse.GetRequiredValue(folder)));
        return command;
    }

    private static EidCommand One(string name, string purpose, Func<IReadOnlyList<Enterprise>, int, Task> run, int rounds) =>
        One(name, purpose, (rows, count, _) => run(rows, count), rounds);

    private static EidCommand One(string name, string purpose, Func<IReadOnlyList<Enterprise>, int, ParseResult, Task> run, int rounds)
    {
        var file = new Option<string?>("--rows") { Description = "企业名单 CSV；不给则用 1000 家虚构样例", HelpName = "FILE" };
        var count = new Option<int>("--rounds") { Description = $"测量轮数（默认 {rounds}）", HelpName = "N", DefaultValueFactory = _ => rounds };
        var command = new EidCommand(name, purpose) { Examples = [$"eid bench {name}", $"eid bench {name} --rows enterprises.csv"] };
        command.Options.Add(file);
        command.Options.Add(count);
        command.Do(async (parse, screen, _) =>
        {
            var output = Console.Out;
            if (screen.Json)
            {
                Console.SetOut(Console.Error);
            }

            await run(BenchRows.Load(parse.GetValue(file)), parse.GetValue(count), parse);
            if (screen.Json)
            {
                Console.SetOut(output);
                Screen.Result(Figure.All);
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
