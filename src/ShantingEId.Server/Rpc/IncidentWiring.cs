using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Incidents;
using ShantingEId.Issuing;

namespace ShantingEId.Server.Rpc;

/// <summary>Puts together what incidents need.</summary>
internal static class IncidentWiring
{
    /// <summary>Adds it.</summary>
    public static void Add(IServiceCollection services, EidServerOptions options, IIncidentStore incidents)
    {
        services.AddSingleton(incidents); // The register itself, which is closed as such.
        services.AddSingleton<IncidentDesk>();
        services.AddSingleton<IncidentWire>();
        services.AddSingleton(provider => new IncidentWorker(incidents, provider.GetRequiredService<IncidentDesk>(), provider.GetRequiredService<StateChanger>(),
            provider.GetRequiredService<RegistrationChanger>(), changed => ChangeWire.ToMessage(changed).ToByteArray(), options.Incidents, provider.GetRequiredService<RegisterClock>()));
        services.AddHostedService<IncidentRunner>();
    }
}
