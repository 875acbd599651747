using System.Text.Json;
using System.Text.Json.Nodes;

namespace ShantingEId.Tool.Vectors;

/// <summary>What a judge says of a vector.</summary>
/// <param name="Verdict">The verdict; UNSUPPORTED for a kind that the judge does not know.</param>
/// <param name="Reason">The machine reason; empty where there is none.</param>
/// <param name="Status">The entry of a status list; null for everything else.</param>
internal sealed record VectorAnswer(string Verdict, string Reason, int? Status = null)
{
    public const string Unsupported = "UNSUPPORTED";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>An answer from its line; null for what is none.</summary>
    public static VectorAnswer? TryParse(string? line)
    {
        try
        {
            return line is not null && JsonSerializer.Deserialize<VectorAnswer>(line, Json) is { Verdict: not null, Reason: not null } answer ? answer : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public override string ToString() => (Reason.Length == 0 ? Verdict : $"{Verdict} {Reason}") + (Status is { } status ? $" {status}" : "");
}

/// <summary>What a judge is told of a vector: one line of JSON, paths absolute.</summary>
internal sealed record VectorQuestion(
    string Kind, string File, DateTimeOffset Time, string? Trust = null, string? Pack = null, string[]? NeighbourPacks = null, string? CodeSigners = null, string? CodePrefix = null, string? Address = null, int? Entry = null,
    string? Signers = null, int? Use = null, string? Makers = null)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <exception cref="JsonException">Not a question.</exception>
    public static VectorQuestion Parse(string line) => JsonSerializer.Deserialize<VectorQuestion>(line, Json) is { Kind: not null, File: not null } question ? question : throw new JsonException("not a question");
}

/// <summary>One published vector (tests/vectors/README.md): the question, and the answer that is right.</summary>
/// <param name="Name">Its name, without extension.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Question">One line of JSON.</param>
/// <param name="Right">The right answer.</param>
/// <param name="Clause">Which rule says so.</param>
/// <param name="Defect">What is wrong with it, for people.</param>
internal sealed record VectorFile(string Name, string Kind, string Question, VectorAnswer Right, string Clause, string Defect)
{
    // Members that hold paths of the set, and those that a judge must not see.
    private static readonly string[] Paths = ["file", "trust", "pack", "codeSigners", "signers", "makers"];
    private static readonly string[] Answers = ["verdict", "reason", "status", "clause", "defect"];

    /// <summary>Every vector of a folder, by name.</summary>
    /// <exception cref="Cli.UsageException">There is none.</exception>
    public static IReadOnlyList<VectorFile> ReadAll(string folder)
    {
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.json").Order(StringComparer.Ordinal).Select(Read).ToList() : [];
        return files.Count > 0 ? files : throw new Cli.UsageException($"{folder} 中没有测试向量（*.json）");
    }

    private static VectorFile Read(string path)
    {
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        var folder = Path.GetFullPath(Path.GetDirectoryName(path)!);
        string Text(string member) => (string?)json[member] ?? throw new JsonException($"{path}: {member}");
        var right = new VectorAnswer(Text("verdict"), Text("reason"), (int?)json["status"]);
        var (kind, clause, defect) = (Text("kind"), Text("clause"), Text("defect"));
        foreach (var member in Answers)
        {
            json.Remove(member);
        }

        foreach (var member in Paths.Where(json.ContainsKey))
        {
            json[member] = Path.Combine(folder, Text(member));
        }

        if (json["neighbourPacks"] is JsonArray packs)
        {
            json["neighbourPacks"] = new JsonArray([.. packs.Select(pack => JsonValue.Create(Path.Combine(folder, (string)pack!)))]);
        }

        return new VectorFile(Path.GetFileNameWithoutExtension(path), kind, json.ToJsonString(), right, clause, defect);
    }
}
