using ShantingEId.Crypto;
using ShantingEId.Documents.Reading;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.Tests.Seals;

namespace ShantingEId.Tests.Documents;

/// <summary>Sealed documents: one good, and one thing broken at a time; what is said of it, and of which file.</summary>
[Collection(nameof(Alone))]
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

    // Stamps of the standards before and after ours: they are judged with the document that they are on.
    [Theory]
    [InlineData(SesVersion.V1, "GM/T 0031-2014")]
    [InlineData(SesVersion.V4, "GB/T 38540-2020")]
    [InlineData(SesVersion.V5, "GM/T 0031-2025")]
    public async Task Documents_with_stamps_of_every_version_are_judged_alike(SesVersion version, string standard)
    {
        var good = await VerifyAsync(SignedOfd.Sealed(version));
        Assert.True(good.Verdict == SealVerdict.Valid, good.Summary);
        Assert.Equal((SampleSeals.Info.SealId, SampleSeals.Signed), (good.Signatures[0].SealId, good.Signatures[0].SigningTime));
        Assert.StartsWith(standard, good.Signatures[0].Checks.Single(check => check.Step == CheckStep.SignatureValue).Clause, StringComparison.Ordinal);

        var edited = await VerifyAsync(SignedOfd.Sealed(version).Edit("Doc_0/Pages/Page_0/Content.xml", "示例合同", "别的合同"));
        Assert.Equal((SealVerdict.Invalid, (CheckStep.References, SealProblem.FileAltered)), (edited.Verdict, Failure(edited)));

        // What was signed is Signature.xml: with another digest in it the stamp is over something else.
        var resigned = SignedOfd.Sealed(version).Edit("Doc_0/Signs/Sign_0/Signature.xml", "Boundary=\"50 50", "Boundary=\"90 50");
        Assert.Equal((CheckStep.DataHash, SealProblem.DataHash), Failure(await VerifyAsync(resigned)));

        var uncovered = new SignedOfd();
        uncovered.Sign("s1", path => uncovered.Everything(path) && path != "Doc_0/PublicRes.xml", version: version);
        var report = await VerifyAsync(uncovered);
        Assert.Equal(SealVerdict.NotConfirmed, report.Verdict);
        Assert.Equal(["/Doc_0/PublicRes.xml"], report.Files.Where(file => file.Standing == FileStanding.Uncovered).Select(file => file.Path));
    }

    // No file has them, so no signature covers them; that is said, and decides nothing.
    [Fact]
    public async Task What_a_container_says_besides_its_files_is_named()
    {
        var document = SignedOfd.Sealed();
        Assert.DoesNotContain((await VerifyAsync(document)).Checks, check => check is { Step: CheckStep.Container, Outcome: CheckOutcome.Notice });

        var files = document.Files.Select((file, i) => new RawEntry(file.Key, file.Value) { ExternalAttributes = i == 3 ? 0x20 : 0, Flags = i == 4 ? 0x0802 : 0x0800 });
        var bytes = RawZip.Build([.. files, new RawEntry("Doc_0/empty/", []) { Method = 0 }]);
        var report = await new DocumentVerifier(SampleTrust.Own, new StatusTable(), SampleTrust.Clock()).VerifyAsync(bytes, TestContext.Current.CancellationToken);

        Assert.Equal(SealVerdict.Valid, report.Verdict);
        Assert.Equal("ZIP 目录中另有不属于任何文件的内容，签名不覆盖：压缩选项、文件夹条目、文件属性", report.Checks.Single(check => check is { Step: CheckStep.Container, Outcome: CheckOutcome.Notice }).Text);
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

    // The worst that are let in, each at a limit: as many nodes as may be, the most bytes, and both in files that 64 signatures cover. What a stranger
    // can cost is bounded, in time (a second of the processor) and in memory.
    [Theory]
    [InlineData("<e>1</e>", 31, 12_000)]
    [InlineData("<e/>", 70, 21_000)]
    [InlineData("<e a='' b='' c=''/>", 28, 21_000)]
    [InlineData("<e>a text of a hundred bytes in which there is nothing to be found, however long somebody looks at it</e>", 28, 12_500)]
    public async Task The_largest_documents_that_are_let_in_cost_little(string element, int files, int count)
    {
        var document = new SignedOfd();
        for (var i = 0; i < files; i++)
        {
            // Numbers in between keep the ratio of packing within its limit.
            document.Files[$"Doc_0/f{i}.xml"] = System.Text.Encoding.UTF8.GetBytes("<a>" + string.Concat(Enumerable.Range(0, count).Select(number => number % 4 == 0 ? $"{number * 7919 % 99_991}{element}" : element)) + "</a>");
        }

        for (var i = 0; i < 64; i++)
        {
            document.Sign($"s{i}", path => i == 0 ? document.Everything(path) : path == "OFD.xml");
        }

        var bytes = document.Build();
        var total = document.Files.Values.Sum(file => file.Length);
        Assert.True(bytes.Length <= OfdReader.MaxBytes && total <= OfdReader.MaxTotal, $"{bytes.Length} {total}");
        var verifier = new DocumentVerifier(SampleTrust.Own, new StatusTable(), SampleTrust.Clock());
        var (time, before) = (double.MaxValue, GC.GetTotalAllocatedBytes());
        for (var round = 0; round < 2; round++)
        {
            var used = Environment.CpuUsage.TotalTime;
            Assert.Equal(64, (await verifier.VerifyAsync(bytes, TestContext.Current.CancellationToken)).Signatures.Count);
            time = Math.Min(time, (Environment.CpuUsage.TotalTime - used).TotalSeconds);
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{time:0.00} s, {bytes.Length} bytes, {total} unpacked");
        Assert.True(GC.GetTotalAllocatedBytes() - before < 600_000_000, $"{GC.GetTotalAllocatedBytes() - before} bytes");
        // A busy machine and its collector may take their time.
        Assert.True(time < 5, $"{time} s");
    }

    // What is short to write and long to work off: more nodes, paths, signatures or covered files than a document has.
    [Fact]
    public async Task What_would_take_long_is_refused_or_looked_at_once()
    {
        var nodes = SignedOfd.Sealed();
        nodes.Files["Doc_0/f.xml"] = System.Text.Encoding.UTF8.GetBytes("<a>" + string.Concat(Enumerable.Range(0, 2_700_000).Select(i => i % 8 == 0 ? $"{i}<e/>" : "<e/>")) + "</a>");
        await RefusedAsync(nodes, "元素和属性");

        var paths = SignedOfd.Sealed();
        paths.Files["Doc_0/f.xml"] = System.Text.Encoding.UTF8.GetBytes("<a>" + string.Concat(Enumerable.Range(0, 20_001).Select(i => $"<e Src=\"{i}\"/>")) + "</a>");
        await RefusedAsync(paths, "路径");

        // One list named by every body of a document is read once; what else could be in the others nobody looks at.
        var bodies = new SignedOfd();
        var body = "<ofd:DocBody><ofd:Signatures>Doc_0/Signs/Signatures.xml</ofd:Signatures></ofd:DocBody>";
        bodies.Edit("OFD.xml", "</ofd:OFD>", string.Concat(Enumerable.Repeat(body, 500)) + "</ofd:OFD>");
        bodies.Sign("s1", bodies.Everything);
        Assert.Single((await VerifyAsync(bodies)).Signatures);

        var covered = new SignedOfd();
        covered.Sign("s1", covered.Everything, edit: text => text.Replace("</ofd:References>", string.Concat(Enumerable.Range(0, 501).Select(i => $"<ofd:Reference FileRef=\"/{i}\"><ofd:CheckValue>AA==</ofd:CheckValue></ofd:Reference>")) + "</ofd:References>", StringComparison.Ordinal));
        var report = await VerifyAsync(covered);
        Assert.Equal((CheckStep.SignatureList, SealProblem.SignatureStructure), Failure(report));
        Assert.True(report.Files.Count < 20);
    }

    // The tag of signed attributes is not signed itself (RFC 5652 §5.4): its primitive form passed unnoticed once.
    [Fact]
    public async Task Tags_that_nobody_signed_have_one_form()
    {
        var document = new SignedOfd();
        document.Sign("s1", document.Everything, withSeal: false);
        Assert.Equal(SealVerdict.Valid, (await VerifyAsync(document)).Verdict);
        const string path = "Doc_0/Signs/Sign_0/SignedValue.dat";
        var value = document.Files[path];
        foreach (var at in Enumerable.Range(0, value.Length).Where(at => value[at] == 0xA0))
        {
            document.Files[path] = value.ToArray();
            document.Files[path][at] = 0x80;
            Assert.NotEqual(SealVerdict.Valid, (await VerifyAsync(document)).Verdict);
        }
    }

    private static async Task RefusedAsync(SignedOfd document, string what)
    {
        var error = await Assert.ThrowsAsync<EidException>(() => VerifyAsync(document));
        Assert.Equal(ErrorReason.ContainerLimits, error.Reason);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    private static (CheckStep, SealProblem) Failure(DocumentReport report) =>
        report.Checks.Concat(report.Signatures.SelectMany(signature => signature.Checks)).Where(check => check.Outcome == CheckOutcome.Failed).Select(check => (check.Step, check.Problem)).FirstOrDefault();

    private static async Task<DocumentReport> VerifyAsync(SignedOfd document, DateTimeOffset? at = null) =>
        await new DocumentVerifier(SampleTrust.Own, new StatusTable(), SampleTrust.Clock(at)).VerifyAsync(document.Build(), TestContext.Current.CancellationToken);
}

/// <summary>Tests that measure memory or processor time of the whole process, and so run beside no others.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
