using System.CommandLine;
using ShantingEId.Server;

namespace ShantingEId.Tool.Cli;

/// <summary>Options of the commands that open the register itself, at its machine.</summary>
internal sealed class RegisterOptions
{
    private readonly Option<string> certificates = new("--certs") { Description = $"密钥和证书所在目录（默认 {ServiceOptions.DefaultCertificates}）", HelpName = "DIR", DefaultValueFactory = _ => ServiceOptions.DefaultCertificates };
    private readonly Option<string> data = new("--data") { Description = "登记簿所在目录（默认 data）", HelpName = "DIR", DefaultValueFactory = _ => "data" };
    private readonly Option<string> environment = new("--environment") { Description = "与 serve 相同（默认 Development）", HelpName = "NAME", DefaultValueFactory = _ => "Development" };
    private readonly Option<string?> journal = new("--journal") { Description = "登记日志的目录，与 serve 相同（登记簿为文件的默认在其目录下）", HelpName = "DIR" };
    private readonly Option<string?> postgres = PostgresOption.Create();

    /// <summary>Adds them to a command.</summary>
    public static RegisterOptions AddTo(Command command)
    {
        var options = new RegisterOptions();
        options.environment.AcceptOnlyFromAmong("Development", "Production");
        foreach (var option in (Option[])[options.certificates, options.data, options.environment, options.postgres, options.journal])
        {
            command.Options.Add(option);
        }

        return options;
    }

    /// <summary>What the user named.</summary>
    /// <exception cref="UsageException">There is no register.</exception>
    public EidServerOptions Read(ParseResult parse)
    {
        var folder = parse.GetRequiredValue(data);
        var connection = parse.GetValue(postgres);
        return connection is null && !File.Exists(Path.Combine(folder, "register.db")) ? throw new UsageException($"{folder} 中没有登记簿")
            : new EidServerOptions
            {
                CertificatesDirectory = parse.GetRequiredValue(certificates), DataDirectory = folder, Environment = parse.GetRequiredValue(environment), Postgres = connection,
                JournalDirectory = parse.GetValue(journal),
            };
    }
}
