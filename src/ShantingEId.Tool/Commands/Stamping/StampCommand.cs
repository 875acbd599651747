using System.CommandLine;
using System.Globalization;
using Google.Protobuf;
using ShantingEId.Crypto;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;
using Side = ShantingEId.V1.StampPlace.Types.Straddle.Types.Side;

namespace ShantingEId.Tool.Commands.Stamping;

/// <summary><c>eid stamp</c>.</summary>
internal static class StampCommand
{
    private const double DefaultStraddle = 148; // The middle of an A4 page.

    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "OFD 文件；用 --digest 时可以是任何文件" };
        var company = new Option<string>("--company") { Description = "用谁的印章：统一社会信用代码", HelpName = "CODE", Required = true };
        var seal = new Option<string>("--seal") { Description = "公章、财务专用章、发票专用章、法定代表人名章之一", HelpName = "SEAL", Required = true };
        var use = new Option<string>("--use") { Description = "用途代码，例如 CONTRACT", HelpName = "USE", Required = true };
        var title = new Option<string?>("--title") { Description = "记入用印记录的文件名称（默认为文件名）", HelpName = "TEXT" };
        var at = new Option<string[]>("--at") { Description = "按坐标：页码:X,Y，毫米，从左上角算起，为印章中心；页码写 3、1-3 或 *，可写多次", HelpName = "PAGE:X,Y", DefaultValueFactory = _ => [] };
        var keyword = new Option<string[]>("--keyword") { Description = "盖在关键字上，末尾加 #2 只盖第 2 处，可写多次", HelpName = "TEXT", DefaultValueFactory = _ => [] };
        var straddle = new Option<string?>("--straddle") { Description = "骑缝章：right 或 left，可加 :Y 指明高度（默认在 A4 页面的正中）", HelpName = "SIDE" };
        var digest = new Option<bool>("--digest") { Description = "只送出文件的 SM3 摘要，取回电子签章数据（SES_Signature），文件不离开本机" };
        var output = new Option<string>("--out", "-o") { Description = "写入的文件", HelpName = "FILE", Required = true };
        var request = new Option<string?>("--request-id") { Description = "请求编号；用同一编号重试不会重复用印，取回的文件完全相同", HelpName = "ID" };
        var command = new EidCommand("stamp", "用印：用企业的电子印章签章。须有企业的用印授权，每次都记入用印记录。")
        {
            Examples =
            [
                "eid stamp contract.ofd --company 91370406MA00DEM06N --seal 公章 --use CONTRACT --at 1:60,240 --out contract-stamped.ofd",
                "eid stamp contract.ofd --company 91370406MA00DEM06N --seal 公章 --use CONTRACT --keyword 盖章 --straddle right --out contract-stamped.ofd",
                "eid stamp report.pdf --company 91370406MA00DEM06N --seal 财务专用章 --use FINANCE --digest --out report.ses",
            ],
            Notes = ["签章不影响文件上已有的签章，可以由几家企业先后签章。签章后的文件用 eid verify FILE 核验。"],
            Arguments = { file },
        };
        var service = ServiceOptions.AddTo(command, "holder-app");
        foreach (var option in (Option[])[company, seal, use, title, at, keyword, straddle, digest, output, request])
        {
            command.Options.Add(option);
        }

        command.Do(async (parse, screen, cancel) =>
        {
            var path = parse.GetRequiredValue(file);
            var bytes = File.Exists(path) ? await File.ReadAllBytesAsync(path, cancel) : throw new UsageException($"找不到文件 {path}");
            var wanted = new StampRequest
            {
                RequestId = parse.GetValue(request) ?? Client.RequestIds.New(), CreditCode = parse.GetRequiredValue(company), Use = parse.GetRequiredValue(use),
                Seal = SealOf(parse.GetRequiredValue(seal)), Title = parse.GetValue(title) ?? Path.GetFileName(path),
            };
            StampPlace[] places = [.. parse.GetRequiredValue(at).Select(Point), .. parse.GetRequiredValue(keyword).Select(Word), .. parse.GetValue(straddle) is { } side ? [Seam(side)] : Array.Empty<StampPlace>()];
            if (parse.GetValue(digest) == places.Length > 0)
            {
                throw new UsageException("请用 --at、--keyword、--straddle 写明盖在哪里；只送摘要的用 --digest，不写位置");
            }

            if (places.Length > 0)
            {
                wanted.Document = new StampDocument { Ofd = UnsafeByteOperations.UnsafeWrap(bytes), Places = { places } };
            }
            else
            {
                wanted.Digest = new StampDigest { Sm3 = ByteString.CopyFrom(Sm3.Hash(bytes)), PropertyInfo = "sm3" };
            }

            using var connection = service.Open(parse);
            var answer = await connection.Seals.StampAsync(wanted, Connection.WithDocument(cancel));
            Files.Write(parse.GetRequiredValue(output), (places.Length > 0 ? answer.Ofd : answer.SesSignature).Span);
            if (screen.Json)
            {
                Screen.Result(answer.Use);
                return ExitCode.Ok;
            }

            screen.Plain($"✔ 已用印，写入 {parse.GetRequiredValue(output)}");
            screen.Facts([
                ("印章", $"{Words.Of(answer.Use.Seal)} {answer.Use.SealCode}"), ("用途", answer.Use.UseTitle), ("页码", answer.Use.Pages), ("签章时间", Words.Of(answer.Use.StampTime)),
                ("时间戳", Words.Of(answer.Use.ProvenTime)), ("请求编号", answer.Use.RequestId),
            ]);
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>The seal that is called so.</summary>
    public static Seal.Types.Kind SealOf(string name) => Words.SealOf(name) ?? throw new UsageException($"--seal 应为公章、财务专用章、发票专用章、法定代表人名章之一，而不是 {name}");

    // "3:60,240", "1-3:60,240", "*:60,240"
    private static StampPlace Point(string text)
    {
        var (pages, place) = text.Split(':') is [var left, var right] ? (left, right) : ("", text);
        if (place.Split(',') is not [var x, var y] || Number(x) is not { } across || Number(y) is not { } down || Pages(pages) is not { } wanted)
        {
            throw new UsageException($"--at 应为 页码:X,Y 的形式，例如 1:60,240、1-3:60,240、*:60,240，而不是 {text}");
        }

        return new StampPlace { Point = new StampPlace.Types.Point { Pages = { wanted }, X = across, Y = down } };
    }

    private static IEnumerable<int>? Pages(string text) => text == "*" ? []
        : text.Split('-').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var page) ? page : 0).ToArray() is [> 0 and var from, .. var rest]
            && (rest.Length == 0 || rest is [var to] && to >= from && to <= from + 1999) ? Enumerable.Range(from, rest.Length == 0 ? 1 : rest[0] - from + 1) : null;

    private static StampPlace Word(string text)
    {
        var mark = text.LastIndexOf('#');
        return mark > 0 && int.TryParse(text.AsSpan(mark + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var hit)
            ? new StampPlace { Keyword = new StampPlace.Types.Keyword { Text = text[..mark], Hit = hit } } : new StampPlace { Keyword = new StampPlace.Types.Keyword { Text = text } };
    }

    private static StampPlace Seam(string text)
    {
        var parts = text.Split(':');
        var y = parts.Length == 1 ? DefaultStraddle : Number(parts[1]);
        return y is { } height && parts.Length <= 2 && parts[0] is ("right" or "left")
            ? new StampPlace { Straddle = new StampPlace.Types.Straddle { Side = parts[0] == "right" ? Side.Right : Side.Left, Y = height } }
            : throw new UsageException("--straddle 应为 right 或 left，可加 :Y（毫米）");
    }

    private static double? Number(string text) => double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : null;
}
