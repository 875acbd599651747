using System.Globalization;
using System.Text;
using System.Xml.Linq;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Crypto;
using ShantingEId.Documents.Faces;
using ShantingEId.Documents.Ofd;
using ShantingEId.Documents.Reading;
using ShantingEId.Documents.Stamping;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.Tests.Crypto;
using ShantingEId.Tests.Seals;

namespace ShantingEId.Tests.Documents;

/// <summary>Signatures on documents of our own and of others' making, judged by the verifier, which shares no code with the signer.</summary>
public class OfdSignerTests
{
    private static readonly SesSeal Seal = FaceSamples.Seal.Seal;
    private static readonly SigningKey Signer = FaceSamples.Seal.Signer;

    [Fact]
    public async Task A_licence_is_valid_and_every_file_of_it_covered()
    {
        var licence = FaceSamples.Documents.Create(FaceSamples.Set(FaceSamples.Company), FaceForm.Duplicate, FaceSamples.Seal, FaceSamples.Time);
        var report = await VerifyAsync(licence);

        Assert.Equal(SealVerdict.Valid, report.Verdict);
        var signature = Assert.Single(report.Signatures);
        Assert.Equal(["1"], signature.StampPages);
        Assert.Equal(FaceSamples.Time, signature.SigningTime);
        string[] own = ["/Doc_0/Signs/Signatures.xml", "/Doc_0/Signs/Sign_0/Signature.xml", "/Doc_0/Signs/Sign_0/SignedValue.dat"];
        Assert.All(report.Files, file => Assert.Equal(own.Contains(file.Path) ? FileStanding.OfSignature : FileStanding.Intact, file.Standing));
        Assert.All(report.Files, file => Assert.True(file.IsReachable, file.Path));

        // One changed byte anywhere is noticed.
        foreach (var entry in licence.Entries.Where(entry => entry.Name is not "Doc_0/Signs/Signatures.xml"))
        {
            var bytes = entry.Bytes.ToArray();
            // A blank for a blank's neighbour keeps XML readable; elsewhere any bit will do.
            bytes[entry.Name.EndsWith(".xml", StringComparison.Ordinal) ? entry.Bytes.Span.IndexOf(" "u8) : bytes.Length / 2] ^= entry.Name.EndsWith(".xml", StringComparison.Ordinal) ? (byte)(' ' ^ '\t') : (byte)1;
            var changed = await TryVerifyAsync(licence.With(new OfdEntry(entry.Name, bytes)));
            Assert.True(changed is null or { Verdict: SealVerdict.Invalid }, entry.Name);
        }
    }

    [Fact]
    public async Task A_second_seal_keeps_the_first_and_covers_its_files()
    {
        var licence = FaceSamples.Documents.Create(FaceSamples.Set(FaceSamples.Company), FaceForm.Duplicate, FaceSamples.Seal, FaceSamples.Time);
        var twice = OfdSigner.Sign(licence, Seal, Signer, FaceSamples.Time.AddHours(1), StampPlaces.At(Seal, 0, 60, 150));
        var report = await VerifyAsync(OfdSigner.Sign(twice, Seal, Signer, FaceSamples.Time.AddHours(2), StampPlaces.At(Seal, 0, 110, 150)));

        Assert.Equal(SealVerdict.Valid, report.Verdict);
        Assert.Equal(["1", "2", "3"], report.Signatures.Select(signature => signature.Id));
        foreach (var file in (string[])["Signature.xml", "SignedValue.dat"])
        {
            Assert.Equal(["2", "3"], report.Files.Single(each => each.Path == $"/Doc_0/Signs/Sign_0/{file}").CoveredBy.Where(id => id != "1"));
        }

        // Identifiers of imprints are above all of the page and differ, so that readers lay them on top.
        var stamps = Enumerable.Range(0, 2).SelectMany(number => Xml(twice, $"Doc_0/Signs/Sign_{number}/Signature.xml").Descendants().Where(each => each.Name.LocalName == "StampAnnot"))
            .Select(each => int.Parse(each.Attribute("ID")!.Value, CultureInfo.InvariantCulture)).ToArray();
        var most = int.Parse(Xml(twice, "Doc_0/Document.xml").Descendants().Single(each => each.Name.LocalName == "MaxUnitID").Value, CultureInfo.InvariantCulture);
        Assert.Equal([most + 1, most + 2], stamps);
    }

