using System.CommandLine;
using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using ShantingEId.Calendar;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;
using Option = System.CommandLine.Option;

namespace ShantingEId.Tool.Commands.Stamping;

/// <summary><c>eid seal-grant</c>: who may use a company's seals.</summary>
internal static class SealGrantCommand
{
    private const string Sample = "91370406MA00DEM06N";

    public static Command Create() => new("seal-grant", "用印授权：按企业的申请登记谁可以用它的印章、用于什么用途、到什么时候。") { Add(), Withdraw(), List() };

    private static EidCommand Add()
    {
        var company = new Argument<string>("CODE") { Description = "企业的统一社会信用代码" };
        var caller = new Option<string>("--caller") { Description = "被授权的调用方：登记过的企业应用或登记人员", HelpName = "NAME", Required = true };
        var seals = new Option<string[]>("--seal") { Description = "可用的印章，可写多次", HelpName = "SEAL", Required = true };
        var uses = new Option<string[]>("--use") { Description = "用途代码，可写多次", HelpName = "USE", Required = true };
        var reference = new Option<string>("--reference") { Description = "企业授权书的文号", HelpName = "TEXT", Required = true };
        var until = new Option<string>("--until") { Description = "有效期的最后一天，例如 2027-06-30，至多三年", HelpName = "DATE", Required = true };
        var request = RequestOption();
        var command = new EidCommand("add", "登记一项用印授权。")
        {
            Examples = [$"eid seal-grant add {Sample} --caller holder-app --seal 公章 --use CONTRACT --use OFFICIAL_LETTER --reference 示例授权书〔2026〕1号 --until 2027-06-30"], Arguments = { company },
        };
        var service = ServiceOptions.AddTo(command, "staff");
        foreach (var option in (Option[])[caller, seals, uses, reference, until, request])
        {
            command.Options.Add(option);
        }

        command.Do(async (parse, screen, cancel) =>
        {
            var last = DateOnly.TryParseExact(parse.GetRequiredValue(until), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day
                : throw new UsageException("--until 应为 2027-06-30 形式的日期");
            using var connection = service.Open(parse);
            return Done(screen, await connection.Seals.GrantSealUseAsync(new GrantSealUseRequest
            {
                RequestId = parse.GetValue(request) ?? Client.RequestIds.New(), CreditCode = parse.GetRequiredValue(company), Caller = parse.GetRequiredValue(caller),
                Seals = { parse.GetRequiredValue(seals).Select(StampCommand.SealOf) }, Uses = { parse.GetRequiredValue(uses) }, Reference = parse.GetRequiredValue(reference),
                UntilTime = WorkCalendar.EndOf(last).ToTimestamp(),
            }, Connection.Writing(cancel)));
        });
        return command;
    }

    private static EidCommand Withdraw()
    {
        var number = new Argument<string>("NUMBER") { Description = "授权的编号，eid seal-grant list 所示" };
        var reason = new Option<string>("--reason") { Description = "撤回的理由", HelpName = "TEXT", Required = true };
        var request = RequestOption();
        var command = new EidCommand("withdraw", "撤回一项用印授权，立即生效。") { Examples = ["eid seal-grant withdraw 12 --reason 企业申请撤回"], Arguments = { number } };
        var service = ServiceOptions.AddTo(command, "staff");
        command.Options.Add(reason);
        command.Options.Add(request);
        command.Do(async (parse, screen, cancel) =>
        {
            using var connection = service.Open(parse);
            var name = parse.GetRequiredValue(number);
            return Done(screen, await connection.Seals.WithdrawSealUseAsync(new WithdrawSealUseRequest
            {
                RequestId = parse.GetValue(request) ?? Client.RequestIds.New(), Name = name.Contains('/', StringComparison.Ordinal) ? name : "sealUseGrants/" + name, Reason = parse.GetRequiredValue(reason),
            }, Connection.Writing(cancel)));
        });
        return command;
    }

    private static EidCommand List()
    {
        var company = new Argument<string>("CODE") { Description = "企业的统一社会信用代码" };
        var command = new EidCommand("list", "一家企业的用印授权。") { Examples = [$"eid seal-grant list {Sample}"], Arguments = { company } };
        var service = ServiceOptions.AddTo(command, "staff");
        command.Do(async (parse, screen, cancel) =>
        {
            using var connection = service.Open(parse);
            var all = new ListSealUseGrantsResponse();
            do
            {
                var page = await connection.Seals.ListSealUseGrantsAsync(
                    new ListSealUseGrantsRequest { CreditCode = parse.GetRequiredValue(company), PageSize = 200, PageToken = all.NextPageToken }, Connection.Reading(cancel));
                all.Grants.AddRange(page.Grants);
                all.NextPageToken = page.NextPageToken;
            }
            while (all.NextPageToken.Length > 0);
            if (screen.Json)
            {
                Screen.Result(all);
            }
            else if (all.Grants.Count == 0)
            {
                screen.Plain("没有用印授权。");
            }
            else
            {
                screen.Table(["编号", "被授权方", "印章", "用途", "有效期至", "次数", "状态"], all.Grants.Select(grant => (string[])
                [
                    Number(grant), grant.CallerTitle.Length > 0 ? grant.CallerTitle : grant.Caller, string.Join('、', grant.Seals.Select(Words.Of)), string.Join('、', grant.Uses),
                    Words.Minute(grant.UntilTime), grant.UseCount.ToString(CultureInfo.InvariantCulture), State(grant),
                ]));
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static int Done(Screen screen, SealUseGrant grant)
    {
        if (screen.Json)
        {
            Screen.Result(grant);
            return ExitCode.Ok;
        }

        screen.Plain(grant.WithdrawTime is null ? "✔ 已登记用印授权" : "✔ 已撤回用印授权");
        screen.Facts([
            ("编号", Number(grant)), ("企业", grant.CreditCode), ("被授权方", $"{grant.CallerTitle}（{grant.Caller}）"), ("印章", string.Join('、', grant.Seals.Select(Words.Of))),
            ("用途", string.Join('、', grant.Uses)), ("授权书", grant.Reference), ("有效期至", Words.Of(grant.UntilTime)), ("撤回时间", Words.Of(grant.WithdrawTime)), ("撤回理由", grant.WithdrawReason),
        ]);
        return ExitCode.Ok;
    }

    private static string Number(SealUseGrant grant) => grant.Name.Split('/')[^1];

    private static string State(SealUseGrant grant) =>
        grant.WithdrawTime is not null ? "已撤回" : grant.UntilTime.ToDateTimeOffset() <= TimeProvider.System.GetUtcNow() ? "已到期" : "有效";

    private static Option<string?> RequestOption() => new("--request-id") { Description = "请求编号；用同一编号重试不会重复办理", HelpName = "ID" };
}
