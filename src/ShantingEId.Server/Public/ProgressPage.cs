using System.Globalization;
using System.Text;
using ShantingEId.Cases;
using ShantingEId.V1;

namespace ShantingEId.Server.Public;

/// <summary>
/// 办理进度 as HTML: how far each step of a case is, for whoever has the progress code of the receipt. What the message says and no more: neither whose
/// case it is nor what was filed.
/// </summary>
/// <param name="frame">What stands around it.</param>
internal sealed class ProgressPage(PageFrame frame)
{
    /// <summary>How far a case is.</summary>
    public string Render(PageWords words, Progress progress)
    {
        var ended = progress.Steps.Count(step => ((StepState)step.State).HasEnded());
        var (look, title) = progress.State switch
        {
            Case.Types.State.Completed => ("ok", words.Pick("全部办结", "All done")),
            Case.Types.State.Closed => ("no", words.Pick("已终结，有事项未办成", "Closed, not all granted")),
            _ => ("unknown", words.Pick("办理中", "In progress")),
        };
        var html = new StringBuilder($"<section class=\"verdict {look}\" aria-labelledby=\"verdict\"><p class=\"sign\" aria-hidden=\"true\">{(look == "unknown" ? "…" : VerdictPage.SignOf(look))}</p><h1 id=\"verdict\">")
            .Append(Text(title)).Append("</h1><p class=\"says\">")
            .Append(Text(words.Pick($"{progress.Steps.Count} 个事项中 {ended} 个已结束。", $"{ended} of {progress.Steps.Count} steps have ended.")))
            .Append("</p><p>").Append(Text(words.Pick($"{Day(progress.OpenDate, words)} 受理。", $"Accepted on {Day(progress.OpenDate, words)}."))).Append("</p></section>");
        html.Append("<section><h2>").Append(Text(words.Pick("各事项", "Steps"))).Append("</h2><dl>");
        foreach (var step in progress.Steps)
        {
            html.Append("<dt>").Append(Text(words.Pick(step.Title, EnglishTitle((StepKind)step.Kind)))).Append("</dt><dd>").Append(SignOf(step.State)).Append(' ')
                .Append(Text(words.Pick(CaseErrors.ChineseName((StepState)step.State), EnglishName((StepState)step.State)))).Append("<p class=\"small\">")
                .Append(Text(words.Pick($"自 {Day(step.StateDate, words)}", $"Since {Day(step.StateDate, words)}")))
                .Append(step.Deadline is null ? "" : Text(words.Pick($"，应于 {Day(step.Deadline, words)} 前办结", $", due by {Day(step.Deadline, words)}"))).Append("</p></dd>");
        }

        html.Append("</dl></section><section class=\"small\"><p>")
            .Append(Text(words.Pick("凭进度查询码只能看到进度；查询码请勿交给他人。", "The progress code shows the progress and nothing else; keep it to yourself."))).Append("</p></section>");
        return frame.Render(words, title, html.ToString());
    }

    /// <summary>No case has this code.</summary>
    public string Unknown(PageWords words)
    {
        var title = words.Pick("查无此办件", "No such case");
        return frame.Render(words, title, $"""
            <section class="verdict unknown" aria-labelledby="verdict"><p class="sign" aria-hidden="true">?</p><h1 id="verdict">{Text(title)}</h1>
            <p class="says">{Text(words.Pick("没有使用这个进度查询码的办件。", "No case has this progress code."))}</p><p>{Text(words.Pick("请与受理回执核对后重新录入。", "Compare it with your receipt and type it again."))}</p></section>
            """);
    }

    private static string SignOf(Step.Types.State state) => state switch
    {
        Step.Types.State.Done => "✔",
        Step.Types.State.Refused or Step.Types.State.Withdrawn => "✘",
        Step.Types.State.Returned => "‖",
        _ => "…",
    };

    private static string Day(Google.Type.Date? date, PageWords words) => date is null ? ""
        : words.Pick($"{date.Year}年{date.Month}月{date.Day}日", new DateOnly(date.Year, date.Month, date.Day).ToString("d MMM yyyy", CultureInfo.InvariantCulture));

    private static string EnglishTitle(StepKind kind) => kind switch
    {
        StepKind.License => "Business licence and electronic seals",
        StepKind.SealEngraving => "Engraving of seals",
        StepKind.Tax => "Tax registration",
        StepKind.SocialSecurity => "Social security",
        StepKind.MedicalInsurance => "Medical insurance",
        StepKind.HousingFund => "Housing fund",
        StepKind.BankAppointment => "Bank account",
        StepKind.Employment => "Employment registration",
        _ => "Another step",
    };

    private static string EnglishName(StepState state) => state switch
    {
        StepState.Waiting => "waits for another step",
        StepState.Open => "not taken up yet",
        StepState.Accepted => "in progress",
        StepState.Done => "done",
        StepState.Returned => "something is to be mended",
        StepState.Refused => "refused",
        StepState.Withdrawn => "withdrawn",
        StepState.Review => "being examined",
        _ => "unknown",
    };

    private static string Text(string text) => PageFrame.Text(text);
}
