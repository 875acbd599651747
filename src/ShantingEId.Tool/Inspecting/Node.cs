using System.Text.Json.Nodes;
using ShantingEId.Tool.Cli;
using Spectre.Console;

namespace ShantingEId.Tool.Inspecting;

/// <summary>What a check found; a fact that is no check has none.</summary>
internal enum Finding
{
    None,
    Good,
    Bad,
    NotChecked,
}

/// <summary>One line of what stands in a file, with what stands below it.</summary>
/// <param name="Label">Name of the field.</param>
/// <param name="Value">As a person reads it; empty for a heading.</param>
/// <param name="Finding">Result, where the line is a check.</param>
internal sealed record Node(string Label, string Value = "", Finding Finding = Finding.None)
{
    public List<Node> Children { get; } = [];

    public bool IsBad => Finding == Finding.Bad || Children.Any(child => child.IsBad);

    public Node Add(string label, string value)
    {
        Children.Add(new Node(label, value));
        return this;
    }

    public Node Add(Node child)
    {
        Children.Add(child);
        return this;
    }

    public Node Check(string label, bool good, string goodText, string badText) =>
        Add(new Node(label, good ? goodText : badText, good ? Finding.Good : Finding.Bad));

    public JsonObject ToJson()
    {
        var json = new JsonObject { ["label"] = Label };
        if (Value.Length > 0)
        {
            json["value"] = Value;
        }

        if (Finding != Finding.None)
        {
            json["finding"] = Finding switch { Finding.Good => "good", Finding.Bad => "bad", _ => "notChecked" };
        }

        if (Children.Count > 0)
        {
            json["children"] = new JsonArray([.. Children.Select(child => child.ToJson())]);
        }

        return json;
    }
}

/// <summary>Shows the tree.</summary>
internal static class NodeView
{
    public static void Show(Screen screen, Node root)
    {
        if (screen.IsTerminal)
        {
            var tree = new Tree(Markup(root)).Guide(TreeGuide.Line).Style(new Style(Color.Grey));
            Fill(tree, root);
            screen.Out.Write(tree);
            return;
        }

        Indented(screen, root, 0);
    }

    private static void Fill(IHasTreeNodes parent, Node node)
    {
        foreach (var child in node.Children)
        {
            Fill(parent.AddNode(Markup(child)), child);
        }
    }

    private static string Markup(Node node)
    {
        var label = Spectre.Console.Markup.Escape(node.Label);
        var value = Spectre.Console.Markup.Escape(node.Value);
        return (node.Children.Count > 0 ? $"[bold default]{label}[/]" : $"[grey]{label}[/]") + (value.Length == 0 ? "" : "  " + node.Finding switch
        {
            Finding.Good => $"[green]✔ {value}[/]",
            Finding.Bad => $"[bold red]✘ {value}[/]",
            Finding.NotChecked => $"[yellow]？ {value}[/]",
            _ => $"[default]{value}[/]",
        });
    }

    private static void Indented(Screen screen, Node node, int depth)
    {
        var sign = node.Finding switch { Finding.Good => "✔ ", Finding.Bad => "✘ ", Finding.NotChecked => "？ ", _ => "" };
        screen.Plain(new string(' ', 2 * depth) + node.Label + (node.Value.Length == 0 ? "" : "：" + sign + node.Value));
        foreach (var child in node.Children)
        {
            Indented(screen, child, depth + 1);
        }
    }
}
