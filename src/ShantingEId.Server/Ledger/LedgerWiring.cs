using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ShantingEId.Issuing;

namespace ShantingEId.Server.Ledger;

/// <summary>Puts the ledger into the server.</summary>
internal static class LedgerWiring
{
    /// <summary>Adds the ledger of this replica and what keeps it. It is opened when first asked for, and closed with the server.</summary>
    public static void Add(IServiceCollection services, EidServerOptions options, IssuingAuthority authority)
    {
        services.AddSingleton(provider => new LedgerOptions
        {
            Directory = options.LedgerPath, CheckpointFile = options.LedgerCheckpointPath, Environment = authority.Environment, Signer = authority.ReceiptSigner,
            Clock = provider.GetRequiredService<RegisterClock>(), Keep = options.LedgerKeep,
            Log = provider.GetRequiredService<ILogger<LookupLedger>>(),
        });
        services.AddSingleton(provider => LookupLedger.Open(provider.GetRequiredService<LedgerOptions>()));
        services.AddSingleton(provider => new LedgerKeeper(
            provider.GetRequiredService<LookupLedger>(), provider.GetRequiredService<LedgerOptions>(), provider.GetService<ILookupLog>(), provider.GetRequiredService<ILogger<LedgerKeeper>>()));
        services.AddHostedService(provider => provider.GetRequiredService<LedgerKeeper>());
    }
}
