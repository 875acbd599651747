using System.CommandLine;
using System.CommandLine.Invocation;

namespace ShantingEId.Tool.Cli;

/// <summary>Help that teaches: purpose, form, arguments, options, lines to copy, exit codes.</summary>
internal sealed class HelpScreen : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        Print(parseResult.CommandResult.Command, parseResult.InvocationConfiguration.Output);
        return ExitCode.Ok;
    }

    public static void Print(Command command, TextWriter writer)
    {
        writer.WriteLine(command.Description);
        writer.WriteLine();
        writer.WriteLine("用法");
        writer.WriteLine("  " + Form(command));
        Section(writer, "命令", command.Subcommands.Where(sub => !sub.Hidden).Select(sub => (sub.Name, sub.Description)));
        Section(writer, "参数", command.Arguments.Select(argument => (Placeholder(argument), argument.Description)));
        Section(writer, "选项", command.Options.Where(option => !option.Hidden && option.Name is not ("--help" or "--version")).Select(option => (Spelling(option), option.Description)));
        if (command is EidCommand eid)
        {
            foreach (var note in eid.Notes)
            {
                writer.WriteLine();
                writer.WriteLine(note);
            }

            writer.WriteLine();
            writer.WriteLine("示例");
            foreach (var example in eid.Examples)
            {
                writer.WriteLine("  " + example);
            }

            Section(writer, "退出码", ExitCode.All.Select(entry => (entry.Code.ToString(writer.FormatProvider), (string?)entry.Meaning)));
        }
        else
        {
            writer.WriteLine();
            writer.WriteLine($"各命令的说明和示例：{FullName(command)} 命令 --help" + (command is RootCommand ? "。初次使用：eid demo" : ""));
        }
    }

    public static int PrintErrors(ParseResult parse, TextWriter writer)
    {
        foreach (var error in parse.Errors)
        {
            writer.WriteLine("✘ " + Chinese(error.Message));
        }

        var command = parse.CommandResult.Command;
        if (command is RootCommand && parse.UnmatchedTokens is [var word, ..]
            && command.Subcommands.FirstOrDefault(sub => sub.Name.StartsWith(word[..Math.Min(3, word.Length)], StringComparison.Ordinal)) is { } near)
        {
            writer.WriteLine($"  是否想用：eid {near.Name}");
        }

        writer.WriteLine($"  用法：{Form(command)}");
        writer.WriteLine($"  说明：{FullName(command)} --help");
        return ExitCode.Usage;
    }

    // The parser has Chinese texts for most errors, but not for what is left out.
    private static string Chinese(string message)
    {
        var name = message.Split('\'') is [_, var quoted, ..] ? quoted : "";
        return message switch
        {
            _ when message.StartsWith("Option", StringComparison.Ordinal) && message.EndsWith("is required.", StringComparison.Ordinal) => $"缺少选项 {name}",
            _ when message.Contains("未识别", StringComparison.Ordinal) => $"不认识“{name}”",
            _ => message.TrimEnd('.'),
        };
    }

    private static string Form(Command command) =>
        string.Join(' ', (string[])[FullName(command), .. command.Subcommands.Count > 0 ? ["命令"] : command.Arguments.Select(Placeholder), "[选项]"]);

    /// <summary>The command as it is typed.</summary>
    public static string FullName(Command command) =>
        command is RootCommand ? "eid" : FullName(command.Parents.OfType<Command>().First()) + " " + command.Name;

    private static string Placeholder(Argument argument) => argument.Arity.MinimumNumberOfValues == 0 ? $"[{argument.Name}]" : argument.Name;

    private static string Spelling(Option option) =>
        string.Join(", ", (string[])[.. option.Aliases, option.Name]) + (option.ValueType == typeof(bool) ? "" : " " + (option.HelpName ?? "…")) + (option.Required ? " *" : "");

    private static void Section(TextWriter writer, string title, IEnumerable<(string Left, string? Right)> rows)
    {
        var list = rows.ToArray();
        if (list.Length == 0)
        {
            return;
        }

        writer.WriteLine();
        writer.WriteLine(title + (list.Any(row => row.Left.EndsWith(" *", StringComparison.Ordinal)) ? "（* 为必填）" : ""));
        var width = list.Max(row => row.Left.Length) + 3;
        foreach (var (left, right) in list)
        {
            writer.WriteLine("  " + left.PadRight(width) + right);
        }
    }
}
