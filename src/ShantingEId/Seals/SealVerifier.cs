using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.TimeStamps;

namespace ShantingEId.Seals;

/// <summary>A seal and what its verification came to.</summary>
/// <param name="Seal">The seal; null when it cannot be read.</param>
/// <param name="Checks">The steps taken, in order.</param>
public sealed record SealReport(SesSeal? Seal, IReadOnlyList<SealCheck> Checks)
{
    /// <summary>The worst outcome.</summary>
    public SealVerdict Verdict => SealChecks.Verdict(Checks);
}

/// <summary>
/// 电子印章验证, of anybody's seal: the steps of GM/T 0031-2014 6.1.2, which GB/T 38540-2020 and GM/T 0031-2025 keep, in their
/// order and with their rules for stopping; then the state of the seal, which only a register knows.
/// </summary>
/// <param name="certificates">Whose certificates are believed.</param>
/// <param name="status">Knows revocations and states.</param>
/// <param name="clock">The instant of the verification.</param>
public sealed class SealVerifier(CertificateTrust certificates, IStatusSource status, TimeProvider clock)
{
    private readonly StampVerifier stamps = new(certificates, status, clock);

    /// <summary>Verifies a seal from its bytes, for use now.</summary>
    public async ValueTask<SealReport> VerifyAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        try
        {
            var seal = SesSeal.Parse(bytes);
            return new SealReport(seal, await VerifyAsync(seal, clock.GetUtcNow(), cancel));
        }
        catch (EidException error)
        {
            return new SealReport(null, [Unreadable(error)]);
        }
    }

    /// <summary>Verifies a seal for use at an instant: now, or when something was signed with it.</summary>
    public async ValueTask<IReadOnlyList<SealCheck>> VerifyAsync(SesSeal seal, DateTimeOffset at, CancellationToken cancel)
    {
        var list = new CheckList();
        var version = seal.Info.Version;
        string Clause(int step) => $"{version.Standard()} 电子印章验证第{step}步";

        // 1. 数据格式: parsing has done it.
        list.Pass(CheckStep.Format, Clause(1), $"第 {(int)version} 版电子印章，格式正确");

        // 2. 印章签名值
        if (!seal.IsSignedBy(certificates.Known(seal.MakerCertificate)))
        {
            list.Fail(CheckStep.SealSignature, Clause(2), SealProblem.SealSignature, "印章签名值不正确，印章被改动过或系伪造");
            return list.Checks;
        }

        list.Pass(CheckStep.SealSignature, Clause(2), "印章签名值与内容相符");

        // 3. 制章者证书
        await MakerAsync(list, seal, at, Clause(3), cancel);
        if (list.HasFailed)
        {
            return list.Checks;
        }

        // 4. 印章有效期
        if (at < seal.Info.ValidStart || at > seal.Info.ValidEnd)
        {
            list.Fail(CheckStep.SealValidity, Clause(4), SealProblem.OutsideValidity, $"{at.UtcDateTime:yyyy-MM-dd} 不在印章有效期内（{seal.Info.ValidStart.UtcDateTime:yyyy-MM-dd} 至 {seal.Info.ValidEnd.UtcDateTime:yyyy-MM-dd}）");
            return list.Checks;
        }

        list.Pass(CheckStep.SealValidity, Clause(4), "在印章有效期内");

        // 5. Version 5: a time stamp of the seal, not earlier than the seal.
        if (!seal.TimeStamp.IsEmpty)
        {
            var (stamp, checks) = await stamps.VerifyAsync(CheckStep.SealTimeStamp, seal.TimeStamp.ToArray(), seal.SignatureValue.ToArray(), cancel);
            list.AddRange(checks);
            if (stamp is not null && stamp.Time < seal.Info.CreateTime)
            {
                list.Fail(CheckStep.SealTimeStamp, "GM/T 0031-2025", SealProblem.TimeOrder, "印章的时间戳早于制作时间");
            }
        }

        // 6. 印章状态, of the register.
        var state = await status.OfSealAsync(seal, at, cancel);
        switch (state.State)
        {
            case KnownState.Good:
                list.Pass(CheckStep.SealState, "", $"印章有效（{state.Source}）");
                break;
            case KnownState.Ended:
                list.Fail(CheckStep.SealState, "", SealProblem.SealEnded, $"印章当时已失效或暂停（{state.Source}）");
                break;
            default:
                list.Doubt(CheckStep.SealState, "", state.Problem, $"不能确认印章是否已停用：{state.Source}");
                break;
        }

        return list.Checks;
    }

    // Chain and key usage always stop. A certificate that has only ended or been revoked since the seal was made stops versions 1
    // and 4, and is a notice in version 5 (standards §1.3).
    private async ValueTask MakerAsync(CheckList list, SesSeal seal, DateTimeOffset at, string clause, CancellationToken cancel)
    {
        var maker = seal.MakerCertificate;
        var made = seal.Info.CreateTime;
        var isLenient = seal.Info.Version == SesVersion.V5 && maker.IsValidAt(made);
        var answer = certificates.Judge(maker, TrustUse.SealMaking, CertificateChain.Within(maker, at), SealCode.DivisionOf(seal.Info.SealId), clock.GetUtcNow());
        list.Add(new SealCheck(CheckStep.MakerCertificate, clause, answer.Outcome, answer.Problem, $"制章者“{maker.CommonName}”：{answer.Text}"));
        if (list.HasFailed)
        {
            return;
        }

        if (!maker.IsValidAt(at))
        {
            Ended(SealProblem.MakerCert, $"制章者证书在 {at.UtcDateTime:yyyy-MM-dd} 不在有效期内（{maker.NotBefore.UtcDateTime:yyyy-MM-dd} 至 {maker.NotAfter.UtcDateTime:yyyy-MM-dd}）");
            if (!isLenient)
            {
                return;
            }
        }

        var known = await status.OfCertificateAsync(maker, cancel);
        if (known.State == KnownState.Unknown)
        {
            list.Doubt(CheckStep.MakerCertificate, clause, known.Problem, $"不能确认制章者证书是否已吊销：{known.Source}");
        }
        else if (known.State == KnownState.Ended && (known.Since is not { } since || since <= made))
        {
            list.Fail(CheckStep.MakerCertificate, clause, SealProblem.Revoked, $"制章者证书在制章前已吊销（{known.Source}）");
        }
        else if (known.State == KnownState.Ended && known.Since <= at)
        {
            Ended(SealProblem.Revoked, $"制章者证书已吊销（{known.Source}）");
        }

        void Ended(SealProblem problem, string text)
        {
            if (isLenient)
            {
                list.Note(CheckStep.MakerCertificate, clause, problem, text + "，但制章时有效");
            }
            else
            {
                list.Fail(CheckStep.MakerCertificate, clause, problem, text);
            }
        }
    }

    /// <summary>The step that says why some bytes cannot be read at all.</summary>
    internal static SealCheck Unreadable(EidException error) => new(CheckStep.Format, "", CheckOutcome.Failed, error.Reason switch
    {
        ErrorReason.Asn1Limits => SealProblem.Asn1Limits,
        ErrorReason.AlgorithmInvalid => SealProblem.Algorithm,
        ErrorReason.CertificateInvalid or ErrorReason.PublicKeyInvalid => SealProblem.CertInvalid,
        _ => SealProblem.Asn1Invalid,
    }, error.Message);
}
