using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf;
using Spectre.Console;

namespace ShantingEId.Tool.Cli;

/// <summary>
/// Where results and messages go. On a terminal: colours and tables that fit its width. Anywhere else: plain lines, no
/// escape codes, nothing padded. With <c>--json</c> standard output carries JSON and nothing else.
/// </summary>
internal sealed class Screen(bool json)
{
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
    private static readonly JsonSerializerOptions Indented = new(Compact) { WriteIndented = true };

    // Lines that are not for a terminal must never be folded.
    private const int Unfolded = 1_000_000;
    private const int LabelWidth = 16;

    private readonly IAnsiConsole console = Open(json ? Console.Error : Console.Out, json ? Console.IsErrorRedirected : Console.IsOutputRedirected);
    private readonly IAnsiConsole errors = Open(Console.Error, Console.IsErrorRedirected);

    public bool Json => json;

    /// <summary>Whether a person looks at the output, so that colour, a progress bar and a QR symbol make sense.</summary>
    public bool IsTerminal { get; } = json ? !Console.IsErrorRedirected : !Console.IsOutputRedirected;

    /// <summary>Whether a question can be asked.</summary>
    public bool CanAsk { get; } = !Console.IsInputRedirected && !Console.IsErrorRedirected;

    /// <summary>For people: results, or with <c>--json</c> the story on standard error.</summary>
    public IAnsiConsole Out => console;

    /// <summary>For people: progress and questions, kept away from results.</summary>
    public IAnsiConsole Error => errors;

    public void Line(string markup = "") => console.MarkupLine(markup);

    /// <summary>A line as it stands, without markup.</summary>
    public void Plain(string text) => console.WriteLine(text);

    /// <summary>A line to be clicked or copied whole, e.g. an address: a break of ours would end up inside it.</summary>
    public void Whole(string text) => console.Profile.Out.Writer.WriteLine(text);

    /// <summary>Labels and values: aligned and folded on a terminal, "label：value" elsewhere. Empty values are left out.</summary>
    public void Facts(IEnumerable<(string Label, string Value)> facts)
    {
        var present = facts.Where(fact => fact.Value.Length > 0).ToArray();
        if (!IsTerminal)
        {
            foreach (var (label, value) in present)
            {
                Plain($"  {label}：{value}");
            }

            return;
        }

        // One width for the usual labels, so that values line up from list to list.
        var width = Math.Max(LabelWidth, present.Select(fact => Cells(fact.Label)).DefaultIfEmpty().Max());
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().Width(width).PadLeft(2).PadRight(3)).AddColumn();
        foreach (var (label, value) in present)
        {
            grid.AddRow(new Text(label, new Style(Color.Grey)), new Text(value));
        }

        console.Write(grid);
    }

    /// <summary>A table on a terminal; elsewhere one line per row, cells apart by tabs. An empty line goes before it.</summary>
    public void Table(IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows)
    {
        if (!IsTerminal)
        {
            Line();
            foreach (var row in rows.Prepend(headers))
            {
                Plain("  " + string.Join('\t', row));
            }

            return;
        }

        var table = new Table().Border(TableBorder.Simple);
        foreach (var header in headers)
        {
            table.AddColumn(new TableColumn(new Text(header, new Style(Color.Grey))));
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(cell)));
        }

        console.Write(table);
    }

    /// <summary>A message of the API as the result.</summary>
    public static void Result(IMessage message) =>
        Console.Out.WriteLine(new JsonFormatter(Console.IsOutputRedirected ? JsonFormatter.Settings.Default : JsonFormatter.Settings.Default.WithIndentation()).Format(message));

    /// <summary>A message of the API as one line of a result that goes on.</summary>
    public static void ResultLine(IMessage message) => Console.Out.WriteLine(JsonFormatter.Default.Format(message));

    /// <summary>Several messages as one array.</summary>
    public static void Results(IEnumerable<IMessage> messages) =>
        Console.Out.WriteLine("[" + string.Join(",", messages.Select(message => JsonFormatter.Default.Format(message))) + "]");

    /// <summary>Any other result.</summary>
    public static void Result(object value) => Console.Out.WriteLine(ToJson(value, Console.IsOutputRedirected));

    /// <summary>What went wrong and what to do, on standard error.</summary>
    public void Problem(string message, string nextStep)
    {
        if (json)
        {
            Console.Error.WriteLine(ToJson(new { error = new { reason = "CLIENT", message, nextStep } }, compact: true));
            return;
        }

        errors.MarkupLine($"[red]✘[/] {Markup.Escape(message)}");
        if (nextStep.Length > 0)
        {
            errors.MarkupLine($"  下一步：{Markup.Escape(nextStep)}");
        }
    }

    /// <summary>A remark on standard error.</summary>
    public void Note(string text) => errors.WriteLine(text);

    public static string ToJson(object value, bool compact) => JsonSerializer.Serialize(value, compact ? Compact : Indented);

    // Chinese characters take two cells.
    private static int Cells(string label) => label.Sum(c => c < 0x2E80 ? 1 : 2);

    private static IAnsiConsole Open(TextWriter writer, bool redirected)
    {
        var opened = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = redirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
        });
        if (redirected)
        {
            opened.Profile.Width = Unfolded;
        }

        return opened;
    }
}
