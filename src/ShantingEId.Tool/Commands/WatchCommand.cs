using System.CommandLine;
using Grpc.Core;
using ShantingEId.Client;
using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;

namespace ShantingEId.Tool.Commands;

/// <summary><c>eid watch</c>.</summary>
internal static class WatchCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromSeconds(60);

    public static Command Create()
    {
        var after = new Option<long>("--after") { Description = "从此标记之后开始（默认 0，从头开始）", HelpName = "MARK", DefaultValueFactory = _ => 0 };
        var region = new Option<string[]>("--region") { Description = "只要这些区划的企业，2 至 6 位数字，可写多次", HelpName = "DIGITS", DefaultValueFactory = _ => [] };
        var kind = new Option<string[]>("--kind") { Description = "只要这些变更：ISSUED、SUPERSEDED、SUSPENDED、RESUMED、REVOKED、RESCINDED、CANCELLED、WITHDRAWN，可写多次", HelpName = "KIND", DefaultValueFactory = _ => [] };
        var command = new EidCommand("watch", "变更通知：签发、吊销等变更发生一条显示一条，按 Ctrl+C 停止。")
        {
            Examples = ["eid watch", "eid watch --after 1024 --region 370406 --kind REVOKED", "eid watch --as bank --json"],
            Notes = ["每行开头是标记；中断后用最后一个标记作 --after 继续，不会遗漏。服务中断不超过 60 秒时自动重连。\n加 --json 时每行一条 JSON。"],
        };
        var service = ServiceOptions.AddTo(command, "tax-bureau");
        foreach (var option in (Option[])[after, region, kind])
        {
            command.Options.Add(option);
        }

        command.Do(async (parse, screen, cancel) =>
        {
            var request = new WatchChangesRequest { AfterMark = parse.GetValue(after) };
            request.Regions.AddRange(parse.GetValue(region));
            request.Kinds.AddRange(parse.GetValue(kind)!.Select(Kind));
            using var connection = service.Open(parse);
            await FollowAsync(screen, connection, request, TimeProvider.System, cancel);
            return ExitCode.Ok;
        });
        return command;
    }

    // The mark of the last message is the whole memory: after any end of the stream the next one goes on from there.
    private static async Task FollowAsync(Screen screen, Connection connection, WatchChangesRequest request, TimeProvider clock, CancellationToken cancel)
    {
        var heard = clock.GetTimestamp();
        while (true)
        {
            try
            {
                using var call = connection.Changes.WatchChanges(request, cancellationToken: cancel);
                await foreach (var message in call.ResponseStream.ReadAllAsync(cancel))
                {
                    heard = clock.GetTimestamp();
                    request.AfterMark = message.Mark;
                    if (message.Change is { } change)
                    {
                        Show(screen, change);
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

    private static void Show(Screen screen, Change change)
    {
        if (screen.Json)
        {
            Screen.ResultLine(change);
            return;
        }

        var word = change.Kind switch
        {
            Change.Types.Kind.Issued => "签发", Change.Types.Kind.Revoked => "吊销", Change.Types.Kind.Superseded => "换发", Change.Types.Kind.Suspended => "暂停", Change.Types.Kind.Resumed => "恢复",
            Change.Types.Kind.Cancelled => "注销", Change.Types.Kind.Rescinded => "撤销", Change.Types.Kind.Withdrawn => "撤回", _ => change.Kind.ToString(),
        };
        screen.Plain($"{change.Mark}\t{Words.Of(change.RecordedTime)}\t{word}\t{change.CreditCode}\t第 {change.Version} 版\t{Words.Of(change.State)}，自 {Words.Of(change.EffectiveTime)}起"
            + (change.Reason.Length > 0 ? "\t" + change.Reason : ""));
    }

    private static Change.Types.Kind Kind(string text) =>
        Enum.TryParse<Change.Types.Kind>(text, ignoreCase: true, out var kind) && kind != Change.Types.Kind.Unspecified && Enum.IsDefined(kind) ? kind
            : throw new UsageException($"--kind 不认识“{text}”；见 eid watch --help");
}
