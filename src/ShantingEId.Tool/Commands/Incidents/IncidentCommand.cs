using System.CommandLine;
using ShantingEId.Client;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;
using Spectre.Console;

namespace ShantingEId.Tool.Commands.Incidents;

/// <summary><c>eid incident</c>: many sets revoked or reissued by one decision of two people.</summary>
internal static class IncidentCommand
{
    private const string Sample = "PL202600000001";

    private delegate Task<Incident> Send(IncidentService.IncidentServiceClient client, string requestId, string name, string remark, CancellationToken cancel);

    public static Command Create() => new("incident", "批量处置：按条件吊销或换发许多执照；先试运行，另一人批准，随时可看进度、暂停和继续。")
    {
        PrepareIncident.Create(), Show(), Approve(),
        Act("pause", "暂停执行；正在办的（至多 64 套）办完为止。", (client, id, name, remark, cancel) => client.PauseIncidentAsync(new PauseIncidentRequest { RequestId = id, Name = name, Remark = remark }, Connection.Writing(cancel)).ResponseAsync),
        Act("continue", "暂停之后继续执行。", (client, id, name, remark, cancel) => client.ContinueIncidentAsync(new ContinueIncidentRequest { RequestId = id, Name = name, Remark = remark }, Connection.Writing(cancel)).ResponseAsync),
        Act("stop", "终止，不可恢复；批准之前终止即为撤回，已经办的不因此改变。", (client, id, name, remark, cancel) => client.StopIncidentAsync(new StopIncidentRequest { RequestId = id, Name = name, Remark = remark }, Connection.Writing(cancel)).ResponseAsync),
        List(),
    };

    /// <summary>The incident as the result.</summary>
    public static int Done(Screen screen, Incident one)
    {
        if (screen.Json)
        {
            Screen.Result(one);
        }
        else
        {
            IncidentView.Show(screen, one);
        }

        return ExitCode.Ok;
    }

    private static EidCommand Show()
    {
        var name = NameOf();
        var follow = new Option<bool>("--follow", "-f") { Description = "显示进度直到完成、暂停或终止" };
        var sets = new Option<bool>("--sets") { Description = "列出冻结的全部清单和每套的结果" };
        var exceptions = new Option<bool>("--exceptions") { Description = "只列略过的和未办成的" };
        var command = new EidCommand("show", "查看一次批量处置：条件、清单摘要、进度和经过。")
        {
            Examples = [$"eid incident show {Sample} --follow", $"eid incident show {Sample} --sets", $"eid incident show {Sample} --exceptions --json"], Arguments = { name },
        };
        var service = ServiceOptions.AddTo(command, "staff");
        foreach (var option in (Option[])[follow, sets, exceptions])
        {
            command.Options.Add(option);
        }

        command.Do(async (parse, screen, cancel) =>
        {
            using var connection = service.Open(parse);
            var resource = Resource(parse.GetRequiredValue(name));
            if (parse.GetValue(sets) || parse.GetValue(exceptions))
            {
                return await SetsAsync(screen, connection, resource, parse.GetValue(exceptions), cancel);
            }

            Task<Incident> Read() => connection.Incidents.GetIncidentAsync(new GetIncidentRequest { Name = resource }, Connection.Reading(cancel)).ResponseAsync;
            return Done(screen, parse.GetValue(follow) ? await new IncidentProgress(screen, Read, TimeProvider.System).FollowAsync(cancel) : await Read());
        });
        return command;
    }

