using System.CommandLine;
using Grpc.Core;
using ShantingEId.Client;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;
using Spectre.Console;

namespace ShantingEId.Tool.Commands.Cases;

/// <summary><c>eid case watch</c>.</summary>
internal static class CaseWatchCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromSeconds(60);

    public static Command Create()
    {
        var name = CaseCommand.CaseArgument();
        var command = new EidCommand("watch", "跟踪一个办件：有变化即更新，全部事项结束后自动退出；按 Ctrl+C 停止。")
        {
            Examples = ["eid case watch 91370406MA00DEM06N", "eid case watch 91370406MA00DEM06N --json"],
            Notes = ["服务中断不超过 60 秒时自动重连。不在终端上时每次变化输出一行；加 --json 时每行一条 JSON。"], Arguments = { name },
        };
        var service = ServiceOptions.AddTo(command, "staff");
        command.Do(async (parse, screen, cancel) =>
        {
            var request = new WatchCaseRequest { Name = CaseCommand.NameOf(parse.GetRequiredValue(name)) };
            using var connection = service.Open(parse);
            if (screen.Json || !screen.IsTerminal)
            {
                var shown = 0;
                await FollowAsync(connection, request, TimeProvider.System, subject =>
                {
                    shown = Tell(screen, subject, shown);
                }, cancel);
                return ExitCode.Ok;
            }

            await screen.Out.Live(new Text("")).StartAsync(async live => await FollowAsync(connection, request, TimeProvider.System, subject =>
            {
                live.UpdateTarget(CaseView.Live(subject));
                live.Refresh();
            }, cancel));
            return ExitCode.Ok;
        });
        return command;
    }

    // The case as it stands is the first message of every stream, so nothing is lost by a break; the number of its events tells what is new.
    private static int Tell(Screen screen, Case subject, int shown)
    {
        if (screen.Json)
        {
            Screen.ResultLine(subject);
        }
        else
        {
            foreach (var happened in subject.Events.Skip(shown))
            {
                screen.Plain(CaseView.Line(subject, happened));
            }
        }

        return subject.Events.Count;
    }

    private static async Task FollowAsync(Connection connection, WatchCaseRequest request, TimeProvider clock, Action<Case> tell, CancellationToken cancel)
    {
        var heard = clock.GetTimestamp();
        while (true)
        {
            try
            {
                using var call = connection.Cases.WatchCase(request, cancellationToken: cancel);
                await foreach (var message in call.ResponseStream.ReadAllAsync(cancel))
                {
                    heard = clock.GetTimestamp();
                    if (message.Case is not { } subject)
                    {
                        continue;
                    }

                    tell(subject);
                    if (subject.State != Case.Types.State.Running)
                    {
                        return;
                    }
                }
            }
            catch (RpcException error) when (!cancel.IsCancellationRequested && EidError.From(error).IsTransient && clock.GetElapsedTime(heard) < GiveUpAfter)
            {
                // An hour has passed, the server is being replaced, or the network is away.
            }

            await Task.Delay(Pause, clock, cancel);
        }
    }
}
