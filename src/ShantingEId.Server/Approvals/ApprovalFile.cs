using System.Text.Json;
using System.Text.Json.Serialization;
using ShantingEId.Server.Authority;

namespace ShantingEId.Server.Approvals;

/// <summary>Something to be approved and the approvals so far, in a file that goes from hand to hand.</summary>
/// <param name="Act">The act in Chinese, for who reads it.</param>
/// <param name="Subject">What is approved, line by line; the approvals sign these lines and nothing else.</param>
/// <param name="Approvals">The approvals.</param>
public sealed record ApprovalFile(string Act, IReadOnlyList<string> Subject, IReadOnlyList<Approval> Approvals)
{
    private static readonly JsonSerializerOptions Json = new(AuthorityFiles.Json) { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What the approvals sign.</summary>
    [JsonIgnore]
    public string SubjectText => string.Join('\n', Subject);

    /// <summary>Reads it.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SecondPersonRequired"/>: there is none, or it is not such a file.</exception>
    public static ApprovalFile Load(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<ApprovalFile>(File.ReadAllText(path), Json) ?? throw new JsonException("null");
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new EidException(ErrorReason.SecondPersonRequired, $"批准文件 {Path.GetFileName(path)} 不存在或无法读取", error);
        }
    }

    /// <summary>Writes it.</summary>
    public void Save(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, Json) + "\n");
}
