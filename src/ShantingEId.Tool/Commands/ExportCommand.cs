using System.CommandLine;
using Grpc.Core;
using ShantingEId.Client;
using ShantingEId.Tool.Cli;
using ShantingEId.V1;
using Format = ShantingEId.V1.GetLicenseDocumentRequest.Types.Format;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid export</c>.</summary>
internal static class ExportCommand
{
    private static readonly (Format Format, string File, string What)[] Papers =
    [
        (Format.Ofd, "license.ofd", "营业执照（副本），登记机关已盖章"), (Format.Pdf, "license.pdf", "营业执照（副本），供打印"),
    ];

    public static Command Create()
    {
        var name = NameArgument.Create();
        var output = new Option<string>("--out", "-o") { Description = "写入的目录", HelpName = "DIR", Required = true };
        var command = new EidCommand("export", "导出交给企业的全部文件：四枚印章、印章图片、证书、清单、证照码、执照的 OFD 和 PDF。")
        {
            Examples = ["eid export 91370406MA00DEM06N --out 91370406MA00DEM06N/"],
            Notes =
            [
                "写出的文件：*-seal.esl 印章（GB/T 38540-2020，DER）、*-seal.png 印章图片、*-seal.crt 印章证书、authority-chain.pem 签发机关证书链、\n" +
                "manifest.cbor 清单（COSE_Sign1）、license-code.txt/.svg/.png 证照码、license.ofd 盖章的执照（副本，只在有效状态）、license.pdf 供打印。已有的同名文件会被替换。没有私钥。",
            ],
            Arguments = { name },
        };
        var service = ServiceOptions.AddTo(command, "staff");
        command.Options.Add(output);
        command.Do(async (parse, screen, cancel) =>
        {
            var request = new GetIssuedSetRequest { Name = NameArgument.Of(parse.GetRequiredValue(name)), View = GetIssuedSetRequest.Types.View.Full };
            using var connection = service.Open(parse);
            var set = await connection.Issuance.GetIssuedSetAsync(request, Connection.Reading(cancel));
            var directory = parse.GetRequiredValue(output);
            List<(string Name, string What)> files = [.. SetExport.Write(set, directory)];
            foreach (var (format, file, what) in Papers)
            {
                try
                {
                    var document = await connection.Documents.GetLicenseDocumentAsync(new GetLicenseDocumentRequest { Name = set.Name, Format = format }, Connection.Writing(cancel));
                    Files.Write(Path.Combine(directory, file), document.Content.Span);
                    files.Add((file, what));
                }
                catch (RpcException error) when (error.StatusCode == StatusCode.FailedPrecondition)
                {
                    // Not in force, or no seal of the authority: the rest is worth having.
                    screen.Note($"没有写 {file}：{EidError.From(error).Message}");
                }
            }

            if (screen.Json)
            {
                Screen.Result(new { licenseId = set.License.LicenseId, directory, files = files.Select(file => file.Name) });
            }
            else
            {
                screen.Plain($"✔ 已导出 {set.License.Enterprise.Name} 的 {files.Count} 个文件到 {directory}");
                screen.Facts(files);
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
