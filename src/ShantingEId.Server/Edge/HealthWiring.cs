using System.Collections.Frozen;
using Grpc.HealthCheck;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using ShantingEId.Issuing;
using ShantingEId.Server.Hot;
using ShantingEId.Server.Ledger;
using Serving = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace ShantingEId.Server.Edge;

/// <summary>
/// grpc.health.v1: which services can do their work, and which part is to blame. Parts are looked at once a second, whoever asks
/// and how often: a probe costs nothing, and a part that does not answer in time is down.
/// </summary>
internal static class HealthWiring
{
    /// <summary>The part that goes down when the server is told to stop.</summary>
    public const string Running = "running";

    private const string Register = "register", Feed = "feed", Ledger = "ledger", Disk = "disk";
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // What each service needs. The whole ("") is what relying parties need; issuing may be down while they are served.
    private static readonly FrozenDictionary<string, string[]> Needs = new Dictionary<string, string[]>
    {
        [""] = [Register, Ledger, Running],
        ["shanting.eid.v1.VerificationService"] = [Register, Ledger, Running],
        ["shanting.eid.v1.IssuanceService"] = [Register, Disk, Running],
        ["shanting.eid.v1.ChangeService"] = [Register, Running],
        ["shanting.eid.v1.DeregistrationService"] = [Register, Disk, Running],
        ["shanting.eid.v1.CaseService"] = [Register, Disk, Running],
        ["shanting.eid.v1.RegisterService"] = [Register, Running],
        ["shanting.eid.v1.TradeService"] = [Register, Running],
        ["shanting.eid.v1.IncidentService"] = [Register, Disk, Running],
        ["shanting.eid.v1.DocumentService"] = [Register, Ledger, Running],
        ["shanting.eid.v1.SealService"] = [Register, Disk, Running],
        [Register] = [Register], [Feed] = [Feed], [Ledger] = [Ledger], [Disk] = [Disk],
    }.ToFrozenDictionary();

    /// <summary>Adds the parts.</summary>
    public static void Add(IServiceCollection services, EidServerOptions options)
    {
        var parts = services.AddGrpcHealthChecks(health =>
        {
            health.UseHealthChecksCache = true;
            foreach (var (service, needs) in Needs)
            {
                health.Services.Map(service, part => needs.Contains(part.Name));
            }
        });
        services.Configure<HealthCheckPublisherOptions>(publishing => (publishing.Delay, publishing.Period, publishing.Timeout) = (TimeSpan.Zero, Period, 2 * Patience));
        services.AddSingleton<IHealthCheckPublisher, HealthNotice>();

        Part(Register, provider => async cancel =>
        {
            await provider.GetRequiredService<ILicenseStore>().FindAsync(new RegisterKey(RegisterKeyKind.License, "health"), TimeSpan.Zero, cancel);
            return HealthCheckResult.Healthy();
        });

        // Without the feed nothing is answered from memory, but all of it from the register: slower, and no less true. A replica
        // that may not cache (another process holds a SQLite register) is never better than this.
        Part(Feed, provider => _ => Task.FromResult(
            provider.GetRequiredService<FeedFollower>().IsFollowing ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded("look-ups go to the register")));
        Part(Ledger, provider => _ => Task.FromResult(
            provider.GetService<LookupLedger>()?.Health is not { State: not LedgerState.Working } trouble ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(trouble.Text)));
        Part(Disk, _ => _ => Task.FromResult(
            new DriveInfo(options.DataDirectory).AvailableFreeSpace >= options.MinFreeBytes && (options.JournalPath is not { } journal || new DriveInfo(journal).AvailableFreeSpace >= options.MinFreeBytes) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("little space is left")));
        Part(Running, provider => _ => Task.FromResult(
            provider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested ? HealthCheckResult.Unhealthy("draining") : HealthCheckResult.Healthy()));

        void Part(string name, Func<IServiceProvider, Func<CancellationToken, Task<HealthCheckResult>>> look) =>
            parts.Add(new HealthCheckRegistration(name, provider => new PartCheck(look(provider)), HealthStatus.Unhealthy, tags: null));
    }

    /// <summary>Serves it. Nothing is serving before the first look, nor once the server is to stop.</summary>
    public static void Map(WebApplication app)
    {
        var health = app.Services.GetRequiredService<HealthServiceImpl>();
        NothingServes();
        app.Lifetime.ApplicationStopping.Register(NothingServes);
        JsonShape.AddOpenRules(app.MapGrpcHealthChecksService(), Callers.CallerAccess.Certified);

        void NothingServes()
        {
            foreach (var service in Needs.Keys)
            {
                health.SetStatus(service, Serving.NotServing);
            }
        }
    }

    // A disk that hangs answers no cancellation either.
    private sealed class PartCheck(Func<CancellationToken, Task<HealthCheckResult>> look) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            await Task.Run(() => look(cancellationToken), cancellationToken).WaitAsync(Patience, cancellationToken);
    }
}
