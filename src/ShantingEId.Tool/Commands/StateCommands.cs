using System.CommandLine;
using Grpc.Core;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid suspend</c>, <c>resume</c>, <c>revoke</c>, <c>rescind</c>, <c>restore</c>, <c>cancel</c>.</summary>
internal static class StateCommands
{
    private sealed record Act(string Verb, string Deed, string Purpose, string Effect, string Done, string Reason,
        Func<IssuanceService.IssuanceServiceClient, Order, CallOptions, AsyncUnaryCall<IssuedSet>> Send);

    private sealed record Order(string RequestId, string Name, string Reason, string Authority, Timestamp? EffectiveTime);

    private static readonly Act[] Acts =
    [
        new("suspend", "暂停", "暂停一套执照和印章（歇业、暂扣）：核验时答复“暂停”，可以恢复。", "执照和四枚印章暂停使用，可以恢复。", "执照和四枚印章自 {0}起暂停使用。", "企业申请歇业",
            (client, order, options) => client.SuspendSetAsync(new SuspendSetRequest { RequestId = order.RequestId, Name = order.Name, Reason = order.Reason, Authority = order.Authority, EffectiveTime = order.EffectiveTime }, options)),
        new("resume", "恢复", "恢复已暂停的执照和印章（恢复营业、发还）。", "执照和四枚印章恢复有效。", "执照和四枚印章自 {0}起恢复有效。", "企业恢复营业",
            (client, order, options) => client.ResumeSetAsync(new ResumeSetRequest { RequestId = order.RequestId, Name = order.Name, Reason = order.Reason, Authority = order.Authority, EffectiveTime = order.EffectiveTime }, options)),
        new("revoke", "吊销", "吊销一套执照和印章：执照和四枚印章同时失效，不可恢复。", "执照和四枚印章同时失效，不可恢复。", "执照和四枚印章自 {0}起失效。", "提交虚假材料取得登记",
            (client, order, options) => client.RevokeSetAsync(new RevokeSetRequest { RequestId = order.RequestId, Name = order.Name, Reason = order.Reason, Authority = order.Authority, EffectiveTime = order.EffectiveTime }, options)),
        new("rescind", "撤销登记", "撤销以虚假材料取得的登记：执照和四枚印章同时失效；撤销决定本身可以撤回。", "执照和四枚印章同时失效。", "执照和四枚印章自 {0}起失效。", "冒用他人身份取得登记",
            (client, order, options) => client.RescindSetAsync(new RescindSetRequest { RequestId = order.RequestId, Name = order.Name, Reason = order.Reason, Authority = order.Authority, EffectiveTime = order.EffectiveTime }, options)),
        new("restore", "恢复登记", "撤回撤销登记的决定，恢复到撤销之前的状态。", "恢复到撤销登记之前的状态。", "已恢复到撤销之前的状态。", "撤销登记的决定被撤回",
            (client, order, options) => client.RestoreSetAsync(new RestoreSetRequest { RequestId = order.RequestId, Name = order.Name, Reason = order.Reason, Authority = order.Authority, EffectiveTime = order.EffectiveTime }, options)),
        new("cancel", "注销", "注销：执照、四枚印章及其证书一并终止；存续期间的情况以后仍可按时点查询。", "执照、四枚印章及其证书一并终止，不可恢复。", "执照、四枚印章及其证书自 {0}起终止。", "企业申请注销登记",
            (client, order, options) => client.CancelSetAsync(new CancelSetRequest { RequestId = order.RequestId, Name = order.Name, Reason = order.Reason, Authority = order.Authority, EffectiveTime = order.EffectiveTime }, options)),
    ];

    public static IEnumerable<Command> CreateAll() => Acts.Select(Create);

    private static EidCommand Create(Act act)
    {
        var name = NameArgument.Create();
        var command = new EidCommand(act.Verb, act.Purpose)
        {
            Examples = [$"eid {act.Verb} 91370406MA00DEM06N --reason {act.Reason} --authority 枣庄市山亭区市场监督管理局"],
            Notes = ["在终端上会先显示企业名称并请求确认；由脚本运行时须加 --yes。"],
            Arguments = { name },
        };
        var service = ServiceOptions.AddTo(command, "staff");
        var options = ActOptions.AddTo(command);
        command.Do(async (parse, screen, cancel) =>
        {
            var order = new Order(options.RequestId(parse), NameArgument.Of(parse.GetRequiredValue(name)), options.Reason(parse), options.Authority(parse), options.Effective(parse));
            using var connection = service.Open(parse);
            Task<IssuedSet> Read() => connection.Issuance.GetIssuedSetAsync(new GetIssuedSetRequest { Name = order.Name }, Connection.Reading(cancel)).ResponseAsync;
            if (!await options.ConfirmAsync(parse, screen, Read, act.Deed, found => Subject(act.Effect, found), cancel))
            {
                screen.Note($"没有{act.Deed}。");
                return ExitCode.Usage;
            }

            var set = await ActOptions.SendAsync(screen, order.RequestId, act.Send(connection.Issuance, order, Connection.Writing(cancel)));
            if (screen.Json)
            {
                Screen.Result(set);
                return ExitCode.Ok;
            }

            screen.Line($"[bold green]✔ 已{act.Deed}[/]   {string.Format(System.Globalization.CultureInfo.InvariantCulture, Subject(act.Done, set), Words.Of(set.StateEffectiveTime))}");
            screen.Facts([("名称", set.License.Enterprise.Name), ("证照标识", set.License.LicenseId), ("状态", Words.Of(set.State)), ("理由", order.Reason), ("决定机关", order.Authority)]);
            return ExitCode.Ok;
        });
        return command;
    }

    // A comprehensive licence has no seals of its own.
    private static string Subject(string text, IssuedSet set) => set.Seals.Count > 0 ? text
        : text.Replace("执照、四枚印章及其证书", "综合许可证", StringComparison.Ordinal).Replace("执照和四枚印章", "综合许可证", StringComparison.Ordinal);
}
