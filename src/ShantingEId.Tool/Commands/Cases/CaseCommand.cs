using System.CommandLine;
using ShantingEId.Cases;
using ShantingEId.Client;
using ShantingEId.Tool.Cli;
using ShantingEId.V1;
using Kind = ShantingEId.V1.Step.Types.Kind;

namespace ShantingEId.Tool.Commands.Cases;

/// <summary><c>eid case</c>: the one window.</summary>
internal static class CaseCommand
{
    // As people call the steps at the counter.
    private static readonly Dictionary<string, Kind> ShortNames = new()
    {
        ["执照"] = Kind.License, ["刻章"] = Kind.SealEngraving, ["税务"] = Kind.Tax, ["社保"] = Kind.SocialSecurity, ["医保"] = Kind.MedicalInsurance,
        ["公积金"] = Kind.HousingFund, ["银行"] = Kind.BankAppointment, ["就业"] = Kind.Employment,
    };

    public static Command Create()
    {
        var command = new Command("case", "一窗通办：开办件、看进度、各单位领取和报告事项。");
        command.Subcommands.Add(CaseOpenCommand.Create());
        command.Subcommands.Add(CaseOpenCommand.CreateAdd());
        command.Subcommands.Add(CaseShowCommand.Create());
        command.Subcommands.Add(CaseShowCommand.CreateProgress());
        command.Subcommands.Add(CaseWatchCommand.Create());
        command.Subcommands.Add(CaseDecideCommand.Create());
        command.Subcommands.Add(CaseListCommand.Create());
        command.Subcommands.Add(CaseStepCommand.Create());
        command.Subcommands.Add(CaseReportCommand.Create());
        return command;
    }

    /// <summary>Whom the words of <see cref="ShortNames"/> are for.</summary>
    public static string KindHelp => $"{string.Join("、", ShortNames.Keys.Skip(1))}，或 {string.Join("、", StepKinds.All.Skip(1).Select(kind => kind.WireName()))}";

    public static Option<string?> RequestId() => new("--request-id") { Description = "本次请求的编号，16 至 64 位；重试时用同一个（默认自动生成）", HelpName = "ID" };

    public static Argument<string> CaseArgument() => new("CASE") { Description = "办件（cases/… 或其编号），或统一社会信用代码（取该企业最近的办件）" };

    public static Argument<string> StepArgument() => new("STEP") { Description = "事项，cases/…/steps/TAX 的形式；从 eid case list 复制" };

    /// <summary>Resource name of a case; what cannot be one is found here, before anything is sent.</summary>
    public static string NameOf(string text)
    {
        var name = text.StartsWith("cases/", StringComparison.Ordinal) ? text : "cases/" + text;
        CaseName.Parse(name);
        return name;
    }

    /// <summary>Resource name of a step.</summary>
    public static string StepNameOf(string text) => StepName.Parse(text.StartsWith("cases/", StringComparison.Ordinal) ? text : "cases/" + text).ToString();

    /// <summary>Name of the case itself, where a company was given.</summary>
    public static async Task<string> ResolveAsync(Connection connection, string text, CancellationToken cancel)
    {
        var name = NameOf(text);
        return CaseName.Parse(name).Id is not null ? name : (await connection.Cases.GetCaseAsync(new GetCaseRequest { Name = name }, Connection.Reading(cancel))).Name;
    }

    /// <summary>A step as people or machines call it.</summary>
    public static Kind KindOf(string word) => ShortNames.TryGetValue(word, out var known) ? known
        : StepKinds.TryParse(word.ToUpperInvariant(), out var kind) ? (Kind)kind : throw new UsageException($"不认识事项“{word}”；可用：{KindHelp}");

    /// <summary>Sends a write, and says its id where the outcome may be open: only this id makes the retry safe.</summary>
    public static async Task<T> WriteAsync<T>(Screen screen, string requestId, Func<Task<T>> send)
    {
        try
        {
            return await send();
        }
        catch (Grpc.Core.RpcException error) when (EidError.From(error).IsTransient)
        {
            screen.Note($"本次请求的编号：--request-id {requestId}");
            throw;
        }
    }
}
