using System.Globalization;
using ShantingEId.Crypto;
using ShantingEId.Seals;

namespace ShantingEId.Recognition;

/// <summary>The revocation lists at hand, of any CAs.</summary>
/// <param name="lists">The lists, in any order.</param>
public sealed class RevocationLists(IReadOnlyCollection<RevocationList> lists)
{
    // Clocks of CAs are not ours.
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    /// <summary>No lists.</summary>
    public static RevocationLists None { get; } = new([]);

    /// <summary>What the newest list of the issuer says of a certificate. Without one that is in force nothing is known, unless it is on one.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="issuer">The CA that issued it.</param>
    /// <param name="now">Instant of the verification.</param>
    public KnownStatus Of(Sm2Certificate certificate, Sm2Certificate issuer, DateTimeOffset now)
    {
        var name = issuer.CommonName;
        var list = lists.Where(each => each.ThisUpdate <= now + Tolerance && each.IsIssuedBy(issuer)).MaxBy(each => (each.ThisUpdate, each.Number));
        if (list is null)
        {
            return Unknown(SealProblem.CrlMissing, lists.Any(each => each.IsFrom(issuer)) ? $"“{name}”的吊销列表不是它签发的，或尚未生效" : $"没有“{name}”的吊销列表");
        }

        // Revoked stays revoked, whatever comes after.
        if (list.RevokedSince(certificate) is { } since)
        {
            return new KnownStatus(KnownState.Ended, since, $"“{name}”的吊销列表");
        }

        return now > list.NextUpdate ? Unknown(SealProblem.CrlStale, $"“{name}”的吊销列表已过期（应于 {Day(list.NextUpdate)} 前更新）")
            // CAs take what has run out off their lists (RFC 5280 §3.3).
            : certificate.NotAfter < list.ThisUpdate ? Unknown(SealProblem.StatusUnknown, $"证书到期后“{name}”的吊销列表不再列出它")
            : new KnownStatus(KnownState.Good, null, $"未列入“{name}”{Day(list.ThisUpdate)}的吊销列表");
    }

    private static KnownStatus Unknown(SealProblem problem, string source) => new(KnownState.Unknown, null, source) { Problem = problem };

    private static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}

/// <summary>
/// Asks the register first; of what it knows nothing, the certificates of others, the revocation lists of their CAs tell. A seal of
/// another CA is as good as the certificates that may use it: no other end of it is published anywhere.
/// </summary>
/// <param name="first">Asked first.</param>
/// <param name="trust">Knows the way from a certificate to its CA.</param>
/// <param name="lists">The lists as they are at the moment.</param>
/// <param name="clock">The instant of the verification.</param>
public sealed class ListedStatus(IStatusSource first, CertificateTrust trust, Func<RevocationLists> lists, TimeProvider clock) : IStatusSource
{
    /// <inheritdoc/>
    public async ValueTask<KnownStatus> OfCertificateAsync(Sm2Certificate certificate, CancellationToken cancel)
    {
        var known = await first.OfCertificateAsync(certificate, cancel);
        return known.State == KnownState.Unknown && trust.PathOf(certificate) is { } path ? Of(path) : known;
    }

    /// <inheritdoc/>
    public async ValueTask<KnownStatus> OfSealAsync(SesSeal seal, DateTimeOffset at, CancellationToken cancel)
    {
        var known = await first.OfSealAsync(seal, at, cancel);
        // Of our own the register alone knows: a company's seal ends with its licence, not with its certificate.
        if (known.State != KnownState.Unknown || seal.Info.CertificateListType != 1 || trust.PathOf(seal.MakerCertificate) is not { IsOwn: false })
        {
            return known;
        }

        // What ended only later was good then. A list may name what is no certificate; of that nothing is known.
        var holders = seal.Info.CertificateList.Select(der => Read(der) is { } holder && trust.PathOf(holder) is { } path ? Of(path) : known).ToList();
        return holders.Find(one => one.State == KnownState.Good || (one.State == KnownState.Ended && one.Since > at)) is { } good ? new KnownStatus(KnownState.Good, null, "签章者证书" + (good.Since is null ? good.Source : "当时未吊销"))
            : holders.Find(one => one.State == KnownState.Unknown) ?? holders.MaxBy(one => one.Since) ?? known;
    }

    private static Sm2Certificate? Read(byte[] der)
    {
        try
        {
            return Sm2Certificate.Parse(der);
        }
        catch (EidException)
        {
            return null;
        }
    }

    // Every certificate of the path but the anchor, which is believed by itself.
    private KnownStatus Of(TrustPath path)
    {
        var (now, current) = (clock.GetUtcNow(), lists());
        var answers = path.Certificates.Zip(path.Certificates.Skip(1), (certificate, issuer) => current.Of(certificate, issuer, now)).ToList();
        return answers.Find(answer => answer.State == KnownState.Ended) ?? answers.Find(answer => answer.State == KnownState.Unknown) ?? answers.FirstOrDefault()
            ?? new KnownStatus(KnownState.Good, null, "受信任的根");
    }
}
