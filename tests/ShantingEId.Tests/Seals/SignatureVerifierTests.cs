using System.Text;
using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.Tests.Crypto;
using ShantingEId.TimeStamps;

namespace ShantingEId.Tests.Seals;

/// <summary>电子签章验证: the order of the standard, its rules for stopping, and what a time stamp changes.</summary>
public sealed class SignatureVerifierTests
{
    private static readonly byte[] Text = Encoding.UTF8.GetBytes("示例原文");
    private static readonly SigningKey Stamper = HandMade.Certified("time stamper", TestCertificates.From, TestCertificates.To, CertificateUse.TimeStamping);

    [Theory]
    [InlineData(1, "GM/T 0031-2014")]
    [InlineData(4, "GB/T 38540-2020")]
    [InlineData(5, "GM/T 0031-2025")]
    public async Task A_good_signature_passes_every_step_in_order(int version, string standard)
    {
        var seal = HandMade.Seal(SampleSeals.Info with { Version = (SesVersion)version });

        var report = await VerifyAsync(HandMade.Signature(seal, version, timeInfo: "2026-03-02 14:00:00"u8.ToArray()));

        Assert.Equal(SealVerdict.Valid, report.Verdict);
        Assert.Equal(
            [
                (CheckStep.Format, $"{standard} 电子签章验证第1步"), (CheckStep.SignatureValue, $"{standard} 电子签章验证第2步"), (CheckStep.SignerListed, $"{standard} 电子签章验证第3步"),
                // Step 4 is the seal, with steps of its own; its state only a register knows.
                (CheckStep.SealSignature, $"{standard} 电子印章验证第2步"), (CheckStep.MakerCertificate, $"{standard} 电子印章验证第3步"), (CheckStep.SealValidity, $"{standard} 电子印章验证第4步"), (CheckStep.SealState, ""),
                (CheckStep.SignerCertificate, $"{standard} 电子签章验证第5步"), (CheckStep.SigningTime, $"{standard} 电子签章验证第6步"), (CheckStep.DataHash, $"{standard} 电子签章验证第7步"),
            ],
            report.Checks.Select(check => (check.Step, check.Clause)));
        Assert.All(report.Checks, check => Assert.Equal(CheckOutcome.Passed, check.Outcome));
    }

    [Fact]
    public async Task A_failure_stops_with_its_reason()
    {
        var (signer, seal) = (SampleSeals.Signer, SampleSeals.Seal.Der.ToArray());
        var stranger = HandMade.Certified("stranger", TestCertificates.From, TestCertificates.To);
        var old = HandMade.Certified("old signer", TestCertificates.From, SampleSeals.Signed.AddDays(-1));
        var clerk = HandMade.Certified("time stamper", TestCertificates.From, TestCertificates.To, CertificateUse.TimeStamping);
        var revokedBefore = new StatusTable().With(signer.Certificate, KnownState.Ended, SampleSeals.Signed);
        var altered = HandMade.Signature(seal, 4);
        altered[^80] ^= 1;
        var cases = new (byte[] Signature, IStatusSource? Status, CheckStep Step, SealProblem Problem)[]
        {
            ([0x30, 0], null, CheckStep.Format, SealProblem.Asn1Invalid),
            (HandMade.Signature(seal, 4, form: each => [.. each.Raw.ToArray().Reverse()]), null, CheckStep.SignatureValue, SealProblem.SignatureInvalid),
            (HandMade.Signature(seal, 4, stranger), null, CheckStep.SignerListed, SealProblem.SignerNotListed),
            (HandMade.Signature(HandMade.Seal(SampleSeals.Info, form: each => [.. each.Raw.ToArray().Reverse()]), 4), null, CheckStep.SealSignature, SealProblem.SealSignature),
            (HandMade.Signature(seal, 4, time: SampleSeals.End.AddDays(1)), null, CheckStep.SealValidity, SealProblem.OutsideValidity),
            (HandMade.Signature(SealOf(clerk), 4, clerk), null, CheckStep.SignerCertificate, SealProblem.CertUsage),
            (HandMade.Signature(SealOf(old), 4, old), null, CheckStep.SigningTime, SealProblem.OutsideValidity),
            (HandMade.Signature(seal, 4, time: SampleTrust.Now.AddMinutes(6)), null, CheckStep.SigningTime, SealProblem.TimeOrder),
            (HandMade.Signature(HandMade.Seal(SampleSeals.Info with { CreateTime = SampleSeals.Signed.AddDays(1) }), 4), null, CheckStep.SigningTime, SealProblem.TimeOrder),
            (HandMade.Signature(seal, 4), revokedBefore, CheckStep.SigningTime, SealProblem.Revoked),
            (HandMade.Signature(seal, 4, hash: Sm3.Hash("别的原文"u8)), null, CheckStep.DataHash, SealProblem.DataHash),
            (Stamped(seal, SampleSeals.Signed.AddMinutes(-6)), null, CheckStep.TimeStamp, SealProblem.TimeOrder),
        };
        foreach (var (signature, status, step, problem) in cases)
        {
            var report = await VerifyAsync(signature, status);

            var last = report.Checks[^1];
            Assert.Equal((SealVerdict.Invalid, step, CheckOutcome.Failed, problem), (report.Verdict, last.Step, last.Outcome, last.Problem));
            Assert.Single(report.Checks, check => check.Outcome == CheckOutcome.Failed);
        }

        Assert.NotEqual(SealVerdict.Valid, (await VerifyAsync(altered)).Verdict);
    }

