using ShantingEId.Crypto;
using ShantingEId.Seals;

namespace ShantingEId.Recognition;

/// <summary>What a certificate is relied on for; a recognised CA is recognised for some of these.</summary>
[Flags]
public enum TrustUse
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>制章: signs seals.</summary>
    SealMaking = 1,

    /// <summary>签章、签名: signs documents.</summary>
    DocumentSigning = 2,

    /// <summary>时间戳: signs time stamps.</summary>
    TimeStamping = 4,

    /// <summary>身份认证: signs what it says of persons. Never by our own roots alone: certificates of companies' seals lead there too.</summary>
    Identity = 8,

    /// <summary>All there are.</summary>
    All = SealMaking | DocumentSigning | TimeStamping | Identity,
}

/// <summary>Whether a certificate leads to somebody who is trusted.</summary>
/// <param name="Outcome">Passed, failed, or not confirmed when nothing was given to trust.</param>
/// <param name="Problem">Machine reason.</param>
/// <param name="Text">For people: to whom it leads, or why not.</param>
public sealed record TrustAnswer(CheckOutcome Outcome, SealProblem Problem, string Text);

/// <summary>
/// Whose certificates are believed: our own roots, for every use; and CAs of others by the trust list, for the uses, region and
/// time it names. Who is in neither, or only in a list that is out of date, is not believed.
/// </summary>
/// <param name="roots">Our roots.</param>
/// <param name="intermediates">Certificates that help to build paths; not trusted by themselves. Our seal makers' must be among them.</param>
/// <param name="list">CAs of others; null when none is at hand.</param>
public sealed class CertificateTrust(IReadOnlyCollection<Sm2Certificate> roots, IReadOnlyCollection<Sm2Certificate> intermediates, TrustList? list = null)
{
    private readonly IReadOnlyCollection<Sm2Certificate> helpers = [.. intermediates, .. list?.Entries.Select(entry => entry.Certificate) ?? []];

    /// <summary>Nobody is believed, so that no path can be confirmed.</summary>
    public static CertificateTrust None { get; } = new([], []);

    /// <summary>Judges the path of a certificate.</summary>
    /// <param name="certificate">The end certificate.</param>
    /// <param name="use">What it is relied on for.</param>
    /// <param name="at">Instant at which the whole path must be in force.</param>
    /// <param name="division">Six-digit division of the seal it belongs to; null when it has none or it is not known.</param>
    /// <param name="now">Instant of the verification: a list is judged out of date by it.</param>
    public TrustAnswer Judge(Sm2Certificate certificate, TrustUse use, DateTimeOffset at, string? division, DateTimeOffset now)
    {
        if (roots.Count == 0 && list is null)
        {
            return new TrustAnswer(CheckOutcome.NotConfirmed, SealProblem.TrustMissing, $"没有给出信任的根证书或信任列表，不能确认“{certificate.IssuerCommonName}”颁发的证书可信");
        }

        // 1. Our own roots.
        var own = roots.Count == 0 ? "（本机没有根证书）" : CertificateChain.Problem(certificate, helpers, roots, at);
        if (own.Length == 0 && use != TrustUse.Identity)
        {
            // Companies' seal certificates lead to the same roots and may sign: who makes seals must be named, not only certified.
            if (use == TrustUse.SealMaking && !intermediates.Any(known => known.Der.SequenceEqual(certificate.Der)))
            {
                return new TrustAnswer(CheckOutcome.Failed, SealProblem.MakerUnknown, "证书链到达受信任的根，但不在所信任的制章者之列");
            }

            return new TrustAnswer(CheckOutcome.Passed, SealProblem.None, "证书链到达受信任的根");
        }

        // 2. The list: the CA's own certificate is the anchor, whoever stands above it.
        var leadsTo = list?.Entries.Where(entry => CertificateChain.Problem(certificate, helpers, [entry.Certificate], at).Length == 0).ToList() ?? [];
        if (leadsTo.Count == 0)
        {
            return new TrustAnswer(CheckOutcome.Failed, SealProblem.CaUnknown, list is null ? "证书" + own : $"颁发者“{certificate.IssuerCommonName}”不在互认的 CA 之列");
        }

        if (now > list!.NextUpdate)
        {
            return new TrustAnswer(CheckOutcome.Failed, SealProblem.TrustListExpired, $"CA 互认信任列表（第 {list.Number} 号）已过期，须先更新");
        }

        // 3. For this use, there and then. Of several entries for one CA the first that fits counts.
        var answers = leadsTo.Select(entry => Judge(entry, use, at, division)).ToList();
        return answers.Find(answer => answer.Outcome == CheckOutcome.Passed) ?? answers[0];
    }

    private static TrustAnswer Judge(TrustListEntry entry, TrustUse use, DateTimeOffset at, string? division)
    {
        if ((entry.Uses & use) != use)
        {
            return new TrustAnswer(CheckOutcome.Failed, SealProblem.CaScope, $"“{entry.Name}”的互认范围不包括此种用途");
        }

        if (at < entry.From || at > entry.To)
        {
            return new TrustAnswer(CheckOutcome.Failed, SealProblem.CaPeriod, $"“{entry.Name}”在该时间不在互认期内");
        }

        // A time stamp is of no region, and what is said of a person holds everywhere.
        if (use is not (TrustUse.TimeStamping or TrustUse.Identity) && entry.Region.Length > 0 && division?.StartsWith(entry.Region, StringComparison.Ordinal) != true)
        {
            return division is null
                ? new TrustAnswer(CheckOutcome.NotConfirmed, SealProblem.CaRegion, $"“{entry.Name}”只在区划 {entry.Region} 互认，这里没有可以对照的区划码")
                : new TrustAnswer(CheckOutcome.Failed, SealProblem.CaRegion, $"“{entry.Name}”只在区划 {entry.Region} 互认，印章属 {division}");
        }

        return new TrustAnswer(CheckOutcome.Passed, SealProblem.None, $"由互认的 CA“{entry.Name}”颁发");
    }
}
