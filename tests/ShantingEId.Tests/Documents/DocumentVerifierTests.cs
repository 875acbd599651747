using ShantingEId.Crypto;
using ShantingEId.Documents.Reading;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.Tests.Seals;

namespace ShantingEId.Tests.Documents;

/// <summary>Sealed documents: one good, and one thing broken at a time; what is said of it, and of which file.</summary>
public sealed class DocumentVerifierTests
{
    [Fact]
    public async Task A_good_document_is_valid_and_every_file_is_accounted_for()
    {
        var report = await VerifyAsync(SignedOfd.Sealed());

        Assert.Equal(SealVerdict.Valid, report.Verdict);
        Assert.Equal("文件有效：1 个签名全部真实有效，文件与签名时一致。", report.Summary);
        var signature = Assert.Single(report.Signatures);
        Assert.Equal(("s1", "/Doc_0/Signs/Sign_0/Signature.xml", SampleSeals.Info.Name, SampleSeals.Info.SealId), (signature.Id, signature.Path, signature.SealName, signature.SealId));
        Assert.Equal(SampleSeals.Signed, signature.SigningTime);
        Assert.Equal(["1"], signature.StampPages);
        Assert.Equal(9, report.Files.Count);
        Assert.Equal(
            ["/Doc_0/Signs/Sign_0/Signature.xml", "/Doc_0/Signs/Sign_0/SignedValue.dat", "/Doc_0/Signs/Signatures.xml"],
            report.Files.Where(file => file.Standing == FileStanding.OfSignature).Select(file => file.Path));
        Assert.All(report.Files, file => Assert.True(file.IsReachable));
    }

    [Fact]
    public async Task What_was_edited_after_sealing_is_named()
    {
        var report = await VerifyAsync(SignedOfd.Sealed().Edit("Doc_0/Pages/Page_0/Content.xml", "示例合同", "别的合同"));

        Assert.Equal(SealVerdict.Invalid, report.Verdict);
        Assert.Equal("文件在签名之后被改动：/Doc_0/Pages/Page_0/Content.xml 与签名时不同；印章和签名值本身是真实的。", report.Summary);
        Assert.Equal(["/Doc_0/Pages/Page_0/Content.xml"], report.Files.Where(file => file.Standing == FileStanding.Altered).Select(file => file.Path));
        Assert.Equal((CheckStep.References, SealProblem.FileAltered), Failure(report));
    }

    [Fact]
    public async Task Each_broken_thing_has_its_reason()
    {
        var cases = new (string Name, Action<SignedOfd> Break, CheckStep Step, SealProblem Problem)[]
        {
            ("file gone", ofd => ofd.Files.Remove("Doc_0/Res/seal.png"), CheckStep.References, SealProblem.FileMissing),
            ("Signature.xml edited", ofd => ofd.Edit("Doc_0/Signs/Sign_0/Signature.xml", "Boundary=\"50 50", "Boundary=\"90 50"), CheckStep.DataHash, SealProblem.DataHash),
            ("seal file edited", ofd => ofd.Files["Doc_0/Signs/Sign_0/Seal.esl"] = HandMade.Seal(SampleSeals.Info), CheckStep.SealCopy, SealProblem.SealDiffers),
            ("seal file gone", ofd => ofd.Files.Remove("Doc_0/Signs/Sign_0/Seal.esl"), CheckStep.SealCopy, SealProblem.SealDiffers),
            ("value gone", ofd => ofd.Files.Remove("Doc_0/Signs/Sign_0/SignedValue.dat"), CheckStep.SignatureList, SealProblem.SignatureStructure),
            ("value is a seal", ofd => ofd.Files["Doc_0/Signs/Sign_0/SignedValue.dat"] = ofd.Files["Doc_0/Signs/Sign_0/Seal.esl"], CheckStep.Format, SealProblem.Asn1Invalid),
            ("signature of another document", ofd => ofd.Files["Doc_0/Signs/Sign_0/SignedValue.dat"] = SampleSeals.Signature.Der.ToArray(), CheckStep.DataHash, SealProblem.DataHash),
            ("list gone", ofd => ofd.Files.Remove("Doc_0/Signs/Signatures.xml"), CheckStep.SignatureList, SealProblem.SignatureStructure),
            ("signature taken out of the list", ofd => ofd.Forget("s1"), CheckStep.SignatureList, SealProblem.NotSigned),
            ("no OFD.xml", ofd => ofd.Files.Remove("OFD.xml"), CheckStep.Container, SealProblem.SignatureStructure),
            ("broken XML", ofd => ofd.Edit("Doc_0/Pages/Page_0/Content.xml", "</ofd:Page>", ""), CheckStep.Container, SealProblem.SignatureStructure),
            ("listed twice", ofd => ofd.Edit("Doc_0/Signs/Signatures.xml", "</ofd:Signatures>", "<ofd:Signature ID=\"s1\" Type=\"Seal\" BaseLoc=\"/Doc_0/Signs/Sign_0/Signature.xml\"/></ofd:Signatures>"), CheckStep.SignatureList, SealProblem.SignatureStructure),
            ("another type", ofd => ofd.Edit("Doc_0/Signs/Signatures.xml", "\"Seal\"", "\"Sign\""), CheckStep.Format, SealProblem.Asn1Invalid),
        };
        foreach (var (name, break_, step, problem) in cases)
        {
            var document = SignedOfd.Sealed();
            break_(document);
            var report = await VerifyAsync(document);

            Assert.True((report.Verdict, Failure(report)) == (SealVerdict.Invalid, (step, problem)), $"{name}: {report.Verdict} {Failure(report)} {report.Summary}");
        }
    }

