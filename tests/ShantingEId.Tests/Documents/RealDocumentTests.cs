using Microsoft.Extensions.Time.Testing;
using ShantingEId.Documents.Reading;
using ShantingEId.Recognition;
using ShantingEId.Seals;

namespace ShantingEId.Tests.Documents;

/// <summary>Documents and seals that others made: what is true of them is said, and what cannot be known is said too.</summary>
public sealed class RealDocumentTests
{
    private static readonly FakeTimeProvider Clock = new(new DateTimeOffset(2026, 11, 26, 0, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData("ofd/SESV4SignDoc.ofd")]
    [InlineData("ofd/V4RideRight.ofd")]
    public async Task Signatures_of_another_implementation_are_good_as_far_as_their_certificates_allow(string file)
    {
        var report = await VerifyAsync(file);
        Dump(report);
    }

    [Fact]
    public async Task The_provincial_document_was_edited_after_it_was_sealed()
    {
        var report = await VerifyAsync("ofd/keyword.ofd");
        Dump(report);
    }

    private static void Dump(DocumentReport report)
    {
        var o = TestContext.Current.TestOutputHelper!;
        o.WriteLine($"{report.Verdict} {report.Summary}");
        foreach (var check in report.Checks)
        {
            o.WriteLine($"  {check.Step} {check.Outcome} {check.Problem} {check.Text}");
        }

        foreach (var signature in report.Signatures)
        {
            o.WriteLine($"  [{signature.Id}] {signature.SealName} {signature.Signer} {signature.SigningTime:O} {signature.Provider}");
            foreach (var check in signature.Checks)
            {
                o.WriteLine($"     {check.Step} {check.Outcome} {check.Problem} {check.Text} <{check.Clause}>");
            }
        }

        foreach (var f in report.Files)
        {
            o.WriteLine($"  {f.Path} {f.Size} {f.Standing} {string.Join(',', f.CoveredBy)} {f.IsReachable}");
        }
    }

    private static async Task<DocumentReport> VerifyAsync(string file) =>
        await new DocumentVerifier(CertificateTrust.None, NoStatus.Instance, Clock).VerifyAsync(await File.ReadAllBytesAsync(SharedData.Require(file)), TestContext.Current.CancellationToken);
}
