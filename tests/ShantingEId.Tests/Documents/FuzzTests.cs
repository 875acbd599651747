using System.Globalization;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Crypto;
using ShantingEId.Documents;
using ShantingEId.Documents.Faces;
using ShantingEId.Documents.Ofd;
using ShantingEId.Documents.Reading;
using ShantingEId.Documents.Stamping;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.Tests.Crypto;
using ShantingEId.Tests.Seals;
using ShantingEId.TimeStamps;
using SkiaSharp;

namespace ShantingEId.Tests.Documents;

/// <summary>
/// I39: no input of a stranger ends in anything but a report or a refusal by reason, takes long or takes much memory. EID_FUZZ says
/// how many inputs for each parser (default 3000); what draws, packs or decodes pictures gets a part of that. Each input may take a second of the
/// processor, and all of a parser's together may leave 64 MiB in the process, native memory included.
/// </summary>
[Collection(nameof(Alone))]
public sealed class FuzzTests : IDisposable
{
    private const int MostSeconds = 1;
    private const int MostMebibytes = 64;
    private static readonly int Inputs = int.TryParse(Environment.GetEnvironmentVariable("EID_FUZZ"), CultureInfo.InvariantCulture, out var number) ? number : 3000;
    private static readonly SigningKey Stamper = HandMade.Certified("time stamper", TestCertificates.From, TestCertificates.To, CertificateUse.TimeStamping);

    private readonly string folder = Directory.CreateTempSubdirectory("eid-fuzz-").FullName;

    private static readonly byte[][] Seals =
    [
        SampleSeals.Seal.Der.ToArray(), HandMade.Seal(SampleSeals.Info with { Version = SesVersion.V1 }), HandMade.Seal(SampleSeals.Info with { Version = SesVersion.V5 }, timeStamp: [0x30, 0]),
        HandMade.Seal(SampleSeals.Info with { Extensions = [new SesExtension("1.2.3", true, [1])] }),
    ];

    private static readonly byte[][] Signatures =
    [
        SampleSeals.Signature.Der.ToArray(), HandMade.Signature(Seals[1], 1, timeInfo: "20260302060000Z"u8.ToArray()), HandMade.Signature(Seals[2], 5, extension: new SesExtension("1.2.3", true, [1])),
        SampleSeals.Signature.WithTimeStamp(SampleStamps.Token("x"u8, Stamper, SampleSeals.Signed)).Der.ToArray(),
    ];

    [Fact]
    public Task Seals_are_reported_on_whatever_they_are() => RunAsync("seals", Inputs, Seals, async bytes =>
        Assert.NotEqual(SealVerdict.Unspecified, (await SampleTrust.Seals().VerifyAsync(bytes, TestContext.Current.CancellationToken)).Verdict));

    [Fact]
    public Task Signatures_are_reported_on_whatever_they_are() => RunAsync("signatures", Inputs, Signatures, async bytes =>
        Assert.NotEqual(SealVerdict.Unspecified, (await SampleTrust.Signatures().VerifyAsync(bytes, "示例原文"u8.ToArray(), TestContext.Current.CancellationToken)).Verdict));

    [Fact]
    public Task Digital_signatures_and_time_stamps_are_read_or_refused() => RunAsync(
        "signed_data", Inputs, [SampleStamps.Token("x"u8, Stamper, SampleSeals.Signed), SignedData.Sign("1.2.3", [1, 2], SampleSeals.Signer, SampleSeals.Signed, true), TimeStampRequest.For("x"u8).Encode()], async bytes =>
        {
            await new DigitalSignatureVerifier(SampleTrust.Own, new StatusTable(), SampleTrust.Clock()).VerifyAsync(bytes, "x"u8.ToArray(), SampleSeals.Signed, TestContext.Current.CancellationToken);
            Refusable(() => TimeStampToken.Parse(bytes));
            Refusable(() => TimeStampRequest.Parse(bytes));
            Assert.NotEmpty(new TimeStampAuthority(Stamper, SampleTrust.Clock()).Respond(bytes));
        });

    [Fact]
    public Task Certificates_are_read_or_refused() => RunAsync(
        "certificates", Inputs, [TestCertificates.Leaf.Der.ToArray(), TestCertificates.Root.Der.ToArray(), Stamper.Certificate.Der.ToArray()], bytes =>
        {
            Refusable(() => Sm2Certificate.Parse(bytes).IsIssuedBy(TestCertificates.Authority));
            return ValueTask.CompletedTask;
        });

