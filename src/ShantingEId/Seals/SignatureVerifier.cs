using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.TimeStamps;

namespace ShantingEId.Seals;

/// <summary>An electronic signature and what its verification came to.</summary>
/// <param name="Signature">The signature; null when it cannot be read.</param>
/// <param name="ProvenTime">When a good time stamp says the signature existed; null without one.</param>
/// <param name="Checks">The steps taken, in order.</param>
public sealed record SignatureReport(SesSignature? Signature, DateTimeOffset? ProvenTime, IReadOnlyList<SealCheck> Checks)
{
    /// <summary>The worst outcome.</summary>
    public SealVerdict Verdict => SealChecks.Verdict(Checks);
}

/// <summary>
/// 电子签章验证, the steps of GM/T 0031-2014 6.2.3 as GB/T 38540-2020 completes them, in their order and with their rules for
/// stopping (standards §1.3). What was true when it was signed counts; that it was then is believed of the signer's own clock
/// only while the certificates are still in force, and of a time stamp afterwards.
/// </summary>
/// <param name="certificates">Whose certificates are believed.</param>
/// <param name="status">Knows revocations and states.</param>
/// <param name="clock">The instant of the verification.</param>
public sealed class SignatureVerifier(CertificateTrust certificates, IStatusSource status, TimeProvider clock)
{
    private readonly SealVerifier seals = new(certificates, status, clock);
    private readonly StampVerifier stamps = new(certificates, status, clock);

    /// <summary>Verifies an electronic signature from its bytes.</summary>
    /// <param name="bytes">SES_Signature, DER.</param>
    /// <param name="text">The text that was signed (in OFD the bytes of Signature.xml); null when it is not at hand.</param>
    /// <param name="cancel">Gives up.</param>
    public ValueTask<SignatureReport> VerifyAsync(ReadOnlyMemory<byte> bytes, byte[]? text, CancellationToken cancel) => VerifyByDigestAsync(bytes, text is null ? null : Sm3.Hash(text), cancel);

    /// <summary>The same where of the text only the SM3 is at hand.</summary>
    public async ValueTask<SignatureReport> VerifyByDigestAsync(ReadOnlyMemory<byte> bytes, byte[]? textDigest, CancellationToken cancel)
    {
        // 1. 数据格式
        SesSignature signature;
        try
        {
            signature = SesSignature.Parse(bytes);
        }
        catch (EidException error)
        {
            return new SignatureReport(null, null, [SealVerifier.Unreadable(error)]);
        }

        // The time stamp is the last step (8), but what it proves is needed before.
        var stamp = signature.TimeStamp.IsEmpty ? (Proof: null, Checks: [])
            : await stamps.VerifyAsync(CheckStep.TimeStamp, signature.TimeStamp.ToArray(), signature.SignatureValue.ToArray(), cancel);
        var list = new CheckList();
        await StepsAsync(list, signature, textDigest, stamp.Proof, stamp.Checks, cancel);
        return new SignatureReport(signature, stamp.Proof?.Time, list.Checks);
    }

