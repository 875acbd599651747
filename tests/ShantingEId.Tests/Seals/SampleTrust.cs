using Microsoft.Extensions.Time.Testing;
using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.Tests.Crypto;

namespace ShantingEId.Tests.Seals;

/// <summary>A world in which the sample seal is good, to take one thing away from.</summary>
internal static class SampleTrust
{
    public static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    public static CertificateTrust Own { get; } = OwnWith();

    /// <summary>Our own trust, with more makers of seals.</summary>
    public static CertificateTrust OwnWith(params Sm2Certificate[] makers) => new([TestCertificates.Root], [TestCertificates.Authority, SampleSeals.MakerCertificate, .. makers]);

    public static FakeTimeProvider Clock(DateTimeOffset? at = null) => new(at ?? Now);

    public static SealVerifier Seals(CertificateTrust? trust = null, IStatusSource? status = null, DateTimeOffset? at = null) =>
        new(trust ?? Own, status ?? new StatusTable(), Clock(at));

    public static SignatureVerifier Signatures(CertificateTrust? trust = null, IStatusSource? status = null, DateTimeOffset? at = null) =>
        new(trust ?? Own, status ?? new StatusTable(), Clock(at));
}

/// <summary>States as a register would tell them: good, unless said otherwise.</summary>
internal sealed class StatusTable : IStatusSource
{
    public Dictionary<string, KnownStatus> Certificates { get; } = [];

    public KnownStatus Seal { get; init; } = new(KnownState.Good, null, "示例登记簿");

    public StatusTable With(Sm2Certificate certificate, KnownState state, DateTimeOffset? since = null)
    {
        Certificates[certificate.Serial] = new KnownStatus(state, since, "示例登记簿");
        return this;
    }

    public ValueTask<KnownStatus> OfCertificateAsync(Sm2Certificate certificate, CancellationToken cancel) =>
        ValueTask.FromResult(Certificates.GetValueOrDefault(certificate.Serial) ?? new KnownStatus(KnownState.Good, null, "示例登记簿"));

    public ValueTask<KnownStatus> OfSealAsync(SesSeal seal, DateTimeOffset at, CancellationToken cancel) => ValueTask.FromResult(Seal);
}
