using System.CommandLine;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid search</c>.</summary>
internal static class SearchCommand
{
    private const int AtOnce = 50;

    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = "企业名称，现用名或曾用名；括号全角半角不论" };
        var prefix = new Option<bool>("--prefix") { Description = "只写了名称的开头（至少四个字）" };
        var limit = new Option<int>("--limit") { Description = "至多列出多少条（默认 50）", HelpName = "N", DefaultValueFactory = _ => AtOnce };
        var command = new EidCommand("search", "按名称查找企业，包括曾用名：何时起止、现在叫什么、现行执照和状态。")
        {
            Examples = ["eid search 枣庄市山亭区样例商贸有限公司", "eid search 枣庄市山亭区样例 --prefix", "eid search 枣庄市山亭区样例商贸有限公司 --at 2026-03-02T09:00:00+08:00"],
            Arguments = { name },
        };
        var service = ServiceOptions.AddTo(command, "staff");
        command.Options.Add(prefix);
        command.Options.Add(limit);
        var at = AtOption.AddTo(command);
        command.Do(async (parse, screen, cancel) =>
        {
            var wanted = parse.GetValue(limit) is > 0 and var number ? number : throw new UsageException("--limit 应为正整数");
            var request = new SearchCompaniesRequest
            {
                Query = parse.GetRequiredValue(name), Match = parse.GetValue(prefix) ? SearchCompaniesRequest.Types.Match.Prefix : SearchCompaniesRequest.Types.Match.Exact, AsOfTime = at.Of(parse),
            };
            using var connection = service.Open(parse);
            var found = new SearchCompaniesResponse();
            do
            {
                request.PageSize = Math.Min(AtOnce, wanted - found.Hits.Count);
                var page = await connection.Register.SearchCompaniesAsync(request, Connection.Reading(cancel));
                found.Hits.AddRange(page.Hits);
                request.PageToken = found.NextPageToken = page.NextPageToken;
            }
            while (found.NextPageToken.Length > 0 && found.Hits.Count < wanted);

            if (screen.Json)
            {
                Screen.Result(found);
            }
            else
            {
                CompanyView.Show(screen, found);
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
