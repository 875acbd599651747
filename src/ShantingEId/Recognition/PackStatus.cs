using ShantingEId.Crypto;
using ShantingEId.Seals;
using ShantingEId.StatusLists;

namespace ShantingEId.Recognition;

/// <summary>
/// What a pack says of seals and certificates, for counters without network. A seal's certificate names its place in the lists; the
/// pack knows the state when it was made, and not since when: of a seal that has ended by then it cannot be told whether it was still
/// good when something was signed before.
/// </summary>
/// <param name="states">An opened pack.</param>
/// <param name="roots">The authority's roots: places are believed of certificates that lead there, and of no others.</param>
/// <param name="clock">By which the pack expires.</param>
public sealed class PackStatus(PackStates states, IReadOnlyCollection<Sm2Certificate> roots, TimeProvider clock) : IStatusSource
{
    private readonly StatusPack pack = states.Pack;

    /// <inheritdoc/>
    public ValueTask<KnownStatus> OfCertificateAsync(Sm2Certificate certificate, CancellationToken cancel) => ValueTask.FromResult(
        Problem() is { } problem ? problem
        : pack.Certificates.Any(own => own.Der.SequenceEqual(certificate.Der)) ? Good("登记机关现用")
        // Since when it has ended the pack does not know: no end, and no assurance either.
        : Of(certificate, DateTimeOffset.MinValue));

    /// <inheritdoc/>
    public ValueTask<KnownStatus> OfSealAsync(SesSeal seal, DateTimeOffset at, CancellationToken cancel) => ValueTask.FromResult(
        Problem() is { } problem ? problem
        : !Leads(seal.MakerCertificate) ? Nothing("不是本登记机关的印章")
        : pack.Certificates.Any(seal.Info.Lists) ? Good("登记机关现用")
        : seal.Info is { CertificateListType: 1, CertificateList: [var der] } ? Of(Sm2Certificate.Parse(der), at)
        : Nothing("印章列有多个签章者，状态包中没有这样的印章"));

    private KnownStatus Of(Sm2Certificate certificate, DateTimeOffset at) => certificate switch
    {
        { StatusEntry: null } => Nothing("证书没有写明状态列表中的位置（较早制发的印章），请联网核验"),
        _ when !Leads(certificate) => Nothing("不是本登记机关的证书"),
        { StatusEntry: { } entry } => states.OfSeal(entry) switch
        {
            LicenseStatus.Valid => Good("有效"),
            null => Nothing("状态包中没有印章的状态"),
            LicenseStatus.Invalid when certificate.NotBefore >= pack.ProducedAt - StatusAge.TimeToRegister => Nothing("印章制发于状态包之后"),
            _ when at < pack.ProducedAt => Nothing($"截至 {Time(pack.ProducedAt)} 印章已停用或暂停，签章时是否有效须联网核验"),
            _ => new KnownStatus(KnownState.Ended, null, $"状态包，截至 {Time(pack.ProducedAt)}"),
        },
    };

    private KnownStatus? Problem() => states.Problem(clock.GetUtcNow()) switch
    {
        Verifying.VerdictReason.None => null,
        Verifying.VerdictReason.StateTooOld => Nothing($"状态包已于 {Time(pack.ExpireTime)} 作废"),
        _ => Nothing("本机时钟早于状态包，无法判断状态是否过旧"),
    };

    private bool Leads(Sm2Certificate certificate) => CertificateChain.Problem(certificate, pack.Certificates, roots, CertificateChain.Within(certificate, pack.ProducedAt)).Length == 0;

    private KnownStatus Good(string what) => new(KnownState.Good, null, $"{what}，状态包，截至 {Time(pack.ProducedAt)}");

    private static KnownStatus Nothing(string why) => new(KnownState.Unknown, null, why);

    private static string Time(DateTimeOffset time) => $"{time.ToOffset(TimeSpan.FromHours(8)):yyyy-MM-dd HH:mm}（北京时间）";
}