    [Fact]
    public async Task Text_that_is_not_at_hand_and_critical_extensions_leave_it_unconfirmed()
    {
        var seal = SampleSeals.Seal.Der.ToArray();
        var without = await SampleTrust.Signatures().VerifyAsync(HandMade.Signature(seal, 4), null, TestContext.Current.CancellationToken);
        var critical = await VerifyAsync(HandMade.Signature(seal, 4, extension: new SesExtension("1.2.3.4", true, [1])));
        var free = await VerifyAsync(HandMade.Signature(seal, 4, extension: new SesExtension("1.2.3.4", false, [1])));

        Assert.Equal((SealVerdict.NotConfirmed, SealProblem.DataHash), (without.Verdict, without.Checks[^1].Problem));
        Assert.Equal((SealVerdict.NotConfirmed, SealProblem.ExtensionUnknown), (critical.Verdict, critical.Checks[^1].Problem));
        Assert.Equal(SealVerdict.Valid, free.Verdict);
    }

    // A stamp of before proves what the signer's own clock cannot: that it was signed while the certificate was in force.
    [Fact]
    public async Task A_stamped_signature_stays_provable_after_the_certificate_has_ended_or_been_revoked()
    {
        var seal = SampleSeals.Seal.Der.ToArray();
        var later = SampleSeals.End.AddYears(1); // The seal has ended, the stamp's certificate has not.
        var revoked = new StatusTable().With(SampleSeals.Signer.Certificate, KnownState.Ended, SampleSeals.Signed.AddDays(30));
        var stamped = Stamped(seal, SampleSeals.Signed.AddMinutes(1));
        var tooLate = Stamped(seal, SampleSeals.End.AddDays(1));

        var bare = await VerifyAsync(HandMade.Signature(seal, 4), at: later);
        var proven = await VerifyAsync(stamped, at: later);
        var stampedAfterTheEnd = await VerifyAsync(tooLate, at: later);
        var bareRevoked = await VerifyAsync(HandMade.Signature(seal, 4), revoked);
        var provenRevoked = await VerifyAsync(stamped, revoked);

        Assert.Equal((SealVerdict.NotConfirmed, SealProblem.TimeUnproven), Worst(bare));
        Assert.Equal(SealVerdict.Valid, proven.Verdict);
        Assert.Equal(SampleSeals.Signed.AddMinutes(1), proven.ProvenTime);
        Assert.Equal((SealVerdict.NotConfirmed, SealProblem.TimeUnproven), Worst(stampedAfterTheEnd));
        Assert.Equal((SealVerdict.NotConfirmed, SealProblem.TimeUnproven), Worst(bareRevoked));
        Assert.Equal(SealVerdict.Valid, provenRevoked.Verdict);
    }

