using System.CommandLine;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Inspecting;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid inspect</c>.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var input = new Argument<string>("FILE|TEXT") { Description = "印章、证书、清单、核验回执、证照码文字、二维码图片；或直接给出证照码文字" };
        var roots = new Option<string?>("--roots") { Description = "信任的证书（PEM，如导出的 authority-chain.pem）；给出后核对签名和证书链", HelpName = "FILE" };
        var command = new EidCommand("inspect", "把文件的内容逐项列出来看，不需要连接服务。")
        {
            Examples =
            [
                "eid inspect official-seal.esl --roots authority-chain.pem",
                "eid inspect manifest.cbor --roots authority-chain.pem",
                "eid inspect photo.jpg",
            ],
            Notes = ["只说明文件本身：签名是否正确、证书链是否到达所给的根。执照现在是否有效，须用 eid verify 查询登记簿。\n签名或证书链不正确时退出码为 3。"],
            Arguments = { input },
        };
        command.Options.Add(roots);
        command.Do((parse, screen, _) =>
        {
            var tree = Inspector.Inspect(parse.GetRequiredValue(input), Trust.Load(parse.GetValue(roots), TimeProvider.System));
            if (screen.Json)
            {
                Screen.Result(tree.ToJson());
            }
            else
            {
                NodeView.Show(screen, tree);
            }

            return Task.FromResult(tree.IsBad ? ExitCode.NotValid : ExitCode.Ok);
        });
        return command;
    }
}
