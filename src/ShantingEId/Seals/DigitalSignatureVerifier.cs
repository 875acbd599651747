using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.TimeStamps;

namespace ShantingEId.Seals;

/// <summary>A digital signature without a seal and what its verification came to.</summary>
/// <param name="Signature">The signature; null when it cannot be read.</param>
/// <param name="Checks">The steps taken, in order.</param>
public sealed record DigitalSignatureReport(SignedData? Signature, IReadOnlyList<SealCheck> Checks)
{
    /// <summary>The worst outcome.</summary>
    public SealVerdict Verdict => SealChecks.Verdict(Checks);
}

/// <summary>
/// 数字签名验证 of OFD signatures of type Sign: SignedData of GB/T 35275 whose content is the SM3 of the text, or the text. The same
/// steps as for a signature with a seal, without the seal.
/// </summary>
/// <param name="certificates">Whose certificates are believed.</param>
/// <param name="status">Knows revocations.</param>
/// <param name="clock">The instant of the verification.</param>
public sealed class DigitalSignatureVerifier(CertificateTrust certificates, IStatusSource status, TimeProvider clock)
{
    private const string Clause = "GB/T 35275";

    /// <summary>Verifies from the bytes.</summary>
    /// <param name="bytes">SignedData in its ContentInfo, DER.</param>
    /// <param name="text">The text that was signed.</param>
    /// <param name="time">When, as the text says; null when it does not.</param>
    /// <param name="cancel">Gives up.</param>
    public async ValueTask<DigitalSignatureReport> VerifyAsync(ReadOnlyMemory<byte> bytes, ReadOnlyMemory<byte> text, DateTimeOffset? time, CancellationToken cancel)
    {
        SignedData signed;
        try
        {
            signed = SignedData.Parse(bytes);
        }
        catch (EidException error)
        {
            return new DigitalSignatureReport(null, [SealVerifier.Unreadable(error)]);
        }

        var list = new CheckList();
        list.Pass(CheckStep.Format, Clause, "数字签名，格式正确");
        await StepsAsync(list, signed, text, time, cancel);
        return new DigitalSignatureReport(signed, list.Checks);
    }

    /// <summary>The digest by itself: whether the text is the one that was signed. Says nothing about who signed.</summary>
    public static SealCheck HashCheck(SignedData signature, ReadOnlyMemory<byte> text) =>
        signature.Content.AsSpan().SequenceEqual(Sm3.Hash(text.Span)) || signature.Content.AsSpan().SequenceEqual(text.Span)
            ? new SealCheck(CheckStep.DataHash, Clause, CheckOutcome.Passed, SealProblem.None, "原文杂凑与签名一致")
            : new SealCheck(CheckStep.DataHash, Clause, CheckOutcome.Failed, SealProblem.DataHash, "原文与签名时不同");

    private async ValueTask StepsAsync(CheckList list, SignedData signed, ReadOnlyMemory<byte> text, DateTimeOffset? time, CancellationToken cancel)
    {
        // 1. 签名值
        if (signed.SignerCertificate is not { } signer)
        {
            list.Doubt(CheckStep.SignatureValue, Clause, SealProblem.SignerCert, "签名没有附带签名者证书，不能核对");
            return;
        }

        if (!signed.SignatureIsGood)
        {
            list.Fail(CheckStep.SignatureValue, Clause, SealProblem.SignatureInvalid, "签名值不正确，签名被改动过或系伪造");
            return;
        }

        list.Pass(CheckStep.SignatureValue, Clause, "签名值与内容相符");

        // 2. 签名者证书
        if (!signer.MaySign)
        {
            list.Fail(CheckStep.SignerCertificate, Clause, SealProblem.CertUsage, "签名者证书的密钥用法不允许签名");
            return;
        }

        var now = clock.GetUtcNow();
        var answer = certificates.Judge(signer, TrustUse.DocumentSigning, CertificateChain.Within(signer, time ?? now), null, now);
        list.Add(new SealCheck(CheckStep.SignerCertificate, Clause, answer.Outcome, answer.Problem, $"签名者“{signer.CommonName}”：{answer.Text}"));
        if (list.HasFailed)
        {
            return;
        }

        // 3. 签名时间
        if (time is { } signedAt)
        {
            list.Add(SigningTime.Check(signedAt, signer, DateTimeOffset.MaxValue, await status.OfCertificateAsync(signer, cancel), null, now, Clause));
        }
        else
        {
            list.Doubt(CheckStep.SigningTime, Clause, SealProblem.TimeUnproven, "没有可读的签名时间");
        }

        if (!list.HasFailed)
        {
            // 4. 原文杂凑
            list.Add(HashCheck(signed, text));
        }
    }
}
