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
            provider.GetRequiredService<RegistrationChanger>(), provider.GetRequiredService<TradeIssuer>(), Encode, options.Incidents, provider.GetRequiredService<RegisterClock>()));
        services.AddHostedService<IncidentRunner>();
    }

    // As the answers of a single change are kept, so that the register can be rechecked from them.
    private static byte[] Encode(ChangedSet changed) => changed.Set.License.Trade is null ? ChangeWire.ToMessage(changed).ToByteArray()
        : TradeWire.ToMessage(changed.Set, changed.Started, changed.Replaced.PermitEvents, changed.Started.EffectiveTime).ToByteArray();
}
