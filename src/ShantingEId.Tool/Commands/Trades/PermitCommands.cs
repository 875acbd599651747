using System.CommandLine;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;
using Act = ShantingEId.V1.ChangePermitRequest.Types.Act;

namespace ShantingEId.Tool.Commands.Trades;

/// <summary><c>eid trade suspend-permit</c>, <c>resume-permit</c>, <c>revoke-permit</c>, <c>cancel-permit</c>, <c>confirm-permit</c>.</summary>
internal static class PermitCommands
{
    private static readonly (string Verb, Act Act, string Deed, string Purpose, string Effect)[] Acts =
    [
        ("suspend-permit", Act.Suspend, "暂停许可", "暂停一项许可；综合许可证和其余许可不受影响。", "这项许可暂停，其余不变。"),
        ("resume-permit", Act.Resume, "恢复许可", "恢复一项已暂停的许可。", "这项许可恢复有效。"),
        ("revoke-permit", Act.Revoke, "吊销许可", "吊销或撤销一项许可，不可恢复。", "这项许可失效，不可恢复。"),
        ("cancel-permit", Act.Cancel, "注销许可", "注销一项许可，不可恢复。", "这项许可终止，不可恢复。"),
        ("confirm-permit", Act.Confirm, "登记承诺核查通过", "告知承诺的许可经核查，承诺属实。", "这项许可的承诺记为已核查。"),
    ];

    public static IEnumerable<EidCommand> CreateAll() => Acts.Select(one => Create(one.Verb, one.Act, one.Deed, one.Purpose, one.Effect));

    private static EidCommand Create(string verb, Act act, string deed, string purpose, string effect)
    {
        var name = NameArgument.Create();
        var number = new Argument<string>("NUMBER") { Description = "许可证编号" };
        var until = new Option<string?>("--until") { Description = "暂停到什么时候，带时区，如 2026-12-31T24:00:00+08:00（默认恢复时间未定）", HelpName = "TIME" };
        var command = new EidCommand(verb, purpose)
        {
            Examples = [$"eid trade {verb} 证照标识 JY13704060012345 --reason 现场核查 --authority 枣庄市山亭区市场监督管理局"],
            Notes = ["在终端上会先显示企业名称并请求确认；由脚本运行时须加 --yes。"], Arguments = { name, number },
        };
        if (act == Act.Suspend)
        {
            command.Options.Add(until);
        }

        var service = ServiceOptions.AddTo(command, "staff");
        var options = ActOptions.AddTo(command, withTime: false);
        command.Do(async (parse, screen, cancel) =>
        {
            var request = new ChangePermitRequest
            {
                RequestId = options.RequestId(parse), Name = NameArgument.Of(parse.GetRequiredValue(name)), Number = parse.GetRequiredValue(number), Act = act,
                Reason = options.Reason(parse), Authority = options.Authority(parse), UntilTime = act == Act.Suspend ? ActOptions.ParseTime(parse.GetValue(until), "--until") : null,
            };
            using var connection = service.Open(parse);
            Task<IssuedSet> Read() => connection.Issuance.GetIssuedSetAsync(new GetIssuedSetRequest { Name = request.Name }, Connection.Reading(cancel)).ResponseAsync;
            if (!await options.ConfirmAsync(parse, screen, Read, deed, _ => effect, cancel))
            {
                screen.Note("没有办理。");
                return ExitCode.Usage;
            }

            var set = await ActOptions.SendAsync(screen, request.RequestId, connection.Trades.ChangePermitAsync(request, Connection.Writing(cancel)));
            if (screen.Json)
            {
                Screen.Result(set);
                return ExitCode.Ok;
            }

            screen.Line($"[bold green]✔ 已{deed}[/]   {request.Number}");
            screen.Facts([("持证人", set.License.Enterprise.Name), ("证照标识", set.License.LicenseId), ("理由", request.Reason), ("决定机关", request.Authority)]);
            TradeView.Permits(screen, set.Permits);
            return ExitCode.Ok;
        });
        return command;
    }
}
