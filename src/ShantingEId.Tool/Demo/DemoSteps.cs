using ShantingEId.Tool.Cli;
using Spectre.Console;

namespace ShantingEId.Tool.Demo;

/// <summary>A step did not give what it must; the demonstration ends with it.</summary>
internal sealed class DemoFailedException(string message) : Exception(message);

/// <summary>What the demonstration showed, step by step, and whether each came out as it must.</summary>
internal sealed class DemoSteps(Screen screen)
{
    private readonly List<Step> steps = [];
    private string title = "";

    public IReadOnlyList<Step> All => steps;

    public void Begin(string heading)
    {
        title = heading;
        screen.Line();
        screen.Line($"[bold]{steps.Count + 1}. {Markup.Escape(heading)}[/]");
        screen.Line();
    }

    /// <summary>Ends a step: states what had to come out and stops the demonstration when something else did.</summary>
    public void End(string expected, string actual)
    {
        var step = new Step(title, expected, actual, expected == actual);
        steps.Add(step);
        screen.Line();
        if (!step.Good)
        {
            throw new DemoFailedException($"第 {steps.Count} 步“{title}”应为 {expected}，实为 {actual}");
        }

        screen.Line($"  [green]→ {Markup.Escape(actual)}，与预期相符[/]");
    }

    /// <summary>A fact inside a step that must hold as well.</summary>
    public void Require(bool holds, string what)
    {
        if (!holds)
        {
            steps.Add(new Step(title, what, "不成立", false));
            throw new DemoFailedException($"第 {steps.Count} 步“{title}”：{what}，但实际不成立");
        }
    }

    internal sealed record Step(string Title, string Expected, string Actual, bool Good);
}
