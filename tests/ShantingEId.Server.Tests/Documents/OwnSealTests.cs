using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using ShantingEId.Crypto;
using ShantingEId.Documents;
using ShantingEId.Documents.Faces;
using ShantingEId.Documents.Ofd;
using ShantingEId.Issuing;
using ShantingEId.Seals;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Publishing;
using ShantingEId.Server.Tests.Stamping;
using Verdict = ShantingEId.V1.DocumentVerification.Types.Verdict;

namespace ShantingEId.Server.Tests.Documents;

/// <summary>A deployment of one test, whose seal is exchanged.</summary>
public sealed class OwnSealServer : ServerFixture;

/// <summary>The authority's seal is exchanged as docs/upgrading.md says: what the former one sealed stays good, and a seal that is not among its files is none of its own.</summary>
public sealed class OwnSealTests(OwnSealServer server) : DocumentContract(server), IClassFixture<OwnSealServer>
{
    private static readonly string[] Endings = [".esl", ".crt", ".key.sealed"];

    [Fact]
    public async Task What_was_sealed_before_is_good_after_the_seal_was_exchanged_and_a_third_seal_is_none()
    {
        // 1. A document of before; the next seal is put beside the present one, which goes on sealing.
        var set = await IssueAsync();
        var old = await OfdAsync(set);
        var first = CodeOf("");
        var next = DevCertificates.MakeNext(Server.Certificates, AuthorityFiles.OwnSeal, TimeProvider.System);
        await RestartAsync();
        await IsGoodAsync(old, first, set);
        await IsGoodAsync(await OfdAsync(set), first, set);

        // 2. In its place.
        foreach (var ending in Endings)
        {
            File.Copy(At(next + ending), At(AuthorityFiles.OwnSeal + ending), overwrite: true);
        }

        await RestartAsync();
        Assert.NotEqual(first, CodeOf(""));
        await IsGoodAsync(old, first, set);
        await IsGoodAsync(await OfdAsync(set), CodeOf(""), set);

        // Who has a pack knows both.
        var authority = Server.Services.GetRequiredService<IssuingAuthority>();
        var pack = StatusLists.StatusPack.Open(PackMaker.Load(Server.Options(), authority).Make(1, new BoardReading(TimeProvider.System.GetUtcNow(), 0, []), [], []), authority.Roots);
        Assert.All((string[])["-1", ""], which => Assert.Contains(pack.Certificates, Seal(which).Info.Lists));

        // 3. A third seal of our maker with our name, under a number of its own and under that of the present one.
        using var fonts = SealFonts.LoadDefault();
        using var artist = new SealArtist(fonts);
        foreach (var code in (string[])[SealCode.Create(authority.Division, 88_888_888).Value, CodeOf("")])
        {
            var third = AuthoritySeal.Make(authority, artist.DrawCompact, SealCode.Parse(code), TimeProvider.System.GetUtcNow().AddHours(-1));
            var forged = OfdSigner.Sign(OfdReaderFile.Of(SampleDocument.Create()), third.Seal, third.Signer, TimeProvider.System.GetUtcNow(), new StampPlace(0, new Box(20, 20, 40, 40)));
            var answer = await JudgeAsync(ByteString.CopyFrom(forged.ToBytes()));
            Assert.Equal(Verdict.Invalid, answer.Verdict);
            Assert.Contains(answer.Signatures[0].Checks, check => check.Reason == "SEAL_ENDED");
            Assert.Null(answer.License);
        }

        // 4. Once the files of the former are taken away, it is such a third seal.
        File.Delete(At("authority-seal-1.crt"));
        Assert.Equal(ErrorReason.SigningKeyUnusable, Assert.Throws<EidException>(() => EidServer.Build(Server.Options())).Reason);
        File.Delete(At("authority-seal-1.esl"));
        await RestartAsync();
        Assert.Equal(Verdict.Invalid, (await JudgeAsync(old.Content)).Verdict);
    }

    private async Task IsGoodAsync(V1.LicenseDocument document, string seal, V1.IssuedSet set)
    {
        var answer = await JudgeAsync(document.Content);
        Assert.True(answer.Verdict == Verdict.Valid, answer.ToString());
        Assert.Equal((seal, set.Name), (Assert.Single(answer.Signatures).SealCode, answer.License?.IssuedSet));
    }

    private async Task RestartAsync()
    {
        await Server.StopAsync();
        await Server.StartAsync();
    }

    private string CodeOf(string which) => Seal(which).Info.SealId;

    private SesSeal Seal(string which) => SesSeal.Parse(File.ReadAllBytes(At(AuthorityFiles.OwnSeal + which + ".esl")));

    private string At(string file) => Path.Combine(Server.Certificates, file);
}
