using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Documents;
using ShantingEId.Documents.Stamping;
using ShantingEId.Issuing;
using ShantingEId.Recognition;
using ShantingEId.Stamping;
using ShantingEId.TimeStamps;

namespace ShantingEId.Server.Rpc;

/// <summary>Puts together what the use of seals needs.</summary>
internal static class SealWiring
{
    // A stamp waits for its time stamp; a service that takes longer than this is as good as away.
    private static readonly TimeSpan TimeStampPatience = TimeSpan.FromSeconds(5);

    /// <summary>Adds it.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SealUseUnknown"/>: the table of uses is wrong; <see cref="ErrorReason.TimeStampUnavailable"/>: the address of the time stamp service is.</exception>
    public static void Add(IServiceCollection services, EidServerOptions options, IssuingAuthority authority, ISealUseStore store)
    {
        services.AddSingleton(store); // The register itself, which is closed as such.
        services.AddSingleton(LoadTable(options));
        services.AddSingleton<SealGrantDesk>();
        services.AddSingleton<SealWire>();
        services.AddSingleton(provider => new StampCheck(provider.GetRequiredService<CertificateTrust>(), provider.GetRequiredService<RegisterClock>()));
        if (LoadTimes(options) is { } times)
        {
            services.AddSingleton(times); // The press of licences asks for it too.
        }

        services.AddSingleton(provider => new StampDesk(provider.GetRequiredService<ILicenseStore>(), store, provider.GetRequiredService<IChangeFeed>(), authority.Vault,
            provider.GetRequiredService<SealUseTable>(), provider.GetRequiredService<StampCheck>(), provider.GetRequiredService<Turns>(), provider.GetRequiredService<RegisterClock>(),
            provider.GetService<StampTimes>()));
    }

    private static SealUseTable LoadTable(EidServerOptions options)
    {
        try
        {
            return options.SealUses is { } path ? SealUseTable.Load(path) : SealUseTable.BuiltIn;
        }
        catch (Exception error) when (error is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new EidException(ErrorReason.SealUseUnknown, $"用印用途表有误：{error.Message}", error);
        }
    }

    private static StampTimes? LoadTimes(EidServerOptions options) => options.TimeStampAuthority is not { } address ? null
        : address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps
            ? new StampTimes(new TimeStampClient(new HttpClient { Timeout = TimeStampPatience }, address), options.TimeStampRequired)
            : throw new EidException(ErrorReason.TimeStampUnavailable, "时间戳服务的地址应以 http:// 或 https:// 开头");
}
