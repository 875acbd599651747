using ShantingEId.Crypto;
using ShantingEId.Documents.Reading;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using SkiaSharp;

namespace ShantingEId.Tests.Documents;

/// <summary>The samples on the library's page, as anybody runs them: no server, no files but their own.</summary>
public sealed class LibrarySampleTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("eid-samples-").FullName;

    [Theory]
    [InlineData(0, "DrawSample.cs")]
    [InlineData(1, "StampSample.cs")]
    [InlineData(2, "VerifySample.cs")]
    public void The_page_shows_the_compiled_file(int block, string file)
    {
        Assert.SkipWhen(SharedData.SolutionFolder() is null, "run from a copy: no sources");
        var page = File.ReadAllText(Path.Combine(SharedData.SolutionFolder()!, "src/ShantingEId.Documents/README.md"));
        var blocks = page.Split("```csharp\n")[1..].Select(part => part[..part.IndexOf("```", StringComparison.Ordinal)]).ToArray();

        Assert.Equal(3, blocks.Length);
        Assert.Equal(File.ReadAllText(Path.Combine(SharedData.SolutionFolder()!, "tests/ShantingEId.Tests/Samples", file)), blocks[block]);
    }

    [Fact]
    public async Task Drawn_stamped_and_verified()
    {
        DrawSample.Draw(folder);
        StampSample.Stamp(folder);
        var verdict = await VerifySample.VerifyAsync(folder);

        // A page that shows something, in each format.
        using var picture = SKBitmap.Decode(Path.Combine(folder, "license.png"));
        Assert.Equal((1754, 1240), (picture.Width, picture.Height));
        Assert.Contains(picture.Pixels, pixel => pixel.Red < 60);
        Assert.Equal("%PDF-"u8.ToArray(), File.ReadAllBytes(Path.Combine(folder, "license.pdf"))[..5]);
        Assert.Equal(SealProblem.NotSigned, (await ReportAsync("license.ofd")).Checks[^1].Problem);

        // Everything but what only a register knows is good, and said so.
        var report = await ReportAsync("stamped.ofd");
        Assert.Equal(SealVerdict.NotConfirmed, verdict);
        Assert.All(report.Files, file => Assert.True(file.Standing is FileStanding.Intact or FileStanding.OfSignature || file.Path.EndsWith("Signatures.xml", StringComparison.Ordinal), $"{file}"));
        Assert.All(report.Checks.Concat(report.Signatures.Single().Checks), check =>
            Assert.True(check.Outcome is CheckOutcome.Passed or CheckOutcome.Notice || check.Problem is SealProblem.StatusUnknown or SealProblem.TimeUnproven, $"{check}"));
    }

    [Fact]
    public async Task A_changed_byte_is_told()
    {
        DrawSample.Draw(folder);
        StampSample.Stamp(folder);
        var path = Path.Combine(folder, "stamped.ofd");
        using (var zip = System.IO.Compression.ZipFile.Open(path, System.IO.Compression.ZipArchiveMode.Update))
        {
            using var content = zip.GetEntry("Doc_0/Pages/Page_0/Content.xml")!.Open();
            content.Seek(0, SeekOrigin.End);
            content.WriteByte((byte)'\n');
        }

        Assert.Equal(SealVerdict.Invalid, await VerifySample.VerifyAsync(folder));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private async Task<DocumentReport> ReportAsync(string file)
    {
        var trusted = Sm2Certificate.FromPem(File.ReadAllText(Path.Combine(folder, "trusted.pem")));
        return await new DocumentVerifier(CertificateTrust.Of(trusted), NoStatus.Instance, TimeProvider.System)
            .VerifyAsync(File.ReadAllBytes(Path.Combine(folder, file)), TestContext.Current.CancellationToken);
    }
}
