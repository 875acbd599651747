using ShantingEId.Tool.Cli;
using ShantingEId.Tool.Views;
using ShantingEId.V1;
using Spectre.Console;
using State = ShantingEId.V1.Incident.Types.State;

namespace ShantingEId.Tool.Commands.Incidents;

/// <summary>Follows an incident to its end, or to where it is held: a moving bar on a terminal, a line now and then elsewhere. Always on standard error.</summary>
internal sealed class IncidentProgress(Screen screen, Func<Task<Incident>> read, TimeProvider clock)
{
    private const int PlainEvery = 10;
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    /// <summary>Returns the incident as it is when it does not run any more.</summary>
    public async Task<Incident> FollowAsync(CancellationToken cancel)
    {
        var one = await read();
        if (Console.IsErrorRedirected)
        {
            for (var turn = 0; one.State == State.Running; turn++)
            {
                if (turn % PlainEvery == 0)
                {
                    screen.Note($"{IncidentView.Progress(one)}  每秒 {one.SetsPerSecond:F0} 套");
                }

                await Task.Delay(Beat, clock, cancel);
                one = await read();
            }

            return one;
        }

        await new Spectre.Console.Progress(screen.Error)
            .Columns(new ProgressBarColumn { Width = 24 }, new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var task = context.AddTask("批量处置", maxValue: one.SetCount);
                while (true)
                {
                    task.Value = IncidentView.Ended(one);
                    task.Description = $"{IncidentView.Progress(one)}  每秒 {one.SetsPerSecond:F0} 套";
                    if (one.State != State.Running)
                    {
                        return;
                    }

                    await Task.Delay(Beat, clock, cancel);
                    one = await read();
                }
            });
        return one;
    }
}
