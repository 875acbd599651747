using Microsoft.Extensions.Time.Testing;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.StatusLists;
using ShantingEId.Tests.Crypto;
using ShantingEId.Tests.Seals;

namespace ShantingEId.Tests.Recognition;

/// <summary>Seals and signatures on a machine with a pack and no network: good by the pack, or not confirmed; never good against it or after it.</summary>
public sealed class PackStatusTests
{
    private const string Prefix = "HTTPS://EID.SHANTING.EXAMPLE/";
    private static readonly DateTimeOffset Produced = SampleTrust.Now;
    private static readonly SigningKey Maker = HandMade.Maker("示例制章", TestCertificates.To);
    private static readonly StatusReference Place = new(0, 40);

    [Fact]
    public async Task A_signature_is_good_while_the_pack_says_so_of_its_seal()
    {
        Assert.Equal(SealVerdict.Valid, await VerifyAsync(Seal(Place, SealKind.Official)));
        Assert.Equal(SealVerdict.Valid, await VerifyAsync(Seal(new(0, 16), SealKind.Finance))); // It outlived its licence.

        // Ended by then: before the pack it may still have been good, after it it was not.
        Assert.Equal(SealVerdict.NotConfirmed, await VerifyAsync(Seal(new(0, 16), SealKind.Official)));
        Assert.Equal(SealVerdict.NotConfirmed, await VerifyAsync(Seal(new(0, 17), SealKind.Official)));
        Assert.Equal(SealVerdict.NotConfirmed, await VerifyAsync(Seal(new(0, 99), SealKind.Official))); // A place that nobody was given.
        Assert.Equal(SealVerdict.Invalid, await VerifyAsync(Seal(new(0, 17), SealKind.Official), signed: Produced.AddMinutes(1), now: Produced.AddMinutes(2)));
        Assert.Equal(SealVerdict.Valid, await VerifyAsync(Seal(Place, SealKind.Official), signed: Produced.AddMinutes(1), now: Produced.AddMinutes(2)));
    }

    [Fact]
    public async Task What_the_pack_does_not_tell_is_not_confirmed()
    {
        Assert.Equal(SealVerdict.NotConfirmed, await VerifyAsync(Seal(null, SealKind.Official))); // Made before certificates named their places.
        Assert.Equal(SealVerdict.NotConfirmed, await VerifyAsync(Seal(Place, SealKind.Official), pack: Pack() with { Seals = null, Permits = [], Neighbours = [] })); // A pack of before.
        Assert.Equal(SealVerdict.NotConfirmed, await VerifyAsync(Seal(Place, SealKind.Official, "HTTPS://EID.SHIZHONG.EXAMPLE/"))); // Another authority's list.
        Assert.Equal(SealVerdict.NotConfirmed, await VerifyAsync(Seal(Place, SealKind.Unspecified))); // A list of licences.

        // I28: from its end on it says nothing, and a clock from before it cannot tell.
        Assert.Equal(SealVerdict.Valid, await VerifyAsync(Seal(Place, SealKind.Official), now: Produced.AddHours(26).AddSeconds(-1)));
        Assert.Equal(SealVerdict.NotConfirmed, await VerifyAsync(Seal(Place, SealKind.Official), now: Produced.AddHours(26)));
        Assert.Equal(SealVerdict.NotConfirmed, await VerifyAsync(Seal(Place, SealKind.Official), now: Produced.AddMinutes(-6)));

        // Another CA's maker, recognised or not, does not put seals into our lists.
        var root = TestCertificates.SelfSigned(Sm2Cases.Key("third ca"));
        Assert.Equal(KnownState.Unknown, (await Status(Pack(), Produced, [root]).OfSealAsync(SesSeal.Parse(Seal(Place, SealKind.Official).Seal), Produced, TestContext.Current.CancellationToken)).State);
        Assert.Equal(KnownState.Unknown, (await Status(Pack(), Produced, [root]).OfCertificateAsync(Seal(Place, SealKind.Official).Signer.Certificate, TestContext.Current.CancellationToken)).State);
    }

