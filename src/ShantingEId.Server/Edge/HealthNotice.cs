using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace ShantingEId.Server.Edge;

/// <summary>Tells the log when a part goes down or comes back, once each; the framework would say it every second.</summary>
internal sealed partial class HealthNotice(ILogger<HealthNotice> log) : IHealthCheckPublisher
{
    private readonly HashSet<string> down = [];

    /// <inheritdoc/>
    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        // That the server stops is no news to who stops it.
        foreach (var (part, entry) in report.Entries.Where(entry => entry.Key != HealthWiring.Running))
        {
            if (entry.Status == HealthStatus.Unhealthy && down.Add(part))
            {
                Down(part, entry.Description ?? "", entry.Exception);
            }
            else if (entry.Status != HealthStatus.Unhealthy && down.Remove(part))
            {
                Back(part);
            }
        }

        return Task.CompletedTask;
    }

    [LoggerMessage(EventName = "HealthDown", Level = LogLevel.Warning, Message = "Health of {Part}: down ({Text})")]
    private partial void Down(string part, string text, Exception? error);

    [LoggerMessage(EventName = "HealthBack", Level = LogLevel.Information, Message = "Health of {Part}: good again")]
    private partial void Back(string part);
}