    // Signed so from the start: the signature holds, and what it says is still not acceptable.
    [Fact]
    public async Task What_a_good_signature_says_wrongly_has_its_reason()
    {
        var cases = new (string Name, Action<SignedOfd> Sign, CheckStep Step, SealProblem Problem)[]
        {
            ("points elsewhere", ofd => ofd.Sign("s1", ofd.Everything, propertyInfo: "/Doc_0/Signs/Sign_1/Signature.xml"), CheckStep.PropertyInfo, SealProblem.PropertyInfo),
            ("another digest", ofd => ofd.Sign("s1", ofd.Everything, checkMethod: "MD5"), CheckStep.References, SealProblem.Algorithm),
            ("covers nothing", ofd => ofd.Sign("s1", _ => false), CheckStep.References, SealProblem.SignatureStructure),
            ("another algorithm", ofd => ofd.Sign("s1", ofd.Everything, edit: text => text.Replace("10197.1.501", "10197.1.999", StringComparison.Ordinal)), CheckStep.References, SealProblem.Algorithm),
            ("a file twice", ofd => ofd.Sign("s1", ofd.Everything, edit: text => text.Replace("<ofd:References CheckMethod=\"SM3\">", "<ofd:References CheckMethod=\"SM3\"><ofd:Reference FileRef=\"/OFD.xml\"><ofd:CheckValue>AAAA</ofd:CheckValue></ofd:Reference>", StringComparison.Ordinal)), CheckStep.SignatureList, SealProblem.SignatureStructure),
            ("a path out of the package", ofd => ofd.Sign("s1", ofd.Everything, edit: text => text.Replace("FileRef=\"/OFD.xml\"", "FileRef=\"/../OFD.xml\"", StringComparison.Ordinal)), CheckStep.SignatureList, SealProblem.SignatureStructure),
            ("two lists of files", ofd => ofd.Sign("s1", ofd.Everything, edit: text => text.Replace("</ofd:References>", "</ofd:References><ofd:References CheckMethod=\"SM3\"/>", StringComparison.Ordinal)), CheckStep.SignatureList, SealProblem.SignatureStructure),
            ("in the future", ofd => ofd.Sign("s1", ofd.Everything, time: SampleTrust.Now.AddDays(1)), CheckStep.SigningTime, SealProblem.TimeOrder),
        };
        foreach (var (name, sign, step, problem) in cases)
        {
            var document = new SignedOfd();
            sign(document);
            var report = await VerifyAsync(document);

            Assert.True((report.Verdict, Failure(report)) == (SealVerdict.Invalid, (step, problem)), $"{name}: {report.Verdict} {Failure(report)} {report.Summary}");
        }
    }