    [Fact]
    public Task Pictures_are_measured_or_not() => RunAsync(
        "pictures", Inputs * 4, [SignedOfd.Png, [.. "GIF89a"u8, 1, 0, 1, 0, 0, 0], [.. "BM"u8, .. new byte[12], 40, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0], [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xC0, 0, 11, 8, 0, 9, 0, 9, 1, 1, 0, 0]], bytes =>
        {
            var header = PictureHeader.Read(bytes);
            Assert.True(header is null || header.Format.Length == 3);
            return ValueTask.CompletedTask;
        });

    // The decoders are native code of others: a crash there would end the process, and with it this run.
    [Fact]
    public Task Photos_of_codes_are_read_or_refused()
    {
        var png = CodeSymbol.Create("HTTPS://EID.SHANTING.EXAMPLE/1ABC").ToPng();
        using var bitmap = SKBitmap.Decode(png);
        byte[][] samples = [png, .. new[] { SKEncodedImageFormat.Jpeg, SKEncodedImageFormat.Webp }.Select(format => bitmap.Encode(format, 80).ToArray()), Samples.Artist.Draw(Samples.Design(SealKind.Official)).Png];
        return RunAsync("photos", Inputs / 3, samples, bytes =>
        {
            Refusable(() => CodeReader.Read(bytes));
            Refusable(() => SealPicture.Create(SealKind.Official, bytes));
            return ValueTask.CompletedTask;
        });
    }

    // The container as bytes; then its files inside a container that is in order, which is how one gets past its checks.
    [Fact]
    public Task Containers_are_reported_on_or_refused() => RunAsync("containers", Inputs, [SignedOfd.Sealed().Build(), TwoSignatures().Build(), RawZip.Build([new RawEntry("OFD.xml", [1])])], VerifyAsync);

    [Fact]
    public async Task Files_of_a_document_are_reported_on_or_refused()
    {
        var document = TwoSignatures();
        var paths = document.Files.Keys.ToArray();
        var random = new TestRandom("which file");
        await RunAsync("files", Inputs, [.. document.Files.Values, .. Tokens().Select(Encoding.UTF8.GetBytes)], bytes =>
        {
            var path = paths[random.Below(paths.Length)];
            var content = document.Files[path];
            document.Files[path] = bytes;
            var package = document.Build();
            document.Files[path] = content;
            return VerifyAsync(package);
        });
    }

    // Each a stamp that somebody asked for: finished and judged like ours, or refused by reason.
    [Fact]
    public async Task Documents_are_stamped_or_refused()
    {
        var document = TwoSignatures();
        document.Forget("s2"); // It covers the list, which would be the end of every stamp.
        document.Edit("Doc_0/Document.xml", "</ofd:Pages>", "<ofd:Page ID=\"2\" BaseLoc=\"Pages/Page_0/Second.xml\"/></ofd:Pages>");
        document.Edit("Doc_0/Document.xml", "<ofd:PageArea>", "<ofd:TemplatePage ID=\"7\" BaseLoc=\"Pages/Template.xml\"/><ofd:PageArea>");
        document.Files["Doc_0/Pages/Template.xml"] = document.Files["Doc_0/Pages/Page_0/Content.xml"];
        document.Files["Doc_0/Pages/Page_0/Second.xml"] = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(document.Files["Doc_0/Pages/Page_0/Content.xml"])
            .Replace("<ofd:Content>", "<ofd:Template TemplateID=\"7\"/><ofd:Area><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:Area><ofd:Content>", StringComparison.Ordinal)
            .Replace("<ofd:TextCode", "<ofd:TextCode DeltaX=\"g 2 5 4\"", StringComparison.Ordinal));
        string[] paths = ["OFD.xml", "Doc_0/Document.xml", "Doc_0/Signs/Signatures.xml", "Doc_0/Signs/Sign_0/Signature.xml", "Doc_0/Pages/Page_0/Content.xml", "Doc_0/Pages/Page_0/Second.xml", "Doc_0/Pages/Template.xml"];
        StampWish[][] wishes = [[new StampWish.At([], 60, 60)], [new StampWish.OnKeyword("合同", 0)], [new StampWish.Straddling(StraddleSide.Right, 100)]];
        var check = new StampCheck(SampleTrust.Own, new FakeTimeProvider(FaceSamples.Time.AddDays(1)));
        var (random, stamped, refused) = (new TestRandom("what to stamp"), 0, 0);

