using System.CommandLine;
using ShantingEId.Client;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace ShantingEId.Tool.Commands.Documents;

/// <summary><c>eid copy create</c>, <c>list</c>, <c>download</c>.</summary>
internal static class CopyCommand
{
    public static Command Create() => new("copy", "加注件：写明用途和期限、只给一家用证单位下载一次的执照副本。") { CreateCopy(), List(), Download() };

    private static EidCommand CreateCopy()
    {
        var name = NameArgument.Create();
        var receiver = new Option<string>("--for") { Description = "可以下载的用证单位（登记的名称，如 bank）", HelpName = "NAME", Required = true };
        var purpose = new Option<string>("--use") { Description = "用途，2 至 100 字，印在每一页上", HelpName = "TEXT", Required = true };
        var hours = new Option<double>("--hours") { Description = "多少小时内可以下载和使用，10 分钟至 30 天（默认 24）", HelpName = "HOURS", DefaultValueFactory = _ => 24 };
        var form = DocumentCommand.FormOption();
        var requestId = RequestIdOption();
        var command = new EidCommand("create", "制作一份加注件，得到一次性的下载号，交给用证单位。")
        {
            Examples = ["eid copy create 91370406MA00DEM06N --for bank --use 开立单位结算账户", "eid copy create 91370406MA00DEM06N --for bank --use 开立单位结算账户 --hours 2 --form original"],
            Notes = ["下载号只在此处显示，服务不保存；重试时用同一个 --request-id 得到同一个下载号。"],
            Arguments = { name },
        };
        var service = ServiceOptions.AddTo(command, "holder-app");
        foreach (var option in (Option[])[receiver, purpose, hours, form, requestId])
        {
            command.Options.Add(option);
        }

        command.Do(async (parse, screen, cancel) =>
        {
            if (parse.GetValue(hours) is not (> 0 and < 10_000))
            {
                throw new UsageException("--hours 应为 10 分钟至 30 天的小时数");
            }

            var request = new CreateLicenseCopyRequest
            {
                RequestId = parse.GetValue(requestId) ?? RequestIds.New(), Name = NameArgument.Of(parse.GetRequiredValue(name)), Receiver = parse.GetRequiredValue(receiver),
                PurposeText = parse.GetRequiredValue(purpose), Form = DocumentCommand.FormOf(parse.GetRequiredValue(form)),
                // By default the service's own: a repeated request must say the same.
                ExpireTime = parse.GetResult(hours) is { Implicit: false } ? Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow().AddHours(parse.GetValue(hours))) : null,
            };
            using var connection = service.Open(parse);
            var copy = await ActOptions.SendAsync(screen, request.RequestId, connection.Documents.CreateLicenseCopyAsync(request, Connection.Writing(cancel)));
            if (screen.Json)
            {
                Screen.Result(copy);
                return ExitCode.Ok;
            }

            screen.Line("[bold green]✔ 已制作加注件[/]");
            screen.Facts([("下载号", copy.DownloadId), ("用证单位", $"{copy.ReceiverTitle}（{copy.Receiver}）"), ("用途", copy.PurposeText), ("有效期至", Words.Of(copy.ExpireTime)), ("编号", copy.Name.Split('/')[1])]);
            return ExitCode.Ok;
        });
        return command;
    }

    private static EidCommand List()
    {
        var code = new Argument<string>("CREDIT_CODE") { Description = "统一社会信用代码，18 位" };
        var command = new EidCommand("list", "查看一户企业的加注件：给谁、作何用、是否和何时被下载。") { Examples = ["eid copy list 91370406MA00DEM06N"], Arguments = { code } };
        var service = ServiceOptions.AddTo(command, "holder-app");
        command.Do(async (parse, screen, cancel) =>
        {
            using var connection = service.Open(parse);
            var request = new ListLicenseCopiesRequest { CreditCode = parse.GetRequiredValue(code), PageSize = 100 };
            var copies = new List<LicenseCopy>();
            do
            {
                var page = await connection.Documents.ListLicenseCopiesAsync(request, Connection.Reading(cancel));
                copies.AddRange(page.LicenseCopies);
                request.PageToken = page.NextPageToken;
            }
            while (request.PageToken.Length > 0);

            if (screen.Json)
            {
                Screen.Results(copies);
                return ExitCode.Ok;
            }

            screen.Table(["编号", "用证单位", "用途", "有效期至", "下载"], copies.Select(copy => new[]
            {
                copy.Name.Split('/')[1], copy.ReceiverTitle, copy.PurposeText, Words.Of(copy.ExpireTime),
                copy.State switch { LicenseCopy.Types.State.Downloaded => Words.Of(copy.DownloadTime), LicenseCopy.Types.State.Expired => "已过期，未下载", _ => "尚未下载" },
            }));
            return ExitCode.Ok;
        });
        return command;
    }

    private static EidCommand Download()
    {
        var id = new Argument<string>("DOWNLOAD_ID") { Description = "企业交来的下载号，43 位" };
        var output = new Option<string?>("--out", "-o") { Description = "写入的文件（默认用服务给出的文件名，写在当前目录）", HelpName = "FILE" };
        var reference = new Option<string>("--reference") { Description = "本单位的业务编号，至多 64 个字符，写入查询记录", HelpName = "TEXT", DefaultValueFactory = _ => "" };
        var requestId = RequestIdOption();
        var command = new EidCommand("download", "下载一份加注件（OFD，盖章）；只能下载一次，并记入该企业的查询记录。")
        {
            Examples = ["eid copy download 下载号 --as bank --out copy.ofd"], Arguments = { id },
            Notes = ["没有收到答复的，用屏幕上所示的 --request-id 再下载一次，得到同一份文件。"],
        };
        var service = ServiceOptions.AddTo(command, "bank");
        var purpose = PurposeOption.AddTo(command);
        foreach (var option in (Option[])[output, reference, requestId])
        {
            command.Options.Add(option);
        }

        command.Do(async (parse, screen, cancel) =>
        {
            using var connection = service.Open(parse);
            var request = new DownloadLicenseCopyRequest
            {
                RequestId = parse.GetValue(requestId) ?? RequestIds.New(), DownloadId = parse.GetRequiredValue(id), Purpose = purpose.Of(parse, connection.Caller),
                Reference = parse.GetRequiredValue(reference),
            };
            DocumentCommand.Save(screen, await ActOptions.SendAsync(screen, request.RequestId, connection.Documents.DownloadLicenseCopyAsync(request, Connection.Writing(cancel))), parse.GetValue(output));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Option<string?> RequestIdOption() => new("--request-id") { Description = "本次请求的编号，16 至 64 位；重试时用同一个（默认自动生成）", HelpName = "ID" };
}
