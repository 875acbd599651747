using System.CommandLine;
using ShantingEId.Crypto;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Publishing;
using ShantingEId.StatusLists;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid pack</c>: packs for counters without network.</summary>
internal static class PackCommand
{
    public static Command Create() => new("pack", "离线状态包：断网窗口核验证照码所需的全部状态，到期作废。") { Build(), Verify(), Show(), Update() };

    /// <summary>Reads a pack's file.</summary>
    /// <exception cref="UsageException">There is none.</exception>
    public static byte[] Read(string path)
    {
        var file = new FileInfo(path);
        return !file.Exists ? throw new UsageException($"找不到文件 {path}")
            : file.Length > StatusPack.MaxBytes ? throw new EidException(ErrorReason.StatusInvalid, "文件过大，不是状态包") : File.ReadAllBytes(path);
    }

    private static EidCommand Build()
    {
        var output = new Option<string>("--out") { Description = "写入的状态包", HelpName = "FILE", Required = true };
        var number = new Option<long>("--number") { Description = "包的号，每次加大", HelpName = "N", Required = true };
        var hours = new Option<int>("--hours") { Description = "多少小时后作废（默认 26）", HelpName = "N", DefaultValueFactory = _ => 26 };
        var trustList = new Option<string?>("--trust-list") { Description = "一并带上的 CA 互认信任列表；正式环境须为经两人批准启用的一份", HelpName = "FILE" };
        var neighbours = new Option<string?>("--neighbours") { Description = "一并带上的邻区互认名单；正式环境须为经两人批准启用的一份", HelpName = "FILE" };
        var command = new EidCommand("build", "直接读登记簿做一个状态包；服务运行时也可以（开放公众端口的服务自己会做，见 /pack/latest）。")
        {
            Examples = ["eid pack build --number 1 --out today.pack", "eid pack build --data /srv/eid/data --certs /srv/eid/certs --environment Production --number 20 --out today.pack"],
        };
        var register = RegisterOptions.AddTo(command);
        foreach (var option in (Option[])[output, number, hours, trustList, neighbours])
        {
            command.Options.Add(option);
        }

        command.Do(async (parse, screen, _) =>
        {
            if (parse.GetValue(number) < 1 || parse.GetValue(hours) < 1)
            {
                throw new UsageException("--number 和 --hours 至少为 1");
            }

            var options = register.Read(parse) with { PackLifetime = TimeSpan.FromHours(parse.GetValue(hours)), TrustList = parse.GetValue(trustList), Neighbours = parse.GetValue(neighbours) };
            var bytes = await PackMaker.MakeFromRegisterAsync(options, parse.GetValue(number));
            Files.Write(parse.GetRequiredValue(output), bytes);
            Present(screen, Content(bytes), bytes.Length, "已制作");
            return ExitCode.Ok;
        });
        return command;
    }

    private static EidCommand Verify()
    {
        var (file, roots) = (FileArgument(), RootsOption.Create());
        var command = new EidCommand("verify", "核对状态包：谁签的、是否到期。")
        {
            Examples = ["eid pack verify today.pack --roots authority-chain.pem"], Notes = ["退出码 0 为可用，3 为已到期，1 为不可信。"], Arguments = { file },
        };
        command.Options.Add(roots);
        command.Do((parse, screen, _) =>
        {
            var bytes = Read(parse.GetRequiredValue(file));
            var trust = RootsOption.Read(parse.GetValue(roots));
            var pack = StatusPack.Open(bytes, trust.Roots);
            pack.CodeKeys(trust.Roots);
            var isOver = TimeProvider.System.GetUtcNow() >= pack.ExpireTime;
            Present(screen, pack, bytes.Length, isOver ? "签名正确，但已到期作废" : "签名正确，未到期", isGood: !isOver);
            return Task.FromResult(isOver ? ExitCode.NotValid : ExitCode.Ok);
        });
        return command;
    }

    private static EidCommand Show()
    {
        var file = FileArgument();
        var command = new EidCommand("show", "显示状态包的内容，不核对签名。") { Examples = ["eid pack show today.pack"], Arguments = { file } };
        command.Do((parse, screen, _) =>
        {
            var bytes = Read(parse.GetRequiredValue(file));
            Present(screen, Content(bytes), bytes.Length, "内容（未核对签名）");
            return Task.FromResult(ExitCode.Ok);
        });
        return command;
    }

