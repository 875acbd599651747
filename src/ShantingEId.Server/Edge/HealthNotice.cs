using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace ShantingEId.Server.Edge;

/// <summary>Tells the log when a part goes down or comes back, once each; the framework would say it every second.</summary>
internal sealed partial class HealthNotice(ILogger<HealthNotice> log) : IHealthCheckPublisher
{
    private readonly Dictionary<string, HealthStatus> last = [];

    /// <inheritdoc/>
    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        foreach (var (part, entry) in report.Entries)
        {
            if (entry.Status != last.GetValueOrDefault(part, HealthStatus.Healthy))
            {
                if (entry.Status == HealthStatus.Healthy)
                {
                    Back(part);
                }
                else
                {
                    Down(part, entry.Status, entry.Description ?? entry.Exception?.Message ?? "");
                }
            }

            last[part] = entry.Status;
        }

        return Task.CompletedTask;
    }

    [LoggerMessage(EventName = "HealthDown", Level = LogLevel.Warning, Message = "Health of {Part}: {Status} ({Text})")]
    private partial void Down(string part, HealthStatus status, string text);

    [LoggerMessage(EventName = "HealthBack", Level = LogLevel.Information, Message = "Health of {Part}: good again")]
    private partial void Back(string part);
}