    // A request that is repeated after an upgrade gets the document that it got before: versions up to 0.3 wrote the seal as a file too.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_signature_that_was_kept_is_put_on_its_document_again(bool withSealFile)
    {
        var document = OfdDocument.Create([FaceSamples.Draw(FaceSamples.Company)], FaceSamples.Fonts, new OfdInfo(new string('0', 32), "示例", "示例", FaceSamples.Time, [])).ToBytes();
        var subject = new StampSubject.Document(document, [new StampWish.At([1], 60, 60)]);
        var plan = subject.Plan(Seal, FaceSamples.Time, withSealFile);
        var signature = SesSignature.Create(Seal, Signer, FaceSamples.Time, plan.DataHash, plan.PropertyInfo);
        var stamped = plan.Finish!(signature);
        var report = await VerifyAsync(OfdFile.Read(stamped));

        Assert.Equal(SealVerdict.Valid, report.Verdict);
        Assert.Equal(withSealFile, report.Files.Any(file => file.Path.EndsWith("/Seal.esl", StringComparison.Ordinal)));
        Assert.Equal(withSealFile, report.Signatures[0].Checks.Any(check => check is { Step: CheckStep.SealCopy, Outcome: CheckOutcome.Passed }));
        Assert.Equal(stamped, subject.Again(SesSignature.Parse(signature.Der.ToArray())));
    }

    [Fact]
    public async Task A_document_of_another_program_with_a_seal_takes_a_second_one()
    {
        var theirs = OfdFile.Read(await File.ReadAllBytesAsync(SharedData.Require("ofd/SESV4SignDoc.ofd"), TestContext.Current.CancellationToken));
        var before = await VerifyAsync(theirs);
        var report = await VerifyAsync(OfdSigner.Sign(theirs, Seal, Signer, FaceSamples.Time, StampPlaces.At(Seal, 0, 150, 200)));

        Assert.Equal(2, report.Signatures.Count);
        // Its certificates are not ours to trust; every other step comes out as before.
        Assert.Equal(before.Signatures[0].Checks.Select(check => (check.Step, check.Outcome)), report.Signatures[0].Checks.Select(check => (check.Step, check.Outcome)));
        Assert.Contains(report.Signatures[0].Checks, check => check is { Step: CheckStep.References, Outcome: CheckOutcome.Passed });
        Assert.Equal(SealVerdict.Valid, report.Signatures[1].Verdict);
        Assert.Equal("3", report.Signatures[1].Id); // Its MaxSignId is 2.
    }

    [Fact]
    public async Task A_document_that_its_signer_closed_is_left_alone()
    {
        var closed = OfdFile.Read(await File.ReadAllBytesAsync(SharedData.Require("ofd/V4RideRight.ofd"), TestContext.Current.CancellationToken));
        var error = Assert.Throws<EidException>(() => OfdSigner.Sign(closed, Seal, Signer, FaceSamples.Time, StampPlaces.At(Seal, 0, 50, 50)));
        Assert.Equal(ErrorReason.DocumentInvalid, error.Reason);
        Assert.Contains("锁定", error.Message, StringComparison.Ordinal);
    }

