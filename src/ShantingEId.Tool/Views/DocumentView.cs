using ShantingEId.Documents.Reading;
using ShantingEId.Seals;
using ShantingEId.Tool.Cli;
using Spectre.Console;

namespace ShantingEId.Tool.Views;

/// <summary>
/// What a verification of a seal, a signature or a document came to, in the same three layers: the verdict with one sentence, the
/// list of steps, and with <c>--json</c> everything.
/// </summary>
internal static class DocumentView
{
    public static int ExitOf(SealVerdict verdict) => verdict == SealVerdict.Valid ? ExitCode.Ok : ExitCode.NotValid;

    public static void Show(Screen screen, DocumentReport report)
    {
        Head(screen, report.Verdict, report.Summary);
        foreach (var signature in report.Signatures)
        {
            screen.Line();
            screen.Plain($"签名 {signature.Id}（{(signature.HasSeal ? "电子签章" : "数字签名")}）：{signature.Verdict.ChineseName()}");
            screen.Facts(
            [
                ("印章", signature.SealName), ("印章标识", signature.SealId), ("签名者", signature.SignerOrganisation),
                ("签名时间", signature.SigningTime is { } time ? Words.Of(time) : ""), ("时间戳证明时间", signature.ProvenTime is { } proven ? Words.Of(proven) : ""), ("签名程序", signature.Provider),
            ]);
            Steps(screen, signature.Checks);
        }

        screen.Line();
        screen.Plain("文件");
        Steps(screen, report.Checks);
        screen.Table(["状态", "文件", "覆盖它的签名"], report.Files.Select(file => new[]
        {
            Standing(file.Standing) + (file.IsReachable || file.Standing == FileStanding.Missing ? "" : "，夹带"), file.Path, string.Join('、', file.CoveredBy),
        }));
    }

    public static void Show(Screen screen, SealVerdict verdict, string summary, IEnumerable<(string Label, string Value)> facts, IReadOnlyList<SealCheck> checks)
    {
        Head(screen, verdict, summary);
        screen.Line();
        screen.Facts(facts);
        Steps(screen, checks);
    }

    public static object ToJson(DocumentReport report) => new
    {
        verdict = report.Verdict.WireName(), summary = report.Summary, checks = ToJson(report.Checks),
        signatures = report.Signatures.Select(signature => new
        {
            id = signature.Id, path = signature.Path, hasSeal = signature.HasSeal, verdict = signature.Verdict.WireName(), sealName = signature.SealName, sealId = signature.SealId,
            signer = signature.Signer, signerSubject = signature.SignerOrganisation, signingTime = signature.SigningTime, provenTime = signature.ProvenTime, provider = signature.Provider,
            stampPages = signature.StampPages, checks = ToJson(signature.Checks),
        }),
        files = report.Files.Select(file => new
        {
            path = file.Path, size = file.Size, standing = WireName(file.Standing), coveredBy = file.CoveredBy, isReachable = file.IsReachable,
        }),
    };

    public static object ToJson(SealVerdict verdict, string summary, IEnumerable<(string Label, string Value)> facts, IReadOnlyList<SealCheck> checks) => new
    {
        verdict = verdict.WireName(), summary, facts = facts.ToDictionary(fact => fact.Label, fact => fact.Value), checks = ToJson(checks),
    };

    private static object ToJson(IReadOnlyList<SealCheck> checks) => checks.Select(check => new
    {
        step = check.Step.WireName(), name = check.Step.ChineseName(), clause = check.Clause, outcome = check.Outcome.WireName(), reason = check.Problem == SealProblem.None ? "" : check.Problem.WireName(),
        text = check.Text,
    });

    private static void Head(Screen screen, SealVerdict verdict, string summary)
    {
        var (sign, colour) = verdict switch { SealVerdict.Valid => ("✔", "green"), SealVerdict.NotConfirmed => ("？", "yellow"), _ => ("✘", "red") };
        screen.Line($"[bold {colour}]{sign} {verdict.ChineseName()}[/]   {Markup.Escape(summary)}");
    }

    private static void Steps(Screen screen, IReadOnlyList<SealCheck> checks)
    {
        foreach (var check in checks)
        {
            var (sign, colour) = check.Outcome switch
            {
                CheckOutcome.Passed => ("✔", "green"), CheckOutcome.NotConfirmed => ("？", "yellow"), CheckOutcome.Notice => ("·", "default"), _ => ("✘", "red"),
            };
            var reason = check.Problem == SealProblem.None ? "" : $"（{check.Problem.WireName()}）";
            screen.Line($"  [{colour}]{sign}[/] {check.Step.ChineseName()}：{Markup.Escape(check.Text)}{reason}{(check.Clause.Length == 0 ? "" : $" [grey]{Markup.Escape(check.Clause)}[/]")}");
        }
    }

    private static string Standing(FileStanding standing) => standing switch
    {
        FileStanding.Intact => "未改动",
        FileStanding.Altered => "签名后被改动",
        FileStanding.Missing => "签名后被删除",
        FileStanding.OfSignature => "签名自身",
        _ => "无签名覆盖",
    };

    private static string WireName(FileStanding standing) => System.Text.Json.JsonNamingPolicy.SnakeCaseUpper.ConvertName(standing.ToString());
}