        // The samples of a mutator are what it splices from; each input here is a step away from the file that it takes the place of.
        var mutators = paths.ToDictionary(path => path, path => new Mutator("stamping " + path, [document.Files[path], .. Tokens().Select(Encoding.UTF8.GetBytes)]));
        await RunAsync("stamping", Inputs, [document.Build()], async _ =>
        {
            var path = paths[random.Below(paths.Length)];
            var content = document.Files[path];
            document.Files[path] = mutators[path].Next();
            var subject = new StampSubject.Document(document.Build(), wishes[random.Below(wishes.Length)]);
            document.Files[path] = content;
            try
            {
                var plan = subject.Plan(FaceSamples.Seal.Seal, FaceSamples.Time, withSealFile: false);
                var signature = SesSignature.Create(FaceSamples.Seal.Seal, FaceSamples.Seal.Signer, FaceSamples.Time, plan.DataHash, plan.PropertyInfo);
                await check.RequireGoodAsync(signature, plan.Finish!(signature), plan, TestContext.Current.CancellationToken);
                stamped++;
            }
            catch (EidException error) when (error.Reason is ErrorReason.DocumentInvalid or ErrorReason.StampPlaceInvalid or ErrorReason.ContainerUnsafe or ErrorReason.ContainerLimits or ErrorReason.XmlUnsafe or ErrorReason.SelfCheckFailed)
            {
                refused++;
            }
        });
        Assert.True(stamped > Inputs / 20 && refused > Inputs / 20, $"{stamped} stamped, {refused} refused");
    }

    [Fact]
    public Task Revocation_lists_are_read_or_refused() => RunAsync(
        "revocation_lists", Inputs, [SampleLists.Of(TestCertificates.AuthorityKey, TestCertificates.Authority, [(TestCertificates.Leaf, SampleSeals.Signed)]), SampleLists.Of(TestCertificates.RootKey, TestCertificates.Root)], bytes =>
        {
            Refusable(() => RevocationList.Parse(bytes).IsIssuedBy(TestCertificates.Authority));
            return ValueTask.CompletedTask;
        });

    // The envelope as bytes; then the content in an envelope that is in order.
    [Fact]
    public Task Trust_lists_are_read_or_refused()
    {
        var signer = HandMade.Certified("list signer", TestCertificates.From, TestCertificates.To, CertificateUse.TrustListSigning);
        var list = new TrustList
        {
            Number = 7, IssueTime = SampleTrust.Now, NextUpdate = SampleTrust.Now.AddDays(30),
            Entries = [new TrustListEntry(TestCertificates.Root, "示例外省", TrustUse.SealMaking | TrustUse.DocumentSigning, "37", TestCertificates.From, TestCertificates.To)],
        }.Sign(signer);
        return RunAsync("trust_lists", Inputs, [list.Encode(), list.Payload.ToArray()], bytes =>
        {
            Refusable(() => TrustList.Open(bytes, [TestCertificates.Root, TestCertificates.Authority, signer.Certificate]));
            TrustList.TryRead(Envelope.Assemble(ContentType.TrustList, signer.Certificate.PublicKey.KeyId, bytes, signer.Private.Sign([0])), out var _);
            return ValueTask.CompletedTask;
        });
    }

    // A seal of a recognised maker, whatever it lists as its signers.
    [Fact]
    public Task Signers_that_a_seal_lists_are_known_or_not()
    {
        var lists = new RevocationLists([RevocationList.Parse(SampleLists.Of(TestCertificates.AuthorityKey, TestCertificates.Authority)), RevocationList.Parse(SampleLists.Of(TestCertificates.RootKey, TestCertificates.Root))]);
        var entry = new TrustListEntry(TestCertificates.Authority, "示例外省", TrustUse.SealMaking | TrustUse.DocumentSigning, "37", TestCertificates.From, TestCertificates.To);
        var trust = new CertificateTrust([TestCertificates.SelfSigned(Sm2Cases.Key("our root"))], [], new TrustList { Number = 1, IssueTime = SampleTrust.Now, NextUpdate = SampleTrust.Now.AddDays(9), Entries = [entry] });
        var status = new ListedStatus(NoStatus.Instance, trust, () => lists, SampleTrust.Clock());
        return RunAsync("listed_status", Inputs / 3, [TestCertificates.Leaf.Der.ToArray(), SampleSeals.MakerCertificate.Der.ToArray()], async bytes =>
        {
            var seal = SesSeal.Parse(HandMade.Seal(SampleSeals.Info with { CertificateList = [bytes, TestCertificates.Leaf.Der.ToArray()] }));
            Assert.Equal(KnownState.Good, (await status.OfSealAsync(seal, SampleSeals.Signed, TestContext.Current.CancellationToken)).State);
        });
    }

    // Border and emblem of a deployment: its own files, which somebody drew.
    [Fact]
    public Task Ornaments_are_read_or_refused()
    {
        byte[][] svg = [.. new[] { "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 70\"><path fill=\"#c00000\" d=\"M 0 0 L 100 0 L 100 70 H 5 V 3 C 1 2 3 4 5 6 Q 1 1 2 2 Z m 1 1 l 2 2 z\"/></svg>", "<path d=\"M0,0L1e300,1\"/>", "viewBox=\"0 0 0 0\"" }.Select(Encoding.UTF8.GetBytes)];
        return RunAsync("ornaments", Inputs, svg, bytes =>
        {
            File.WriteAllBytes(Path.Combine(folder, "border.svg"), bytes);
            Refusable(() => FaceStyle.Load(folder));
            return ValueTask.CompletedTask;
        });
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static SignedOfd TwoSignatures()
    {
        var document = SignedOfd.Sealed();
        document.Sign("s2", _ => true, withSeal: false);
        return document;
    }

    private static string[] Tokens() =>
    [
        "<!DOCTYPE a [<!ENTITY b 'c'>]>", "<![CDATA[<a>]]>", "BaseLoc=\"../../../..\"", "<ofd:Signature ID=\"s1\"/>", "<ofd:References/>", "FileRef=\"\"", "&#0;", "&amp;", "xmlns:ofd=\"x\"", "<?xml version=\"1.0\" encoding=\"utf-16\"?>",
        string.Concat(Enumerable.Repeat("<a>", 100)), "<ofd:CheckValue>" + new string('A', 300) + "</ofd:CheckValue>", "<ofd:DocBody><ofd:Signatures>/OFD.xml</ofd:Signatures></ofd:DocBody>",
    ];

    private static async ValueTask VerifyAsync(byte[] bytes)
    {
        try
        {
            var report = await new DocumentVerifier(SampleTrust.Own, new StatusTable(), SampleTrust.Clock()).VerifyAsync(bytes, TestContext.Current.CancellationToken);
            Assert.NotEqual(SealVerdict.Unspecified, report.Verdict);
            Assert.NotEmpty(report.Summary);
        }
        catch (EidException error) when (error.Reason is ErrorReason.ContainerUnsafe or ErrorReason.ContainerLimits or ErrorReason.XmlUnsafe)
        {
            // Refused by reason.
        }
    }

    private static void Refusable(Action act)
    {
        try
        {
            act();
        }
        catch (EidException)
        {
            // Refused by reason.
        }
    }

    private static async Task RunAsync(string seed, int count, byte[][] samples, Func<byte[], ValueTask> take)
    {
        var mutator = new Mutator(seed, samples);
        await take(samples[0]);
        var (before, longest) = (Resident(), TimeSpan.Zero);
        for (var i = 0; i < count; i++)
        {
            var bytes = mutator.Next();
            var used = Environment.CpuUsage.TotalTime;
            try
            {
                await take(bytes);
            }
            catch (Exception error) when (error is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"input {i}: {error}\n{Convert.ToBase64String(bytes)}");
            }

            // Of the processor: other processes on the machine count for nothing.
            var took = Environment.CpuUsage.TotalTime - used;
            longest = took > longest ? took : longest;
            Assert.True(took < TimeSpan.FromSeconds(MostSeconds), $"input {i} took {took}\n{Convert.ToBase64String(bytes)}");
        }

        var grown = Resident() - before;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure fuzz_{seed}_inputs {count} inputs"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure fuzz_{seed}_longest {longest.TotalSeconds:0.000} s <= {MostSeconds}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure fuzz_{seed}_rss_growth {grown / 1048576.0:0.0} MiB <= {MostMebibytes}"));
        Assert.True(grown < MostMebibytes * 1024L * 1024, $"{grown} bytes are left");
    }

    // What the process holds, native memory of the decoders included; the collector gives back what it does not need.
    private static long Resident()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return Environment.WorkingSet;
    }
}