    [Fact]
    public async Task Files_that_no_signature_covers_keep_the_document_from_being_valid()
    {
        var document = new SignedOfd();
        document.Sign("s1", path => document.Everything(path) && path != "Doc_0/PublicRes.xml");
        document.Files["Doc_0/hidden.bin"] = [1, 2, 3];

        var report = await VerifyAsync(document);

        Assert.Equal(SealVerdict.NotConfirmed, report.Verdict);
        Assert.Equal(["/Doc_0/PublicRes.xml", "/Doc_0/hidden.bin"], report.Files.Where(file => file.Standing == FileStanding.Uncovered).Select(file => file.Path));
        Assert.Equal(["/Doc_0/hidden.bin"], report.Files.Where(file => !file.IsReachable).Select(file => file.Path));
        Assert.Contains(report.Checks, check => (check.Step, check.Outcome) == (CheckStep.ForeignFiles, CheckOutcome.Notice));
        Assert.Contains(report.Checks, check => (check.Step, check.Problem) == (CheckStep.Coverage, SealProblem.FileUncovered) && check.Text.Contains("/Doc_0/PublicRes.xml", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_second_signature_covers_the_first_and_a_change_is_held_against_whom_it_concerns()
    {
        var document = SignedOfd.Sealed();
        document.Sign("s2", _ => true, withSeal: false);

        var both = await VerifyAsync(document);
        Assert.Equal(SealVerdict.Valid, both.Verdict);
        Assert.Equal([true, false], both.Signatures.Select(signature => signature.HasSeal));
        Assert.Contains(both.Checks, check => check.Step == CheckStep.LaterSignatures && check.Text.Contains("签名 s2 在签名 s1 之后", StringComparison.Ordinal));
        Assert.Equal(["s2"], both.Files.Single(file => file.Path == "/Doc_0/Signs/Sign_0/Signature.xml").CoveredBy);

        // The second signature covers the list: taking it out shows nowhere but in its own files, which nobody covers then.
        document.Forget("s2");
        var one = await VerifyAsync(document);
        Assert.Equal(SealVerdict.NotConfirmed, one.Verdict);
        Assert.Contains("/Doc_0/Signs/Sign_1/SignedValue.dat", one.Files.Where(file => file.Standing == FileStanding.Uncovered).Select(file => file.Path));
    }

    [Fact]
    public async Task A_stamped_document_stays_provable_after_the_seal_has_ended()
    {
        var stamper = HandMade.Certified("time stamper", SampleSeals.Made, SampleSeals.End.AddYears(2), CertificateUse.TimeStamping);
        var bare = SignedOfd.Sealed();
        var stamped = new SignedOfd();
        stamped.Sign("s1", stamped.Everything, stamp: signature => signature.WithTimeStamp(SampleStamps.Token(signature.SignatureValue, stamper, SampleSeals.Signed)));
        var later = SampleSeals.End.AddYears(1);

        Assert.Equal(SealVerdict.NotConfirmed, (await VerifyAsync(bare, later)).Verdict);
        var report = await VerifyAsync(stamped, later);
        Assert.Equal(SealVerdict.Valid, report.Verdict);
        Assert.Equal(SampleSeals.Signed, report.Signatures[0].ProvenTime);
    }

    [Fact]
    public async Task A_seal_picture_that_is_no_picture_or_a_giant_is_worth_a_word_and_never_decoded()
    {
        byte[] giant = [.. SignedOfd.Png];
        giant[16] = 0x7F;
        foreach (var picture in new[] { giant, [1, 2, 3] })
        {
            var document = new SignedOfd();
            document.Sign("s1", document.Everything, SampleSeals.Info with { Picture = picture });
            var report = await VerifyAsync(document);
            Assert.Equal(SealVerdict.Valid, report.Verdict);
            Assert.Contains(report.Signatures[0].Checks, check => (check.Outcome, check.Problem) == (CheckOutcome.Notice, SealProblem.PictureInvalid));
        }
    }

    // The largest that is let in: what a stranger can cost us is bounded, in time and in memory.
    [Fact]
    public async Task The_largest_document_that_is_let_in_costs_little()
    {
        var document = new SignedOfd();
        var filler = System.Text.Encoding.UTF8.GetBytes("<a b=\"c\">" + string.Concat(Enumerable.Range(0, 75_000).Select(i => $"<e>{i}</e>")) + "</a>");
        for (var i = 0; i < 40; i++)
        {
            document.Files[$"Doc_0/f{i}.xml"] = filler;
        }

        for (var i = 0; i < 64; i++)
        {
            document.Sign($"s{i}", path => i == 0 ? document.Everything(path) : path == "OFD.xml");
        }

        var bytes = document.Build();
        Assert.True(bytes.Length <= OfdReader.MaxBytes, $"{bytes.Length}");
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var before = GC.GetTotalAllocatedBytes();
        var report = await new DocumentVerifier(SampleTrust.Own, new StatusTable(), SampleTrust.Clock()).VerifyAsync(bytes, TestContext.Current.CancellationToken);
        Assert.NotEqual(SealVerdict.Unspecified, report.Verdict);
        Assert.Equal(64, report.Signatures.Count);
        // A second and a half on one free core; the machine may be shared.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(15), $"{watch.Elapsed}");
        Assert.True(GC.GetTotalAllocatedBytes() - before < 300_000_000, $"{GC.GetTotalAllocatedBytes() - before} bytes");
    }

    private static (CheckStep, SealProblem) Failure(DocumentReport report) =>
        report.Checks.Concat(report.Signatures.SelectMany(signature => signature.Checks)).Where(check => check.Outcome == CheckOutcome.Failed).Select(check => (check.Step, check.Problem)).FirstOrDefault();

    private static async Task<DocumentReport> VerifyAsync(SignedOfd document, DateTimeOffset? at = null) =>
        await new DocumentVerifier(SampleTrust.Own, new StatusTable(), SampleTrust.Clock(at)).VerifyAsync(document.Build(), TestContext.Current.CancellationToken);
}
