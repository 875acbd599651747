using ShantingEId.Client;
using ShantingEId.StatusLists;
using ShantingEId.Tool.Cli;
using ShantingEId.V1;
using Spectre.Console;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Tool.Views;

/// <summary>
/// The answer at the counter: verdict first, by word and sign as well as colour; then what to compare, the state with its
/// time, and what to do next.
/// </summary>
internal static class VerdictView
{
    public static void Show(Screen screen, Verification answer)
    {
        var (word, sign, colour) = Head(answer.Verdict);
        screen.Line($"[bold {colour}]{sign} {(answer.AsOfTime is null ? "" : "当时")}{word}[/]   {Markup.Escape(answer.Explanation)}");
        screen.Line();
        screen.Facts(
        [
            .. answer.License is null ? [] : FaceView.Of(answer.License),
            ("邻区", answer.Neighbour is { } neighbour ? $"{neighbour.IssuerName}（区划 {neighbour.IssuerDivision}）" : ""),
            ("持证人现名称", answer.HolderName),
            ("印章", string.Join(screen.IsTerminal ? "\n" : "  ", answer.Seals.Select(seal => $"{Words.Of(seal.Kind)} {seal.SealCode}"))),
            ("状态", answer.StateEffectiveTime is null ? "" : $"{word}，自 {Words.Of(answer.StateEffectiveTime)}起"),
            ("登记时间", answer.StateRecordedTime is { } told && answer.StateEffectiveTime is { } since && told.ToDateTimeOffset() - since.ToDateTimeOffset() > TimeSpan.FromSeconds(1) ? Words.Of(told) : ""),
            ("状态理由", answer.StateReason),
            ("接替的执照", answer.Succession is { } next ? $"第 {next.Version} 版{(next.LicenseId.Length > 0 ? $"（{next.LicenseId}）" : "")}，自 {Words.Of(next.EffectiveTime)}起" : ""),
            ("现在的名称", answer.Succession?.CurrentName ?? ""),
            ("查询的时点", Words.Of(answer.AsOfTime)),
            ("状态读取时间", Words.Of(answer.StatusAsOfTime)),
            ("原因代码", answer.Reason),
            ("下一步", answer.NextStep),
        ]);
        TradeView.Permits(screen, answer.Permits);
    }

    /// <summary>An answer from a pack; its sentence says as of when.</summary>
    public static void Show(Screen screen, OfflineAnswer answer)
    {
        var (word, sign, colour) = Head((Verdict)answer.Verdict);
        screen.Line($"[bold {colour}]{sign} {(answer.StatusAsOf is null ? "" : "当时")}{word}[/]   {Markup.Escape(answer.Explanation)}");
        screen.Line();
        screen.Facts(
        [
            ("名称", answer.Claims?.Name ?? ""), ("统一社会信用代码", answer.Claims?.Holder.Value ?? ""), ("版本", answer.Claims is { } claims ? $"第 {claims.Version} 版" : ""),
            ("发证机关", answer.Neighbour is { } issuer ? $"{issuer.Name}（区划 {issuer.Division}）" : ""),
            .. answer.Permits.Select(permit => ("许可", permit.Name + "：" + permit.State switch { LicenseStatus.Valid => "有效", LicenseStatus.Suspended => "暂停", LicenseStatus.Superseded => "已换发", _ => "不在有效状态" })),
            ("接替的执照", answer.Successor is { } next ? $"第 {next.Version} 版" : ""), ("当时的名称", answer.Successor?.Name ?? ""),
            ("状态截至", answer.StatusAsOf is { } time ? Words.Of(time) : ""), ("原因代码", answer.Reason), ("下一步", answer.NextStep),
        ]);
    }

    /// <summary>The answers to questions, each beside its question.</summary>
    public static void Show(Screen screen, AskQuestionsResponse answer, IReadOnlyList<string> questions)
    {
        var (word, sign, colour) = Head(answer.Verdict);
        screen.Line($"[bold {colour}]{sign} {word}[/]   {Markup.Escape(answer.Explanation)}");
        screen.Line();
        screen.Facts(
        [
            .. answer.Answers.Select((each, i) => (questions[i], each == AskQuestionsResponse.Types.Answer.Yes ? "是" : "否")),
            ("状态读取时间", Words.Of(answer.StatusAsOfTime)),
            ("原因代码", answer.Reason),
        ]);
    }

    public static int ExitOf(Verification answer) => answer.Verdict == Verdict.Valid ? ExitCode.Ok : ExitCode.NotValid;

    public static string Word(Verdict verdict) => Head(verdict).Word;

    // ✔ and ✘ for what is certain, ！ for what needs the authority, ？ for what could not be told.
    private static (string Word, string Sign, string Colour) Head(Verdict verdict) => verdict switch
    {
        Verdict.Valid => ("有效", "✔", "green"),
        Verdict.Suspended => ("暂停", "✘", "red"),
        Verdict.Superseded => ("已换发", "✘", "red"),
        Verdict.Revoked => ("已吊销", "✘", "red"),
        Verdict.Cancelled => ("已注销", "✘", "red"),
        Verdict.Expired => ("已过期", "✘", "red"),
        Verdict.NotFound => ("查无此照", "✘", "red"),
        Verdict.NotIssued => ("未经签发", "！", "red"),
        Verdict.BadSignature => ("签名不符", "！", "red"),
        Verdict.NotOurs => ("非本系统", "？", "yellow"),
        Verdict.Malformed => ("无法识别", "？", "yellow"),
        _ => ("状态不明", "？", "yellow"),
    };
}
