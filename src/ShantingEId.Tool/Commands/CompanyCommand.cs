using System.CommandLine;
using ShantingEId.Companies;
using ShantingEId.Licenses;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid company</c>.</summary>
internal static class CompanyCommand
{
    public static Command Create()
    {
        var code = new Argument<string>("CODE") { Description = "统一社会信用代码" };
        var command = new EidCommand("company", "一企一档：一家企业的历版执照、全部印章、办件、变更、备案和注销，按先后列出。")
        {
            Examples = ["eid company 91370406MA00DEM06N", "eid company 91370406MA00DEM06N --json"],
            Arguments = { code },
        };
        var service = ServiceOptions.AddTo(command, "staff");
        command.Do(async (parse, screen, cancel) =>
        {
            // A code that cannot exist is found here, before anything is sent.
            var request = new GetCompanyTimelineRequest { Name = CompanyName.Of(CreditCode.Parse(parse.GetRequiredValue(code))) };
            using var connection = service.Open(parse);
            var timeline = await connection.Register.GetCompanyTimelineAsync(request, Connection.Reading(cancel));
            if (screen.Json)
            {
                Screen.Result(timeline);
            }
            else
            {
                CompanyView.Show(screen, timeline);
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
