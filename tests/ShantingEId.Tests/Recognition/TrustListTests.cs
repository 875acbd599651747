using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.Tests.Crypto;
using ShantingEId.Tests.Seals;

namespace ShantingEId.Tests.Recognition;

/// <summary>多 CA 互认: seals of another CA's makers and signers are good for the uses, region and time of the list; else closed, by reason.</summary>
public sealed class TrustListTests
{
    // Another province's CA, with a maker and a signer.
    private static readonly Sm2PrivateKey OtherKey = Sm2Cases.Key("other ca");
    private static readonly Sm2Certificate OtherRoot = CertificateIssuer.CreateRoot(OtherKey, new CertificateSubject("示例外省", "示例外省 CA"), TestCertificates.From, TestCertificates.To);
    private static readonly SigningKey OtherMaker = Of("示例外省制章");
    private static readonly SigningKey OtherSigner = Of("示例外省签章");
    private static readonly SigningKey ListSigner = HandMade.Certified("示例信任列表签发", TestCertificates.From, TestCertificates.To, CertificateUse.TrustListSigning);
    private static readonly Sm2Certificate[] Ours = [TestCertificates.Root, TestCertificates.Authority, ListSigner.Certificate];
    private static readonly TrustListEntry Entry = new(
        OtherRoot, "示例外省 CA", TrustUse.SealMaking | TrustUse.DocumentSigning, "37", new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero));

    private static readonly byte[] Signature = HandMade.Signature(
        HandMade.Seal(SampleSeals.Info with { CertificateList = [OtherSigner.Certificate.Der.ToArray()] }, OtherMaker), 4, OtherSigner);

    [Fact]
    public async Task A_listed_CA_is_recognised_within_its_use_region_and_time()
    {
        Assert.Equal((SealVerdict.Valid, SealProblem.None), await VerifyAsync(Entry));
        Assert.Equal((SealVerdict.Valid, SealProblem.None), await VerifyAsync(Entry with { Region = "" }));
        Assert.Equal((SealVerdict.Valid, SealProblem.None), await VerifyAsync(Entry with { Uses = TrustUse.SealMaking }, Entry with { Uses = TrustUse.DocumentSigning }));

        Assert.Equal((SealVerdict.Invalid, SealProblem.CaUnknown), await VerifyAsync());
        Assert.Equal((SealVerdict.Invalid, SealProblem.CaUnknown), await VerifyAsync(Entry with { Certificate = TestCertificates.SelfSigned(Sm2Cases.Key("third ca")) }));
        Assert.Equal((SealVerdict.Invalid, SealProblem.CaScope), await VerifyAsync(Entry with { Uses = TrustUse.SealMaking }));
        Assert.Equal((SealVerdict.Invalid, SealProblem.CaScope), await VerifyAsync(Entry with { Uses = TrustUse.TimeStamping }));
        Assert.Equal((SealVerdict.Invalid, SealProblem.CaRegion), await VerifyAsync(Entry with { Region = "3701" }));
        Assert.Equal((SealVerdict.Invalid, SealProblem.CaPeriod), await VerifyAsync(Entry with { From = SampleSeals.Signed.AddSeconds(1) }));
        Assert.Equal((SealVerdict.Invalid, SealProblem.CaPeriod), await VerifyAsync(Entry with { To = SampleSeals.Signed.AddSeconds(-1) }));
    }

    [Fact]
    public async Task An_expired_list_recognises_nobody_and_our_own_roots_stay()
    {
        var list = List(Entry) with { NextUpdate = SampleTrust.Now.AddSeconds(-1) };
        Assert.Equal((SealVerdict.Invalid, SealProblem.TrustListExpired), await VerifyAsync(list));

        var own = await SampleTrust.Signatures(new CertificateTrust([TestCertificates.Root], [TestCertificates.Authority, SampleSeals.MakerCertificate], list))
            .VerifyAsync(SampleSeals.Signature.Der.ToArray(), "示例原文"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.Equal(SealVerdict.Valid, own.Verdict);
    }

    [Fact]
    public async Task A_region_cannot_be_held_against_a_seal_without_a_division()
    {
        var seal = HandMade.Seal(SampleSeals.Info with { CertificateList = [OtherSigner.Certificate.Der.ToArray()], SealId = "51f044b7" }, OtherMaker);

        var report = await SampleTrust.Signatures(Trust(List(Entry))).VerifyAsync(HandMade.Signature(seal, 4, OtherSigner), "示例原文"u8.ToArray(), TestContext.Current.CancellationToken);

        Assert.Equal(SealVerdict.NotConfirmed, report.Verdict);
        Assert.Contains(report.Checks, check => check.Problem == SealProblem.CaRegion);
    }

    [Fact]
    public void A_signed_list_reads_back_and_anything_else_is_refused()
    {
        var bytes = List(Entry).Sign(ListSigner).Encode();

        var read = TrustList.Open(bytes, Ours);

        Assert.Equal((7L, Entry.Name, Entry.Uses, Entry.Region, Entry.From, Entry.To), (read.Number, read.Entries[0].Name, read.Entries[0].Uses, read.Entries[0].Region, read.Entries[0].From, read.Entries[0].To));
        Assert.Equal(OtherRoot.Der.ToArray(), read.Entries[0].Certificate.Der.ToArray());

        // Another key, another use, another root; a seal's key, which leads to the same root.
        Refused(bytes, [TestCertificates.Root, TestCertificates.Authority]);
        Refused(bytes, [ListSigner.Certificate]);
        Refused(Envelope.Sign(ContentType.Manifest, Payload(bytes), ListSigner).Encode(), Ours);
        Refused(Envelope.Sign(ContentType.TrustList, Payload(bytes), SampleSeals.Signer).Encode(), [.. Ours, TestCertificates.Leaf]);
        Refused(Envelope.Sign(ContentType.TrustList, [0xA0], ListSigner).Encode(), Ours);
        Refused(List(Entry with { Certificate = OtherSigner.Certificate }).Sign(ListSigner).Encode(), Ours); // Not a CA.
        Assert.Equal(ErrorReason.SigningKeyUnusable, Assert.Throws<EidException>(() => List(Entry).Sign(SampleSeals.Signer)).Reason);
        for (var i = 0; i < bytes.Length; i += 7)
        {
            var altered = bytes.ToArray();
            altered[i] ^= 1;
            Refused(altered, Ours);
        }
    }

    private static byte[] Payload(byte[] bytes) => Envelope.TryParse(bytes, out var envelope) ? envelope.Payload : [];

    private static void Refused(byte[] bytes, Sm2Certificate[] certificates) =>
        Assert.Equal(ErrorReason.TrustListInvalid, Assert.Throws<EidException>(() => TrustList.Open(bytes, certificates)).Reason);

    private static TrustList List(params TrustListEntry[] entries) => new() { Number = 7, IssueTime = SampleTrust.Now.AddDays(-1), NextUpdate = SampleTrust.Now.AddDays(29), Entries = entries };

    private static CertificateTrust Trust(TrustList list) => new([], [], list);

    private static Task<(SealVerdict, SealProblem)> VerifyAsync(params TrustListEntry[] entries) => VerifyAsync(List(entries));

    private static async Task<(SealVerdict, SealProblem)> VerifyAsync(TrustList list)
    {
        var report = await SampleTrust.Signatures(Trust(list)).VerifyAsync(Signature, "示例原文"u8.ToArray(), TestContext.Current.CancellationToken);
        return (report.Verdict, report.Checks.FirstOrDefault(check => check.Outcome != CheckOutcome.Passed)?.Problem ?? SealProblem.None);
    }

    private static SigningKey Of(string name)
    {
        var key = Sm2Cases.Key(name);
        return new SigningKey(key, new CertificateIssuer(OtherKey, OtherRoot).Issue(new CertificateSubject("示例外省", name), key.PublicKey, CertificateUse.Signing, TestCertificates.From, TestCertificates.To));
    }
}
