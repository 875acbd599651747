using System.CommandLine;
using ShantingEId.Server;
using ShantingEId.Tool.Cli;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid dev-tsa</c>.</summary>
internal static class DevTsaCommand
{
    private const int DefaultPort = 7444;

    public static Command Create()
    {
        var certificates = new Option<string>("--certs") { Description = $"开发密钥所在目录（默认 {ServiceOptions.DefaultCertificates}）", HelpName = "DIR", DefaultValueFactory = _ => ServiceOptions.DefaultCertificates };
        var port = new Option<int>("--port") { Description = $"127.0.0.1 上的端口，0 为任一空闲端口（默认 {DefaultPort}）", HelpName = "PORT", DefaultValueFactory = _ => DefaultPort };
        var command = new EidCommand("dev-tsa", "运行开发用的时间戳服务（RFC 3161，SM2/SM3），只在本机监听，按 Ctrl+C 停止。")
        {
            Examples = ["eid dev-tsa", "eid dev-tsa --port 0"],
            Notes = ["只用于开发和试用；正式环境应使用有资质的时间戳服务。"],
        };
        command.Options.Add(certificates);
        command.Options.Add(port);
        command.Do(async (parse, screen, cancel) =>
        {
            await using var app = DevTimeStamps.Build(parse.GetRequiredValue(certificates), parse.GetValue(port), TimeProvider.System);
            await app.StartAsync(cancel);
            var address = app.Urls.First();
            if (screen.Json)
            {
                Screen.Result(new { address });
            }
            else
            {
                screen.Plain($"✔ 时间戳服务已启动：{address}（开发）。按 Ctrl+C 停止。");
            }

            var stopped = new TaskCompletionSource();
            await using var byHost = app.Lifetime.ApplicationStopping.Register(() => stopped.TrySetResult());
            await using var byToken = cancel.Register(() => stopped.TrySetResult());
            await stopped.Task;
            await app.StopAsync(CancellationToken.None);
            return ExitCode.Ok;
        });
        return command;
    }
}
