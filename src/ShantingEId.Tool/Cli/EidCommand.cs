using System.CommandLine;
using Grpc.Core;
using ShantingEId.Client;

namespace ShantingEId.Tool.Cli;

/// <summary>A command that teaches itself: its help shows real examples, and all its failures end in one place.</summary>
internal sealed class EidCommand : Command
{
    private readonly Option<bool> json = new("--json") { Description = "结果按 JSON 输出到标准输出，其余文字都在标准错误" };

    public EidCommand(string name, string purpose)
        : base(name, purpose) => Options.Add(json);

    /// <summary>Lines a reader can copy.</summary>
    public required IReadOnlyList<string> Examples { get; init; }

    /// <summary>What else one must know before using it; may be empty.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Whether it hears Ctrl+C and SIGTERM itself, and ends when it has finished; the command line would end the process after 2 s, and at a second signal at once.</summary>
    public bool StopsByItself { get; init; }

    public void Do(Func<ParseResult, Screen, CancellationToken, Task<int>> work) => SetAction(async (parse, cancel) =>
    {
        var screen = new Screen(parse.GetValue(json));
        try
        {
            return await work(parse, screen, cancel);
        }
        catch (UsageException error)
        {
            screen.Problem(error.Message, $"用法见 {HelpScreen.FullName(this)} --help");
            return ExitCode.Usage;
        }
        catch (Exception error) when (error is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled } && cancel.IsCancellationRequested)
        {
            screen.Problem("已中断。", "");
            return ExitCode.Interrupted;
        }
        catch (RpcException error)
        {
            return ErrorScreen.Show(screen, EidError.From(error));
        }
        catch (EidException error)
        {
            return ErrorScreen.Show(screen, error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            screen.Problem(error.Message, "请检查文件路径和读写权限。");
            return ExitCode.Refused;
        }
#pragma warning disable CA1031 // The last resort: one line that can be reported, instead of a trace that frightens.
        catch (Exception error)
#pragma warning restore CA1031
        {
            screen.Problem($"程序出错：{error.GetType().Name}：{error.Message}", "请把所用命令和这一行告诉系统维护人员。");
            return ExitCode.Refused;
        }
    });
}
