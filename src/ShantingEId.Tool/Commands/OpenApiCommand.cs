using System.CommandLine;
using ShantingEId.Server.Edge;
using ShantingEId.Tool.Cli;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid openapi</c>.</summary>
internal static class OpenApiCommand
{
    public static Command Create()
    {
        var file = new Option<string?>("--out") { Description = "写入文件；不写则输出到标准输出", HelpName = "FILE" };
        var command = new EidCommand("openapi", "输出 JSON 接口的 OpenAPI 3.1 说明，不需要运行服务。运行中的服务在 /openapi.json 提供同一份。")
        {
            Examples = ["eid openapi > openapi.json", "eid openapi --out openapi.json"],
        };
        command.Options.Add(file);
        command.Do(async (parse, screen, cancel) =>
        {
            if (parse.GetValue(file) is { } path)
            {
                await File.WriteAllBytesAsync(path, OpenApi.Utf8, cancel);
                screen.Plain($"✔ 已写入 {path}");
                return ExitCode.Ok;
            }

            await using var output = Console.OpenStandardOutput();
            await output.WriteAsync(OpenApi.Utf8, cancel);
            return ExitCode.Ok;
        });
        return command;
    }
}
