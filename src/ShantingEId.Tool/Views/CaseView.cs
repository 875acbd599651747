using ShantingEId.Cases;
using ShantingEId.Tool.Cli;
using ShantingEId.V1;
using Spectre.Console;
using Spectre.Console.Rendering;
using Kind = ShantingEId.V1.Step.Types.Kind;
using Progress = ShantingEId.V1.Progress;
using State = ShantingEId.V1.Step.Types.State;
using StepEvent = ShantingEId.V1.StepEvent;

namespace ShantingEId.Tool.Views;

/// <summary>办件 on the screen: how far it is at a glance, then step by step who holds it, until when, and what came of it.</summary>
internal static class CaseView
{
    private const int BarWidth = 24;

    /// <summary>The whole case.</summary>
    public static void Show(Screen screen, Case subject)
    {
        screen.Line(Headline(subject.State, Ended(subject), subject.Steps.Count));
        screen.Line();
        screen.Facts(Facts(subject));
        foreach (var finding in subject.Findings)
        {
            screen.Line($"[yellow]！ {Markup.Escape(finding.Text)}（{Markup.Escape(finding.Check)}）[/]");
        }

        if (screen.IsTerminal)
        {
            screen.Out.Write(Table(subject));
        }
        else
        {
            screen.Table(["事项", "状态", "办理单位", "自", "期限", "说明"], subject.Steps.Select(step => (string[])[step.Title, Words.Of(step), step.DepartmentTitle, Day(step.StateTime), Deadline(step), Remark(subject, step)]));
        }
    }

    /// <summary>What whoever has the progress code is shown.</summary>
    public static void Show(Screen screen, Progress progress)
    {
        screen.Line(Headline(progress.State, progress.Steps.Count(step => ((StepState)step.State).HasEnded()), progress.Steps.Count));
        screen.Line();
        screen.Facts([("受理日期", Words.Of(progress.OpenDate))]);
        screen.Table(["事项", "状态", "自", "期限"], progress.Steps.Select(step => (string[])[step.Title, Words.Of(step.State), Words.Of(step.StateDate), Words.Of(step.Deadline)]));
    }

    /// <summary>A case as it is watched: redrawn in place.</summary>
    public static IRenderable Live(Case subject) => new Rows(
        new Markup(Headline(subject.State, Ended(subject), subject.Steps.Count)), new Text(subject.Enterprise.Name, new Style(Color.Grey)), Table(subject));

    /// <summary>One change, as a line.</summary>
    public static string Line(Case subject, StepEvent happened)
    {
        var title = subject.Steps.First(step => step.Kind == happened.Kind).Title;
        string[] parts = [Words.Of(happened.Time), title, Words.Of(happened.State), happened.ActorTitle, happened.Reason, happened.Evidence?.Text ?? "", happened.Evidence?.Reference ?? ""];
        return string.Join('\t', parts.Where(part => part.Length > 0));
    }

    private static IEnumerable<(string, string)> Facts(Case subject) =>
    [
        ("名称", subject.Enterprise.Name), ("统一社会信用代码", subject.Enterprise.CreditCode), ("办件", subject.Name), ("进度查询码", subject.ProgressCode),
        ("受理时间", Words.Of(subject.OpenTime)), ("证照标识", subject.IssuedSet.Length > 0 ? subject.IssuedSet["issuedSets/".Length..] : ""),
    ];

    private static string Headline(Case.Types.State state, int ended, int all)
    {
        var done = all == 0 ? 0 : BarWidth * ended / all;
        var (colour, mark) = state switch { Case.Types.State.Completed => ("green", "✔"), Case.Types.State.Closed => ("red", "✘"), _ => ("yellow", "…") };
        return $"[{colour}]{new string('━', done)}[/][grey]{new string('─', BarWidth - done)}[/] {ended}/{all}   [bold {colour}]{mark} {Words.Of(state)}[/]";
    }

    private static Table Table(Case subject)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var header in (string[])["", "事项", "状态", "办理单位", "自", "期限", "说明"])
        {
            table.AddColumn(new TableColumn(new Text(header, new Style(Color.Grey))));
        }

        foreach (var step in subject.Steps)
        {
            var (mark, colour) = Mark(step);
            table.AddRow(new Text(mark, new Style(colour)), new Text(step.Title), new Text(Words.Of(step), new Style(colour)), new Text(step.DepartmentTitle),
                new Text(Day(step.StateTime)), new Text(Deadline(step), new Style(step.IsOverdue ? Color.Red : Color.Default)), new Text(Remark(subject, step)));
        }

        return table;
    }

    private static (string Mark, Color Colour) Mark(Step step) => step.State switch
    {
        State.Done => ("✔", Color.Green),
        State.Refused or State.Withdrawn => ("✘", Color.Grey),
        State.Returned => ("↩", Color.Yellow),
        State.Waiting => ("·", Color.Grey),
        _ => step.IsOverdue ? ("！", Color.Red) : ("▶", Color.Blue),
    };

    private static string Remark(Case subject, Step step) => step.State switch
    {
        State.Waiting => "等待" + string.Join("、", step.WaitsFor.Select(kind => subject.Steps.FirstOrDefault(each => each.Kind == kind)?.Title ?? "")),
        _ when step.Evidence is { } evidence && step.Kind != Kind.License => string.Join(" ", ((string[])[evidence.Text, evidence.Reference]).Where(text => text.Length > 0)),
        _ when step.Evidence is { } evidence => evidence.Text,
        _ => step.Reason,
    };

    private static int Ended(Case subject) => subject.Steps.Count(step => ((StepState)step.State).HasEnded());

    // Where nothing runs any more, a deadline says nothing.
    private static string Deadline(Step step) => ((StepState)step.State).IsDue() ? Words.Of(step.Deadline) : "";

    private static string Day(Google.Protobuf.WellKnownTypes.Timestamp time) => Words.Of(time)[..10];
}
