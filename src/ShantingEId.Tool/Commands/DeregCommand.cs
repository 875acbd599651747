using System.CommandLine;
using Google.Protobuf;
using Grpc.Core;
using ShantingEId.Client;
using ShantingEId.Crypto;
using ShantingEId.Deregistering;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;
using Spectre.Console;
using Filter = ShantingEId.V1.ListDeregistrationsRequest.Types.Filter;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid dereg</c>: simple deregistration from the application to the end.</summary>
internal static class DeregCommand
{
    private const int LargestPage = 200;
    private const string Sample = "JZ202600000001";

    public static Command Create() => new("dereg", "简易注销：申请、公示、异议、补正、确认注销。")
    {
        Apply(), Show(), List(), Notices(), Object(), WithdrawObjection(), Return(), Resubmit(), Withdraw(), Terminate(), Confirm(),
    };

    private static EidCommand Apply()
    {
        var code = new Argument<string>("CREDIT_CODE") { Description = "统一社会信用代码，18 位" };
        var commitment = new CommitmentOptions();
        var itself = new Option<bool>("--itself") { Description = "同时申请期满注销：公示期满无异议时由登记系统自动注销" };
        var declare = new Option<bool>("--declare") { Description = "声明下列各项均不存在；由脚本运行时必须写明" };
        var command = new EidCommand("apply", "申请简易注销并公示。")
        {
            Examples = ["eid dereg apply 91370406MA00DEM06N --commitment 承诺书.pdf --reference 档案2026-0001 --investors 2 --declare", "eid dereg apply 92370406MA00DEM07A --declare"],
            Notes = [$"申请人须声明：不存在下列任何一项\n{string.Join('\n', Impediments.Declared.Select(each => "  · " + each.ChineseName()))}", "个体工商户无需承诺书，也不公示，向有关部门征询意见 10 日。"],
            Arguments = { code },
        };
        commitment.AddTo(command);
        return Write(command, [itself, declare], async (parse, screen, connection, id, cancel) =>
        {
            if (!parse.GetValue(declare) && !await AskAsync(screen, "申请人声明上述各项（eid dereg apply --help）均不存在？", "--declare", cancel))
            {
                return null;
            }

            var request = new ApplyDeregistrationRequest
            {
                RequestId = id, CreditCode = parse.GetRequiredValue(code), Commitment = commitment.Read(parse), ConfirmsItself = parse.GetValue(itself),
            };
            request.DeclaredAbsent.AddRange(Impediments.Declared.Select(each => (V1.Deregistration.Types.Impediment)each));
            return await connection.Deregistrations.ApplyDeregistrationAsync(request, Connection.Writing(cancel));
        });
    }

    private static EidCommand Show() => One("show", "查看一件简易注销：状态、期限、异议和办理经过。", [$"eid dereg show {Sample}"], [], Read: true,
        async (_, connection, name, _, cancel) => await connection.Deregistrations.GetDeregistrationAsync(new GetDeregistrationRequest { Name = name }, Connection.Reading(cancel)));

