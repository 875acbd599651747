using System.CommandLine;
using ShantingEId.Server;
using ShantingEId.Tool.Cli;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid dev-certs</c>.</summary>
internal static class DevCertsCommand
{
    public static Command Create()
    {
        var directory = new Option<string>("--out") { Description = $"写入的目录（默认 {ServiceOptions.DefaultCertificates}）", HelpName = "DIR", DefaultValueFactory = _ => ServiceOptions.DefaultCertificates };
        var force = new Option<bool>("--force") { Description = "覆盖已有文件；旧密钥签发的执照将无法核验" };
        var next = new Option<string?>("--next") { Description = $"在原有密钥旁生成下一把密钥（{string.Join('、', DevCertificates.WithNext)}；更换办法见 docs/upgrading.md）", HelpName = "NAME" };
        var command = new EidCommand("dev-certs", "生成开发用的签发机关密钥、TLS 证书和调用方名册。生产环境拒绝使用这些密钥。")
        {
            Examples = ["eid dev-certs", "eid dev-certs --out certs-test", "eid dev-certs --force", "eid dev-certs --next code-signer"],
        };
        command.Options.Add(directory);
        command.Options.Add(force);
        command.Options.Add(next);
        command.Do((parse, screen, _) =>
        {
            var path = parse.GetRequiredValue(directory);
            if (parse.GetValue(next) is { } name)
            {
                var made = DevCertificates.MakeNext(path, name, TimeProvider.System);
                var files = string.Join('、', Directory.GetFiles(path, made + ".*").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
                screen.Plain($"✔ 已在 {path} 生成 {files}，现用的密钥未动");
                screen.Facts([("下一步", $"逐个重启服务，使其认得新证书；然后以这些文件代替 {name} 的同类文件，再逐个重启")]);
                return Task.FromResult(ExitCode.Ok);
            }

            var added = DevCertificates.Create(path, TimeProvider.System, parse.GetValue(force));
            if (screen.Json)
            {
                Screen.Result(new { directory = path, added = added.Count == 0 ? "all" : string.Join(',', added), callers = DevCertificates.Callers });
            }
            else
            {
                screen.Plain(added.Count == 0 ? $"✔ 已在 {path} 生成开发用密钥和证书" : $"✔ 已在 {path} 补上 {string.Join('、', added)} 的密钥，原有文件未动");
                screen.Facts([("调用方", string.Join("、", DevCertificates.Callers)), ("下一步", "eid serve 启动服务")]);
            }

            return Task.FromResult(ExitCode.Ok);
        });
        return command;
    }
}
