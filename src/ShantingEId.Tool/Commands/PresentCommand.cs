using System.CommandLine;
using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ShantingEId.Client;
using ShantingEId.Documents;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;
using Option = System.CommandLine.Option;
using State = ShantingEId.V1.Presentation.Types.State;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid present show</c>, <c>list</c>.</summary>
internal static class PresentCommand
{
    private const string Sample = "91370406MA00DEM06N";
    private static readonly string[] Usual = ["credit_code", "name", "kind", "representative", "address"];
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWatch = TimeSpan.FromMinutes(3);

    public static Command Create() => new("present", "亮码：像企业应用一样出示一分钟有效、只能扫一次的动态码，并查看谁扫过。") { Show(), List() };

    private static EidCommand Show()
    {
        var company = new Argument<string>("CODE") { Description = "企业的统一社会信用代码" };
        var audience = new Option<string>("--for") { Description = "只给这家用证单位（登记的名称，如 bank）；不写则任何人可扫，只能一次", HelpName = "NAME", DefaultValueFactory = _ => "" };
        var scope = new Option<string[]>("--field") { Description = $"至多出示这些内容，可写多次（默认 {string.Join(' ', Usual)}）", HelpName = "FIELD", DefaultValueFactory = _ => Usual };
        var purpose = new Option<string>("--use") { Description = "写给对方看的用途，至多 60 字", HelpName = "TEXT", DefaultValueFactory = _ => "" };
        var command = new EidCommand("show", "出示一个动态码，等到有人扫码或过期。")
        {
            Examples = [$"eid present show {Sample}", $"eid present show {Sample} --for bank --use 开立单位结算账户 --field name --field credit_code"],
            Notes = ["企业应先用 eid seal-grant add 授权本应用。\n有人扫码时退出码为 0，过期无人扫码时为 3。加 --json 时每行一条 JSON：先是动态码，再是结果。"], Arguments = { company },
        };
        var service = ServiceOptions.AddTo(command, "holder-app");
        foreach (var option in (Option[])[audience, scope, purpose])
        {
            command.Options.Add(option);
        }

        command.Do(async (parse, screen, cancel) =>
        {
            using var connection = service.Open(parse);
            var session = await connection.Holders.OpenSessionAsync(
                new OpenSessionRequest { RequestId = RequestIds.New(), CreditCode = parse.GetRequiredValue(company), Device = "eid present" }, Connection.Writing(cancel));
            var shown = await connection.Holders.CreatePresentationAsync(new CreatePresentationRequest
            {
                RequestId = RequestIds.New(), Secret = session.Secret, Audience = parse.GetRequiredValue(audience), PurposeText = parse.GetRequiredValue(purpose),
                Scope = new FieldMask { Paths = { parse.GetRequiredValue(scope) } },
            }, Connection.Writing(cancel));
            if (screen.Json)
            {
                Screen.ResultLine(shown);
            }
            else
            {
                Console.Out.Write(screen.IsTerminal ? CodeSymbol.Create(shown.Code).ToTerminal() : shown.Code + "\n");
                screen.Facts([("出示给", shown.Audience.Length == 0 ? "任何人，只能扫一次" : Of(shown.AudienceTitle, shown.Audience)), ("内容至多", string.Join('、', shown.Scope.Paths)), ("用途", shown.PurposeText), ("有效至", Words.Of(shown.ExpireTime))]);
            }

            return Told(screen, await WatchAsync(screen, connection, session, shown, TimeProvider.System, cancel));
        });
        return command;
    }

    private static EidCommand List()
    {
        var company = new Argument<string>("CODE") { Description = "企业的统一社会信用代码" };
        var command = new EidCommand("list", "一家企业近 30 天出示过的动态码，以及谁扫过。") { Examples = [$"eid present list {Sample}"], Arguments = { company } };
        var service = ServiceOptions.AddTo(command, "holder-app");
        command.Do(async (parse, screen, cancel) =>
        {
            using var connection = service.Open(parse);
            var (all, request) = (new List<Presentation>(), new ListPresentationsRequest { CreditCode = parse.GetRequiredValue(company), PageSize = 200 });
            do
            {
                var page = await connection.Holders.ListPresentationsAsync(request, Connection.Reading(cancel));
                all.AddRange(page.Presentations);
                request.PageToken = page.NextPageToken;
            }
            while (request.PageToken.Length > 0);

            if (screen.Json)
            {
                Screen.Results(all);
            }
            else if (all.Count == 0)
            {
                screen.Plain("没有出示过动态码。");
            }
            else
            {
                screen.Table(["出示时间", "出示给", "用途", "结果"], all.Select(each => (string[])
                    [Words.Of(each.IssueTime), each.Audience.Length == 0 ? "任何人" : Of(each.AudienceTitle, each.Audience), each.PurposeText, Result(each)]));
            }

            return ExitCode.Ok;
        });
        return command;
    }

    // The stream tells the end; until then a line counts down, by this machine's stopwatch and not by its clock.
    private static async Task<Presentation> WatchAsync(Screen screen, Connection connection, HolderSession session, Presentation shown, TimeProvider clock, CancellationToken cancel)
    {
        using var watch = connection.Holders.WatchPresentation(new WatchPresentationRequest { Secret = session.Secret, Name = shown.Name }, Connection.Within(LongestWatch, cancel));
        var (began, life) = (clock.GetTimestamp(), (shown.ExpireTime - shown.IssueTime).ToTimeSpan());
        var last = shown;
        for (var next = watch.ResponseStream.MoveNext(cancel); ;)
        {
            if (screen.IsTerminal && !screen.Json)
            {
                Console.Out.Write(string.Create(CultureInfo.InvariantCulture, $"\r剩余 {Math.Max(0, (int)(life - clock.GetElapsedTime(began)).TotalSeconds)} 秒，等待扫码… "));
            }

            if (await Task.WhenAny(next, Task.Delay(Second, clock, cancel)) != next)
            {
                continue;
            }

            if (!await next)
            {
                break;
            }

            last = watch.ResponseStream.Current.Presentation;
            next = watch.ResponseStream.MoveNext(cancel);
        }

        if (screen.IsTerminal && !screen.Json)
        {
            Console.Out.WriteLine();
        }

        return last;
    }

    private static int Told(Screen screen, Presentation last)
    {
        if (screen.Json)
        {
            Screen.ResultLine(last);
        }
        else
        {
            screen.Line(last.State == State.Presented ? $"[bold green]✔ {Spectre.Console.Markup.Escape(Result(last))}[/]" : "[bold]✘ 已失效，没有人扫码[/]");
        }

        return last.State == State.Presented ? ExitCode.Ok : ExitCode.NotValid;
    }

    private static string Result(Presentation each) => each.State switch
    {
        State.Presented => $"已出示给 {Of(each.PresentedToTitle, each.PresentedTo)}（{each.PresentedPurposeTitle}），{Words.Of(each.PresentedTime)}",
        State.Waiting => "待扫码",
        _ => "已失效，没有人扫码",
    };

    private static string Of(string title, string name) => title.Length > 0 ? title : name;
}
