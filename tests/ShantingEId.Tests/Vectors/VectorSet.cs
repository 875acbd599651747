using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ShantingEId.Tests.Vectors;

/// <summary>One published vector: what is judged, by what, and what must come of it.</summary>
/// <param name="Name">Kind first, then the one defect, e.g. <c>code-bad-signature-last-bit</c>.</param>
/// <param name="Content">What is judged.</param>
/// <param name="Verdict">The verdict it must have.</param>
/// <param name="Reason">The machine reason; empty where there is none.</param>
/// <param name="Clause">Which rule says so.</param>
/// <param name="Defect">The one thing that is wrong with it, or what is special; for people.</param>
internal sealed record Vector(string Name, byte[] Content, string Verdict, string Reason, string Clause, string Defect)
{
    /// <summary>What else the judge is told: names of files of the set, or values.</summary>
    public Dictionary<string, object> Told { get; init; } = [];

    public string Kind => Name.StartsWith("status-list", StringComparison.Ordinal) ? "status-list" : Name[..Name.IndexOf('-', StringComparison.Ordinal)];

    public string File => Name + (Kind == "code" ? ".txt" : ".bin");
}

/// <summary>The published vectors as files.</summary>
internal static class VectorSet
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>Every file of the set by its path in it, but for the README, the keys and their certificates.</summary>
    public static SortedDictionary<string, byte[]> Make()
    {
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (path, bytes) in PackVectors.Packs())
        {
            files.Add(path, bytes);
        }

        foreach (var vector in (IEnumerable<Vector>)[.. CodeVectors.All(), .. EnvelopeVectors.All(), .. StatusListVectors.All(), .. PackVectors.All(), .. ReceiptVectors.All(), .. SealVectors.All()])
        {
            files.Add(vector.File, vector.Content);
            files.Add(vector.Name + ".json", Describe(vector));
        }

        return files;
    }

    private static byte[] Describe(Vector vector)
    {
        var told = new Dictionary<string, object> { ["kind"] = vector.Kind, ["file"] = vector.File, ["time"] = VectorKeys.Text(VectorKeys.Now) };
        foreach (var (name, value) in vector.Told)
        {
            told[name] = value;
        }

        (told["verdict"], told["reason"], told["clause"], told["defect"]) = (vector.Verdict, vector.Reason, vector.Clause, vector.Defect);
        return [.. JsonSerializer.SerializeToUtf8Bytes(told, Json), (byte)'\n'];
    }
}