    [Fact]
    public async Task A_stamp_that_does_not_hold_proves_nothing()
    {
        var seal = SampleSeals.Seal.Der.ToArray();
        var signature = SesSignature.Parse(HandMade.Signature(seal, 4));
        var notForStamps = HandMade.Certified("not for stamps", TestCertificates.From, TestCertificates.To);
        var ended = HandMade.Certified("ended stamper", TestCertificates.From, SampleTrust.Now.AddDays(-1), CertificateUse.TimeStamping);
        var stranger = Sm2Cases.Key("strange stamper");
        var root = TestCertificates.SelfSigned(stranger);
        var strange = new SigningKey(Sm2Cases.Key("clock"), new CertificateIssuer(stranger, root).Issue(
            new CertificateSubject("示例", "他处时间戳"), Sm2Cases.Key("clock").PublicKey, CertificateUse.TimeStamping, TestCertificates.From, TestCertificates.To));
        var good = SampleStamps.Token(signature.SignatureValue, Stamper, SampleSeals.Signed);
        var altered = good.ToArray();
        altered[^1] ^= 1;
        var cases = new (byte[] Token, CheckOutcome Outcome, SealProblem Problem)[]
        {
            (good, CheckOutcome.Passed, SealProblem.None),
            (SampleStamps.Token("别的"u8, Stamper, SampleSeals.Signed), CheckOutcome.Failed, SealProblem.TimeStampInvalid),
            (altered, CheckOutcome.Failed, SealProblem.TimeStampInvalid),
            ([0x30, 0], CheckOutcome.Failed, SealProblem.TimeStampInvalid),
            (SampleStamps.Token(signature.SignatureValue, notForStamps, SampleSeals.Signed, isForced: true), CheckOutcome.Failed, SealProblem.TimeStampCert),
            (SampleStamps.Token(signature.SignatureValue, ended, SampleSeals.Signed), CheckOutcome.NotConfirmed, SealProblem.TimeUnproven),
            (SampleStamps.Token(signature.SignatureValue, Stamper, SampleSeals.Signed, withCertificate: false), CheckOutcome.NotConfirmed, SealProblem.TimeStampCert),
            (SampleStamps.Token(signature.SignatureValue, strange, SampleSeals.Signed), CheckOutcome.Failed, SealProblem.CaUnknown),
        };
        foreach (var (token, outcome, problem) in cases)
        {
            var report = await VerifyAsync(signature.WithTimeStamp(token).Der.ToArray());

            var last = report.Checks[^1];
            Assert.Equal((CheckStep.TimeStamp, outcome, problem), (last.Step, last.Outcome, last.Problem));
            Assert.Equal(outcome == CheckOutcome.Passed, report.ProvenTime is not null);
        }
    }

    private static byte[] Stamped(byte[] seal, DateTimeOffset time)
    {
        var signature = SesSignature.Parse(HandMade.Signature(seal, 4));
        return signature.WithTimeStamp(SampleStamps.Token(signature.SignatureValue, Stamper, time)).Der.ToArray();
    }

    private static byte[] SealOf(SigningKey signer) => HandMade.Seal(SampleSeals.Info with { CertificateList = [signer.Certificate.Der.ToArray()] });

    private static (SealVerdict, SealProblem) Worst(SignatureReport report) => (report.Verdict, report.Checks.First(check => check.Outcome is CheckOutcome.Failed or CheckOutcome.NotConfirmed).Problem);

    private static async Task<SignatureReport> VerifyAsync(byte[] signature, IStatusSource? status = null, DateTimeOffset? at = null) =>
        await SampleTrust.Signatures(status: status, at: at).VerifyAsync(signature, Text, TestContext.Current.CancellationToken);
}
