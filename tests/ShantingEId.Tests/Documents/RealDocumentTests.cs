using Microsoft.Extensions.Time.Testing;
using ShantingEId.Documents.Reading;
using ShantingEId.Recognition;
using ShantingEId.Seals;

namespace ShantingEId.Tests.Documents;

/// <summary>Documents and seals that others made: what is true of them is said, and what cannot be known is said too.</summary>
public sealed class RealDocumentTests
{
    private static readonly FakeTimeProvider Clock = new(new DateTimeOffset(2026, 11, 26, 0, 0, 0, TimeSpan.Zero));

    // Signed within the certificates' time, which has ended since; nobody vouches for the maker's CA.
    [Fact]
    public async Task A_document_of_another_implementation_is_good_as_far_as_its_certificates_allow()
    {
        var report = await VerifyAsync("ofd/V4RideRight.ofd");

        Assert.Equal(SealVerdict.NotConfirmed, report.Verdict);
        Assert.StartsWith("签名值真实，被签的文件与签名时一致；但制章者“Test Certificate”：没有给出信任的根证书或信任列表", report.Summary, StringComparison.Ordinal);
        Assert.EndsWith("，另有 4 项无法确认。", report.Summary, StringComparison.Ordinal);
        var signature = Assert.Single(report.Signatures);
        Assert.Equal(["1", "21", "43", "63", "83"], signature.StampPages);
        Assert.Equal(
            [
                (CheckStep.MakerCertificate, SealProblem.TrustMissing), (CheckStep.MakerCertificate, SealProblem.StatusUnknown), (CheckStep.SealState, SealProblem.StatusUnknown),
                (CheckStep.SignerCertificate, SealProblem.TrustMissing), (CheckStep.SigningTime, SealProblem.TimeUnproven),
            ],
            signature.Checks.Where(check => check.Outcome == CheckOutcome.NotConfirmed).Select(check => (check.Step, check.Problem)));
        AssertPassed(signature, CheckStep.SignatureValue, CheckStep.SignerListed, CheckStep.SealSignature, CheckStep.SealValidity, CheckStep.DataHash, CheckStep.PropertyInfo, CheckStep.SealCopy, CheckStep.References);
        Assert.Equal(SealVerdict.Valid, SealChecks.Verdict([.. report.Checks]));
    }

    // Made of late with a test certificate that had ended years before: the values are right, the seal could not be used any more.
    [Fact]
    public async Task A_document_signed_after_the_makers_certificate_had_ended_is_not_valid()
    {
        var report = await VerifyAsync("ofd/SESV4SignDoc.ofd");

        Assert.Equal(SealVerdict.Invalid, report.Verdict);
        Assert.StartsWith("文件无效：制章者证书在 2026-08-04 不在有效期内", report.Summary, StringComparison.Ordinal);
        var signature = Assert.Single(report.Signatures);
        AssertPassed(signature, CheckStep.SignatureValue, CheckStep.SignerListed, CheckStep.SealSignature, CheckStep.DataHash, CheckStep.PropertyInfo, CheckStep.SealCopy, CheckStep.References);
        Assert.Equal(SealProblem.MakerCert, Assert.Single(signature.Checks, check => check.Outcome == CheckOutcome.Failed).Problem);
        Assert.All(report.Files, file => Assert.True(file.Standing is FileStanding.Intact or FileStanding.OfSignature));
    }