    private static async Task<int> SetsAsync(Screen screen, Connection connection, string name, bool exceptions, CancellationToken cancel)
    {
        var request = new ListIncidentSetsRequest { Name = name, ExceptionsOnly = exceptions, PageSize = 500 };
        do
        {
            var page = await connection.Incidents.ListIncidentSetsAsync(request, Connection.Writing(cancel));
            if (screen.Json)
            {
                foreach (var set in page.Sets)
                {
                    Screen.ResultLine(set);
                }
            }
            else
            {
                IncidentView.Sets(screen, page.Sets);
            }

            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        return ExitCode.Ok;
    }

    private static EidCommand Approve()
    {
        var name = NameOf();
        var digest = new Option<string>("--digest") { Description = "所批准清单的摘要，至少前 8 位（eid incident show 所示）", HelpName = "HEX", Required = true };
        var count = new Option<long>("--count") { Description = "所批准的套数", HelpName = "N", Required = true };
        var follow = new Option<bool>("--follow", "-f") { Description = "批准后显示进度直到完成、暂停或终止" };
        var command = new EidCommand("approve", "批准，随即开始执行；准备的人不能自己批准。")
        {
            Examples = [$"eid incident approve {Sample} --digest 3fa1c09b --count 128 --follow"],
            Notes = ["请先用 eid incident show --sets 核对清单。摘要和套数由批准的人照核对过的清单填写，与冻结的清单不符的不予批准。"], Arguments = { name },
        };
        return Write(command, "supervisor", [digest, count, follow], async (parse, screen, connection, id, cancel) =>
        {
            var (resource, said) = (Resource(parse.GetRequiredValue(name)), parse.GetRequiredValue(digest).ToLowerInvariant());
            Task<Incident> Read() => connection.Incidents.GetIncidentAsync(new GetIncidentRequest { Name = resource }, Connection.Reading(cancel)).ResponseAsync;
            var prepared = await Read();
            if (said.Length < 8 || !Words.Hex(prepared.Digest).StartsWith(said, StringComparison.Ordinal))
            {
                throw new UsageException("--digest 与清单的摘要不符，或不足 8 位；请重新核对清单");
            }

            var approved = await connection.Incidents.ApproveIncidentAsync(
                new ApproveIncidentRequest { RequestId = id, Name = resource, Digest = prepared.Digest, SetCount = parse.GetValue(count) }, Connection.Writing(cancel));
            return parse.GetValue(follow) ? await new IncidentProgress(screen, Read, TimeProvider.System).FollowAsync(cancel) : approved;
        });
    }

    private static EidCommand Act(string verb, string purpose, Send send)
    {
        var name = NameOf();
        var remark = new Option<string>("--remark") { Description = "说明，至多 200 字", HelpName = "TEXT", DefaultValueFactory = _ => "" };
        var command = new EidCommand(verb, purpose) { Examples = [$"eid incident {verb} {Sample} --remark 样例说明"], Arguments = { name } };
        return Write(command, "staff", [remark], (parse, _, connection, id, cancel) => send(connection.Incidents, id, Resource(parse.GetRequiredValue(name)), parse.GetValue(remark)!, cancel));
    }

    private static EidCommand List()
    {
        var open = new Option<bool>("--open") { Description = "不列已完成和已终止的" };
        var command = new EidCommand("list", "列出批量处置，新的在前。") { Examples = ["eid incident list --open", "eid incident list --json"] };
        var service = ServiceOptions.AddTo(command, "staff");
        command.Options.Add(open);
        command.Do(async (parse, screen, cancel) =>
        {
            using var connection = service.Open(parse);
            var request = new ListIncidentsRequest { OpenOnly = parse.GetValue(open), PageSize = 200 };
            var all = new ListIncidentsResponse();
            do
            {
                var page = await connection.Incidents.ListIncidentsAsync(request, Connection.Reading(cancel));
                all.Incidents.AddRange(page.Incidents);
                request.PageToken = page.NextPageToken;
            }
            while (request.PageToken.Length > 0);
            if (screen.Json)
            {
                Screen.Result(all);
            }
            else
            {
                IncidentView.List(screen, all.Incidents);
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static EidCommand Write(EidCommand command, string caller, Option[] options, Func<ParseResult, Screen, Connection, string, CancellationToken, Task<Incident>> call)
    {
        var service = ServiceOptions.AddTo(command, caller);
        var requestId = new Option<string?>("--request-id") { Description = "本次请求的编号，16 至 64 位；重试时用同一个（默认自动生成）", HelpName = "ID" };
        foreach (var option in (Option[])[.. options, requestId])
        {
            command.Options.Add(option);
        }

        command.Do(async (parse, screen, cancel) =>
        {
            using var connection = service.Open(parse);
            return Done(screen, await call(parse, screen, connection, parse.GetValue(requestId) ?? RequestIds.New(), cancel));
        });
        return command;
    }

    private static Argument<string> NameOf() => new("NAME") { Description = $"批量处置的编号，如 {Sample}" };

    private static string Resource(string text) => text.StartsWith("incidents/", StringComparison.Ordinal) ? text : "incidents/" + text;
}
