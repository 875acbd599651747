using System.CommandLine;
using ShantingEId.Server;
using ShantingEId.Server.Storage;
using ShantingEId.Tool.Cli;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid fsck</c>.</summary>
internal static class FsckCommand
{
    public static Command Create()
    {
        var certificates = new Option<string>("--certs") { Description = $"密钥和证书所在目录（默认 {ServiceOptions.DefaultCertificates}）", HelpName = "DIR", DefaultValueFactory = _ => ServiceOptions.DefaultCertificates };
        var data = new Option<string>("--data") { Description = "登记簿所在目录（默认 data）", HelpName = "DIR", DefaultValueFactory = _ => "data" };
        var environment = new Option<string>("--environment") { Description = "与 serve 相同（默认 Development）", HelpName = "NAME", DefaultValueFactory = _ => "Development" };
        environment.AcceptOnlyFromAmong("Development", "Production");
        var postgres = PostgresOption.Create();
        var command = new EidCommand("fsck", "逐套复查整个登记簿：文件、签名、摘要、私钥、答复和记录是否齐全相符。只读，可在服务运行时使用。")
        {
            Examples = ["eid fsck", "eid fsck --data /srv/eid/data --certs /srv/eid/certs --environment Production"],
        };
        foreach (var option in (Option[])[certificates, data, environment, postgres])
        {
            command.Options.Add(option);
        }

        command.Do((parse, screen, _) =>
        {
            var folder = parse.GetRequiredValue(data);
            var connection = parse.GetValue(postgres);
            if (connection is null && !File.Exists(Path.Combine(folder, "register.db")))
            {
                throw new UsageException($"{folder} 中没有登记簿");
            }

            var problems = RegisterCheck.Run(new EidServerOptions
            {
                CertificatesDirectory = parse.GetRequiredValue(certificates), DataDirectory = folder, Environment = parse.GetRequiredValue(environment),
                Postgres = connection,
            });
            if (screen.Json)
            {
                Screen.Result(problems);
            }
            else if (problems.Count == 0)
            {
                screen.Plain("✔ 登记簿完好");
            }
            else
            {
                screen.Plain($"✘ 发现 {problems.Count} 处问题");
                screen.Facts([.. problems.Select(problem => (problem.Subject, problem.Problem))]);
            }

            return Task.FromResult(problems.Count == 0 ? ExitCode.Ok : ExitCode.Refused);
        });
        return command;
    }
}
