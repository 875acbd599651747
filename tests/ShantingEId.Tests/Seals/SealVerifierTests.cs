using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.Tests.Crypto;

namespace ShantingEId.Tests.Seals;

/// <summary>电子印章验证: one good seal, and one thing broken at a time; which step says so, for which reason, and what it stops.</summary>
public sealed class SealVerifierTests
{
    private static readonly CertificateTrust Trust = SampleTrust.OwnWith(
        HandMade.Maker("maker", TestCertificates.To).Certificate, HandMade.Maker("maker of old", SampleSeals.Made.AddDays(1)).Certificate);

    [Theory]
    [InlineData(1, "GM/T 0031-2014")]
    [InlineData(4, "GB/T 38540-2020")]
    [InlineData(5, "GM/T 0031-2025")]
    public async Task A_good_seal_passes_every_step_in_the_order_of_the_standard(int version, string standard)
    {
        var report = await VerifyAsync(HandMade.Seal(SampleSeals.Info with { Version = (SesVersion)version }));

        Assert.Equal(SealVerdict.Valid, report.Verdict);
        // The state is no step of the standard: only a register knows it.
        Assert.Equal(
            [
                (CheckStep.Format, $"{standard} 电子印章验证第1步"), (CheckStep.SealSignature, $"{standard} 电子印章验证第2步"), (CheckStep.MakerCertificate, $"{standard} 电子印章验证第3步"),
                (CheckStep.SealValidity, $"{standard} 电子印章验证第4步"), (CheckStep.SealState, ""),
            ],
            report.Checks.Select(check => (check.Step, check.Clause)));
    }

    [Fact]
    public async Task A_failure_stops_with_its_reason()
    {
        var expired = HandMade.Maker("maker of old", SampleSeals.Made.AddDays(1));
        var stranger = Sm2Cases.Key("strange maker");
        var foreign = new SigningKey(stranger, TestCertificates.SelfSigned(stranger));
        var cannotSign = new SigningKey(TestCertificates.AuthorityKey, TestCertificates.Authority);
        var broken = HandMade.Seal(SampleSeals.Info);
        broken[60] ^= 1; // Inside esID or the property: still a seal.
        var self = HandMade.Maker("maker", TestCertificates.To);
        var cases = new (byte[] Seal, IStatusSource? Status, CheckStep Step, SealProblem Problem)[]
        {
            ([1, 2, 3], null, CheckStep.Format, SealProblem.Asn1Invalid),
            (HandMade.Seal(SampleSeals.Info, oid: "1.2.3"), null, CheckStep.Format, SealProblem.Algorithm),
            (HandMade.Seal(SampleSeals.Info, form: each => [.. each.Raw.ToArray().Reverse()]), null, CheckStep.SealSignature, SealProblem.SealSignature),
            (HandMade.Seal(SampleSeals.Info, cannotSign), null, CheckStep.MakerCertificate, SealProblem.CertUsage),
            (HandMade.Seal(SampleSeals.Info, HandMade.Certified("clock", TestCertificates.From, TestCertificates.To, CertificateUse.TimeStamping)), null, CheckStep.MakerCertificate, SealProblem.CertUsage),
            (HandMade.Seal(SampleSeals.Info, SampleSeals.Signer), null, CheckStep.MakerCertificate, SealProblem.MakerUnknown), // A company makes itself a seal.
            (HandMade.Seal(SampleSeals.Info, expired), null, CheckStep.MakerCertificate, SealProblem.MakerCert),
            (HandMade.Seal(SampleSeals.Info, self), new StatusTable().With(self.Certificate, KnownState.Ended, SampleSeals.Made.AddDays(-1)), CheckStep.MakerCertificate, SealProblem.Revoked),
            (HandMade.Seal(SampleSeals.Info, self), new StatusTable().With(self.Certificate, KnownState.Ended, SampleSeals.Made.AddDays(1)), CheckStep.MakerCertificate, SealProblem.Revoked),
            (HandMade.Seal(SampleSeals.Info, self), new StatusTable().With(self.Certificate, KnownState.Ended), CheckStep.MakerCertificate, SealProblem.Revoked),
            (HandMade.Seal(SampleSeals.Info with { ValidEnd = SampleSeals.Made.AddDays(1) }), null, CheckStep.SealValidity, SealProblem.OutsideValidity),
            (HandMade.Seal(SampleSeals.Info with { ValidStart = SampleTrust.Now.AddSeconds(1) }), null, CheckStep.SealValidity, SealProblem.OutsideValidity),
            (HandMade.Seal(SampleSeals.Info), new StatusTable { Seal = new KnownStatus(KnownState.Ended, null, "示例") }, CheckStep.SealState, SealProblem.SealEnded),
        };
        foreach (var (seal, status, step, problem) in cases)
        {
            var report = await VerifyAsync(seal, status);

            var last = report.Checks[^1];
            Assert.Equal((SealVerdict.Invalid, step, CheckOutcome.Failed, problem), (report.Verdict, last.Step, last.Outcome, last.Problem));
            Assert.Single(report.Checks, check => check.Outcome == CheckOutcome.Failed);
        }

        // A maker who certified itself, carrying key usage of an authority, is stopped by that; one of an unknown CA by the path.
        Assert.Equal(SealProblem.CertUsage, (await VerifyAsync(HandMade.Seal(SampleSeals.Info, foreign))).Checks[^1].Problem);
        Assert.Equal(SealProblem.SealSignature, (await VerifyAsync(broken)).Checks[^1].Problem);
    }