    // The provincial document of the public test set: seal and signatures are genuine, the text was exchanged afterwards, and the
    // page's resources were never under any signature.
    [Fact]
    public async Task The_provincial_document_was_edited_after_it_was_sealed()
    {
        var report = await VerifyAsync("ofd/keyword.ofd");

        Assert.Equal(SealVerdict.Invalid, report.Verdict);
        Assert.Equal("文件在签名之后被改动：/Doc_0/Document.xml、/Doc_0/Pages/Page_0/Content.xml、/OFD.xml 与签名时不同；印章和签名值本身是真实的。", report.Summary);
        Assert.Equal(["/Doc_0/Document.xml", "/Doc_0/Pages/Page_0/Content.xml", "/OFD.xml"], Paths(report, FileStanding.Altered));
        Assert.Equal(["/Doc_0/DocumentRes.xml", "/Doc_0/PublicRes.xml", "/Doc_0/Res/Font7.ttf"], Paths(report, FileStanding.Uncovered));
        Assert.Equal(["/Doc_0/Signs/Sign_1/signFilePaths.dat"], report.Files.Where(file => !file.IsReachable).Select(file => file.Path));
        var (seal, digital) = (report.Signatures[0], report.Signatures[1]);
        Assert.Equal(("2", true, "淄博市周村区自然资源局(不动产登记专用章)", "37030000001721"), (seal.Id, seal.HasSeal, seal.SealName, seal.SealId));
        Assert.Equal(("4", false, "37030000001721"), (digital.Id, digital.HasSeal, digital.Signer));
        Assert.Equal(new DateTimeOffset(2020, 6, 20, 9, 18, 49, TimeSpan.Zero), seal.SigningTime);
        Assert.Equal(seal.SigningTime, digital.SigningTime);
        AssertPassed(seal, CheckStep.SignatureValue, CheckStep.SignerListed, CheckStep.SealSignature, CheckStep.SealValidity, CheckStep.DataHash, CheckStep.PropertyInfo, CheckStep.SealCopy);
        AssertPassed(digital, CheckStep.SignatureValue, CheckStep.DataHash);
        Assert.Contains(report.Checks, check => check.Step == CheckStep.LaterSignatures && check.Text.StartsWith("签名 4 在签名 2 之后", StringComparison.Ordinal));
        // The vendor's own extension is marked critical; what it means is not known.
        Assert.Contains(seal.Checks, check => check.Problem == SealProblem.ExtensionUnknown);
        Assert.Equal(SealProblem.FileAltered, Assert.Single(seal.Checks, check => check.Outcome == CheckOutcome.Failed).Problem);
    }

    [Fact]
    public async Task The_sample_seal_is_genuine_and_has_ended()
    {
        var bytes = await File.ReadAllBytesAsync(SharedData.Require("ofd/UserV4.esl"), TestContext.Current.CancellationToken);
        var inItsTime = new FakeTimeProvider(new DateTimeOffset(2021, 1, 1, 0, 0, 0, TimeSpan.Zero));

        var then = await new SealVerifier(CertificateTrust.None, NoStatus.Instance, inItsTime).VerifyAsync(bytes, TestContext.Current.CancellationToken);
        var now = await new SealVerifier(CertificateTrust.None, NoStatus.Instance, Clock).VerifyAsync(bytes, TestContext.Current.CancellationToken);

        Assert.Equal(SealVerdict.NotConfirmed, then.Verdict);
        Assert.Contains(then.Checks, check => (check.Step, check.Outcome) == (CheckStep.SealSignature, CheckOutcome.Passed));
        Assert.Equal((SealVerdict.Invalid, SealProblem.MakerCert), (now.Verdict, now.Checks[^1].Problem));
    }

    private static IEnumerable<string> Paths(DocumentReport report, FileStanding standing) => report.Files.Where(file => file.Standing == standing).Select(file => file.Path);

    private static void AssertPassed(DocumentSignature signature, params CheckStep[] steps) =>
        Assert.All(steps, step => Assert.Contains(signature.Checks, check => (check.Step, check.Outcome) == (step, CheckOutcome.Passed)));

    private static async Task<DocumentReport> VerifyAsync(string file) =>
        await new DocumentVerifier(CertificateTrust.None, NoStatus.Instance, Clock).VerifyAsync(await File.ReadAllBytesAsync(SharedData.Require(file)), TestContext.Current.CancellationToken);
}
