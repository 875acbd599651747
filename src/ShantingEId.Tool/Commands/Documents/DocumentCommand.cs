using System.CommandLine;
using ShantingEId.Tool.Cli;
using ShantingEId.V1;
using Form = ShantingEId.V1.LicenseDocument.Types.Form;
using Format = ShantingEId.V1.GetLicenseDocumentRequest.Types.Format;

namespace ShantingEId.Tool.Commands.Documents;

/// <summary><c>eid document</c>.</summary>
internal static class DocumentCommand
{
    public static Command Create()
    {
        var name = NameArgument.Create();
        var form = FormOption();
        var format = new Option<string?>("--format") { Description = "ofd（盖章）、pdf、png、svg（默认按 --out 的扩展名，没有时为 ofd）", HelpName = "FORMAT" };
        format.AcceptOnlyFromAmong("ofd", "pdf", "png", "svg");
        var output = new Option<string?>("--out", "-o") { Description = "写入的文件（默认用服务给出的文件名，写在当前目录）", HelpName = "FILE" };
        var command = new EidCommand("document", "取营业执照或行业综合许可证的版式文件：OFD 由登记机关印章签名；PDF、PNG、SVG 供打印和预览，不能证明真伪。")
        {
            Examples = ["eid document 91370406MA00DEM06N --out license.ofd", "eid document 91370406MA00DEM06N --form original --out license.pdf"],
            Notes = ["只有在有效状态的执照才出具 OFD；其他状态的执照取 PDF、PNG、SVG 时不画印章。"],
            Arguments = { name },
        };
        var service = ServiceOptions.AddTo(command, "staff");
        foreach (var option in (Option[])[form, format, output])
        {
            command.Options.Add(option);
        }

        command.Do(async (parse, screen, cancel) =>
        {
            var path = parse.GetValue(output);
            var request = new GetLicenseDocumentRequest
            {
                Name = NameArgument.Of(parse.GetRequiredValue(name)), Form = FormOf(parse.GetRequiredValue(form)), Format = FormatOf(parse.GetValue(format) ?? Path.GetExtension(path)?.TrimStart('.')),
            };
            using var connection = service.Open(parse);
            Save(screen, await connection.Documents.GetLicenseDocumentAsync(request, Connection.Writing(cancel)), path);
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary><c>--form</c>.</summary>
    public static Option<string> FormOption()
    {
        var form = new Option<string>("--form") { Description = "original 正本，duplicate 副本（默认副本）", HelpName = "FORM", DefaultValueFactory = _ => "duplicate" };
        form.AcceptOnlyFromAmong("original", "duplicate");
        return form;
    }

    /// <summary>Its value.</summary>
    public static Form FormOf(string text) => text == "original" ? Form.Original : Form.Duplicate;

    /// <summary>Writes a document and says so.</summary>
    public static void Save(Screen screen, LicenseDocument document, string? path)
    {
        path ??= Path.GetFileName(document.FileName);
        Files.Write(path, document.Content.Span);
        var digest = Convert.ToHexStringLower(document.Digest.Span);
        if (screen.Json)
        {
            Screen.Result(new { file = path, issuedSet = document.IssuedSet, contentType = document.ContentType, size = document.Content.Length, digest });
            return;
        }

        screen.Line("[bold green]✔ 已写入[/]");
        screen.Facts([("文件", path), ("类型", document.ContentType), ("大小", $"{document.Content.Length} 字节"), ("SM3", digest), ("执照", document.IssuedSet["issuedSets/".Length..])]);
    }

    private static Format FormatOf(string? text) => text?.ToUpperInvariant() switch
    {
        "PDF" => Format.Pdf,
        "PNG" => Format.Png,
        "SVG" => Format.Svg,
        "OFD" or "" or null => Format.Ofd,
        _ => throw new UsageException($"不能从扩展名 .{text} 看出格式；请用 --format 写明 ofd、pdf、png 或 svg"),
    };
}