    private static EidCommand Update()
    {
        var (file, roots) = (FileArgument(), RootsOption.Create());
        var delta = new Argument<string>("DELTA") { Description = "从手头的包到新包的增量（/pack/号/delta）" };
        var output = new Option<string>("--out") { Description = "写入的新包；可与旧包同名", HelpName = "FILE", Required = true };
        var command = new EidCommand("update", "用增量把手头的状态包更新为新包；结果与下载整包逐字节相同，签名不符则什么也不写。")
        {
            Examples = ["eid pack update today.pack delta.bin --out today.pack"], Arguments = { file, delta },
        };
        command.Options.Add(output);
        command.Options.Add(roots);
        command.Do((parse, screen, _) =>
        {
            var bytes = PackDelta.Apply(Read(parse.GetRequiredValue(file)), Read(parse.GetRequiredValue(delta)));
            var pack = StatusPack.Open(bytes, RootsOption.Read(parse.GetValue(roots)).Roots);
            Files.Write(parse.GetRequiredValue(output), bytes);
            Present(screen, pack, bytes.Length, "已更新");
            return Task.FromResult(ExitCode.Ok);
        });
        return command;
    }

    private static Argument<string> FileArgument() => new("FILE") { Description = "状态包" };

    private static StatusPack Content(byte[] bytes) =>
        Envelope.TryParse(bytes, out var envelope) && StatusPack.TryRead(envelope, out var pack) ? pack : throw new EidException(ErrorReason.StatusInvalid, "不是状态包，或者残缺");

    private static void Present(Screen screen, StatusPack pack, int size, string head, bool isGood = true)
    {
        var counts = new int[4];
        foreach (var list in pack.Lists)
        {
            for (var place = 0; place < list.States.Count; place++)
            {
                counts[list.States[place]]++;
            }
        }

        if (screen.Json)
        {
            Screen.Result(new
            {
                number = pack.Number, producedAt = pack.ProducedAt, expireTime = pack.ExpireTime, codePrefix = pack.CodePrefix, bytes = size, lists = pack.Lists.Count, valid = counts[(int)LicenseStatus.Valid],
                suspended = counts[(int)LicenseStatus.Suspended], superseded = counts[(int)LicenseStatus.Superseded], comprehensive = pack.Lists.Sum(list => list.Comprehensive.Count),
                successions = pack.Successions.Count, trustListBytes = pack.TrustList.Length,
                sealExceptions = pack.Seals?.Count, permits = pack.Permits.Sum(license => license.Permits.Count), neighboursBytes = pack.Neighbours.Length,
            });
            return;
        }

        screen.Plain($"{(isGood ? "✔" : "✘")} 第 {pack.Number} 号状态包：{head}");
        screen.Facts(
        [
            ("状态截至", Words.Of(pack.ProducedAt)), ("作废时间", Words.Of(pack.ExpireTime)), ("官方网址", pack.CodePrefix), ("大小", $"{size} 字节"), ("状态列表", $"{pack.Lists.Count} 个"),
            ("有效", $"{counts[(int)LicenseStatus.Valid]} 张"), ("暂停", $"{counts[(int)LicenseStatus.Suspended]} 张"), ("已换发", $"{counts[(int)LicenseStatus.Superseded]} 张，其中 {pack.Successions.Count} 张列有现名称"),
            ("综合许可证", $"{pack.Lists.Sum(list => list.Comprehensive.Count)} 张"), ("信任列表", pack.TrustList.Length > 0 ? $"{pack.TrustList.Length} 字节" : ""),
            ("印章", pack.Seals is { } seals ? $"随执照；另有 {seals.Count} 处单列" : "没有（旧式状态包）"), ("邻区互认名单", pack.Neighbours.Length > 0 ? $"{pack.Neighbours.Length} 字节" : ""),
            .. pack.Certificates.Select(certificate => ("证书", certificate.Subject)),
        ]);
    }
}
