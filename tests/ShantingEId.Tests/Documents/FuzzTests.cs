using System.Diagnostics;
using System.Globalization;
using System.Text;
using ShantingEId.Crypto;
using ShantingEId.Documents;
using ShantingEId.Documents.Reading;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.Tests.Crypto;
using ShantingEId.Tests.Seals;
using ShantingEId.TimeStamps;
using SkiaSharp;

namespace ShantingEId.Tests.Documents;

/// <summary>
/// I39: no input of a stranger ends in anything but a report or a refusal by reason, takes long or takes much memory. EID_FUZZ says
/// how many inputs for each parser of DER (default 3000); containers get a tenth of that.
/// </summary>
public sealed class FuzzTests
{
    private static readonly int Inputs = int.TryParse(Environment.GetEnvironmentVariable("EID_FUZZ"), CultureInfo.InvariantCulture, out var number) ? number : 3000;
    private static readonly SigningKey Stamper = HandMade.Certified("time stamper", TestCertificates.From, TestCertificates.To, CertificateUse.TimeStamping);

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
        "signed data", Inputs, [SampleStamps.Token("x"u8, Stamper, SampleSeals.Signed), SignedData.Sign("1.2.3", [1, 2], SampleSeals.Signer, SampleSeals.Signed, true), TimeStampRequest.For("x"u8).Encode()], async bytes =>
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
        return RunAsync("photos", Inputs / 10, samples, bytes =>
        {
            Refusable(() => CodeReader.Read(bytes));
            Refusable(() => SealPicture.Create(SealKind.Official, bytes));
            return ValueTask.CompletedTask;
        });
    }

    // The container as bytes; then its files inside a container that is in order, which is how one gets past its checks.
    [Fact]
    public Task Containers_are_reported_on_or_refused() => RunAsync("containers", Inputs / 10, [SignedOfd.Sealed().Build(), TwoSignatures().Build(), RawZip.Build([new RawEntry("OFD.xml", [1])])], VerifyAsync);

    [Fact]
    public async Task Files_of_a_document_are_reported_on_or_refused()
    {
        var document = TwoSignatures();
        var paths = document.Files.Keys.ToArray();
        var random = new TestRandom("which file");
        await RunAsync("files", Inputs / 10, [.. document.Files.Values, .. Tokens().Select(Encoding.UTF8.GetBytes)], bytes =>
        {
            var path = paths[random.Below(paths.Length)];
            var content = document.Files[path];
            document.Files[path] = bytes;
            var package = document.Build();
            document.Files[path] = content;
            return VerifyAsync(package);
        });
    }

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
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < count; i++)
        {
            var bytes = mutator.Next();
            var watch = Stopwatch.StartNew();
            try
            {
                await take(bytes);
            }
            catch (Exception error) when (error is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"input {i}: {error}\n{Convert.ToBase64String(bytes)}");
            }

            // Generous, because two test processes may share the machine; a stall is seconds.
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"input {i} took {watch.Elapsed}");
        }

        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(grown < 64 * 1024 * 1024, $"{grown} bytes are left");
    }
}
