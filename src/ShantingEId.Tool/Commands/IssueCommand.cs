using System.CommandLine;
using ShantingEId.Client;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid issue</c>.</summary>
internal static class IssueCommand
{
    public static Command Create()
    {
        var fields = new EnterpriseOptions();
        var validate = new Option<bool>("--validate-only") { Description = "只检查并列出全部问题，不签发" };
        var requestId = new Option<string?>("--request-id") { Description = "本次请求的编号，16 至 64 位；重试时用同一个就不会重复签发（默认自动生成）", HelpName = "ID" };
        var command = new EidCommand("issue", "为一户企业签发电子营业执照和四枚电子印章，五件同时生效或一件也不签发。")
        {
            Examples =
            [
                "eid issue --file enterprise.json",
                "eid issue --credit-code 91370406MA00DEM06N --name 枣庄市山亭区样例果品有限公司 --representative 张样例 \\",
                "    --capital '50(万元人民币)' --date 2026-03-02 --address 枣庄市山亭区样例路1号 --scope 果品销售",
                "eid issue --file enterprise.json --validate-only",
            ],
            Notes = ["--file 的内容是 API 中 Enterprise 的 JSON：creditCode、name、kind、type、representative、capital、establishDate（\"2026-03-02\"）、address、businessScope。"],
        };
        var service = ServiceOptions.AddTo(command, "staff");
        fields.AddTo(command);
        command.Options.Add(validate);
        command.Options.Add(requestId);
        command.Do(async (parse, screen, cancel) =>
        {
            var enterprise = fields.Read(parse);
            using var connection = service.Open(parse);
            var request = new IssueSetRequest { RequestId = parse.GetValue(requestId) ?? RequestIds.New(), Enterprise = enterprise, ValidateOnly = parse.GetValue(validate) };
            IssuedSet set;
            try
            {
                set = await connection.Issuance.IssueSetAsync(request, Connection.Writing(cancel));
            }
            catch (Grpc.Core.RpcException error) when (!request.ValidateOnly && EidError.From(error).IsTransient)
            {
                // The outcome may be open, and only this id makes the retry safe, so it is said although it was generated.
                screen.Note($"本次请求的编号：--request-id {request.RequestId}");
                throw;
            }

            Show(screen, set, request.ValidateOnly);
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Show(Screen screen, IssuedSet set, bool validated)
    {
        if (screen.Json)
        {
            Screen.Result(set);
            return;
        }

        if (!validated)
        {
            SetView.Show(screen, set);
            return;
        }

        screen.Line("[bold green]✔ 检查通过[/]   没有签发。签发后的执照将是：");
        screen.Line();
        screen.Facts(FaceView.Of(set.License));
    }
}
