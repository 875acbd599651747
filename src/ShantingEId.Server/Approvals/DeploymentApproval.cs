using System.Text.Json;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Callers;

namespace ShantingEId.Server.Approvals;

/// <summary>The approval of a deployment, for the tool with which people give it.</summary>
public static class DeploymentApproval
{
    /// <summary>Name of the file beside the keys.</summary>
    public const string FileName = Deployment.FileName;

    /// <summary>What a server would put into force, not approved yet.</summary>
    public static ApprovalFile Of(EidServerOptions options) =>
        new(Deployment.Act, Deployment.Read(options, CallerDirectory.Load(Path.Combine(options.CertificatesDirectory, CallerDirectory.FileName))).Subject, []);

    /// <summary>Name of the deployment whose keys lie in a folder.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>: its description cannot be read.</exception>
    public static string Environment(string certificates)
    {
        try
        {
            return JsonSerializer.Deserialize<AuthorityDescription>(File.ReadAllText(Path.Combine(certificates, AuthorityFiles.Description)), AuthorityFiles.Json)!.Environment;
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new EidException(ErrorReason.SigningKeyUnusable, $"文件 {AuthorityFiles.Description} 无法读取或内容有误", error);
        }
    }
}
