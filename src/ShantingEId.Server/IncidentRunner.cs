using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ShantingEId.Incidents;

namespace ShantingEId.Server;

/// <summary>Lets this replica look for approved incidents and work on them, and hands back what it holds when it stops.</summary>
internal sealed partial class IncidentRunner(IncidentWorker worker, EidServerOptions options, RegisterClock clock, ILogger<IncidentRunner> log) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Incidents.Period, clock);
        try
        {
            do
            {
                await TryAsync(() => worker.RunAsync(stoppingToken));
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Another replica, or this one when it is back, goes on at once.
            await TryAsync(() => worker.ReleaseAsync().AsTask());
        }
    }

    private async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (EidException error)
        {
            Interrupted(error);
        }
    }

    [LoggerMessage(EventName = "IncidentInterrupted", Level = LogLevel.Warning, Message = "Incidents could not be worked on; tried again in a moment")]
    private partial void Interrupted(EidException error);
}
