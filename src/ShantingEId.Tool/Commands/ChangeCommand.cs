using System.CommandLine;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;
using FieldMask = Google.Protobuf.WellKnownTypes.FieldMask;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid change</c>.</summary>
internal static class ChangeCommand
{
    private static readonly Dictionary<string, FiledItem.Types.Kind> Filed = new()
    {
        ["章程"] = FiledItem.Types.Kind.Articles, ["经营期限"] = FiledItem.Types.Kind.OperatingTerm, ["股东"] = FiledItem.Types.Kind.Investors, ["董监高"] = FiledItem.Types.Kind.Management,
        ["合作社成员"] = FiledItem.Types.Kind.CooperativeMembers, ["家庭成员"] = FiledItem.Types.Kind.FamilyMembers, ["联络员"] = FiledItem.Types.Kind.RegistryContact,
        ["受益所有人"] = FiledItem.Types.Kind.BeneficialOwners,
    };

    public static Command Create()
    {
        var name = NameArgument.Create();
        var items = new (string Item, Option<string?> Option, Action<Enterprise, string> Set)[]
        {
            ("name", new("--name") { Description = "新名称：重新签发执照和四枚印章", HelpName = "TEXT" }, (face, value) => face.Name = value),
            ("representative", new("--representative") { Description = "新的法定代表人（负责人、经营者…）：重新签发执照和名章", HelpName = "TEXT" }, (face, value) => face.Representative = value),
            ("type", new("--type") { Description = "新类型：只换执照", HelpName = "TEXT" }, (face, value) => face.Type = value),
            ("capital", new("--capital") { Description = "新注册资本（出资额）：只换执照", HelpName = "TEXT" }, (face, value) => face.Capital = value),
            ("address", new("--address") { Description = "新住所（经营场所）：只换执照", HelpName = "TEXT" }, (face, value) => face.Address = value),
            ("business_scope", new("--scope") { Description = "新经营范围：只换执照", HelpName = "TEXT" }, (face, value) => face.BusinessScope = value),
        };
        var lost = new Option<string[]>("--replace-seal") { Description = "遗失或损坏须重做的印章：公章、财务专用章、发票专用章、法定代表人名章，可写多次", HelpName = "SEAL", DefaultValueFactory = _ => [] };
        var filed = new Option<string[]>("--file") { Description = $"备案事项及内容，不换发执照和印章，可写多次；事项：{string.Join('、', Filed.Keys)}", HelpName = "ITEM=TEXT", DefaultValueFactory = _ => [] };
        var preview = new Option<bool>("--preview") { Description = "只看会换发什么，不办理" };
        var command = new EidCommand("change", "变更登记：换发新版执照和需要更换的印章，同一时刻新旧交替；旧码、旧章从此答复“已换发”。")
        {
            Examples =
            [
                "eid change 91370406MA00DEM06N --name 枣庄市山亭区样例商贸有限公司 --reason 企业申请变更名称 --authority 枣庄市山亭区市场监督管理局",
                "eid change 91370406MA00DEM06N --replace-seal 财务专用章 --reason 印章遗失 --authority 枣庄市山亭区市场监督管理局",
                "eid change 91370406MA00DEM06N --representative 李样例 --preview --reason 股东会决议 --authority 枣庄市山亭区市场监督管理局",
                "eid change 91370406MA00DEM06N --file 联络员=李样例 --file 经营期限=2026-11-24至2046-11-23 --reason 企业申请备案 --authority 枣庄市山亭区市场监督管理局",
            ],
            Notes = ["--effective 可以写一年以内的将来时间：到时自动生效，此前可用 eid withdraw-change 撤回。", "在终端上会先显示企业名称并请求确认；由脚本运行时须加 --yes。"],
            Arguments = { name },
        };
        var service = ServiceOptions.AddTo(command, "staff");
        foreach (var option in (Option[])[.. items.Select(item => item.Option), lost, filed, preview])
        {
            command.Options.Add(option);
        }

        var options = ActOptions.AddTo(command);
        command.Do(async (parse, screen, cancel) =>
        {
            var request = new ChangeRegistrationRequest
            {
                RequestId = options.RequestId(parse), Name = NameArgument.Of(parse.GetRequiredValue(name)), Enterprise = new Enterprise(), UpdateMask = new FieldMask(),
                Reason = options.Reason(parse), Authority = options.Authority(parse), EffectiveTime = options.Effective(parse), ValidateOnly = parse.GetValue(preview),
            };
            foreach (var (item, option, set) in items)
            {
                if (parse.GetValue(option) is { } value)
                {
                    set(request.Enterprise, value);
                    request.UpdateMask.Paths.Add(item);
                }
            }

            request.ReplaceSeals.AddRange(parse.GetValue(lost)!.Select(seal => Words.SealOf(seal) ?? throw new UsageException($"--replace-seal 不认识“{seal}”")));
            request.FiledItems.AddRange(parse.GetValue(filed)!.Select(ParseFiled));
            using var connection = service.Open(parse);
            Task<IssuedSet> Read() => connection.Issuance.GetIssuedSetAsync(new GetIssuedSetRequest { Name = request.Name }, Connection.Reading(cancel)).ResponseAsync;
            var effect = request.UpdateMask.Paths.Count == 0 && request.ReplaceSeals.Count == 0 ? "记入登记簿，不换发执照和印章。" : "换发新版执照" + (request.UpdateMask.Paths.Contains("name") ? "和四枚印章。" : "。");
            if (!request.ValidateOnly && !await options.ConfirmAsync(parse, screen, Read, "变更", _ => effect, cancel))
            {
                screen.Note("没有变更。");
                return ExitCode.Usage;
            }

            var answer = await ActOptions.SendAsync(screen, request.RequestId, connection.Issuance.ChangeRegistrationAsync(request, Connection.Writing(cancel)));
            if (screen.Json)
            {
                Screen.Result(answer);
            }
            else
            {
                ChangeView.Show(screen, answer);
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static FiledItem ParseFiled(string text) =>
        text.Split('=', 2) is [var item, var value] && Filed.TryGetValue(item, out var kind) ? new FiledItem { Kind = kind, Text = value }
        : throw new UsageException($"--file 应写成 事项=内容；“{text}”不是。事项有：{string.Join('、', Filed.Keys)}");

    /// <summary><c>eid withdraw-change</c>.</summary>
    public static Command CreateWithdraw()
    {
        var name = NameArgument.Create();
        var command = new EidCommand("withdraw-change", "撤回尚未生效的变更：现行执照和印章照旧有效。")
        {
            Examples = ["eid withdraw-change 91370406MA00DEM06N --reason 企业撤回申请 --authority 枣庄市山亭区市场监督管理局"],
            Arguments = { name },
        };
        var service = ServiceOptions.AddTo(command, "staff");
        var options = ActOptions.AddTo(command, withTime: false);
        command.Do(async (parse, screen, cancel) =>
        {
            var request = new WithdrawChangeRequest
            {
                RequestId = options.RequestId(parse), Name = NameArgument.Of(parse.GetRequiredValue(name)), Reason = options.Reason(parse), Authority = options.Authority(parse),
            };
            using var connection = service.Open(parse);
            Task<IssuedSet> Read() => connection.Issuance.GetIssuedSetAsync(new GetIssuedSetRequest { Name = request.Name }, Connection.Reading(cancel)).ResponseAsync;
            if (!await options.ConfirmAsync(parse, screen, Read, "撤回变更", _ => "待生效的新版执照不再生效。", cancel))
            {
                screen.Note("没有撤回。");
                return ExitCode.Usage;
            }

            var set = await ActOptions.SendAsync(screen, request.RequestId, connection.Issuance.WithdrawChangeAsync(request, Connection.Writing(cancel)));
            if (screen.Json)
            {
                Screen.Result(set);
            }
            else
            {
                screen.Line("[bold green]✔ 已撤回[/]   现行执照和印章照旧有效。");
                screen.Facts([("名称", set.License.Enterprise.Name), ("证照标识", set.License.LicenseId), ("状态", Words.Of(set.State))]);
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
