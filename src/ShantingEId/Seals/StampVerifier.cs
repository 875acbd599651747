using ShantingEId.Recognition;
using ShantingEId.TimeStamps;

namespace ShantingEId.Seals;

/// <summary>Verifies a time stamp over a signature value (GB/T 20520; RFC 3161 §2.2): imprint, signature, certificate of the TSA.</summary>
internal sealed class StampVerifier(CertificateTrust certificates, IStatusSource status, TimeProvider clock)
{
    private const string Clause = "GB/T 20520（RFC 3161 §2.2）";

    /// <summary>The token when it proves its time, with the steps.</summary>
    public async ValueTask<(TimeStampToken? Proof, IReadOnlyList<SealCheck> Checks)> VerifyAsync(CheckStep step, byte[] der, byte[] stamped, CancellationToken cancel)
    {
        var list = new CheckList();
        TimeStampToken token;
        try
        {
            token = TimeStampToken.Parse(der);
        }
        catch (EidException error)
        {
            list.Fail(step, Clause, SealProblem.TimeStampInvalid, "时间戳无法解读：" + error.Message);
            return (null, list.Checks);
        }

        // 1. It covers this signature value.
        if (!token.Covers(stamped))
        {
            list.Fail(step, Clause, SealProblem.TimeStampInvalid, "时间戳盖的不是这个签名值");
            return (null, list.Checks);
        }

        // 2. Signed by a certificate that is for time stamps and nothing else.
        if (token.Certificate is not { } authority)
        {
            list.Doubt(step, Clause, SealProblem.TimeStampCert, "时间戳没有附带时间戳服务的证书");
            return (null, list.Checks);
        }

        if (!token.SignatureIsGood)
        {
            list.Fail(step, Clause, SealProblem.TimeStampInvalid, "时间戳的签名不正确");
            return (null, list.Checks);
        }

        if (!authority.MayTimeStamp || !authority.IsValidAt(token.Time))
        {
            list.Fail(step, Clause, SealProblem.TimeStampCert, authority.MayTimeStamp ? "时间戳服务的证书当时不在有效期内" : "时间戳服务的证书不是时间戳证书");
            return (null, list.Checks);
        }

        // 3. Believed, then and still.
        var now = clock.GetUtcNow();
        var answer = certificates.Judge(authority, TrustUse.TimeStamping, token.Time, null, now);
        if (answer.Outcome != CheckOutcome.Passed)
        {
            list.Add(new SealCheck(step, Clause, answer.Outcome, answer.Problem, $"时间戳服务“{authority.CommonName}”：{answer.Text}"));
            return (null, list.Checks);
        }

        var known = await status.OfCertificateAsync(authority, cancel);
        if (known.State == KnownState.Ended && (known.Since is not { } since || since <= token.Time))
        {
            list.Fail(step, Clause, SealProblem.Revoked, $"时间戳服务的证书当时已吊销（{known.Source}）");
            return (null, list.Checks);
        }

        if (known.State == KnownState.Unknown)
        {
            list.Doubt(step, Clause, known.Problem, $"不能确认时间戳服务的证书是否已吊销：{known.Source}");
        }

        // The stamp itself is a signature: once its certificate has ended, nothing says that it was not made later.
        if (now > authority.NotAfter)
        {
            list.Doubt(step, Clause, SealProblem.TimeUnproven, "时间戳服务的证书现已到期，时间戳不再能证明时间");
            return (null, list.Checks);
        }

        list.Pass(step, Clause, $"由“{authority.CommonName}”证明当时已经存在");
        return (token, list.Checks);
    }
}
