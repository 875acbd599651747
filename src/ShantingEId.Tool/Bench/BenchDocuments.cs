using System.Diagnostics;
using System.Globalization;
using System.Text;
using ShantingEId.Documents;
using ShantingEId.Documents.Faces;
using ShantingEId.Documents.Ofd;
using ShantingEId.Documents.Reading;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Recognition;
using ShantingEId.Seals;

namespace ShantingEId.Tool.Bench;

/// <summary>Time and size of a licence as OFD, PDF and PNG; memory while very many are made; and samples to look at.</summary>
internal static class BenchDocuments
{
    private const int PreviewDotsPerInch = 150;
    private const int MostBytes = 60 * 1024;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(10);
    private static readonly CopyNote Note = new("示例银行", "开立单位结算账户（样例）", new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.FromHours(8)));

    /// <param name="rows">Whose licences; the size of each is measured.</param>
    /// <param name="rounds">Of how many of them the time is measured too.</param>
    /// <param name="documents">How many are made to see what memory does.</param>
    /// <param name="samples">Folder to write one of each kind to; null for none.</param>
    public static async Task RunAsync(IReadOnlyList<EnterpriseInput> rows, int rounds, int documents, string? samples)
    {
        // 1. Sets issued for real, and a seal of the authority.
        using var world = new BenchWorld();
        var (issuer, _, _) = world.NewRegister(new Stages());
        var now = TimeProvider.System.GetUtcNow();
        var seal = AuthoritySeal.Make(world.Authority, world.Artist.DrawCompact, SealCode.Create(world.Authority.Division, 1), now);
        using var fonts = FaceFonts.LoadDefault();
        var artist = new FaceArtist(fonts, FaceStyle.Plain);
        var maker = new LicenseDocuments(artist, fonts);
        byte[] Ofd(IssuedSet set) => maker.Create(set, FaceForm.Duplicate, seal, now).ToBytes();
        byte[] Pdf(IssuedSet set) => DrawingFile.ToPdf([artist.Draw(FaceContent.Of(set), FaceForm.Duplicate, seal.Seal)], fonts, world.Authority.Name, now);
        byte[] Png(IssuedSet set) => DrawingFile.ToPng(artist.Draw(FaceContent.Of(set), FaceForm.Duplicate, seal.Seal), fonts, PreviewDotsPerInch);
        var (sets, bytes) = (new List<IssuedSet>(), new List<double>());
        foreach (var (i, row) in rows.Index())
        {
            var set = await BenchWorld.IssueAsync(issuer, row, i);
            bytes.Add(Ofd(set).Length);
            if (i < Math.Max(rounds, 1))
            {
                sets.Add(set);
            }
        }

        // 2. One of each after the other, so that all see the same machine.
        (Func<IssuedSet, byte[]> Make, List<double> Times, List<double> Sizes)[] kinds = [(Ofd, [], []), (Pdf, [], []), (Png, [], [])];
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < WarmUp;)
        {
            _ = kinds.Sum(kind => kind.Make(sets[0]).Length);
        }

        foreach (var set in sets)
        {
            foreach (var (make, times, sizes) in kinds)
            {
                var started = Stopwatch.GetTimestamp();
                sizes.Add(make(set).Length);
                times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{bytes.Count} licences, {sets.Count} of them timed after {WarmUp.TotalSeconds:0} s of warm-up, seal picture {seal.Seal.Info.Picture.Length} bytes"));
        Figure.AtMost("face_ofd_ms", Figure.Median(kinds[0].Times), "ms", 15);
        Figure.AtMost("face_ofd_bytes", Figure.Median(bytes), "bytes", MostBytes);
        Figure.AtMost("face_ofd_bytes_largest", bytes.Max(), "bytes", MostBytes);
        Figure.Show("face_ofd_bytes_within_goal", 100.0 * bytes.Count(size => size <= MostBytes) / bytes.Count, "%");
        Figure.Show("face_pdf_ms", Figure.Median(kinds[1].Times), "ms");
        Figure.Show("face_pdf_bytes", Figure.Median(kinds[1].Sizes), "bytes");
        Figure.Show("face_png_ms", Figure.Median(kinds[2].Times), "ms");
        Figure.Show("face_png_bytes", Figure.Median(kinds[2].Sizes), "bytes");

        // What a service does with a document that is brought to it, but for asking the register.
        var judge = new DocumentVerifier(new CertificateTrust(world.Authority.Roots, world.Authority.Intermediates), NoStatus.Instance, TimeProvider.System);
        var brought = Ofd(sets[0]);
        var judged = new List<double>();
        for (var round = 0; round < Math.Max(rounds, 5); round++)
        {
            var started = Stopwatch.GetTimestamp();
            await judge.VerifyAsync(brought, CancellationToken.None);
            judged.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        Figure.Show("document_verify_ms", Figure.Median(judged), "ms");

        // 3. Memory: what stays is what the first two hundred need.
        if (documents > 0)
        {
            var before = 0.0;
            for (var i = 0; i < documents; i++)
            {
                _ = Ofd(sets[i % sets.Count]);
                if (i % 10 == 0)
                {
                    _ = Pdf(sets[i % sets.Count]);
                }

                if (i == Math.Min(200, documents / 2))
                {
                    before = Resident();
                }
            }

            Figure.AtMost("documents_rss_growth", Math.Max(0, Resident() - before), "MiB", 64);
        }

        if (samples is not null)
        {
            WriteSamples(samples, sets[0]);
        }

        void WriteSamples(string folder, IssuedSet set)
        {
            Directory.CreateDirectory(folder);
            void Write(string name, byte[] bytes) => File.WriteAllBytes(Path.Combine(folder, name), bytes);
            var copy = maker.DrawCopy(set, FaceForm.Duplicate, Note, seal, now);
            var face = artist.Draw(FaceContent.Of(set), FaceForm.Duplicate, seal.Seal);
            Write("license-face.png", DrawingFile.ToPng(face, fonts, PreviewDotsPerInch));
            Write("license-face.pdf", Pdf(set));
            Write("license-face.svg", Encoding.UTF8.GetBytes(DrawingSvg.Write(face, fonts)));
            Write("license-face.ofd", Ofd(set));
            Write("license-original.png", DrawingFile.ToPng(artist.Draw(FaceContent.Of(set), FaceForm.Original, seal.Seal), fonts, PreviewDotsPerInch));
            Write("license-copy.png", DrawingFile.ToPng(copy, fonts, PreviewDotsPerInch));
            Write("license-copy.ofd", maker.CreateCopy(set, FaceForm.Duplicate, Note, seal, now).ToBytes());

            // A document of two pages that is no licence yet: no imprint but those of the signature.
            var page = artist.Draw(FaceContent.Of(set), FaceForm.Duplicate);
            var document = OfdDocument.Create([page, page], fonts, new OfdInfo(new string('0', 32), "示例文件", world.Authority.Name, now, []));
            IReadOnlyList<StampPlace> places = [.. StampPlaces.Straddling(document, seal.Seal, 105), .. StampPlaces.OnKeyword(document, seal.Seal, "登记机关")];
            Write("stamped-pages.ofd", OfdSigner.Sign(document, seal.Seal, seal.Signer, now, places).ToBytes());
        }
    }

    private static double Resident()
    {
        GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
        var pages = File.ReadAllText("/proc/self/statm").Split(' ')[1];
        return long.Parse(pages, CultureInfo.InvariantCulture) * Environment.SystemPageSize / 1024.0 / 1024.0;
    }
}
