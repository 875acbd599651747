using System.Globalization;
using ShantingEId.Documents.Reading;
using ShantingEId.Seals;
using ShantingEId.Tests.Crypto;
using ShantingEId.Tests.Seals;

namespace ShantingEId.Tests.Documents;

/// <summary>
/// One changed bit anywhere in a sealed document is noticed, or it is outside of everything that is signed and the report says so.
/// EID_PACKAGES says how many documents (default 3), EID_FLIP_EVERY which bytes of each (default every 11th).
/// </summary>
public sealed class DocumentMutationTests
{
    private static readonly int Packages = Number("EID_PACKAGES", 3);
    private static readonly int Every = Number("EID_FLIP_EVERY", 11);

    // In the file as it lies on the disk: a reader must see the very same files, or refuse, or not call it valid.
    [Fact]
    public async Task A_changed_bit_of_the_container_is_noticed_or_changes_no_file()
    {
        var (flips, harmless, packed, unnoticed) = (0, 0, 0, new List<string>());
        for (var number = 0; number < Packages; number++)
        {
            var bytes = Document(number, out _).Build();
            var original = OfdReader.Read(bytes);
            Assert.False(SaysExtras(await VerifyAsync(bytes)), "a plain container has nothing besides its files");
            for (var at = number % Every; at < bytes.Length; at += Every)
            {
                flips++;
                var altered = bytes.ToArray();
                altered[at] ^= (byte)(1 << ((at + number) % 8));
                if (await VerifyAsync(altered) is { Verdict: SealVerdict.Valid } report)
                {
                    // Deflated data can be written in several ways that unpack alike, in their last byte above all; else it is no file's byte, and said.
                    harmless++;
                    var isPacked = IsPacked(bytes, at);
                    packed += isPacked ? 1 : 0;
                    Note(unnoticed, !Same(original, OfdReader.Read(altered)), $"document {number}, byte {at}: files changed and still valid");
                    Note(unnoticed, !isPacked && !SaysExtras(report), $"document {number}, byte {at}: outside of every file, and the report does not say so");
                }
            }
        }

        Show("container", flips, unnoticed);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure mutated_container_outside_files {harmless - packed} bytes"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure mutated_container_packed_alike {packed} bytes"));
        // Attributes and version numbers of the directory, nothing else: a few bytes per file.
        Assert.True(flips > 100 && harmless < flips / 8, $"{harmless} of {flips}");
    }

    // In a file, with a container that is in order: what the report says of that very file.
    [Fact]
    public async Task A_changed_bit_of_a_file_is_held_against_that_file()
    {
        var (flips, unnoticed) = (0, new List<string>());
        for (var number = 0; number < Packages; number++)
        {
            var document = Document(number, out var uncovered);
            foreach (var path in document.Files.Keys.ToList())
            {
                var content = document.Files[path];
                for (var at = number % Every; at < content.Length; at += Every)
                {
                    flips++;
                    document.Files[path] = content.ToArray();
                    document.Files[path][at] ^= (byte)(1 << ((at + number) % 8));
                    Note(unnoticed, !IsReported(await VerifyAsync(document.Build()), path, path == uncovered), $"document {number}, {path}, byte {at}");
                }

                document.Files[path] = content;
            }
        }

        Show("file", flips, unnoticed);
        Assert.True(flips > 100, $"{flips}");
    }

    private static bool IsReported(DocumentReport? report, string path, bool isUncovered)
    {
        if (report is null)
        {
            return true; // Refused: broken beyond looking at.
        }

        var file = report.Files.Single(each => each.Path == "/" + path);
        return isUncovered ? report.Verdict != SealVerdict.Valid && file.Standing == FileStanding.Uncovered
            // Only the list that stays open for later signatures, which the report names.
            : report.Verdict == SealVerdict.Valid ? path == "Doc_0/Signs/Signatures.xml" && file.CoveredBy.Count == 0
                && report.Checks.Any(check => check.Outcome == CheckOutcome.Notice && check.Text.Contains("/" + path, StringComparison.Ordinal))
            : file.CoveredBy.Count == 0 || file.Standing == FileStanding.Altered;
    }

    private static bool SaysExtras(DocumentReport? report) =>
        report!.Checks.Any(check => check is { Step: CheckStep.Container, Outcome: CheckOutcome.Notice } && check.Text.Contains("不属于任何文件", StringComparison.Ordinal));

    private static bool IsPacked(byte[] bytes, int at) => ZipDirectory.Read(bytes).Items.Any(item => item.IsDeflated && at >= item.Start && at < item.Start + item.PackedSize);

    private static void Note(List<string> unnoticed, bool isUnnoticed, string what)
    {
        if (isUnnoticed)
        {
            unnoticed.Add(what);
        }
    }

    private static void Show(string what, int flips, List<string> unnoticed)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure mutated_{what}_packages {Packages} packages >= 200"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure mutated_{what}_bytes {flips} bytes"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure mutated_{what}_unnoticed {unnoticed.Count} bytes <= 0"));
        Assert.Empty(unnoticed);
    }

    // Documents differ in text; every third has a file that nobody covers, every second a second signature.
    private static SignedOfd Document(int number, out string? uncovered)
    {
        var document = new SignedOfd();
        document.Edit("Doc_0/Pages/Page_0/Content.xml", "示例合同", $"示例合同第 {number} 号");
        document.Files["Doc_0/Res/seal.png"] = new TestRandom($"picture {number}").Bytes(20 + number);
        uncovered = number % 3 == 2 ? "Doc_0/PublicRes.xml" : null;
        var except = uncovered;
        document.Sign("s1", path => document.Everything(path) && path != except);
        if (number % 2 == 1)
        {
            document.Sign("s2", path => path != except, withSeal: false);
        }

        return document;
    }

    private static bool Same(OfdPackage one, OfdPackage other) =>
        one.Files.Count == other.Files.Count && one.Files.All(file => other.Files.TryGetValue(file.Key, out var content) && content.Span.SequenceEqual(file.Value.Span));

    private static async Task<DocumentReport?> VerifyAsync(byte[] bytes)
    {
        try
        {
            return await new DocumentVerifier(SampleTrust.Own, new StatusTable(), SampleTrust.Clock()).VerifyAsync(bytes, TestContext.Current.CancellationToken);
        }
        catch (EidException error) when (error.Reason is ErrorReason.ContainerUnsafe or ErrorReason.ContainerLimits or ErrorReason.XmlUnsafe)
        {
            return null;
        }
    }

    private static int Number(string variable, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