    private static EidCommand List()
    {
        var code = new Option<string>("--code") { Description = "只列这家企业的", HelpName = "CREDIT_CODE", DefaultValueFactory = _ => "" };
        var open = new Option<bool>("--open") { Description = "只列正在办理的" };
        var overdue = new Option<bool>("--overdue") { Description = "只列期满应注销而未注销的" };
        var command = new EidCommand("list", "列出简易注销，按编号排列。") { Examples = ["eid dereg list --open", "eid dereg list --overdue", "eid dereg list --code 91370406MA00DEM06N --json"] };
        var service = ServiceOptions.AddTo(command, "staff");
        foreach (var option in (Option[])[code, open, overdue])
        {
            command.Options.Add(option);
        }

        command.Do(async (parse, screen, cancel) =>
        {
            var request = new ListDeregistrationsRequest
            {
                CreditCode = parse.GetValue(code), PageSize = LargestPage, Filter = parse.GetValue(overdue) ? Filter.Overdue : parse.GetValue(open) ? Filter.Open : Filter.All,
            };
            using var connection = service.Open(parse);
            var all = new ListDeregistrationsResponse();
            do
            {
                var page = await connection.Deregistrations.ListDeregistrationsAsync(request, Connection.Writing(cancel));
                all.Deregistrations.AddRange(page.Deregistrations);
                request.PageToken = page.NextPageToken;
            }
            while (request.PageToken.Length > 0);
            if (screen.Json)
            {
                Screen.Result(all);
            }
            else
            {
                DeregistrationView.List(screen, all.Deregistrations);
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static EidCommand Notices()
    {
        var after = new Option<long>("--after") { Description = "从此标记之后开始（默认 0，从头开始）", HelpName = "MARK", DefaultValueFactory = _ => 0 };
        var region = new Option<string[]>("--region") { Description = "只要这些区划的企业，2 至 6 位数字，可写多次", HelpName = "DIGITS", DefaultValueFactory = _ => [] };
        var open = new Option<bool>("--open") { Description = "不列已经结束的" };
        var command = new EidCommand("notices", "简易注销公示：哪些企业在公示，至何日可以提出异议。")
        {
            Examples = ["eid dereg notices --open", "eid dereg notices --after 1024 --region 370406 --json"], Notes = ["末行是标记；以后用它作 --after 继续，不会遗漏。"],
        };
        var service = ServiceOptions.AddTo(command, "tax-bureau");
        foreach (var option in (Option[])[after, region, open])
        {
            command.Options.Add(option);
        }

        command.Do(async (parse, screen, cancel) =>
        {
            using var connection = service.Open(parse);
            var all = new ListNoticesResponse { Mark = parse.GetValue(after) };
            while (!all.IsCurrent)
            {
                var request = new ListNoticesRequest { AfterMark = all.Mark, OpenOnly = parse.GetValue(open), PageSize = 500 };
                request.Regions.AddRange(parse.GetValue(region));
                var page = await connection.Deregistrations.ListNoticesAsync(request, Connection.Writing(cancel));
                all.Notices.AddRange(page.Notices);
                (all.Mark, all.IsCurrent) = (page.Mark, page.IsCurrent);
            }

            if (screen.Json)
            {
                Screen.Result(all);
            }
            else
            {
                DeregistrationView.Notices(screen, all);
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static EidCommand Object()
    {
        var ground = new Option<string>("--ground") { Description = "事由代码，见下", HelpName = "CODE", Required = true };
        var reason = new Option<string>("--reason") { Description = "异议内容，2 至 200 字；申请人会看到", HelpName = "TEXT", Required = true };
        var objector = new Option<string>("--for") { Description = "登记窗口代谁提出（债权人等）；用证单位不填", HelpName = "TEXT", DefaultValueFactory = _ => "" };
        var grounds = Enum.GetValues<Impediment>().Where(each => each.IsGround()).ToArray();
        var command = One("object", "提出异议。", [$"eid dereg object {Sample} --ground TAXES_OUTSTANDING --reason 尚欠税款 --as tax-bureau"], [ground, reason, objector], Read: false,
            async (parse, connection, name, id, cancel) => await connection.Deregistrations.RaiseObjectionAsync(
                new RaiseObjectionRequest { RequestId = id, Name = name, Ground = Ground(parse.GetRequiredValue(ground)), Reason = parse.GetRequiredValue(reason), Objector = parse.GetValue(objector) },
                Connection.Writing(cancel)),
            "事由代码：\n" + string.Join('\n', grounds.Select(each => $"  {WireNames<Impediment>.Of(each),-26}{each.ChineseName()}")));
        return command;

        V1.Deregistration.Types.Impediment Ground(string text) => grounds.FirstOrDefault(each => string.Equals(WireNames<Impediment>.Of(each), text, StringComparison.OrdinalIgnoreCase)) is var found and not Impediment.Unspecified
            ? (V1.Deregistration.Types.Impediment)found : throw new UsageException($"--ground 不认识“{text}”");
    }

    private static EidCommand WithdrawObjection()
    {
        var reason = new Option<string>("--reason") { Description = "为何不再成立，2 至 200 字", HelpName = "TEXT", Required = true };
        return One("withdraw-objection", "撤回本单位提出的异议。", [$"eid dereg withdraw-objection {Sample}/objections/1 --reason 已经结清 --as tax-bureau"], [reason], Read: false,
            async (parse, connection, name, id, cancel) => await connection.Deregistrations.WithdrawObjectionAsync(
                new WithdrawObjectionRequest { RequestId = id, Name = name, Reason = parse.GetRequiredValue(reason) }, Connection.Writing(cancel)));
    }

    private static EidCommand Return()
    {
        var mend = new Option<string>("--to-mend") { Description = "须补正的内容，2 至 200 字；申请人会看到", HelpName = "TEXT", Required = true };
        return One("return", "退回补正：可以补正的缺陷不终止办理，公示照常进行。", [$"eid dereg return {Sample} --to-mend 承诺书漏填日期"], [mend], Read: false,
            async (parse, connection, name, id, cancel) => await connection.Deregistrations.ReturnDeregistrationAsync(
                new ReturnDeregistrationRequest { RequestId = id, Name = name, ToMend = parse.GetRequiredValue(mend) }, Connection.Writing(cancel)));
    }

    private static EidCommand Resubmit()
    {
        var commitment = new CommitmentOptions();
        var command = One("resubmit", "补正后重新提交；不换承诺书的不写承诺书各项。", [$"eid dereg resubmit {Sample} --commitment 承诺书.pdf --reference 档案2026-0002 --investors 2"], [], Read: false,
            async (parse, connection, name, id, cancel) => await connection.Deregistrations.ResubmitDeregistrationAsync(
                new ResubmitDeregistrationRequest { RequestId = id, Name = name, Commitment = commitment.Read(parse) }, Connection.Writing(cancel)));
        commitment.AddTo(command);
        return command;
    }

    private static EidCommand Withdraw() => One("withdraw", "撤回申请。", [$"eid dereg withdraw {Sample}"], [], Read: false,
        async (_, connection, name, id, cancel) => await connection.Deregistrations.WithdrawDeregistrationAsync(
            new WithdrawDeregistrationRequest { RequestId = id, Name = name }, Connection.Writing(cancel)));

    private static EidCommand Terminate()
    {
        var reason = new Option<string>("--reason") { Description = "终止的理由，2 至 200 字；申请人会看到", HelpName = "TEXT", Required = true };
        return One("terminate", "终止办理，不注销任何证照。", [$"eid dereg terminate {Sample} --reason 债权人异议成立"], [reason], Read: false,
            async (parse, connection, name, id, cancel) => await connection.Deregistrations.TerminateDeregistrationAsync(
                new TerminateDeregistrationRequest { RequestId = id, Name = name, Reason = parse.GetRequiredValue(reason) }, Connection.Writing(cancel)));
    }

    private static EidCommand Confirm()
    {
        var yes = new Option<bool>("--yes", "-y") { Description = "不再询问确认" };
        var name = NameOf();
        var command = new EidCommand("confirm", "期满确认注销：执照、四枚印章和证书同时终止。") { Examples = [$"eid dereg confirm {Sample}"], Notes = ["在终端上会先显示企业名称并请求确认；由脚本运行时须加 --yes。"], Arguments = { name } };
        return Write(command, [yes], async (parse, screen, connection, id, cancel) =>
        {
            var resource = Resource(parse.GetRequiredValue(name));
            if (!parse.GetValue(yes))
            {
                var one = screen.CanAsk ? await connection.Deregistrations.GetDeregistrationAsync(new GetDeregistrationRequest { Name = resource }, Connection.Reading(cancel)) : null;
                if (!await AskAsync(screen, $"确认注销 {one?.CompanyName}（{one?.CreditCode}）？执照和四枚印章同时终止", "--yes", cancel))
                {
                    return null;
                }
            }

            return await connection.Deregistrations.ConfirmDeregistrationAsync(new ConfirmDeregistrationRequest { RequestId = id, Name = resource }, Connection.Writing(cancel));
        });
    }

    // A command about one proceeding: its name, what to do, and the answer shown.
    private static EidCommand One(
        string verb, string purpose, string[] examples, Option[] options, bool Read, Func<ParseResult, Connection, string, string, CancellationToken, Task<IMessage>> call, params string[] notes)
    {
        var name = NameOf();
        var command = new EidCommand(verb, purpose) { Examples = examples, Notes = notes, Arguments = { name } };
        return Read ? Read1() : Write(command, options, async (parse, _, connection, id, cancel) => await call(parse, connection, Resource(parse.GetRequiredValue(name)), id, cancel));

        EidCommand Read1()
        {
            var service = ServiceOptions.AddTo(command, "staff");
            command.Do(async (parse, screen, cancel) =>
            {
                using var connection = service.Open(parse);
                return Done(screen, await call(parse, connection, Resource(parse.GetRequiredValue(name)), "", cancel));
            });
            return command;
        }
    }

    private static EidCommand Write(EidCommand command, Option[] options, Func<ParseResult, Screen, Connection, string, CancellationToken, Task<IMessage?>> call)
    {
        var service = ServiceOptions.AddTo(command, "staff");
        var requestId = new Option<string?>("--request-id") { Description = "本次请求的编号，16 至 64 位；重试时用同一个（默认自动生成）", HelpName = "ID" };
        foreach (var option in (Option[])[.. options, requestId])
        {
            command.Options.Add(option);
        }

        command.Do(async (parse, screen, cancel) =>
        {
            using var connection = service.Open(parse);
            var id = parse.GetValue(requestId) ?? RequestIds.New();
            try
            {
                if (await call(parse, screen, connection, id, cancel) is { } answer)
                {
                    return Done(screen, answer);
                }
            }
            catch (RpcException error) when (EidError.From(error).IsTransient)
            {
                screen.Note($"本次请求的编号：--request-id {id}");
                throw;
            }

            screen.Note("没有办理。");
            return ExitCode.Usage;
        });
        return command;
    }

    private static int Done(Screen screen, IMessage answer)
    {
        if (screen.Json)
        {
            Screen.Result(answer);
        }
        else if (answer is V1.Objection objection)
        {
            DeregistrationView.Show(screen, objection);
        }
        else
        {
            DeregistrationView.Show(screen, (V1.Deregistration)answer, TimeProvider.System.GetUtcNow());
        }

        return ExitCode.Ok;
    }

    private static async Task<bool> AskAsync(Screen screen, string question, string option, CancellationToken cancel) => screen.CanAsk
        ? await new ConfirmationPrompt(Markup.Escape(question)) { DefaultValue = false }.ShowAsync(screen.Error, cancel)
        : throw new UsageException($"不在终端上运行时不能确认；确要办理请加 {option}");

    private static Argument<string> NameOf() => new("NAME") { Description = $"简易注销的编号，如 {Sample}（异议再加 /objections/序号）" };

    private static string Resource(string text) => text.StartsWith("deregistrations/", StringComparison.Ordinal) ? text : "deregistrations/" + text;

    /// <summary>The commitment: a file whose digest is sent, and where it is filed.</summary>
    private sealed class CommitmentOptions
    {
        private readonly Option<string?> file = new("--commitment") { Description = "全体投资人承诺书文件；只发送它的 SM3 摘要", HelpName = "FILE" };
        private readonly Option<string?> reference = new("--reference") { Description = "承诺书存于何处，如档案号", HelpName = "TEXT" };
        private readonly Option<int> investors = new("--investors") { Description = "投资人总数，全体均已签署", HelpName = "N" };

        public void AddTo(Command command)
        {
            foreach (var option in (Option[])[file, reference, investors])
            {
                command.Options.Add(option);
            }
        }

        public V1.Commitment? Read(ParseResult parse)
        {
            var (path, where, count) = (parse.GetValue(file), parse.GetValue(reference), parse.GetValue(investors));
            return (path, where, count) switch
            {
                (null, null, 0) => null,
                ({ } given, { } filed, > 0) => new V1.Commitment { Digest = ByteString.CopyFrom(Sm3.Hash(File.ReadAllBytes(given))), Reference = filed, Investors = count },
                _ => throw new UsageException("--commitment、--reference、--investors 应一并写明"),
            };
        }
    }
}
