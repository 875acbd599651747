using System.CommandLine;

namespace ShantingEId.Tool.Cli;

/// <summary>Options of every command that calls the service: where it is, and who calls.</summary>
internal sealed class ServiceOptions
{
    public const string DefaultServer = "https://localhost:7443";
    public const string DefaultCertificates = "certs-dev";

    private readonly Option<string> server = new("--server") { Description = $"服务地址（默认 {DefaultServer}）", HelpName = "URL", DefaultValueFactory = _ => DefaultServer };
    private readonly Option<string> certificates = new("--certs")
    {
        Description = $"证书目录，含 名称.crt、名称.key 和 tls-ca.crt（默认 {DefaultCertificates}）", HelpName = "DIR", DefaultValueFactory = _ => DefaultCertificates,
    };

    private readonly Option<string> caller;

    private ServiceOptions(string defaultCaller) => caller = new("--as")
    {
        Description = $"以哪个登记过的调用方名义（默认 {defaultCaller}）", HelpName = "NAME", DefaultValueFactory = _ => defaultCaller,
    };

    public static ServiceOptions AddTo(Command command, string defaultCaller)
    {
        var options = new ServiceOptions(defaultCaller);
        command.Options.Add(options.server);
        command.Options.Add(options.certificates);
        command.Options.Add(options.caller);
        return options;
    }

    public Connection Open(ParseResult parse) =>
        Uri.TryCreate(parse.GetValue(server), UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttps
            ? Connection.Open(address, parse.GetValue(certificates)!, parse.GetValue(caller)!)
            : throw new UsageException($"--server 应为 https 地址，例如 {DefaultServer}");
}