    // SDK, eid inspect, issuing and fsck judge seals by SesSeal.Problem, documents are judged by the verifier: who may make seals is one rule.
    [Fact]
    public async Task Whoever_looks_at_a_seal_asks_whether_its_maker_makes_seals()
    {
        var receipts = HandMade.Certified("receipts", TestCertificates.From, TestCertificates.To, CertificateUse.ReceiptSigning);
        var clock = HandMade.Certified("clock", TestCertificates.From, TestCertificates.To, CertificateUse.TimeStamping);
        var trust = SampleTrust.OwnWith(receipts.Certificate, clock.Certificate);
        var cases = new (SigningKey Maker, CertificateTrust Trust, SealProblem Problem, string Text)[]
        {
            (SampleSeals.Maker, trust, SealProblem.None, ""),
            (SampleSeals.Signer, trust, SealProblem.MakerUnknown, "证书链到达受信任的根，但不在所信任的制章者之列"), // A company makes itself a seal.
            (receipts, trust, SealProblem.CertUsage, "证书是为别的用途签发的，不允许制章"), // Although it is at hand, as in authority-chain.pem.
            (clock, trust, SealProblem.CertUsage, "证书的密钥用法不允许签名"),
            (SampleSeals.Maker, CertificateTrust.None, SealProblem.TrustMissing, $"没有给出信任的根证书或信任列表，不能确认“{TestCertificates.Authority.CommonName}”颁发的证书可信"),
        };
        foreach (var (maker, trusted, problem, text) in cases)
        {
            var seal = SesSeal.Create(SampleSeals.Info, maker);
            var check = (await SampleTrust.Seals(trusted).VerifyAsync(seal, SampleTrust.Now, TestContext.Current.CancellationToken)).First(each => each.Step == CheckStep.MakerCertificate);

            Assert.Equal(problem, check.Problem);
            Assert.Equal(text.Length == 0 ? "" : $"制章者“{maker.Certificate.CommonName}”：{text}", seal.Problem(trusted, SampleTrust.Now));
            Assert.True(text.Length == 0 || check.Text == seal.Problem(trusted, SampleTrust.Now), check.Text);
        }
    }

