using System.CommandLine;
using ShantingEId.Client;
using ShantingEId.Server.Authority;

namespace ShantingEId.Tool.Cli;

/// <summary>Which roots are believed by what needs no service.</summary>
internal static class RootsOption
{
    public static Option<string?> Create() => new("--roots")
    {
        Description = $"信任的根证书（PEM，如 authority-chain.pem），请从可靠途径取得；默认用 {ServiceOptions.DefaultCertificates} 中的开发证书", HelpName = "FILE",
    };

    /// <summary>The trust of a file, or of the development folder.</summary>
    /// <exception cref="UsageException">There is neither.</exception>
    public static EidTrust Read(string? path)
    {
        path ??= Path.Combine(ServiceOptions.DefaultCertificates, AuthorityFiles.Root + ".crt");
        return File.Exists(path) ? EidTrust.FromPem(File.ReadAllText(path)) : throw new UsageException($"找不到文件 {path}；请用 --roots 指明信任的根证书");
    }
}
