using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Client;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Public;
using ShantingEId.Server.Publishing;
using ShantingEId.StatusLists;
using ShantingEId.Verifying;

namespace ShantingEId.Server.Tests;

/// <summary>I37: what a key of ours signed outlives it; a key that is not ours, or not for this, is none of ours whatever its file is called.</summary>
public sealed class OtherSignersTests : IDisposable
{
    private static readonly string[] Names = [AuthorityFiles.ManifestSigner, AuthorityFiles.CodeSigner, AuthorityFiles.ReceiptSigner];
    private readonly string folder = Directory.CreateTempSubdirectory("eid-signers-").FullName;
    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 3, 2, 8, 0, 0, TimeSpan.Zero));

    public OtherSignersTests() => DevCertificates.Create(folder, clock);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void What_was_signed_before_is_good_after_also_when_the_certificate_is_over()
    {
        // 1. Each key signs something, and is followed by another nine years later.
        var before = Load();
        SigningKey[] keys = [before.ManifestSigner, before.CodeSigner, before.ReceiptSigner];
        ContentType[] uses = [ContentType.Manifest, ContentType.LicenseCode, ContentType.LookupTick];
        var signed = keys.Zip(uses, (key, use) => Envelope.Sign(use, [1], key)).ToList();
        clock.Advance(TimeSpan.FromDays(9 * 365));
        foreach (var name in Names)
        {
            Follow(name);
        }

        // 2. Two years on, the first certificates are over.
        var later = clock.GetUtcNow().AddYears(2);
        var after = Load();
        var ring = after.BuildKeyRing(later);
        Assert.All(keys, key => Assert.False(key.Certificate.IsValidAt(later)));
        Assert.All(signed.Zip(uses), one => Assert.True(ring.Find(one.First.KeyId) is { } key && key.Use == one.Second && one.First.Verify(key.Key)));
        Assert.Equal(ContentType.LicenseCode, ring.Find(after.CodeSigner.Private.PublicKey.KeyId)?.Use);
        Assert.NotEqual(before.CodeSigner.Private.PublicKey.KeyId, after.CodeSigner.Private.PublicKey.KeyId);

        // 3. A stolen key is left out, and nothing it signed counts.
        File.Delete(At("code-signer-1.crt"));
        Assert.Null(Load().BuildKeyRing(later).Find(signed[1].KeyId));
    }

    [Fact]
    public async Task An_old_code_is_good_for_the_server_for_browsers_and_for_packs_alike_when_the_certificate_is_over()
    {
        // 1. A code of before. Nine years later the key is followed by another; two years on its certificate is over.
        var before = Load();
        var claims = new LicenseCode(CreditCode.Parse("91370406MA3ABC127Q"), 1, "枣庄市山亭区样例有限公司", ManifestDigest.Of("样例"u8), new StatusReference(0, 7), clock.GetUtcNow());
        var old = claims.Sign(before.CodePrefix, before.CodeSigner);
        clock.Advance(TimeSpan.FromDays(9 * 365));
        foreach (var name in (string[])[.. Names, AuthorityFiles.StatusSigner])
        {
            Follow(name);
        }

        var (after, options) = (Load(), Options());
        var packs = PackMaker.Load(options, after);
        clock.Advance(TimeSpan.FromDays(2 * 365));
        var later = clock.GetUtcNow();
        Assert.False(before.CodeSigner.Certificate.IsValidAt(later));

        // 2. Each of them: the server's own keys, what browsers are told, the pack.
        var states = StatusList.CreateUnused();
        states[7] = (int)LicenseStatus.Valid;
        var trust = EidTrust.FromPem(after.Roots[0].ToPem());
        var pack = StatusPack.Open(packs.Make(1, new BoardReading(later, 0, [new PackedList(0, states, [])]), [], []), after.Roots);
        var server = new Verifier(after.BuildKeyRing(later), after.CodePrefix, "", NoRegister.Instance, clock);
        var told = await ToldAsync(after, options);
        var (browser, offline) = (new OfflineVerifier(EidTrust.FromPem(told["authority"]!.GetValue<string>(), told["codeSigners"]!.GetValue<string>(), clock), after.CodePrefix), new OfflineVerifier(pack, trust, clock));
        Assert.Equal(VerdictReason.None, server.ReadCode(old).Reason);
        Assert.Equal("REGISTER_NOT_ASKED", browser.Verify(old).Reason);
        Assert.Equal(Verdict.Valid, offline.Verify(old).Verdict);
        Assert.All((LicenseCode?[])[server.ReadCode(old).Code, browser.Verify(old).Claims, offline.Verify(old).Claims], read => Assert.True(read == claims));

        // 3. What that key signs once its certificate is over, or by its own word signed before it began, is nobody's.
        foreach (var time in (DateTimeOffset[])[before.CodeSigner.Certificate.NotAfter.AddSeconds(1), before.CodeSigner.Certificate.NotBefore.AddSeconds(-1)])
        {
            var late = (claims with { IssueTime = time }).Sign(before.CodePrefix, before.CodeSigner);
            Assert.Equal((true, Verdict.NotOurs, VerdictReason.KeyUnknown), (server.ReadCode(late).Code is null, server.ReadCode(late).Verdict, server.ReadCode(late).Reason));
            Assert.All((OfflineVerifier[])[browser, offline], one => Assert.Equal((Verdict.NotOurs, "KEY_UNKNOWN"), (one.Verify(late).Verdict, one.Verify(late).Reason)));
        }

        // 4. A clock that is behind the newest certificate takes none of them away.
        var behind = new FakeTimeProvider(after.CodeSigner.Certificate.NotBefore.AddMinutes(-2));
        Assert.Equal("REGISTER_NOT_ASKED", new OfflineVerifier(EidTrust.FromPem(told["authority"]!.GetValue<string>(), told["codeSigners"]!.GetValue<string>(), behind), after.CodePrefix).Verify(old).Reason);
    }

    [Fact]
    public async Task Certificates_of_former_receipt_and_code_signers_are_read_from_a_folder_and_of_other_keys_for_states_stand_in_packs()
    {
        var (code, receipt, states) = (Load().CodeSigner, Load().ReceiptSigner, AuthorityFiles.ReadCertificate(folder, AuthorityFiles.StatusSigner));
        foreach (var name in (string[])[.. Names, AuthorityFiles.StatusSigner])
        {
            Follow(name);
        }

        var authority = Load();
        var trust = EidTrust.FromFolder(folder, clock);
        Assert.All((SigningKey[])[code, authority.CodeSigner], key => Assert.NotNull(trust.Codes.Find(key.Private.PublicKey.KeyId)));
        Assert.NotEqual(receipt.Private.PublicKey.KeyId, authority.ReceiptSigner.Private.PublicKey.KeyId);
        var pack = StatusPack.Open(PackMaker.Load(Options(), authority).Make(1, new BoardReading(clock.GetUtcNow(), 0, []), [], []), authority.Roots);
        Assert.Contains(pack.Certificates, certificate => certificate.Der.SequenceEqual(states.Der));
        Assert.Equal(2, pack.Certificates.Count(certificate => certificate.MaySignStatus));
        Assert.Equal(2, (await ToldAsync(authority, Options()))["codeSigners"]!.GetValue<string>().Split("BEGIN").Length - 1);
    }

    [Fact]
    public void The_next_key_is_known_before_it_signs()
    {
        var next = AuthorityFiles.ReadCertificate(folder, DevCertificates.MakeNext(folder, AuthorityFiles.CodeSigner, clock));

        var authority = Load();
        Assert.Equal(ContentType.LicenseCode, authority.BuildKeyRing(clock.GetUtcNow()).Find(next.PublicKey.KeyId)?.Use);

        // Also to who has a pack and nothing else.
        var pack = StatusPack.Open(PackMaker.Load(Options(), authority).Make(1, new BoardReading(clock.GetUtcNow(), 0, []), [], []), authority.Roots);
        Assert.Equal(ContentType.LicenseCode, pack.CodeKeys(authority.Roots).Find(next.PublicKey.KeyId)?.Use);
        Assert.NotNull(pack.CodeKeys(authority.Roots).Find(authority.CodeSigner.Private.PublicKey.KeyId));
    }

    [Theory]
    [InlineData("code-signer-2.crt", AuthorityFiles.ReceiptSigner)]
    [InlineData("code-signer-2.crt", AuthorityFiles.LiveSigner)]
    [InlineData("manifest-signer-2.crt", AuthorityFiles.StatusSigner)]
    [InlineData("receipt-signer-2.crt", AuthorityFiles.CodeSigner)]
    public void A_key_for_something_else_is_refused(string file, string other)
    {
        File.Copy(At(other + ".crt"), At(file));

        Assert.Equal(ErrorReason.SigningKeyUnusable, Assert.Throws<EidException>(() => Load().BuildKeyRing(clock.GetUtcNow())).Reason);
    }

    [Fact]
    public void A_key_of_somebody_elses_is_refused()
    {
        var stranger = Directory.CreateTempSubdirectory("eid-signers-").FullName;
        try
        {
            DevCertificates.Create(stranger, clock);
            File.Copy(Path.Combine(stranger, "code-signer.crt"), At("code-signer-2.crt"));

            Assert.Equal(ErrorReason.SigningKeyUnusable, Assert.Throws<EidException>(() => Load().BuildKeyRing(clock.GetUtcNow())).Reason);
        }
        finally
        {
            Directory.Delete(stranger, recursive: true);
        }
    }

    [Fact]
    public void Seals_of_a_former_maker_keep_their_maker()
    {
        File.Copy(At("seal-maker.crt"), At("seal-maker-1.crt"));

        var authority = Load();

        Assert.Equal(authority.SealMaker.Certificate.Der, Assert.Single(authority.Others.SealMakers).Der);
        Assert.Contains(authority.Others.SealMakers[0], authority.Intermediates);
    }

    private string At(string file) => Path.Combine(folder, file);

    private EidServerOptions Options() => new() { CertificatesDirectory = folder, DataDirectory = folder, Environment = "Development", Clock = clock };

    // What browsers are told.
    private static async Task<JsonObject> ToldAsync(IssuingAuthority authority, EidServerOptions options)
    {
        var context = new DefaultHttpContext { Request = { Method = "GET", Path = "/app/trust" }, Response = { Body = new MemoryStream() } };
        Assert.True(await new ScanApp(authority, options).TryAnswerAsync(context));
        return JsonNode.Parse(((MemoryStream)context.Response.Body).ToArray())!.AsObject();
    }

    private IssuingAuthority Load() => AuthorityFiles.Load(folder, production: false, clock.GetUtcNow());

    private void Follow(string name)
    {
        var next = DevCertificates.MakeNext(folder, name, clock);
        File.Copy(At(next + ".crt"), At(name + ".crt"), overwrite: true);
        File.Move(At(next + ".key.sealed"), At(name + ".key.sealed"), overwrite: true);
    }
}