    private async ValueTask StepsAsync(
        CheckList list, SesSignature signature, byte[]? textDigest, TimeStampToken? proof, IReadOnlyList<SealCheck> stampChecks, CancellationToken cancel)
    {
        var toSign = signature.ToSign;
        var signer = signature.SignerCertificate;
        var version = toSign.Seal.Info.Version;
        string Clause(int step) => $"{version.Standard()} 电子签章验证第{step}步";
        list.Pass(CheckStep.Format, Clause(1), $"第 {(int)version} 版电子签章，格式正确");

        // 2. 签章签名值
        if (!signature.SignatureIsGood)
        {
            list.Fail(CheckStep.SignatureValue, Clause(2), SealProblem.SignatureInvalid, "签章签名值不正确，签章被改动过或系伪造");
            return;
        }

        list.Pass(CheckStep.SignatureValue, Clause(2), "签章签名值与内容相符");

        // 3. 签章者证书与电子印章的匹配性
        if (!toSign.Seal.Info.Lists(signer))
        {
            list.Fail(CheckStep.SignerListed, Clause(3), SealProblem.SignerNotListed, $"签章者“{signer.CommonName}”不在印章的签章者之列");
            return;
        }

        list.Pass(CheckStep.SignerListed, Clause(3), $"签章者“{signer.CommonName}”在印章的签章者之列");

        // 4. 印章, as of the time of signing.
        list.AddRange((await seals.VerifyAsync(toSign.Seal, toSign.Time, cancel)).Where(check => check.Step != CheckStep.Format));
        if (list.HasFailed)
        {
            return;
        }

        // 5. 签章者证书: path and usage. Its end and revocation are matters of time, the next step.
        if (!signer.MaySign)
        {
            list.Fail(CheckStep.SignerCertificate, Clause(5), SealProblem.CertUsage, "签章者证书的密钥用法不允许签名");
            return;
        }

        var answer = certificates.Judge(signer, TrustUse.DocumentSigning, CertificateChain.Within(signer, toSign.Time), SealCode.DivisionOf(toSign.Seal.Info.SealId), clock.GetUtcNow());
        list.Add(new SealCheck(CheckStep.SignerCertificate, Clause(5), answer.Outcome, answer.Problem, $"签章者“{signer.CommonName}”：{answer.Text}"));
        if (list.HasFailed)
        {
            return;
        }

        // 6. 签章时间
        list.Add(TimeOf(toSign, signer, await status.OfCertificateAsync(signer, cancel), proof?.Time, Clause(6)));
        if (list.HasFailed)
        {
            return;
        }

        // 7. 原文杂凑
        list.Add(HashCheckByDigest(signature, textDigest));
        if (list.HasFailed)
        {
            return;
        }

        // 8. 时间戳
        list.AddRange(stampChecks);
        if (proof is not null && proof.Time < toSign.Time - SigningTime.Tolerance)
        {
            list.Fail(CheckStep.TimeStamp, Clause(8), SealProblem.TimeOrder, "时间戳早于签章时间");
        }

        // Extensions are free; one that is critical says more than we understand.
        if (toSign.Extensions.Concat(toSign.Seal.Info.Extensions).Where(extension => extension.Critical).Select(extension => extension.Oid).Distinct().ToList() is { Count: > 0 } unknown)
        {
            list.Doubt(CheckStep.Extensions, $"{version.Standard()} extDatas", SealProblem.ExtensionUnknown, $"含有不认识的关键扩展 {string.Join('、', unknown)}");
        }
    }

    /// <summary>Step 7 by itself: whether the text is the one that was signed. Says nothing about who signed.</summary>
    public static SealCheck HashCheck(SesSignature signature, byte[]? text) => HashCheckByDigest(signature, text is null ? null : Sm3.Hash(text));

    private static SealCheck HashCheckByDigest(SesSignature signature, byte[]? textDigest)
    {
        var clause = $"{signature.ToSign.Seal.Info.Version.Standard()} 电子签章验证第7步";
        return textDigest is null ? new SealCheck(CheckStep.DataHash, clause, CheckOutcome.NotConfirmed, SealProblem.DataHash, $"没有给出原文（{Shown(signature.ToSign.PropertyInfo)}），不能核对原文杂凑")
            : signature.ToSign.DataHash.AsSpan().SequenceEqual(textDigest) ? new SealCheck(CheckStep.DataHash, clause, CheckOutcome.Passed, SealProblem.None, "原文杂凑与签章一致")
            : new SealCheck(CheckStep.DataHash, clause, CheckOutcome.Failed, SealProblem.DataHash, "原文与签章时不同");
    }

    /// <summary>Text of others, cut to what may be shown (64 characters).</summary>
    internal static string Shown(string text) => text.Length <= 64 ? text : text[..64] + "…";

    // Until the first of these has ended the signer's own word for the time does; from then on it takes a time stamp of before.
    // A maker's certificate of version 5 may end (standards §1.3).
    private SealCheck TimeOf(SesToSign toSign, Sm2Certificate signer, KnownStatus known, DateTimeOffset? proven, string clause)
    {
        var seal = toSign.Seal;
        var end = seal.Info.Version == SesVersion.V5 || seal.Info.ValidEnd < seal.MakerCertificate.NotAfter ? seal.Info.ValidEnd : seal.MakerCertificate.NotAfter;
        return toSign.Time < seal.Info.CreateTime
            ? new SealCheck(CheckStep.SigningTime, clause, CheckOutcome.Failed, SealProblem.TimeOrder, "签章时间早于印章制作时间")
            : SigningTime.Check(toSign.Time, signer, end, known, proven, clock.GetUtcNow(), clause);
    }
}
