using System.CommandLine;
using ShantingEId.Client;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;

namespace ShantingEId.Tool.Commands.Trades;

/// <summary><c>eid trade issue</c> and <c>change</c>.</summary>
internal static class TradeLicenseCommands
{
    private const string PermitHelp = "一项许可：代码=编号[,from=日期][,until=日期][,commitment][,check=日期]；可写多次";

    public static EidCommand CreateIssue()
    {
        var holder = new Argument<string>("CODE") { Description = "统一社会信用代码；照面事项取自其营业执照" };
        var trade = new Argument<string>("TRADE") { Description = "行业代码，见 eid trade catalogue" };
        var permits = new Option<string[]>("--permit") { Description = PermitHelp, HelpName = "PERMIT", Required = true };
        var premises = new Option<string?>("--premises") { Description = "经营场所（默认营业执照上的住所）", HelpName = "TEXT" };
        var dryRun = new Option<bool>("--dry-run") { Description = "只检查，不核发" };
        var requestId = new Option<string?>("--request-id") { Description = "本次请求的编号，16 至 64 位；重试时用同一个（默认自动生成）", HelpName = "ID" };
        var command = new EidCommand("issue", "核发一张行业综合许可证：一个证照码承载该行业的各项许可。")
        {
            Examples = ["eid trade issue 91370406MA00DEM06N CONVENIENCE_STORE --permit FOOD_BUSINESS=JY13704060012345 --permit TOBACCO_RETAIL=370406100001,until=2030-12-31"],
            Arguments = { holder, trade }, Options = { permits, premises, dryRun, requestId },
        };
        var service = ServiceOptions.AddTo(command, "staff");
        command.Do(async (parse, screen, cancel) =>
        {
            var request = new IssueTradeLicenseRequest
            {
                RequestId = parse.GetValue(requestId) ?? RequestIds.New(), CreditCode = parse.GetRequiredValue(holder), Trade = parse.GetRequiredValue(trade),
                Premises = parse.GetValue(premises) ?? "", Permits = { parse.GetRequiredValue(permits).Select(Parse) }, ValidateOnly = parse.GetValue(dryRun),
            };
            using var connection = service.Open(parse);
            var set = await ActOptions.SendAsync(screen, request.RequestId, connection.Trades.IssueTradeLicenseAsync(request, Connection.Writing(cancel)));
            Show(screen, set, request.ValidateOnly, "已核发");
            return ExitCode.Ok;
        });
        return command;
    }

    public static EidCommand CreateChange()
    {
        var name = NameArgument.Create();
        var grants = new Option<string[]>("--permit") { Description = PermitHelp + "；代替同一种许可", HelpName = "PERMIT" };
        var drops = new Option<string[]>("--drop") { Description = "去掉的许可（代码），可写多次", HelpName = "CODE" };
        var premises = new Option<string?>("--premises") { Description = "新的经营场所", HelpName = "TEXT" };
        var dryRun = new Option<bool>("--dry-run") { Description = "只检查，不换证" };
        var command = new EidCommand("change", "变更综合许可证：增减、延续许可，变更场所，或随营业执照更新照面事项。换发新一版，旧码答复“已换发”。")
        {
            Examples = ["eid trade change 证照标识 --permit TOBACCO_RETAIL=370406100002 --reason 许可延续 --authority 枣庄市山亭区行政审批服务局", "eid trade change 证照标识 --reason 随名称变更换证 --authority 枣庄市山亭区行政审批服务局"],
            Arguments = { name }, Options = { grants, drops, premises, dryRun },
        };
        var service = ServiceOptions.AddTo(command, "staff");
        var options = ActOptions.AddTo(command);
        command.Do(async (parse, screen, cancel) =>
        {
            var request = new ChangeTradeLicenseRequest
            {
                RequestId = options.RequestId(parse), Name = NameArgument.Of(parse.GetRequiredValue(name)), Grants = { (parse.GetValue(grants) ?? []).Select(Parse) },
                Drops = { parse.GetValue(drops) ?? [] }, Premises = parse.GetValue(premises) ?? "", Reason = options.Reason(parse), Authority = options.Authority(parse),
                EffectiveTime = options.Effective(parse), ValidateOnly = parse.GetValue(dryRun),
            };
            using var connection = service.Open(parse);
            Task<IssuedSet> Read() => connection.Issuance.GetIssuedSetAsync(new GetIssuedSetRequest { Name = request.Name }, Connection.Reading(cancel)).ResponseAsync;
            if (!request.ValidateOnly && !await options.ConfirmAsync(parse, screen, Read, "变更综合许可证", _ => "换发新一版，旧码不再有效。", cancel))
            {
                screen.Note("没有变更。");
                return ExitCode.Usage;
            }

            var set = await ActOptions.SendAsync(screen, request.RequestId, connection.Trades.ChangeTradeLicenseAsync(request, Connection.Writing(cancel)));
            Show(screen, set, request.ValidateOnly, "已换发");
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Show(Screen screen, IssuedSet set, bool isPreview, string done)
    {
        if (screen.Json)
        {
            Screen.Result(set);
            return;
        }

        screen.Line(isPreview ? "[bold yellow]检查通过，没有写入[/]" : $"[bold green]✔ {done}[/]   {set.License.Trade.Name}综合许可证，第 {set.License.Version} 版");
        screen.Facts([("持证人", set.License.Enterprise.Name), ("证照标识", set.License.LicenseId), ("经营场所", set.License.Trade.Premises)]);
        TradeView.Permits(screen, set.Permits);
        if (!isPreview)
        {
            SetView.Codes(screen, set);
        }
    }

    private static PermitGrant Parse(string text)
    {
        var parts = text.Split(',');
        if (parts[0].Split('=', 2) is not [{ Length: > 0 } code, { Length: > 0 } number])
        {
            throw new UsageException($"--permit 应为 代码=编号，如 FOOD_BUSINESS=JY13704060012345：{text}");
        }

        var grant = new PermitGrant { Code = code, Number = number };
        foreach (var part in parts.Skip(1))
        {
            switch (part.Split('=', 2))
            {
                case ["from", var day]:
                    grant.GrantDate = TradeCommand.ToDate(day, "from");
                    break;
                case ["until", var day]:
                    grant.ExpireDate = TradeCommand.ToDate(day, "until");
                    break;
                case ["check", var day]:
                    grant.CheckByDate = TradeCommand.ToDate(day, "check");
                    break;
                case ["commitment"]:
                    grant.OnCommitment = true;
                    break;
                default:
                    throw new UsageException($"--permit 中不认识“{part}”；可用：from=日期、until=日期、commitment、check=日期");
            }
        }

        return grant;
    }
}
