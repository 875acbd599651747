using ShantingEId.Crypto;
using ShantingEId.Recognition;

namespace ShantingEId.Seals;

/// <summary>
/// Step 6 of 电子签章验证 (GM/T 0031-2014 6.2.3), the time of signing against the signer's certificate: (a) in force and good, go on;
/// (b) outside its validity, invalid; (c) revoked before, invalid; (d) revoked afterwards, go on — provided that somebody other
/// than the signer says that it was signed before.
/// </summary>
internal static class SigningTime
{
    /// <summary>Clocks of signers, time stamp services and verifiers differ a little.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    /// <summary>Judges the time.</summary>
    /// <param name="time">When it was signed, by the signer's own clock.</param>
    /// <param name="signer">The signer's certificate.</param>
    /// <param name="end">When whatever else the signature leans on ends.</param>
    /// <param name="known">What is known of the certificate.</param>
    /// <param name="proven">By when a time stamp says it existed.</param>
    /// <param name="now">Instant of the verification.</param>
    /// <param name="clause">Clause of the step.</param>
    public static SealCheck Check(DateTimeOffset time, Sm2Certificate signer, DateTimeOffset end, KnownStatus known, DateTimeOffset? proven, DateTimeOffset now, string clause)
    {
        if (time > now + Tolerance)
        {
            return Result(CheckOutcome.Failed, SealProblem.TimeOrder, "签章时间在将来");
        }

        if (!signer.IsValidAt(time))
        {
            return Result(CheckOutcome.Failed, SealProblem.OutsideValidity, "签章时不在签章者证书有效期内");
        }

        var isRevoked = known.State == KnownState.Ended;
        if (isRevoked && (known.Since is not { } revoked || revoked <= time))
        {
            return Result(CheckOutcome.Failed, SealProblem.Revoked, $"签章者证书在签章前已吊销（{known.Source}）");
        }

        var first = new[] { signer.NotAfter, end, known.Since ?? DateTimeOffset.MaxValue }.Min();
        if (now > first && !(proven <= first))
        {
            return Result(CheckOutcome.NotConfirmed, SealProblem.TimeUnproven, isRevoked
                ? $"签章者证书后来吊销（{known.Source}），没有时间戳证明签章在此之前" : "签章者证书或印章现已到期，没有时间戳证明签章在此之前");
        }

        return known.State == KnownState.Unknown ? Result(CheckOutcome.NotConfirmed, known.Problem, $"签章时在证书有效期内；不能确认证书是否已吊销：{known.Source}")
            : Result(CheckOutcome.Passed, SealProblem.None, isRevoked ? "签章者证书在签章之后才吊销" : now > first ? "签章时间由时间戳证明，当时证书有效" : "签章时证书有效");

        SealCheck Result(CheckOutcome outcome, SealProblem problem, string text) => new(CheckStep.SigningTime, clause, outcome, problem, text);
    }
}
