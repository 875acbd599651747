using System.CommandLine;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid show</c>.</summary>
internal static class ShowCommand
{
    public static Command Create()
    {
        var name = NameArgument.Create();
        var command = new EidCommand("show", "查看一套执照和印章：照面事项、四枚印章、状态、证照码和校验短码。")
        {
            Examples = ["eid show 91370406MA00DEM06N", "eid show 91370406MA00DEM06N --json"],
            Arguments = { name },
        };
        var service = ServiceOptions.AddTo(command, "staff");
        command.Do(async (parse, screen, cancel) =>
        {
            var request = new GetIssuedSetRequest { Name = NameArgument.Of(parse.GetRequiredValue(name)) };
            using var connection = service.Open(parse);
            var set = await connection.Issuance.GetIssuedSetAsync(request, Connection.Reading(cancel));
            if (screen.Json)
            {
                Screen.Result(set);
            }
            else
            {
                SetView.Show(screen, set);
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