    // The file of the province has an older namespace, a template page and steps counted by "g"; its last signature closes it.
    [Fact]
    public async Task Text_is_found_in_a_document_of_another_program()
    {
        var theirs = OfdFile.Read(await File.ReadAllBytesAsync(SharedData.Require("ofd/keyword.ofd"), TestContext.Current.CancellationToken));
        var hits = OfdText.Find(theirs, "中国建设银行");

        // Boundary 191.7523 43.9082, X 0, steps of 4.2333 in its Content.xml: six characters from its left edge on.
        var hit = Assert.Single(hits);
        Assert.Equal((191.75, 25.4), (Math.Round(hit.Box.X, 2), Math.Round(hit.Box.Width, 1)));
        Assert.InRange(hit.Box.Y, 43.7, 44);
        Assert.Empty(OfdText.Find(theirs, "中国银行"));

        Assert.Equal(ErrorReason.DocumentInvalid, Assert.Throws<EidException>(() => StampPlaces.OnKeyword(theirs, Seal, "没有这个词")).Reason);
        var place = Assert.Single(StampPlaces.OnKeyword(theirs, Seal, "中国建设银行"));
        Assert.Equal((hit.Box.X + (hit.Box.Width / 2), hit.Box.Y + (hit.Box.Height / 2)), (place.Boundary.X + 20, place.Boundary.Y + 20));
        Assert.Contains("锁定", Assert.Throws<EidException>(() => OfdSigner.Sign(theirs, Seal, Signer, FaceSamples.Time, place)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_hit_of_a_keyword_is_where_the_drawing_has_it()
    {
        var face = FaceSamples.Draw(FaceSamples.Company, FaceForm.Original);
        var file = OfdDocument.Create([face, face], FaceSamples.Fonts, Info);

        var row = face.Text.Single(each => each.Text == FaceSamples.Company.Name);
        var at = row.Text.IndexOf("示例", StringComparison.Ordinal);
        var hits = OfdText.Find(file, "示例食品有限公司");
        Assert.Equal([0, 1], hits.Select(hit => hit.Page));
        Assert.All(hits, hit => Assert.Equal(row.X + row.Offsets[at], hit.Box.X, 1));
        Assert.All(hits, hit => Assert.Equal(row.Box.Y, hit.Box.Y, 1));
        Assert.All(hits, hit => Assert.Equal(row.Box.Right - row.X - row.Offsets[at], hit.Box.Width, 1));

        // A turned row: the middle of the hit lies on the row.
        var marked = Watermark.Over(face, FaceSamples.Fonts, "仅用于核对");
        var mark = marked.Text.First(each => each.Turn != 0);
        var found = OfdText.Find(OfdDocument.Create([marked], FaceSamples.Fonts, Info), "仅用于核对")[0].Box;
        Assert.InRange(found.X, mark.Box.X - 0.1, mark.Box.X + 0.1);
        Assert.InRange(found.Bottom, mark.Box.Bottom - 0.1, mark.Box.Bottom + 0.1);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(5, 1)]
    [InlineData(10, 1)]
    [InlineData(11, 2)]
    [InlineData(31, 4)]
    public async Task The_strips_over_the_seam_make_up_the_whole_imprint(int pages, int imprints)
    {
        var face = FaceSamples.Draw(FaceSamples.Company);
        var file = OfdDocument.Create([.. Enumerable.Repeat(face, pages)], FaceSamples.Fonts, Info);
        var places = StampPlaces.Straddling(file, Seal, 100);

        Assert.Equal(Enumerable.Range(0, pages), places.Select(place => place.Page));
        Assert.Equal(40.0 * imprints, places.Sum(place => place.Clip!.Value.Width), 6);
        foreach (var place in places)
        {
            var clip = place.Clip!.Value;
            Assert.True(clip.Width >= 4 - 1e-9);
            Assert.Equal(297, place.Boundary.X + clip.Right, 6); // Each strip ends at the edge of its page.
            Assert.Equal((40, 40, 80), (place.Boundary.Width, place.Boundary.Height, place.Boundary.Y));
        }

        var report = await VerifyAsync(OfdSigner.Sign(file, Seal, Signer, FaceSamples.Time, [.. places, .. StampPlaces.OnEveryPage(file, Seal, 60, 150)]));
        Assert.Equal(SealVerdict.Valid, report.Verdict);
        Assert.Equal(pages, report.Signatures[0].StampPages.Distinct().Count());
    }

    [Fact]
    public void What_cannot_be_signed_is_refused()
    {
        var face = FaceSamples.Draw(FaceSamples.Company);
        var file = OfdDocument.Create([face], FaceSamples.Fonts, Info);
        ErrorReason Refused(OfdFile document, SigningKey key, params StampPlace[] places) => Assert.Throws<EidException>(() => OfdSigner.Sign(document, Seal, key, FaceSamples.Time, places)).Reason;

        Assert.Equal(ErrorReason.DocumentInvalid, Refused(file, Signer));
        Assert.Equal(ErrorReason.DocumentInvalid, Refused(file, Signer, StampPlaces.At(Seal, 1, 50, 50)));
        Assert.Equal(ErrorReason.SigningKeyUnusable, Refused(file, SampleSeals.Maker, StampPlaces.At(Seal, 0, 50, 50)));
        Assert.Equal(ErrorReason.DocumentInvalid, Refused(file.With(new OfdEntry("OFD.xml", "<a"u8.ToArray())), Signer, StampPlaces.At(Seal, 0, 50, 50)));
        Assert.Equal(ErrorReason.DocumentInvalid, Refused(file.With(new OfdEntry("OFD.xml", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"u8.ToArray())), Signer, StampPlaces.At(Seal, 0, 50, 50)));
        Assert.Equal(ErrorReason.DocumentInvalid, Refused(Replace(file, "OFD.xml", "Doc_0/Document.xml", "../Document.xml"), Signer, StampPlaces.At(Seal, 0, 50, 50)));
        Assert.Equal(ErrorReason.DocumentInvalid, Assert.Throws<EidException>(() => StampPlaces.Straddling(file, Seal, 100)).Reason);
        Assert.Equal(ErrorReason.DocumentInvalid, Assert.Throws<EidException>(() => new OfdFile([file.Entries[0], file.Entries[0]])).Reason);
        Assert.Equal(ErrorReason.DocumentInvalid, Assert.Throws<EidException>(() => new OfdFile(file.Entries.Skip(1))).Reason);
    }

    private static OfdInfo Info => new("0123456789abcdef0123456789abcdef", "示例文件", FaceSamples.AuthorityName, FaceSamples.Time, []);

    private static OfdFile Replace(OfdFile file, string name, string old, string fresh) =>
        file.With(new OfdEntry(name, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(file.Require(name).Bytes.Span).Replace(old, fresh, StringComparison.Ordinal))));

    private static XElement Xml(OfdFile file, string name) => XElement.Parse(Encoding.UTF8.GetString(file.Require(name).Bytes.Span));

    private static async Task<DocumentReport> VerifyAsync(OfdFile file)
    {
        var verifier = new DocumentVerifier(SampleTrust.Own, new AllGood(), new FakeTimeProvider(FaceSamples.Time.AddDays(1)));
        return await verifier.VerifyAsync(file.ToBytes(), TestContext.Current.CancellationToken);
    }

    // Null where the file cannot even be read.
    private static async Task<DocumentReport?> TryVerifyAsync(OfdFile file)
    {
        try
        {
            return await VerifyAsync(file);
        }
        catch (EidException)
        {
            return null;
        }
    }

    /// <summary>Nothing was revoked.</summary>
    private sealed class AllGood : IStatusSource
    {
        public ValueTask<KnownStatus> OfCertificateAsync(Sm2Certificate certificate, CancellationToken cancel) => new(new KnownStatus(KnownState.Good, null, "示例"));

        public ValueTask<KnownStatus> OfSealAsync(SesSeal seal, DateTimeOffset at, CancellationToken cancel) => new(new KnownStatus(KnownState.Good, null, "示例"));
    }
}
