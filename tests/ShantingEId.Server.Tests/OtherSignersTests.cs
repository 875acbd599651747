using Microsoft.Extensions.Time.Testing;
using ShantingEId.Crypto;
using ShantingEId.Issuing;
using ShantingEId.Server.Authority;
using ShantingEId.Server.Publishing;
using ShantingEId.StatusLists;

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
    public void The_next_key_is_known_before_it_signs()
    {
        var next = AuthorityFiles.ReadCertificate(folder, DevCertificates.MakeNext(folder, AuthorityFiles.CodeSigner, clock));

        var authority = Load();
        Assert.Equal(ContentType.LicenseCode, authority.BuildKeyRing(clock.GetUtcNow()).Find(next.PublicKey.KeyId)?.Use);

        // Also to who has a pack and nothing else.
        var options = new EidServerOptions { CertificatesDirectory = folder, DataDirectory = folder, Environment = "Development", Clock = clock };
        var pack = StatusPack.Open(PackMaker.Load(options, authority).Make(1, new BoardReading(clock.GetUtcNow(), 0, []), [], []), authority.Roots);
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

    private IssuingAuthority Load() => AuthorityFiles.Load(folder, production: false, clock.GetUtcNow());

    private void Follow(string name)
    {
        var next = DevCertificates.MakeNext(folder, name, clock);
        File.Copy(At(next + ".crt"), At(name + ".crt"), overwrite: true);
        File.Move(At(next + ".key.sealed"), At(name + ".key.sealed"), overwrite: true);
    }
}
