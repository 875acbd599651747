using System.CommandLine;
using System.Globalization;
using Grpc.Core;
using ShantingEId.Client;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;
using Spectre.Console;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid revoke</c>.</summary>
internal static class RevokeCommand
{
    public static Command Create()
    {
        var name = NameArgument.Create();
        var reason = new Option<string>("--reason") { Description = "法定理由，2 至 200 字；核验时会显示", HelpName = "TEXT", Required = true };
        var authority = new Option<string>("--authority") { Description = "作出决定的机关，2 至 60 字", HelpName = "TEXT", Required = true };
        var effective = new Option<string?>("--effective") { Description = "生效时间，带时区，如 2026-03-02T09:00:00+08:00（默认立即）", HelpName = "TIME" };
        var requestId = new Option<string?>("--request-id") { Description = "本次请求的编号，16 至 64 位；重试时用同一个（默认自动生成）", HelpName = "ID" };
        var yes = new Option<bool>("--yes", "-y") { Description = "不再询问确认" };
        var command = new EidCommand("revoke", "吊销一套执照和印章：执照和四枚印章同时失效，不可恢复。")
        {
            Examples = ["eid revoke 91370406MA00DEM06N --reason 提交虚假材料取得登记 --authority 枣庄市山亭区市场监督管理局"],
            Notes = ["在终端上会先显示企业名称并请求确认；由脚本运行时须加 --yes。"],
            Arguments = { name },
        };
        var service = ServiceOptions.AddTo(command, "staff");
        foreach (var option in (Option[])[reason, authority, effective, requestId, yes])
        {
            command.Options.Add(option);
        }

        command.Do(async (parse, screen, cancel) =>
        {
            var request = new RevokeSetRequest
            {
                RequestId = parse.GetValue(requestId) ?? RequestIds.New(), Name = NameArgument.Of(parse.GetRequiredValue(name)),
                Reason = parse.GetRequiredValue(reason), Authority = parse.GetRequiredValue(authority), EffectiveTime = ParseTime(parse.GetValue(effective)),
            };
            using var connection = service.Open(parse);
            if (!parse.GetValue(yes) && !await ConfirmAsync(screen, connection, request, cancel))
            {
                screen.Note("没有吊销。");
                return ExitCode.Usage;
            }

            IssuedSet set;
            try
            {
                set = await connection.Issuance.RevokeSetAsync(request, Connection.Writing(cancel));
            }
            catch (RpcException error) when (EidError.From(error).IsTransient)
            {
                screen.Note($"本次请求的编号：--request-id {request.RequestId}");
                throw;
            }

            if (screen.Json)
            {
                Screen.Result(set);
            }
            else
            {
                screen.Line($"[bold green]✔ 已吊销[/]   执照和四枚印章自 {Words.Of(set.StateEffectiveTime)}起失效。");
                screen.Facts([("名称", set.License.Enterprise.Name), ("证照标识", set.License.LicenseId), ("理由", request.Reason), ("决定机关", request.Authority)]);
            }

            return ExitCode.Ok;
        });
        return command;
    }

    // Whose licence it is must be seen before it ends; a credit code alone is too easily mistyped into another company's.
    private static async Task<bool> ConfirmAsync(Screen screen, Connection connection, RevokeSetRequest request, CancellationToken cancel)
    {
        if (!screen.CanAsk)
        {
            throw new UsageException("不在终端上运行时不能确认；确要吊销请加 --yes");
        }

        var set = await connection.Issuance.GetIssuedSetAsync(new GetIssuedSetRequest { Name = request.Name }, Connection.Reading(cancel));
        screen.Error.MarkupLine($"将吊销 [bold]{Markup.Escape(set.License.Enterprise.Name)}[/]（{Markup.Escape(set.License.Enterprise.CreditCode)}）的执照和四枚印章，不可恢复。");
        screen.Error.MarkupLine($"  理由：{Markup.Escape(request.Reason)}");
        return await new ConfirmationPrompt("确认吊销？") { DefaultValue = false }.ShowAsync(screen.Error, cancel);
    }

    private static Timestamp? ParseTime(string? text) => text is null ? null
        : DateTimeOffset.TryParseExact(text, "yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            ? Timestamp.FromDateTimeOffset(time)
            : throw new UsageException("--effective 应写成 2026-03-02T09:00:00+08:00 的形式");
}
