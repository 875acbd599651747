using System.CommandLine;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid lookups</c>.</summary>
internal static class LookupsCommand
{
    private const int LargestPage = 500;

    public static Command Create()
    {
        var code = new Argument<string>("CREDIT_CODE") { Description = "统一社会信用代码，18 位" };
        var limit = new Option<int>("--limit") { Description = "最多列出几条，从最近的算起（默认 50）", HelpName = "N", DefaultValueFactory = _ => 50 };
        var command = new EidCommand("lookups", "查询记录：谁在何时以何事由查询过一家企业，结论如何。")
        {
            Examples = ["eid lookups 91370406MA00DEM06N", "eid lookups 91370406MA00DEM06N --limit 500 --json"],
            Notes = ["查询记录先写入各服务器的查询账本，稍后汇入登记簿；表下注明记录截至何时是齐全的。"],
            Arguments = { code },
        };
        var service = ServiceOptions.AddTo(command, "staff");
        command.Options.Add(limit);
        command.Do(async (parse, screen, cancel) =>
        {
            if (parse.GetValue(limit) is not (> 0 and var most))
            {
                throw new UsageException("--limit 应大于 0");
            }

            using var connection = service.Open(parse);
            var list = await ReadAsync(connection, parse.GetRequiredValue(code), most, cancel);
            if (screen.Json)
            {
                Screen.Result(list);
            }
            else
            {
                Show(screen, list);
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static async Task<ListLookupsResponse> ReadAsync(Connection connection, string code, int most, CancellationToken cancel)
    {
        var all = new ListLookupsResponse();
        do
        {
            var request = new ListLookupsRequest { CreditCode = code, PageSize = Math.Min(most - all.Lookups.Count, LargestPage), PageToken = all.NextPageToken };
            var page = await connection.Verification.ListLookupsAsync(request, Connection.Writing(cancel));
            all.Lookups.AddRange(page.Lookups);
            all.NextPageToken = page.NextPageToken;
            all.CompleteUntilTime ??= page.CompleteUntilTime; // Of the first page: later ones say nothing about the newest rows.
        }
        while (all.NextPageToken.Length > 0 && all.Lookups.Count < most);
        return all;
    }

    private static void Show(Screen screen, ListLookupsResponse list)
    {
        if (list.Lookups.Count == 0)
        {
            screen.Plain("没有查询记录。");
        }
        else
        {
            screen.Table(["时间", "查询单位", "事由", "结论", "业务编号"], list.Lookups.Select(each => (string[])
            [
                Words.Of(each.LookupTime), Titled(each.CallerTitle, each.Caller), Titled(each.PurposeTitle, each.Purpose), Outcome(each), each.Reference,
            ]));
        }

        screen.Plain(list.CompleteUntilTime is null ? "  尚无查询账本汇入登记簿。" : $"  截至 {Words.Of(list.CompleteUntilTime)}的查询记录齐全，之后的可能尚未汇入。");
        if (list.NextPageToken.Length > 0)
        {
            screen.Plain("  还有更早的记录，请用 --limit 列出更多。");
        }
    }

    private static string Titled(string title, string name) => title.Length > 0 ? title : name;

    private static string Outcome(Lookup lookup) =>
        lookup.Verdict == Verdict.Unspecified ? $"拒绝：{ReasonWords.Of(0, lookup.Reason)}" : VerdictView.Word(lookup.Verdict);
}
