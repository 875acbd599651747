using System.CommandLine;
using System.Globalization;
using Google.Type;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;
using Due = ShantingEId.V1.ListDuePermitsRequest.Types.Kind;

namespace ShantingEId.Tool.Commands.Trades;

/// <summary><c>eid trade</c>: one trade, one licence.</summary>
internal static class TradeCommand
{
    public static Command Create()
    {
        var command = new Command("trade", "一业一证：行业目录，综合许可证的核发和变更，单项许可的暂停、恢复、终止和承诺核查。");
        command.Subcommands.Add(CreateCatalogue());
        command.Subcommands.Add(TradeLicenseCommands.CreateIssue());
        command.Subcommands.Add(TradeLicenseCommands.CreateChange());
        foreach (var verb in PermitCommands.CreateAll())
        {
            command.Subcommands.Add(verb);
        }

        command.Subcommands.Add(CreateList());
        command.Subcommands.Add(CreateDue());
        return command;
    }

    /// <summary>A day as <c>yyyy-MM-dd</c>.</summary>
    public static Date ToDate(string text, string option) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? new Date { Year = day.Year, Month = day.Month, Day = day.Day }
            : throw new UsageException($"{option} 应为 2026-12-31 形式的日期");

    private static EidCommand CreateCatalogue()
    {
        var trade = new Argument<string?>("TRADE") { Description = "只看这个行业（代码）", Arity = ArgumentArity.ZeroOrOne };
        var command = new EidCommand("catalogue", "行业目录：每个行业合并哪些许可。") { Examples = ["eid trade catalogue", "eid trade catalogue CONVENIENCE_STORE"], Arguments = { trade } };
        var service = ServiceOptions.AddTo(command, "staff");
        command.Do(async (parse, screen, cancel) =>
        {
            using var connection = service.Open(parse);
            var answer = await connection.Trades.ListTradesAsync(new ListTradesRequest(), Connection.Reading(cancel));
            var trades = answer.Trades.Where(one => parse.GetValue(trade) is not { } code || one.Code == code).ToArray();
            if (trades.Length == 0)
            {
                throw new UsageException($"行业目录中没有 {parse.GetValue(trade)}；eid trade catalogue 列出全部");
            }

            if (screen.Json)
            {
                Screen.Result(new ListTradesResponse { Trades = { trades } });
            }
            else if (trades.Length > 1)
            {
                TradeView.Trades(screen, trades);
            }
            else
            {
                screen.Line($"[bold]{trades[0].Name}[/]");
                screen.Table(["许可", "代码", "主管部门", "依据", "最长年限", "告知承诺"], trades[0].Permits.Select((permit, i) => (string[])
                    [permit.Name + (i == 0 ? "（必备）" : ""), permit.Code, permit.Department, permit.Basis, permit.TermYears == 0 ? "" : permit.TermYears.ToString(CultureInfo.InvariantCulture), permit.MayBeOnCommitment ? "可以" : ""]));
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static EidCommand CreateList()
    {
        var holder = new Argument<string>("CODE") { Description = "统一社会信用代码" };
        var command = new EidCommand("list", "一个主体的综合许可证。") { Examples = ["eid trade list 91370406MA00DEM06N"], Arguments = { holder } };
        var service = ServiceOptions.AddTo(command, "staff");
        command.Do(async (parse, screen, cancel) =>
        {
            using var connection = service.Open(parse);
            var answer = await connection.Trades.ListTradeLicensesAsync(new ListTradeLicensesRequest { CreditCode = parse.GetRequiredValue(holder) }, Connection.Reading(cancel));
            if (screen.Json)
            {
                Screen.Result(answer);
                return ExitCode.Ok;
            }

            if (answer.IssuedSets.Count == 0)
            {
                screen.Line("没有综合许可证。");
            }

            foreach (var set in answer.IssuedSets)
            {
                screen.Line($"[bold]{set.License.Trade.Name}[/]   第 {set.License.Version} 版   {Words.Of(set.State)}");
                screen.Facts([("证照标识", set.License.LicenseId), ("经营场所", set.License.Trade.Premises), ("校验短码", set.TypedCode)]);
                TradeView.Permits(screen, set.Permits);
                screen.Line();
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static EidCommand CreateDue()
    {
        var expiring = new Option<bool>("--expiring") { Description = "有效期将满的许可（默认：承诺待核查的许可）" };
        var through = new Option<string?>("--through") { Description = "到哪一天为止（默认今天）", HelpName = "DATE" };
        var department = new Option<string?>("--department") { Description = "只看这个主管部门的", HelpName = "TEXT" };
        var command = new EidCommand("due", "到期的许可：承诺待核查，或有效期将满。") { Examples = ["eid trade due", "eid trade due --expiring --through 2026-12-31"], Options = { expiring, through, department } };
        var service = ServiceOptions.AddTo(command, "staff");
        command.Do(async (parse, screen, cancel) =>
        {
            using var connection = service.Open(parse);
            var request = new ListDuePermitsRequest
            {
                Kind = parse.GetValue(expiring) ? Due.Expiry : Due.FollowUp, ThroughDate = parse.GetValue(through) is { } day ? ToDate(day, "--through") : null,
                Department = parse.GetValue(department) ?? "", PageSize = 500,
            };
            var due = new List<DuePermit>();
            do
            {
                due.AddRange((await connection.Trades.ListDuePermitsAsync(request, Connection.Reading(cancel))).Permits);
                (var before, request.AfterPlace) = (request.AfterPlace, due.Count == 0 ? 0 : due[^1].Place);
                if (request.AfterPlace == before || due.Count % request.PageSize != 0)
                {
                    break;
                }
            }
            while (true);

            if (screen.Json)
            {
                Screen.Result(new ListDuePermitsResponse { Permits = { due } });
            }
            else if (due.Count == 0)
            {
                screen.Line("没有到期的许可。");
            }
            else
            {
                TradeView.Due(screen, due);
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