    // I31: whatever else a certificate may carry for a key, a seal with it is not looked at further.
    [Fact]
    public async Task A_certificate_with_another_key_or_curve_is_refused_as_that()
    {
        var leaf = TestCertificates.Leaf.PublicKey.Spki.ToArray();
        byte[] offCurve = leaf.ToArray(), compressed = [.. leaf.AsSpan(0, 26), 2, .. leaf.AsSpan(27)], otherCurve = leaf.ToArray();
        offCurve[^1] ^= 1;
        otherCurve[22] ^= 1; // The last but one arc of the curve's OID.
        var good = HandMade.Seal(SampleSeals.Info, HandMade.Maker("maker", TestCertificates.To));
        var maker = SesSeal.Parse(good).MakerCertificate.Der.ToArray();
        Assert.Equal(SealVerdict.Valid, (await VerifyAsync(good)).Verdict);
        foreach (var spki in new[] { offCurve, compressed, otherCurve })
        {
            // Same length, another key: the certificate is exchanged within the seal.
            var at = good.AsSpan().IndexOf(maker);
            var key = maker.AsSpan().IndexOf(SesSeal.Parse(good).MakerCertificate.PublicKey.Spki);
            var broken = good.ToArray();
            spki.CopyTo(broken.AsSpan(at + key));

            var report = await VerifyAsync(broken);

            Assert.Equal((SealVerdict.Invalid, CheckStep.Format, SealProblem.CertInvalid), (report.Verdict, report.Checks[^1].Step, report.Checks[^1].Problem));
        }
    }

    [Fact]
    public async Task What_cannot_be_known_is_not_called_valid()
    {
        var nothing = await SampleTrust.Seals(CertificateTrust.None, NoStatus.Instance).VerifyAsync(HandMade.Seal(SampleSeals.Info), TestContext.Current.CancellationToken);

        Assert.Equal(SealVerdict.NotConfirmed, nothing.Verdict);
        Assert.Equal(
            [(CheckStep.MakerCertificate, SealProblem.TrustMissing), (CheckStep.MakerCertificate, SealProblem.StatusUnknown), (CheckStep.SealState, SealProblem.StatusUnknown)],
            nothing.Checks.Where(check => check.Outcome == CheckOutcome.NotConfirmed).Select(check => (check.Step, check.Problem)));

        // With roots that it does not lead to, it is not a matter of not knowing.
        var other = new CertificateTrust([TestCertificates.SelfSigned(Sm2Cases.Key("another root"))], []);
        Assert.Equal(SealProblem.CaUnknown, (await SampleTrust.Seals(other).VerifyAsync(HandMade.Seal(SampleSeals.Info), TestContext.Current.CancellationToken)).Checks[^1].Problem);
    }

    // GM/T 0031-2025: a maker's certificate that has only ended since does not end the seals.
    [Fact]
    public async Task Version_5_forgives_a_maker_whose_certificate_ended_after_making()
    {
        var made = HandMade.Maker("maker of old", SampleSeals.Made.AddDays(1));
        var revoked = HandMade.Maker("maker", TestCertificates.To);
        var status = new StatusTable().With(revoked.Certificate, KnownState.Ended, SampleSeals.Made.AddDays(1));
        foreach (var maker in new[] { made, revoked })
        {
            var lenient = await VerifyAsync(HandMade.Seal(SampleSeals.Info with { Version = SesVersion.V5 }, maker), status);
            var strict = await VerifyAsync(HandMade.Seal(SampleSeals.Info, maker), status);

            Assert.Equal(SealVerdict.Valid, lenient.Verdict);
            Assert.Single(lenient.Checks, check => check.Outcome == CheckOutcome.Notice && check.Step == CheckStep.MakerCertificate);
            Assert.Equal(SealVerdict.Invalid, strict.Verdict);
        }

        var early = new StatusTable().With(revoked.Certificate, KnownState.Ended, SampleSeals.Made.AddDays(-1));
        Assert.Equal(SealVerdict.Invalid, (await VerifyAsync(HandMade.Seal(SampleSeals.Info with { Version = SesVersion.V5 }, revoked), early)).Verdict);
        Assert.Equal(SealVerdict.Invalid, (await VerifyAsync(HandMade.Seal(SampleSeals.Info with { Version = SesVersion.V5, CreateTime = SampleSeals.Made.AddDays(9) }, made))).Verdict);
    }

    private static async Task<SealReport> VerifyAsync(byte[] seal, IStatusSource? status = null) => await SampleTrust.Seals(Trust, status).VerifyAsync(seal, TestContext.Current.CancellationToken);
}
