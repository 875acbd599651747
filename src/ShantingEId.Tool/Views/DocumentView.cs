using ShantingEId.Seals;
using ShantingEId.Tool.Cli;
using ShantingEId.V1;
using Spectre.Console;
using Outcome = ShantingEId.V1.DocumentCheck.Types.Outcome;
using Standing = ShantingEId.V1.DocumentFile.Types.Standing;
using Verdict = ShantingEId.V1.DocumentVerification.Types.Verdict;

namespace ShantingEId.Tool.Views;

/// <summary>
/// What a verification of a seal, a signature or a document came to, in the same three layers, whoever verified: the verdict with one
/// sentence, the list of steps, and with <c>--json</c> everything.
/// </summary>
internal static class DocumentView
{
    public static int ExitOf(Verdict verdict) => verdict == Verdict.Valid ? ExitCode.Ok : ExitCode.NotValid;

    public static int ExitOf(DocumentVerification report) =>
        report.License is null or { Verdict: Verification.Types.Verdict.Valid } ? ExitOf(report.Verdict) : ExitCode.NotValid;

    public static void Show(Screen screen, DocumentVerification report)
    {
        if (screen.Json)
        {
            Screen.Result(report);
            return;
        }

        Head(screen, report.Verdict, report.Summary);
        if (report.License is { } license)
        {
            var holds = license.Verdict == Verification.Types.Verdict.Valid;
            screen.Line($"[bold {(holds ? "green" : "red")}]{(holds ? "✔" : "✘")} 文件中的执照[/]   {Markup.Escape(license.Explanation)}");
        }

        foreach (var signature in report.Signatures)
        {
            screen.Line();
            screen.Plain($"签名 {signature.Id}（{(signature.HasSeal ? "电子签章" : "数字签名")}）：{((SealVerdict)signature.Verdict).ChineseName()}");
            screen.Facts([.. Facts(signature), ("签名程序", signature.Provider)]);
            Steps(screen, signature.Checks);
        }

        screen.Line();
        screen.Plain("文件");
        Steps(screen, report.Checks);
        screen.Table(["状态", "文件", "覆盖它的签名"], report.Files.Select(file => new[]
        {
            Name(file.Standing) + (file.Reachable || file.Standing == Standing.Missing ? "" : "，夹带"), file.Path, string.Join('、', file.CoveredBy),
        }));
    }

    public static void Show(Screen screen, StampVerification report, IEnumerable<(string Label, string Value)> more)
    {
        if (screen.Json)
        {
            Screen.Result(report);
            return;
        }

        Head(screen, report.Verdict, report.Summary);
        screen.Line();
        screen.Facts([.. Facts(report.Signature), .. more]);
        Steps(screen, report.Signature.Checks);
    }

    private static IEnumerable<(string Label, string Value)> Facts(DocumentSignature signature) =>
    [
        ("印章", signature.SealName), ("印章标识", signature.SealCode), ("签名者", signature.Signer), ("签名时间", Words.Of(signature.SigningTime)), ("时间戳证明时间", Words.Of(signature.ProvenTime)),
    ];

    private static void Head(Screen screen, Verdict verdict, string summary)
    {
        var (sign, colour) = verdict switch { Verdict.Valid => ("✔", "green"), Verdict.NotConfirmed => ("？", "yellow"), _ => ("✘", "red") };
        screen.Line($"[bold {colour}]{sign} {((SealVerdict)verdict).ChineseName()}[/]   {Markup.Escape(summary)}");
    }

    private static void Steps(Screen screen, IEnumerable<DocumentCheck> checks)
    {
        foreach (var check in checks)
        {
            var (sign, colour) = check.Outcome switch
            {
                Outcome.Passed => ("✔", "green"), Outcome.NotConfirmed => ("？", "yellow"), Outcome.Notice => ("·", "default"), _ => ("✘", "red"),
            };
            var reason = check.Reason.Length == 0 ? "" : $"（{check.Reason}）";
            screen.Line($"  [{colour}]{sign}[/] {check.Title}：{Markup.Escape(check.Text)}{reason}{(check.Clause.Length == 0 ? "" : $" [grey]{Markup.Escape(check.Clause)}[/]")}");
        }
    }

    private static string Name(Standing standing) => standing switch
    {
        Standing.Intact => "未改动",
        Standing.Altered => "签名后被改动",
        Standing.Missing => "签名后被删除",
        Standing.OfSignature => "签名自身",
        _ => "无签名覆盖",
    };
}
