using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Seals;
using ShantingEId.Verifying;

namespace ShantingEId.Recognition;

/// <summary>
/// What the register says: a seal of a company is as good as its licence was at the time, its certificate as good as the seal is now.
/// Certificates that the authority itself has in use are good. Of those of others the register knows nothing.
/// </summary>
/// <param name="verifier">Judges seals by the register.</param>
/// <param name="register">The register.</param>
/// <param name="authority">Who issued the seals of companies.</param>
/// <param name="inUse">Certificates that the authority has in use.</param>
/// <param name="ownSeal">The authority's own seal, as it has it in use; null where it has none.</param>
/// <param name="otherSeals">Seals of its own from before that one or after it: what they signed in their time counts.</param>
/// <param name="clock">The one clock.</param>
public sealed class RegisterStatus(
    Verifier verifier, ILicenseStore register, IssuingAuthority authority, IReadOnlyCollection<Sm2Certificate> inUse, SesSeal? ownSeal, IReadOnlyCollection<SesSeal> otherSeals, RegisterClock clock) : IStatusSource
{
    private static readonly KnownStatus InUse = new(KnownState.Good, null, "登记机关现用");
    private static readonly KnownStatus Own = new(KnownState.Good, null, "登记机关先后使用");

    /// <inheritdoc/>
    public async ValueTask<KnownStatus> OfCertificateAsync(Sm2Certificate certificate, CancellationToken cancel)
    {
        if (inUse.Any(own => own.Der.SequenceEqual(certificate.Der)))
        {
            return InUse;
        }

        // 1. A company's seal has its code as the common name of its certificate.
        if (!certificate.IsIssuedBy(authority.SealAuthority.Certificate) || !SealCode.TryParse(certificate.CommonName, out var code)
            || await register.FindSealAsync(code, cancel) is not { } entry)
        {
            return new KnownStatus(KnownState.Unknown, null, "不是本登记簿的证书，没有吊销信息");
        }

        // 2. The certificate of that seal, and no other under the same name.
        if (await register.LoadSetAsync(entry.MadeFor, cancel) is not { } set || !set.Seals.Seals.Any(seal => seal.Code == code && seal.Certificate.Der.SequenceEqual(certificate.Der)))
        {
            return new KnownStatus(KnownState.Ended, null, "与登记簿中这枚印章的证书不同");
        }

        return Of(await verifier.VerifySealAsync(code, null, AskedTime.Now, cancel));
    }

    /// <inheritdoc/>
    public async ValueTask<KnownStatus> OfSealAsync(SesSeal seal, DateTimeOffset at, CancellationToken cancel)
    {
        if (ownSeal is not null && ownSeal.Der.SequenceEqual(seal.Der))
        {
            return InUse;
        }

        if (otherSeals.Any(own => own.Der.SequenceEqual(seal.Der)))
        {
            return at >= seal.Info.CreateTime && at <= seal.Info.ValidEnd ? Own : new KnownStatus(KnownState.Ended, seal.Info.ValidEnd, "登记机关先后使用，签章时不在其有效期内");
        }

        if (!SealCode.TryParse(seal.Info.SealId, out var code))
        {
            return new KnownStatus(KnownState.Unknown, null, "不是本登记簿的印章");
        }

        var answer = await JudgeAsync(code, seal, at, cancel);
        if (answer.Reason == VerdictReason.NotYetEffective)
        {
            // Times of signing are whole seconds: a seal may be used in the second in which it takes force.
            answer = await JudgeAsync(code, seal, LicenseTime.Whole(at).AddMilliseconds(999), cancel);
        }

        return answer.Reason != VerdictReason.SealNotFound ? Of(answer)
            // Good or not, a seal that our maker signed and the register never issued is none.
            : authority.Others.SealMakers.Prepend(authority.SealMaker.Certificate).Any(maker => maker.Der.SequenceEqual(seal.MakerCertificate.Der)) ? new KnownStatus(KnownState.Ended, null, "登记簿从未制发这枚印章")
            : new KnownStatus(KnownState.Unknown, null, "不是本登记簿的印章");
    }

    private ValueTask<Verification> JudgeAsync(SealCode code, SesSeal seal, DateTimeOffset at, CancellationToken cancel) =>
        verifier.VerifySealAsync(code, seal.Der.ToArray(), at < clock.GetUtcNow() ? new AskedTime(TimeSpan.Zero, at) : AskedTime.Now, cancel);

    private static KnownStatus Of(Verification answer) => answer.Verdict == Verdict.Valid ? new KnownStatus(KnownState.Good, null, "登记簿")
        : new KnownStatus(KnownState.Ended, answer.Entry?.State.EffectiveTime, "登记簿：" + VerdictTexts.Of(answer.Verdict, answer.Reason).Explanation.TrimEnd('。'));
}
