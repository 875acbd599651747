using System.Globalization;
using System.IO.Compression;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Documents;
using ShantingEId.Documents.Faces;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Server.Tests;
using ShantingEId.Tool.Bench;
using ShantingEId.V1;

namespace ShantingEId.Interop.Tests;

/// <summary>
/// I12 over the real rows (invented ones where those are not at hand): each is issued, its four seals and its sealed document stand before
/// OpenSSL. Every row takes half a dozen processes: a sample unless EID_OPENSSL_ROWS says how many.
/// </summary>
public sealed partial class RealDocumentsTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task What_was_signed_for_a_row_holds_for_OpenSsl()
    {
        Foreign.Need("openssl");
        var all = BenchRows.Load(Foreign.SharedData("zaozhuang-enterprises.csv"));
        var wanted = Math.Min(all.Count, int.Parse(Environment.GetEnvironmentVariable("EID_OPENSSL_ROWS") ?? "5", CultureInfo.InvariantCulture));
        // Spread over the file, which is in the order of the codes.
        var rows = Enumerable.Range(0, wanted).Select(i => all[(int)((long)i * all.Count / wanted)]).ToList();
        var (store, authority) = (server.Services.GetRequiredService<ILicenseStore>(), server.Services.GetRequiredService<IssuingAuthority>());
        using var fonts = FaceFonts.LoadDefault();
        using var seals = new SealArtist(SealFonts.LoadDefault());
        var now = TimeProvider.System.GetUtcNow();
        var own = AuthoritySeal.Make(authority, seals.DrawCompact, SealCode.Create(authority.Division, 1), now);
        var documents = new LicenseDocuments(new FaceArtist(fonts, FaceStyle.Plain), fonts);
        using var judge = new OpenSslJudge();
        var (disagreements, checkedRows) = (new List<string>(), 0);

        await Parallel.ForEachAsync(rows, new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = TestContext.Current.CancellationToken }, async (row, cancel) =>
        {
            // 1. Issued over gRPC, as the desk does it, and taken out of the register as it stands there.
            var issued = await server.Staff().IssueSetAsync(new IssueSetRequest { RequestId = ServerFixture.NewRequestId(), Enterprise = row }, cancellationToken: cancel);
            var set = await store.LoadSetAsync(LicenseId.Parse(issued.Name[(issued.Name.LastIndexOf('/') + 1)..]), cancel);
            var problems = set!.Seals.Seals.Where(seal => !judge.Seal(seal.Seal.Der.ToArray())).Select(seal => seal.Kind.ChineseName()).ToList();

            // 2. Its document: signatures, digests, and the whole text of every item on the page.
            var ofd = documents.Create(set, FaceForm.Duplicate, own, now).ToBytes();
            problems.AddRange(judge.Document(ofd));
            var said = Text(ofd);
            // The licence of an individual business and of a branch has no capital on it (细则 23).
            var capital = row.Kind is Enterprise.Types.Kind.IndividualBusiness or Enterprise.Types.Kind.Branch ? "" : row.Capital;
            problems.AddRange(((string[])[row.CreditCode, row.Name, row.Type, row.Representative, capital, row.Address, row.BusinessScope]).Where(item => !said.Contains(Plain(item), StringComparison.Ordinal)).Select(item => "text " + item));
            Interlocked.Increment(ref checkedRows);
            lock (disagreements)
            {
                disagreements.AddRange(problems.Select(problem => $"{row.CreditCode}: {problem}"));
            }
        });

        // 3. The judge must be able to say no: of a changed page, a changed seal.
        var changed = documents.Create((await store.LoadSetAsync((await store.FindAsync(RegisterKey.Of(CreditCode.Parse(rows[0].CreditCode)), TimeSpan.Zero, CancellationToken.None)).Entry!.LicenseId, CancellationToken.None))!, FaceForm.Duplicate, own, now);
        var page = changed.Require("Doc_0/Pages/Page_0/Content.xml");
        Assert.Equal([page.Name], judge.Document(changed.With(page with { Bytes = new byte[] { 1 } }).ToBytes()));
        var seal = own.Seal.Der.ToArray();
        seal[^1] ^= 1;
        Assert.False(judge.Seal(seal));

        Figure("openssl_rows", checkedRows, "rows", $">= {wanted}");
        Figure("openssl_signatures", judge.Asked, "signatures", $">= {(wanted * 5) + 1}");
        Figure("openssl_disagreements", disagreements.Count, "rows", "<= 0");
        Assert.Equal(wanted, checkedRows);
        Assert.True(judge.Asked > wanted * 5, $"{judge.Asked}"); // Four seals and one document each, and the authority's own seal once.
        Assert.Empty(disagreements);
    }

    private static void Figure(string name, int value, string unit, string goal) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure {name} {value} {unit} {goal}"));

    // Of the page as it stands in the package, without the blanks of setting.
    private static string Text(byte[] ofd)
    {
        using var zip = new ZipArchive(new MemoryStream(ofd));
        using var reader = new StreamReader(zip.GetEntry("Doc_0/Pages/Page_0/Content.xml")!.Open());
        return Plain(string.Concat(TextCode().Matches(reader.ReadToEnd()).Select(match => System.Net.WebUtility.HtmlDecode(match.Groups[1].Value))));
    }

    private static string Plain(string text) => string.Concat(text.Where(c => !char.IsWhiteSpace(c)));

    [GeneratedRegex("<ofd:TextCode[^>]*>([^<]*)<")]
    private static partial Regex TextCode();
}
