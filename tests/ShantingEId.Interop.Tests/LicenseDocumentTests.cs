using System.Formats.Asn1;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Crypto;
using ShantingEId.Documents;
using ShantingEId.Documents.Faces;
using ShantingEId.Documents.Ofd;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Server.Tests;
using ShantingEId.Stamping;
using SkiaSharp;

namespace ShantingEId.Interop.Tests;

/// <summary>
/// Others judge the documents of an issued licence: ofd.js in Chromium shows it and checks its signature, OpenSSL checks the same
/// signature, poppler reads the PDF. What they saw is kept under artifacts/documents.
/// </summary>
public sealed class LicenseDocumentTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    // Of the pictures that show-ofd.mjs keeps.
    private const double DotsPerMillimetre = 7.6;

    private static readonly string Interop = Path.Combine(Foreign.Root, "tests", "interop");
    private static readonly string Kept = Directory.CreateDirectory(Path.Combine(Foreign.Root, "artifacts", "documents")).FullName;

    [Fact]
    public async Task Ofd_js_shows_a_licence_with_its_seal_and_finds_the_signature_good()
    {
        NodeTests.NeedModule("ofd.js");
        NodeTests.NeedModule("playwright-core");
        Foreign.Need("chromium");
        using var world = await DocumentWorld.OpenAsync(server);
        var licence = world.Documents.Create(world.Set, FaceForm.Duplicate, world.Seal, world.Now);

        // Beside it a changed page and a changed signature: the judge must be able to say no.
        var page = licence.Require("Doc_0/Pages/Page_0/Content.xml");
        var other = page.Bytes.ToArray();
        other[other.AsSpan().IndexOf("营业执照"u8) + 2] ^= 1;
        var value = licence.Require("Doc_0/Signs/Sign_0/SignedValue.dat");
        var broken = value.Bytes.ToArray();
        broken[^1] ^= 1;
        var all = Show(("license-face", licence), ("license-changed", licence.With(new OfdEntry(page.Name, other))), ("license-broken", licence.With(new OfdEntry(value.Name, broken))));
        Assert.False(all[1].Digests);
        Assert.False(Assert.Single(all[2].Seals).Signature);

        var shown = all[0];
        Assert.Equal((true, true), (shown.Digests, shown.Seals.All(seal => seal.Signature)));
        var seal = Assert.Single(shown.Seals);
        var box = world.Artist.Draw(FaceContent.Of(world.Set), FaceForm.Duplicate, world.Seal.Seal).Shapes.OfType<SealImprint>().Single().Box;
        Assert.Equal(box.X * DotsPerMillimetre, seal.Left, 2.0);
        Assert.Equal(box.Y * DotsPerMillimetre, seal.Top, 2.0);
        Assert.Contains(world.Set.License.Facts.Name, shown.Text, StringComparison.Ordinal);
        Assert.Contains(world.Set.License.Facts.CreditCode.Value, shown.Text, StringComparison.Ordinal);

        // There is red where the seal is, and nowhere else on the page.
        using var picture = SKBitmap.Decode(Path.Combine(Kept, "license-face.png"));
        Assert.InRange(Red(picture, seal), 8000, 92_000);
        var around = seal with { Left = seal.Left - 4, Top = seal.Top - 4, Width = seal.Width + 8, Height = seal.Height + 8 };
        Assert.Equal(Red(picture, around), Red(picture, new ShownSeal("", "", true, 0, 0, picture.Width, picture.Height)));
        // And the QR symbol on its screen is the licence code.
        Assert.Equal(world.Set.LicenseCode, Assert.Single(CodeReader.Read(await File.ReadAllBytesAsync(Path.Combine(Kept, "license-face.png"), TestContext.Current.CancellationToken))));
    }

    [Fact]
    public async Task Ofd_js_shows_strips_over_the_seam_and_a_second_seal()
    {
        NodeTests.NeedModule("ofd.js");
        NodeTests.NeedModule("playwright-core");
        Foreign.Need("chromium");
        using var world = await DocumentWorld.OpenAsync(server);
        var face = world.Artist.Draw(FaceContent.Of(world.Set), FaceForm.Duplicate);
        var info = new OfdInfo("0123456789abcdef0123456789abcdef", "示例文件", world.Authority.Name, world.Now, []);
        var document = OfdDocument.Create([face, face, face], world.Fonts, info);
        var seal = world.Seal.Seal;

        // Each page has a strip of the seal at its right edge, the last one also the whole seal over the name of the authority.
        var once = OfdSigner.Sign(document, seal, world.Seal.Signer, world.Now, StampPlaces.Straddling(document, seal, 105));
        var keyword = StampPlaces.OnKeyword(once, seal, world.Authority.Name);
        Assert.Equal(3, keyword.Count);
        var twice = OfdSigner.Sign(once, seal, world.Seal.Signer, world.Now, keyword[2]);

        var all = Show(("stamped-pages", twice), ("stamped-contract", await ContractAsync(world)));
        var shown = all[0];
        Assert.Equal(3, shown.Pages);
        Assert.Equal(["1", "1", "1", "2"], shown.Seals.Select(each => each.Id).Order(StringComparer.Ordinal));
        Assert.True(shown.Digests);
        Assert.All(shown.Seals, each => Assert.True(each.Signature));
        using var picture = SKBitmap.Decode(Path.Combine(Kept, "stamped-pages.png"));
        var strips = shown.Seals.Where(each => each.Id == "1").OrderBy(each => each.Top).ToArray();
        var strip = 40.0 / 3 * DotsPerMillimetre;
        Assert.All(strips, each => Assert.InRange(Red(picture, each with { Left = (297 * DotsPerMillimetre) - strip, Width = strip }), 2000, 32_000));
        // Left of its strip a page shows nothing of the seal.
        Assert.All(strips, each => Assert.Equal(0, Red(picture, each with { Left = (297 * DotsPerMillimetre) - (40 * DotsPerMillimetre), Width = (40 * DotsPerMillimetre) - strip - 2 })));
        Assert.InRange(Red(picture, shown.Seals.Single(each => each.Id == "2")), 8000, 92_000);

        // A contract with the seals of both companies: the picture of a stamped page in README.
        Assert.Equal(["1", "1", "1", "2", "3", "3", "3", "4"], all[1].Seals.Select(each => each.Id).Order(StringComparer.Ordinal));
        Assert.True(all[1].Digests);
        Assert.All(all[1].Seals, each => Assert.True(each.Signature));
        SampleContract.LayOut(Path.Combine(Kept, "stamped-contract.png"), Path.Combine(Kept, "stamped-page.png"));
    }

    // Each company stamps with the seals it was issued: its own over the seam and at its place, its representative's below.
    private async Task<OfdFile> ContractAsync(DocumentWorld world)
    {
        var (store, uses) = (server.Services.GetRequiredService<ILicenseStore>(), server.Services.GetRequiredService<ISealUseStore>());
        var document = DrawingFile.ToOfd(SampleContract.Pages(), world.Fonts, SampleContract.Buyer, world.Now);
        foreach (var (name, person, party, seam, middle) in ((string, string, string, double, double)[])[(SampleContract.Buyer, "样例甲", "甲方（盖章）：", 95, 76), (SampleContract.Seller, "样例乙", "乙方（盖章）：", 150, 159)])
        {
            var request = ServerFixture.ValidRequest();
            (request.Enterprise.Name, request.Enterprise.Representative) = (name, person);
            var issued = await server.Staff().IssueSetAsync(request);
            var set = await store.LoadSetAsync(LicenseId.Parse(issued.Name[(issued.Name.LastIndexOf('/') + 1)..]), CancellationToken.None);
            foreach (var kind in (SealKind[])[SealKind.Official, SealKind.LegalRepresentative])
            {
                var seal = set!.Seals.Seals.Single(each => each.Kind == kind);
                using var key = world.Authority.Vault.Open(await uses.LoadSealedKeyAsync(seal.Code, CancellationToken.None), seal.Code.Value);
                var place = StampPlaces.OnKeyword(document, seal.Seal, party).Single();
                var here = place.Boundary.Y + (place.Boundary.Height / 2);
                IReadOnlyList<StampPlace> places = kind == SealKind.Official
                    ? [StampPlaces.At(seal.Seal, place.Page, middle - 14, here + 9), .. StampPlaces.Straddling(document, seal.Seal, seam)] : [StampPlaces.At(seal.Seal, place.Page, middle + 6, here + 42)];
                document = OfdSigner.Sign(document, seal.Seal, new SigningKey(key, seal.Certificate), TimeProvider.System.GetUtcNow(), places);
            }
        }

        return document;
    }

    [Fact]
    public async Task OpenSsl_verifies_the_signature_of_a_document()
    {
        Foreign.Need("openssl");
        using var world = await DocumentWorld.OpenAsync(server);
        OpenSslAgrees(world.Documents.Create(world.Set, FaceForm.Original, world.Seal, world.Now));
    }

    // 用印 as a company does it, each command in a process of its own: granted, stamped, seen in the log.
    [Fact]
    public async Task A_document_stamped_by_the_command_is_good_for_openssl_and_ofd_js()
    {
        Foreign.Need("openssl");
        using var world = await DocumentWorld.OpenAsync(server);
        var face = world.Artist.Draw(FaceContent.Of(world.Set), FaceForm.Duplicate);
        var (code, folder) = (world.Set.License.Facts.CreditCode.Value, Directory.CreateTempSubdirectory("eid-stamp-").FullName);
        (int Exit, string Output) Run(params string[] arguments) => Eid.Run([.. arguments, "--server", server.Address.ToString(), "--certs", server.Certificates]);
        void Has((int Exit, string Output) end, int exit, params string[] words)
        {
            Assert.True(end.Exit == exit, end.Output);
            Assert.All(words, word => Assert.Contains(word, end.Output, StringComparison.Ordinal));
        }

        try
        {
            var (plain, once, twice, id) = (Path.Combine(folder, "合同.ofd"), Path.Combine(folder, "once.ofd"), Path.Combine(folder, "twice.ofd"), ServerFixture.NewRequestId());
            File.WriteAllBytes(plain, OfdDocument.Create([face, face, face], world.Fonts, new OfdInfo("0123456789abcdef0123456789abcdef", "示例合同", "示例", world.Now, [])).ToBytes());
            string[] official = ["--company", code, "--seal", "公章", "--use", "CONTRACT"];
            Has(Run(["stamp", plain, .. official, "--straddle", "right:105", "--out", once]), 1, "SEAL_USE_NOT_GRANTED", "eid seal-grant add");
            Has(Run("seal-grant", "add", code, "--caller", "holder-app", "--seal", "公章", "--seal", "财务专用章", "--use", "CONTRACT", "--use", "FINANCE", "--reference", "示例授权书〔2026〕1号", "--until", TimeProvider.System.GetUtcNow().AddDays(30).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)),
                0, "✔ 已登记用印授权", "企业应用（holder-app）", "公章、财务专用章");
            Has(Run(["stamp", plain, .. official, "--out", once]), 2, "--straddle");
            Has(Run(["stamp", plain, .. official, "--at", "9:60,60", "--out", once]), 1, "STAMP_PLACE_INVALID", "没有第 9 页");
            Has(Run("stamp", plain, "--company", code, "--seal", "发票专用章", "--use", "CONTRACT", "--at", "1:60,60", "--out", once), 1, "SEAL_USE_NOT_ALLOWED");
            Has(Run(["stamp", plain, .. official, "--straddle", "right:105", "--keyword", "登记机关#3", "--out", once, "--request-id", id]), 0, "✔ 已用印", "1-3");
            var first = File.ReadAllBytes(once);
            Has(Run(["stamp", plain, .. official, "--straddle", "right:105", "--keyword", "登记机关#3", "--out", once, "--request-id", id]), 0);
            Assert.Equal(first, File.ReadAllBytes(once));
            Has(Run("stamp", once, "--company", code, "--seal", "财务专用章", "--use", "FINANCE", "--at", "*:60,40", "--title", "示例附件", "--out", twice), 0, "✔ 已用印");
            Has(Run("stamp", plain, "--company", code, "--seal", "公章", "--use", "CONTRACT", "--digest", "--out", Path.Combine(folder, "plain.ses")), 0, "✔ 已用印");
            Has(Eid.Run("verify", Path.Combine(folder, "plain.ses"), "--offline", "--text", plain), 3, "✔ 签章签名值", "✔ 原文杂凑：原文杂凑与签章一致");
            Has(Run("seal-uses", code), 0, "合同.ofd", "示例附件", "企业应用", "公章", "财务专用章");
            Has(Run("seal-grant", "list", code), 0, "有效", "CONTRACT、FINANCE");
            OpenSslAgrees(OfdFile.Read(first));
            NodeTests.NeedModule("ofd.js");
            NodeTests.NeedModule("playwright-core");
            Foreign.Need("chromium");
            var shown = Show(("stamped-by-company", OfdFile.Read(File.ReadAllBytes(twice))))[0];
            Assert.True(shown.Digests);
            Assert.Equal(["1", "1", "1", "1", "2", "2", "2"], shown.Seals.Select(each => each.Id).Order(StringComparer.Ordinal));
            Assert.All(shown.Seals, each => Assert.True(each.Signature));
            using var picture = SKBitmap.Decode(Path.Combine(Kept, "stamped-by-company.png"));
            Assert.All(shown.Seals.Where(each => each.Id == "2"), each => Assert.InRange(Red(picture, each), 4000, 92_000));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Poppler_reads_the_text_of_the_pdf_and_finds_every_font_inside()
    {
        Foreign.Need("pdftotext");
        using var world = await DocumentWorld.OpenAsync(server);
        var face = world.Artist.Draw(FaceContent.Of(world.Set), FaceForm.Duplicate, world.Seal.Seal);
        var pdf = Path.Combine(Kept, "license-face.pdf");
        await File.WriteAllBytesAsync(pdf, DrawingFile.ToPdf([face], world.Fonts, world.Authority.Name, world.Now), TestContext.Current.CancellationToken);

        var text = Foreign.Run("pdftotext", ["-raw", pdf, "-"]);
        Assert.Equal(0, text.Exit);
        var facts = world.Set.License.Facts;
        var said = string.Concat(text.Output.Where(c => !char.IsWhiteSpace(c)));
        Assert.All((string[])["营业执照", facts.Name, facts.CreditCode.Value, facts.Representative, facts.Address, facts.BusinessScope, "国家市场监督管理总局监制"],
            value => Assert.Contains(value, said, StringComparison.Ordinal));

        var fonts = Foreign.Run("pdffonts", [pdf]).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[2..];
        Assert.NotEmpty(fonts);
        // Columns from the right: object number (two), uni, sub, emb.
        Assert.All(fonts, line => Assert.Equal(["yes", "yes", "yes"], line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^5..^2]));
        Assert.All(fonts, line => Assert.Contains("CID TrueType", line, StringComparison.Ordinal));

        // And draws it: paper of the right size, the seal red, the symbol readable.
        var picture = Path.Combine(Kept, "license-face-pdf");
        Assert.Equal(0, Foreign.Run("pdftoppm", ["-r", "150", "-png", "-singlefile", pdf, picture]).Exit);
        using var bitmap = SKBitmap.Decode(picture + ".png");
        Assert.Equal(1754, bitmap.Width);
        Assert.InRange(bitmap.Height, 1240, 1241);
        var box = face.Shapes.OfType<SealImprint>().Single().Box;
        const double scale = 150 / 25.4;
        Assert.InRange(Red(bitmap, new ShownSeal("", "", true, box.X * scale, box.Y * scale, box.Width * scale, box.Height * scale)), 5000, 60_000);
        Assert.Equal(world.Set.LicenseCode, Assert.Single(CodeReader.Read(await File.ReadAllBytesAsync(picture + ".png", TestContext.Current.CancellationToken))));
    }

    private static void OpenSslAgrees(OfdFile document)
    {
        using var judge = new OpenSslJudge();
        Assert.Empty(judge.Document(document.ToBytes()));

        // The judge must be able to say no.
        var value = document.Require("Doc_0/Signs/Sign_0/SignedValue.dat");
        var changed = value.Bytes.ToArray();
        changed[^1] ^= 1;
        Assert.NotEmpty(judge.Document(document.With(value with { Bytes = changed }).ToBytes()));
    }

    // What people get from the command line, of a server: its documents stand before the same judges.
    [Fact]
    public async Task What_eid_document_and_eid_copy_write_holds_for_ofd_js_and_for_eid_verify()
    {
        NodeTests.NeedModule("ofd.js");
        NodeTests.NeedModule("playwright-core");
        Foreign.Need("chromium");
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest(), cancellationToken: TestContext.Current.CancellationToken);
        var (code, folder) = (issued.License.Enterprise.CreditCode, Directory.CreateTempSubdirectory("eid-documents-").FullName);
        string[] service = ["--server", server.Address.ToString(), "--certs", server.Certificates];
        string At(string name) => Path.Combine(folder, name);
        try
        {
            Ran("document", code, "--out", At("license.ofd"));
            Ran("document", code, "--form", "original", "--out", At("license.pdf"));
            Assert.Contains("有效", Ran("verify", At("license.ofd"), "--as", "bank"), StringComparison.Ordinal);
            using (var copy = JsonDocument.Parse(Ran("copy", "create", code, "--for", "bank", "--use", "开立单位结算账户（样例）", "--json")))
            {
                Ran("copy", "download", copy.RootElement.GetProperty("downloadId").GetString()!, "--as", "bank", "--out", At("copy.ofd"));
            }

            Assert.DoesNotContain("尚未下载", Ran("copy", "list", code), StringComparison.Ordinal);
            Ran("export", code, "--out", At("export"));
            Assert.True(File.Exists(At("export/license.ofd")) && File.Exists(At("export/license.pdf")));

            var shown = Show(("served-license", Read("license.ofd")), ("served-copy", Read("copy.ofd")));
            Assert.All(shown, each => Assert.True(each.Digests && each.Seals.Single().Signature));
            Assert.All(shown, each => Assert.Contains(issued.License.Enterprise.Name, each.Text, StringComparison.Ordinal));
            Assert.Contains("仅用于", shown[1].Text, StringComparison.Ordinal);
            Assert.StartsWith("%PDF", File.ReadAllText(At("license.pdf")), StringComparison.Ordinal);

            // Once the licence has ended, its document is no longer worth anything, and no other is to be had.
            await server.Staff().RevokeSetAsync(new V1.RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = issued.Name, Reason = "样例：违法经营", Authority = "样例机关" }, cancellationToken: TestContext.Current.CancellationToken);
            var (exit, output) = Eid.Run(["verify", At("license.ofd"), "--as", "bank", .. service]);
            Assert.True(exit == 3 && output.Contains("✘ 文件中的执照   执照真实，但已被吊销", StringComparison.Ordinal), output);
            Assert.Equal(1, Eid.Run(["document", code, "--out", At("other.ofd"), .. service]).Exit);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        OfdFile Read(string name) => new(Documents.Reading.OfdReader.Read(File.ReadAllBytes(At(name))).Files.Select(file => new OfdEntry(file.Key, file.Value)));
        string Ran(params string[] arguments)
        {
            var (exit, output) = Eid.Run([.. arguments, .. service]);
            Assert.True(exit == 0, output);
            return output;
        }
    }

    private static Shown[] Show(params (string Name, OfdFile File)[] files)
    {
        string At(string name, string ending) => Path.Combine(Kept, name + ending);
        foreach (var (name, file) in files)
        {
            File.WriteAllBytes(At(name, ".ofd"), file.ToBytes());
        }

        var (exit, output) = Foreign.Run("node", ["show-ofd.mjs", .. files.SelectMany(file => new[] { At(file.Name, ".ofd"), At(file.Name, ".png") })], folder: Interop);
        Assert.True(exit == 0, output);
        var found = output.Split('\n').Where(line => line.StartsWith("{\"pages\"", StringComparison.Ordinal)).Select(line => JsonSerializer.Deserialize<Shown>(line, JsonSerializerOptions.Web)!).ToArray();
        Assert.Equal(files.Length, found.Length);
        return found;
    }

    private static int Red(SKBitmap picture, ShownSeal where)
    {
        var pixels = picture.Pixels;
        var (right, bottom) = ((int)Math.Min(picture.Width, where.Left + where.Width), (int)Math.Min(picture.Height, where.Top + where.Height));
        var count = 0;
        for (var y = Math.Max(0, (int)where.Top); y < bottom; y++)
        {
            for (var x = Math.Max(0, (int)where.Left); x < right; x++)
            {
                count += pixels[(y * picture.Width) + x] is { Red: > 170, Green: < 110, Blue: < 110 } ? 1 : 0;
            }
        }

        return count;
    }

    private sealed record Shown(int Pages, IReadOnlyList<ShownSeal> Seals, bool Digests, string Text);

    private sealed record ShownSeal(string Page, string Id, bool Signature, double Left, double Top, double Width, double Height);

    /// <summary>A licence issued by the server, and what makes documents of it.</summary>
    private sealed record DocumentWorld(IssuedSet Set, IssuingAuthority Authority, AuthoritySeal Seal, FaceFonts Fonts, FaceArtist Artist, LicenseDocuments Documents, DateTimeOffset Now) : IDisposable
    {
        public static async Task<DocumentWorld> OpenAsync(ServerFixture server)
        {
            var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
            var set = await server.Services.GetRequiredService<ILicenseStore>().LoadSetAsync(LicenseId.Parse(issued.Name[(issued.Name.LastIndexOf('/') + 1)..]), CancellationToken.None);
            var authority = server.Services.GetRequiredService<IssuingAuthority>();
            using var seals = new SealArtist(SealFonts.LoadDefault());
            var now = TimeProvider.System.GetUtcNow();
            var fonts = FaceFonts.LoadDefault();
            var artist = new FaceArtist(fonts, FaceStyle.Plain);
            return new DocumentWorld(set!, authority, AuthoritySeal.Make(authority, seals.DrawCompact, SealCode.Create(authority.Division, 1), now), fonts, artist, new LicenseDocuments(artist, fonts), now);
        }

        public void Dispose() => Fonts.Dispose();
    }
}
