using ShantingEId.Tool.Cli;
using Spectre.Console;

namespace ShantingEId.Tool.Importing;

/// <summary>Shows how far an import is: a moving bar on a terminal, a line now and then elsewhere. Always on standard error.</summary>
internal sealed class ImportProgress(Screen screen, ImportTally tally, long total, TimeProvider clock)
{
    private const long PlainEvery = 500;
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250);

    private readonly long start = clock.GetTimestamp();

    // How many rows were answered when the service went away: it is away as long as no more are.
    private long awayAt = -1;

    public double Rate => clock.GetElapsedTime(start) is { TotalSeconds: > 0.001 } elapsed ? tally.Done / elapsed.TotalSeconds : 0;

    public TimeSpan Elapsed => clock.GetElapsedTime(start);

    /// <summary>Says that the service is away; the next answer takes it back.</summary>
    public void Interrupted(TimeSpan silence)
    {
        if (Interlocked.Exchange(ref awayAt, tally.Done) != tally.Done && Console.IsErrorRedirected)
        {
            screen.Note($"连接中断，正在重连；60 秒内恢复则自动续传（已等 {silence.TotalSeconds:F0} 秒）");
        }
    }

    public async Task FollowAsync(Task work)
    {
        if (Console.IsErrorRedirected)
        {
            await PlainAsync(work);
            return;
        }

        await new Progress(screen.Error)
            .Columns(new ProgressBarColumn { Width = 24 }, new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var task = context.AddTask("导入", maxValue: total);
                while (!work.IsCompleted)
                {
                    await Task.WhenAny(work, Task.Delay(Beat, clock));
                    task.Value = tally.Done;
                    task.Description = Interlocked.Read(ref awayAt) == tally.Done ? "[yellow]连接中断，正在重连…[/]" : $"{tally}  {Rate:F0} 行/秒";
                }

                task.Value = tally.Done;
            });
        await work;
    }

    private async Task PlainAsync(Task work)
    {
        var next = PlainEvery;
        while (!work.IsCompleted)
        {
            await Task.WhenAny(work, Task.Delay(Beat, clock));
            if (tally.Done >= next && tally.Done < total)
            {
                screen.Note($"{tally.Done}/{total} 行  {tally}  {Rate:F0} 行/秒");
                next = tally.Done - (tally.Done % PlainEvery) + PlainEvery;
            }
        }

        await work;
    }
}
