using System.CommandLine;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;

namespace ShantingEId.Tool.Commands.Stamping;

/// <summary><c>eid seal-uses</c>.</summary>
internal static class SealUsesCommand
{
    private const int LargestPage = 500;

    public static Command Create()
    {
        var company = new Argument<string>("CODE") { Description = "统一社会信用代码，18 位" };
        var limit = new Option<int>("--limit") { Description = "最多列出几条，从最近的算起（默认 50）", HelpName = "N", DefaultValueFactory = _ => 50 };
        var command = new EidCommand("seal-uses", "用印记录：谁在何时用企业的哪枚印章签了什么文件。")
        {
            Examples = ["eid seal-uses 91370406MA00DEM06N", "eid seal-uses 91370406MA00DEM06N --as holder-app --json"], Arguments = { company },
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
            var all = new ListSealUsesResponse();
            do
            {
                var page = await connection.Seals.ListSealUsesAsync(
                    new ListSealUsesRequest { CreditCode = parse.GetRequiredValue(company), PageSize = Math.Min(most - all.Uses.Count, LargestPage), PageToken = all.NextPageToken }, Connection.Reading(cancel));
                all.Uses.AddRange(page.Uses);
                all.NextPageToken = page.NextPageToken;
            }
            while (all.NextPageToken.Length > 0 && all.Uses.Count < most);
            if (screen.Json)
            {
                Screen.Result(all);
                return ExitCode.Ok;
            }

            if (all.Uses.Count == 0)
            {
                screen.Plain("没有用印记录。");
                return ExitCode.Ok;
            }

            screen.Table(["时间", "印章", "用途", "文件", "页码", "用印方", "文件摘要（SM3 前 8 位）"], all.Uses.Select(use => (string[])
            [
                Words.Minute(use.StampTime), Words.Of(use.Seal), use.UseTitle.Length > 0 ? use.UseTitle : use.Use, use.Title, use.Pages, use.CallerTitle.Length > 0 ? use.CallerTitle : use.Caller, Words.Hex(use.Digest)[..8],
            ]));
            if (all.NextPageToken.Length > 0)
            {
                screen.Plain("  还有更早的记录，请用 --limit 列出更多。");
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
