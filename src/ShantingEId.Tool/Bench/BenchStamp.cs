using System.Diagnostics;
using System.Globalization;
using Org.BouncyCastle.Crypto.Digests;
using ShantingEId.Crypto;
using ShantingEId.Documents;
using ShantingEId.Documents.Faces;
using ShantingEId.Documents.Ofd;
using ShantingEId.Documents.Reading;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Recognition;
using ShantingEId.Seals;

namespace ShantingEId.Tool.Bench;

/// <summary>
/// Stamping and verifying an OFD document, bytes in and bytes out, against the cryptography that the standard asks for and nothing else: SM3 over every file and
/// the SM2 operations of its steps, by bare BouncyCastle on one thread; turn by turn in one run.
/// </summary>
internal static class BenchStamp
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(200);

    public static async Task RunAsync(IReadOnlyList<EnterpriseInput> rows, int rounds)
    {
        // 1. A seal, and documents with text, fonts and a signature place.
        using var world = new BenchWorld();
        using var fonts = FaceFonts.LoadDefault();
        var now = TimeProvider.System.GetUtcNow();
        var seal = AuthoritySeal.Make(world.Authority, world.Artist.DrawCompact, SealCode.Create(world.Authority.Division, 1), now.AddMinutes(-1));
        var (issuer, _, _) = world.NewRegister(new Stages());
        var face = new FaceArtist(fonts, FaceStyle.Plain).Draw(FaceContent.Of(await BenchWorld.IssueAsync(issuer, rows[0], 0)), FaceForm.Duplicate);
        var verifier = new DocumentVerifier(new CertificateTrust(world.Authority.Roots, world.Authority.Intermediates), new NothingEnded(), TimeProvider.System);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"warm-up {WarmUp.TotalSeconds:0} s each, rounds {rounds} of {Window.TotalMilliseconds:0} ms each"));

        // 2. Each size by itself.
        foreach (var pages in (int[])[1, 100])
        {
            var document = OfdDocument.Create([.. Enumerable.Repeat(face, pages)], fonts, new OfdInfo(new string('0', 32), "示例文件", world.Authority.Name, now, [])).ToBytes();
            var stamped = Stamp(document, seal, pages, now);
            var bare = new Bare(stamped, world.Authority);
            if ((await verifier.VerifyAsync(stamped, CancellationToken.None)).Verdict != SealVerdict.Valid)
            {
                throw new InvalidOperationException("a document of ours does not verify");
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{pages} pages: {bare.Files} files, {bare.Bytes} bytes, {document.Length} packed, {stamped.Length} stamped; {bare.Verifications} SM2 verifications"));
            var stamping = await ComparedAsync(rounds, () => Stamp(document, seal, pages, now), bare.Stamp);
            Figure.Show($"stamp_{pages}page_per_second", 1000 / stamping.Ours, "1/s");
            Figure.AtMost($"stamp_{pages}page_vs_bare", stamping.Ratio, "ratio", 1.5);
            var verifying = await ComparedAsync(rounds, async () => await verifier.VerifyAsync(stamped, CancellationToken.None), bare.Verify);
            Figure.Show($"verify_{pages}page_per_second", 1000 / verifying.Ours, "1/s");
            Figure.AtMost($"verify_{pages}page_vs_bare", verifying.Ratio, "ratio", 1.5);
        }
    }

    private static byte[] Stamp(byte[] document, AuthoritySeal seal, int pages, DateTimeOffset time)
    {
        var package = OfdFile.Read(document);
        return OfdSigner.Sign(package, seal.Seal, seal.Signer, time, pages == 1 ? [StampPlaces.At(seal.Seal, 0, 100, 150)] : StampPlaces.Straddling(package, seal.Seal, 105)).ToBytes();
    }

    private static async Task<(double Ours, double Ratio)> ComparedAsync(int rounds, Action ours, Action bare) =>
        await ComparedAsync(rounds, () =>
        {
            ours();
            return Task.CompletedTask;
        }, bare);

    private static async Task<(double Ours, double Ratio)> ComparedAsync(int rounds, Func<Task> ours, Action bare)
    {
        Task Bare()
        {
            bare();
            return Task.CompletedTask;
        }

        await TimeAsync(WarmUp, ours);
        await TimeAsync(WarmUp, Bare);
        var pairs = new List<(double Ours, double Bare)>();
        for (var round = 0; round < rounds; round++)
        {
            pairs.Add((await TimeAsync(Window, ours), await TimeAsync(Window, Bare)));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ours {Figure.Median(pairs.Select(pair => pair.Ours)):0.###} ms, bare {Figure.Median(pairs.Select(pair => pair.Bare)):0.###} ms"));
        return (Figure.Median(pairs.Select(pair => pair.Ours)), Figure.Median(pairs.Select(pair => pair.Ours / pair.Bare)));
    }

    // Milliseconds of one.
    private static async Task<double> TimeAsync(TimeSpan window, Func<Task> work)
    {
        var clock = Stopwatch.StartNew();
        var count = 0;
        do
        {
            await work();
            count++;
        }
        while (clock.Elapsed < window);
        return clock.Elapsed.TotalMilliseconds / count;
    }

    /// <summary>
    /// What the standards demand of a document with one signature. Stamping: SM3 of every covered file and of Signature.xml, one SM2 signature over toSign. Verifying:
    /// the same SM3, and three SM2 verifications of 电子签章验证: the signature's value, the seal's, and the signer's certificate. The signer's key is new with each
    /// document; those of the authority are known, and its own certificates were verified long ago, so they are not counted.
    /// </summary>
#pragma warning disable RS0030 // The comparison is with the bare digest on purpose.
    private sealed class Bare
    {
        private readonly byte[][] files;
        private readonly List<(Func<BareSm2> Key, byte[] Message, byte[] Signature)> verifications = [];
        private readonly BareSm2 own = new();
        private readonly SM3Digest digest = new();
        private readonly byte[] value = new byte[32];
        private readonly byte[] toSign;

        public Bare(byte[] stamped, IssuingAuthority authority)
        {
            var package = OfdReader.Read(stamped).Files;
            files = [.. package.Where(file => !file.Key.EndsWith("Signatures.xml", StringComparison.Ordinal) && !file.Key.EndsWith("SignedValue.dat", StringComparison.Ordinal)).Select(file => file.Value.ToArray())];
            var signature = SesSignature.Parse(package.Single(file => file.Key.EndsWith("SignedValue.dat", StringComparison.Ordinal)).Value);
            toSign = signature.SignedPart.ToArray();
            var maker = new BareSm2(authority.SealMaker.Certificate.PublicKey);
            var (issuer, certificate) = (new BareSm2(), signature.SignerCertificate.Der.ToArray()); // Any key that is known takes the same time.
            var key = signature.SignerCertificate.PublicKey;
            verifications.Add((() => new BareSm2(key), toSign, signature.Signature!.Raw.ToArray()));
            verifications.Add((() => maker, signature.ToSign.Seal.SignedPart.ToArray(), signature.ToSign.Seal.Signature!.Raw.ToArray()));
            verifications.Add((() => issuer, certificate, issuer.Sign(certificate)));
        }

        public int Files => files.Length;

        public long Bytes => files.Sum(file => (long)file.Length);

        public int Verifications => verifications.Count;

        public void Stamp()
        {
            Hash();
            own.Sign(toSign);
        }

        public void Verify()
        {
            Hash();
            foreach (var (key, message, signature) in verifications)
            {
                key().Verify(message, signature);
            }
        }

        private void Hash()
        {
            foreach (var file in files)
            {
                digest.BlockUpdate(file);
                digest.DoFinal(value, 0);
            }
        }
    }
#pragma warning restore RS0030

    private sealed class NothingEnded : IStatusSource
    {
        private static readonly KnownStatus Good = new(KnownState.Good, null, "");

        public ValueTask<KnownStatus> OfCertificateAsync(Sm2Certificate certificate, CancellationToken cancel) => ValueTask.FromResult(Good);

        public ValueTask<KnownStatus> OfSealAsync(SesSeal seal, DateTimeOffset at, CancellationToken cancel) => ValueTask.FromResult(Good);
    }
}
