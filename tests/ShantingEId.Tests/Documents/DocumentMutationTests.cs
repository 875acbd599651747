using System.Collections.Concurrent;
using System.Globalization;
using ShantingEId.Documents;
using ShantingEId.Documents.Faces;
using ShantingEId.Documents.Ofd;
using ShantingEId.Documents.Reading;
using ShantingEId.Seals;
using ShantingEId.Tests.Crypto;
using ShantingEId.Tests.Seals;

namespace ShantingEId.Tests.Documents;

/// <summary>
/// One changed bit anywhere in a sealed document is noticed, or it is outside of everything that is signed and the report says so. Half of the
/// documents are written by hand, small enough to change every byte; half are licences, copies for one use and contracts with two seals, as the product
/// writes them. EID_PACKAGES says how many documents (default 4), EID_FLIP_EVERY which bytes of each (default every 11th, of the large ones every 1,100th).
/// </summary>
public sealed class DocumentMutationTests
{
    private static readonly int Packages = Number("EID_PACKAGES", 4);
    private static readonly int Every = Number("EID_FLIP_EVERY", 11);
    private static readonly ParallelOptions Side = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };

    // In the file as it lies on the disk: a reader must see the very same files, or refuse, or not call it valid.
    [Fact]
    public async Task A_changed_bit_of_the_container_is_noticed_or_changes_no_file()
    {
        var (flips, harmless, packed, unnoticed) = (0, 0, 0, new ConcurrentQueue<string>());
        await Parallel.ForEachAsync(Enumerable.Range(0, Packages), Side, async (number, _) =>
        {
            var document = Sample.Of(number);
            var bytes = document.Pack(document.Files);
            var original = OfdReader.Read(bytes);
            Assert.False(SaysExtras(await VerifyAsync(bytes)), "a plain container has nothing besides its files");
            for (var at = number % document.Every; at < bytes.Length; at += document.Every)
            {
                Interlocked.Increment(ref flips);
                var altered = bytes.ToArray();
                altered[at] ^= (byte)(1 << ((at + number) % 8));
                if (await VerifyAsync(altered) is { Verdict: SealVerdict.Valid } report)
                {
                    // Deflated data can be written in several ways that unpack alike, in their last byte above all; else it is no file's byte, and said.
                    Interlocked.Increment(ref harmless);
                    var isPacked = IsPacked(bytes, at);
                    Interlocked.Add(ref packed, isPacked ? 1 : 0);
                    Note(unnoticed, !Same(original, OfdReader.Read(altered)), $"document {number}, byte {at}: files changed and still valid");
                    Note(unnoticed, !isPacked && !SaysExtras(report), $"document {number}, byte {at}: outside of every file, and the report does not say so");
                }
            }
        });

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
        var (flips, unnoticed) = (0, new ConcurrentQueue<string>());
        await Parallel.ForEachAsync(Enumerable.Range(0, Packages), Side, async (number, _) =>
        {
            var document = Sample.Of(number);
            Assert.Equal(document.Uncovered is null ? SealVerdict.Valid : SealVerdict.NotConfirmed, (await VerifyAsync(document.Pack(document.Files)))!.Verdict);
            foreach (var (path, content) in document.Files)
            {
                for (var at = number % document.Every % content.Length; at < content.Length; at += document.Every)
                {
                    Interlocked.Increment(ref flips);
                    var files = new Dictionary<string, byte[]>(document.Files, StringComparer.Ordinal) { [path] = content.ToArray() };
                    files[path][at] ^= (byte)(1 << ((at + number) % 8));
                    Note(unnoticed, !IsReported(await VerifyAsync(document.Pack(files)), path, path == document.Uncovered), $"document {number}, {path}, byte {at}");
                }
            }
        });

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

    private static void Note(ConcurrentQueue<string> unnoticed, bool isUnnoticed, string what)
    {
        if (isUnnoticed)
        {
            unnoticed.Enqueue(what);
        }
    }

    private static void Show(string what, int flips, ConcurrentQueue<string> unnoticed)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure mutated_{what}_packages {Packages} packages >= 200"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure mutated_{what}_bytes {flips} bytes"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure mutated_{what}_unnoticed {unnoticed.Count} bytes <= 0"));
        Assert.Empty(unnoticed);
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

    /// <summary>A document that is changed.</summary>
    /// <param name="Files">Its files by path.</param>
    /// <param name="Pack">Packs such files.</param>
    /// <param name="Uncovered">The file that no signature covers; null when there is none.</param>
    /// <param name="Every">Which bytes are changed.</param>
    private sealed record Sample(IReadOnlyDictionary<string, byte[]> Files, Func<IReadOnlyDictionary<string, byte[]>, byte[]> Pack, string? Uncovered, int Every)
    {
        public static Sample Of(int number) => number % 2 == 0 ? HandMade(number / 2) : Own(number / 2);

        // They differ in text; every third has a file that nobody covers, every second a second signature.
        private static Sample HandMade(int number)
        {
            var document = new SignedOfd();
            document.Edit("Doc_0/Pages/Page_0/Content.xml", "示例合同", $"示例合同第 {number} 号");
            document.Files["Doc_0/Res/seal.png"] = new TestRandom($"picture {number}").Bytes(20 + number);
            var uncovered = number % 3 == 2 ? "Doc_0/PublicRes.xml" : null;
            document.Sign("s1", path => document.Everything(path) && path != uncovered);
            if (number % 2 == 1)
            {
                document.Sign("s2", path => path != uncovered, withSeal: false);
            }

            return new Sample(document.Files, files => RawZip.Build(files.Select(file => new RawEntry(file.Key, file.Value))), uncovered, DocumentMutationTests.Every);
        }

        // By our own writer: a licence, a copy of it for one use, and either with a seal of a company put on it later.
        private static Sample Own(int number)
        {
            var set = FaceSamples.Set(FaceSamples.Company with { Name = $"枣庄市山亭区示例食品第{number + 1}有限公司", BusinessScope = FaceSamples.Text(20 + (number * 9 % 900)) });
            var form = number % 4 < 2 ? FaceForm.Duplicate : FaceForm.Original;
            var document = number % 2 == 0 ? FaceSamples.Documents.Create(set, form, FaceSamples.Seal, FaceSamples.Time)
                : FaceSamples.Documents.CreateCopy(set, form, new CopyNote("示例银行", "开立基本存款账户", FaceSamples.Time.AddYears(1)), FaceSamples.Seal, FaceSamples.Time);
            document = number % 3 == 1 ? OfdSigner.Sign(document, FaceSamples.Seal.Seal, FaceSamples.Seal.Signer, FaceSamples.Time.AddHours(1), StampPlaces.At(FaceSamples.Seal.Seal, 0, 60, 100)) : document;
            return new Sample(document.Entries.ToDictionary(entry => entry.Name, entry => entry.Bytes.ToArray(), StringComparer.Ordinal),
                files => files.Aggregate(document, (made, file) => made.Find(file.Key)!.Bytes.Span.SequenceEqual(file.Value) ? made : made.With(new OfdEntry(file.Key, file.Value))).ToBytes(),
                null, DocumentMutationTests.Every * 100);
        }
    }
}