    [Fact]
    public void The_place_stands_in_the_certificate_and_openssl_sees_an_extension_like_others()
    {
        var entry = new StatusEntry("https://eid.shanting.example/status/65536", 40);
        var certificate = Seal(Place, SealKind.Official).Signer.Certificate;

        Assert.Equal(entry, certificate.StatusEntry);
        Assert.Equal(entry, Sm2Certificate.Parse(certificate.Der.ToArray()).StatusEntry);
        Assert.True(certificate.IsIssuedBy(TestCertificates.Authority));
        Assert.Null(TestCertificates.Leaf.StatusEntry);
        foreach (var bad in (byte[][])[[], [0x30, 0], [0x30, 5, 0x0C, 1, 0x61, 0x02, 0], [0x30, 6, 0x0C, 1, 0x61, 0x02, 1, 0xFF], [0x30, 6, 0x0C, 1, 0x61, 0x02, 1, 1, 0]])
        {
            Assert.Equal(ErrorReason.CertificateInvalid, Assert.Throws<EidException>(() => Sm2Certificate.Parse(TestCertificates.Build(new CertificateSpec
            {
                Extra = extensions => extensions.AddExtension(new Org.BouncyCastle.Asn1.DerObjectIdentifier(Sm2Certificate.StatusEntryOid), false, bad),
            }))).Reason);
        }
    }

    private static StatusPack Pack()
    {
        var list = StatusList.CreateUnused();
        (list[16], list[17], list[40]) = ((int)LicenseStatus.Superseded, (int)LicenseStatus.Superseded, (int)LicenseStatus.Valid);
        return new StatusPack
        {
            Number = 1, ProducedAt = Produced, ExpireTime = Produced.AddHours(26), CodePrefix = Prefix, Certificates = [TestCertificates.Authority, Maker.Certificate], CodeSigners = [], TrustList = [],
            Lists = [new(0, list, [])], Successions = [], Seals = [new(new(0, 16), 0b00_00_00_11)],
        };
    }

    private static PackStatus Status(StatusPack pack, DateTimeOffset now, Sm2Certificate[]? roots = null) => new(new PackStates(pack), roots ?? [TestCertificates.Root], new FakeTimeProvider(now));

    private static (byte[] Seal, SigningKey Signer) Seal(StatusReference? license, SealKind kind, string prefix = Prefix)
    {
        var key = Sm2Cases.Key("seal with a place");
        var place = license?.OfSeal(kind);
        var certificate = new CertificateIssuer(TestCertificates.AuthorityKey, TestCertificates.Authority).Issue(new CertificateSubject(TestCertificates.CreditCode + TestCertificates.Name, TestCertificates.SealCode), key.PublicKey,
            CertificateUse.Signing, TestCertificates.From, TestCertificates.To, place is { } at ? new StatusEntry(StatusReference.AddressOf(prefix, at.List), at.Index) : null);
        return (HandMade.Seal(SampleSeals.Info with { CertificateList = [certificate.Der.ToArray()] }, Maker), new SigningKey(key, certificate));
    }

    private static async Task<SealVerdict> VerifyAsync((byte[] Seal, SigningKey Signer) seal, StatusPack? pack = null, DateTimeOffset? signed = null, DateTimeOffset? now = null)
    {
        var at = now ?? Produced;
        var trust = SampleTrust.OwnWith(Maker.Certificate);
        var report = await new SignatureVerifier(trust, Status(pack ?? Pack(), at), SampleTrust.Clock(at))
            .VerifyAsync(HandMade.Signature(seal.Seal, 4, seal.Signer, signed), "示例原文"u8.ToArray(), TestContext.Current.CancellationToken);
        return report.Verdict;
    }
}
