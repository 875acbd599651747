using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.Seals;
using ShantingEId.Tests.Crypto;
using ShantingEId.Tests.Seals;

namespace ShantingEId.Tests.Recognition;

/// <summary>Revocation lists of recognised CAs: what they say is believed as long as they hold, and nothing is taken for good without them.</summary>
public sealed class RevocationListTests : IDisposable
{
    private static readonly Sm2PrivateKey RootKey = Sm2Cases.Key("other root");
    private static readonly Sm2Certificate Root = CertificateIssuer.CreateRoot(RootKey, new CertificateSubject("示例外省", "示例外省根"), TestCertificates.From, TestCertificates.To);
    private static readonly Sm2PrivateKey BetweenKey = Sm2Cases.Key("other between");
    private static readonly Sm2Certificate Between = new CertificateIssuer(RootKey, Root).Issue(
        new CertificateSubject("示例外省", "示例外省签发 CA"), BetweenKey.PublicKey, CertificateUse.Authority, TestCertificates.From, TestCertificates.To);
    private static readonly SigningKey Maker = Of("示例外省制章");
    private static readonly SigningKey Signer = Of("示例外省签章");

    private static readonly TrustList List = new()
    {
        Number = 7, IssueTime = SampleTrust.Now.AddDays(-1), NextUpdate = SampleTrust.Now.AddDays(29),
        Entries = [new TrustListEntry(Root, "示例外省根", TrustUse.SealMaking | TrustUse.DocumentSigning, "37", TestCertificates.From, TestCertificates.To)],
    };

    private static readonly CertificateTrust Trust = new([TestCertificates.Root], [TestCertificates.Authority, SampleSeals.MakerCertificate, Between], List);

    // Of another CA, as it stands in a document.
    private static readonly byte[] Signature = HandMade.Signature(HandMade.Seal(SampleSeals.Info with { CertificateList = [Signer.Certificate.Der.ToArray()] }, Maker), 4, Signer);
    private static readonly byte[] OfRoot = SampleLists.Of(RootKey, Root);
    private readonly string folder = Directory.CreateTempSubdirectory("eid-crls-").FullName;

    [Fact]
    public async Task A_signature_of_another_CA_is_good_by_its_lists_and_by_nothing_less()
    {
        var good = SampleLists.Of(BetweenKey, Between, [(SampleSeals.MakerCertificate, SampleSeals.Made)]); // Somebody else's certificate is on it.
        Assert.Equal((SealVerdict.Valid, SealProblem.None), await VerifyAsync([OfRoot, good]));

        Assert.Equal((SealVerdict.NotConfirmed, SealProblem.StatusUnknown), await VerifyAsync(null));
        Assert.Equal((SealVerdict.NotConfirmed, SealProblem.CrlMissing), await VerifyAsync([]));
        Assert.Equal((SealVerdict.NotConfirmed, SealProblem.CrlMissing), await VerifyAsync([OfRoot]));
        Assert.Equal((SealVerdict.NotConfirmed, SealProblem.CrlMissing), await VerifyAsync([good])); // Nobody says that the CA between is not revoked.
        Assert.Equal((SealVerdict.NotConfirmed, SealProblem.CrlMissing), await VerifyAsync([OfRoot, SampleLists.Of(RootKey, Between)])); // Not its key.
        Assert.Equal((SealVerdict.NotConfirmed, SealProblem.CrlMissing), await VerifyAsync([OfRoot, SampleLists.Of(BetweenKey, Root)])); // Not its name.
        Assert.Equal((SealVerdict.NotConfirmed, SealProblem.CrlMissing), await VerifyAsync([OfRoot, SampleLists.Of(BetweenKey, Between, issued: SampleTrust.Now.AddHours(1))]));
        Assert.Equal((SealVerdict.NotConfirmed, SealProblem.CrlStale), await VerifyAsync([OfRoot, SampleLists.Of(BetweenKey, Between, next: SampleTrust.Now.AddSeconds(-1))]));
        Assert.Equal((SealVerdict.Valid, SealProblem.None), await VerifyAsync([OfRoot, SampleLists.Of(BetweenKey, Between, next: SampleTrust.Now)]));
    }

    [Fact]
    public async Task What_is_on_a_list_is_revoked_from_its_time_on()
    {
        var later = SampleSeals.Signed.AddDays(1);
        Assert.Equal((SealVerdict.Invalid, SealProblem.SealEnded), await VerifyAsync([OfRoot, SampleLists.Of(BetweenKey, Between, [(Signer.Certificate, SampleSeals.Signed.AddDays(-1))])])); // Nobody may use the seal any more.
        Assert.Equal((SealVerdict.Invalid, SealProblem.Revoked), await VerifyAsync([OfRoot, SampleLists.Of(BetweenKey, Between, [(Maker.Certificate, SampleSeals.Made.AddDays(-1))])]));
        Assert.Equal((SealVerdict.Invalid, SealProblem.Revoked), await VerifyAsync([SampleLists.Of(RootKey, Root, [(Between, SampleSeals.Made.AddDays(-1))]), SampleLists.Of(BetweenKey, Between)]));

        // Revoked since: the signer's own word for the time is no proof any more.
        Assert.Equal((SealVerdict.NotConfirmed, SealProblem.TimeUnproven), await VerifyAsync([OfRoot, SampleLists.Of(BetweenKey, Between, [(Signer.Certificate, later)])]));

        // A list that is over still revokes; the newest counts, in whatever order they lie.
        Assert.Equal(SealProblem.Revoked, (await VerifyAsync([OfRoot, SampleLists.Of(BetweenKey, Between, [(Maker.Certificate, SampleSeals.Made)], next: SampleTrust.Now.AddHours(-1))])).Problem);
        var (old, fresh) = (SampleLists.Of(BetweenKey, Between, issued: SampleTrust.Now.AddDays(-2)), SampleLists.Of(BetweenKey, Between, [(Maker.Certificate, SampleSeals.Made)]));
        Assert.Equal(SealProblem.Revoked, (await VerifyAsync([OfRoot, old, fresh])).Problem);
        Assert.Equal(SealProblem.Revoked, (await VerifyAsync([fresh, old, OfRoot])).Problem);
    }

    [Fact]
    public void A_certificate_that_had_run_out_before_the_list_is_not_known()
    {
        var lists = new RevocationLists([RevocationList.Parse(SampleLists.Of(BetweenKey, Between, issued: TestCertificates.To.AddDays(1), next: TestCertificates.To.AddDays(9)))]);

        var status = lists.Of(Signer.Certificate, Between, TestCertificates.To.AddDays(2));

        Assert.Equal((KnownState.Unknown, SealProblem.StatusUnknown), (status.State, status.Problem));
    }

    // A company's own seal ends with its licence: no list of certificates can say that it is good.
    [Fact]
    public async Task Of_our_own_seals_no_list_says_that_they_are_good()
    {
        var lists = new RevocationLists([RevocationList.Parse(SampleLists.Of(TestCertificates.AuthorityKey, TestCertificates.Authority)), RevocationList.Parse(SampleLists.Of(TestCertificates.RootKey, TestCertificates.Root))]);
        var status = new ListedStatus(NoStatus.Instance, SampleTrust.Own, () => lists, SampleTrust.Clock());

        Assert.Equal(KnownState.Unknown, (await status.OfSealAsync(SampleSeals.Seal, SampleTrust.Now, TestContext.Current.CancellationToken)).State);
        Assert.Equal(KnownState.Good, (await status.OfCertificateAsync(SampleSeals.MakerCertificate, TestContext.Current.CancellationToken)).State);

        // The register's word counts before any list.
        var ended = new ListedStatus(new StatusTable().With(Signer.Certificate, KnownState.Ended), Trust, () => new RevocationLists([]), SampleTrust.Clock());
        Assert.Equal(KnownState.Ended, (await ended.OfCertificateAsync(Signer.Certificate, TestContext.Current.CancellationToken)).State);
    }

    // Anybody's seal may list anything; what is no certificate is no signer, and no reason to answer nothing.
    [Fact]
    public async Task A_seal_that_lists_what_is_no_certificate_still_gets_a_verdict()
    {
        byte[][] good = [OfRoot, SampleLists.Of(BetweenKey, Between)];
        foreach (var junk in new byte[][] { [], [0x30, 0], TestCertificates.Leaf.Der[..^1].ToArray() })
        {
            var seal = HandMade.Seal(SampleSeals.Info with { CertificateList = [junk, Signer.Certificate.Der.ToArray()] }, Maker);
            Assert.Equal((SealVerdict.Valid, SealProblem.None), await VerifyAsync(good, HandMade.Signature(seal, 4, Signer)));

            var alone = new ListedStatus(NoStatus.Instance, Trust, () => new RevocationLists([.. good.Select(each => RevocationList.Parse(each))]), SampleTrust.Clock());
            var only = SesSeal.Parse(HandMade.Seal(SampleSeals.Info with { CertificateList = [junk] }, Maker));
            Assert.Equal(KnownState.Unknown, (await alone.OfSealAsync(only, SampleTrust.Now, TestContext.Current.CancellationToken)).State);
        }
    }

    [Fact]
    public void Whatever_is_not_a_whole_list_is_refused()
    {
        var good = SampleLists.Of(BetweenKey, Between, [(Signer.Certificate, SampleSeals.Made)], number: 12);
        var read = RevocationList.Parse(good);
        Assert.Equal(("示例外省签发 CA", 1, 12, SampleLists.Issued, SampleLists.Next), (read.Issuer, read.Count, (int)read.Number, read.ThisUpdate, read.NextUpdate));
        Assert.Equal(SampleSeals.Made, read.RevokedSince(Signer.Certificate));
        Assert.Null(read.RevokedSince(Maker.Certificate));
        Assert.True(read.IsIssuedBy(Between));
        Assert.Equal(1, RevocationList.Parse(Encoding.ASCII.GetBytes(PemEncoding.WriteString("X509 CRL", good))).Count);

        // A part, a difference, what is not understood; another issuer's entries; no end.
        Refused(SampleLists.Of(BetweenKey, Between, extension: (X509Extensions.DeltaCrlIndicator, true, DerInteger.ValueOf(1))));
        Refused(SampleLists.Of(BetweenKey, Between, extension: (X509Extensions.IssuingDistributionPoint, false, new IssuingDistributionPoint(null, true, false, null, false, false))));
        Refused(SampleLists.Of(BetweenKey, Between, extension: (new DerObjectIdentifier("1.2.3.4"), true, DerInteger.ValueOf(1))));
        Refused(SampleLists.Of(BetweenKey, Between, [(Signer.Certificate, SampleSeals.Made)], entry: (X509Extensions.CertificateIssuer, new GeneralNames(new GeneralName(new X509Name("CN=x"))))));
        Refused(SampleLists.Of(BetweenKey, Between, next: DateTimeOffset.MinValue));
        Refused(Between.Der.ToArray());
        Refused([]);
        Refused("no list"u8.ToArray());

        // Whoever may not sign lists signs none; a changed byte is no list of this CA.
        Assert.False(RevocationList.Parse(SampleLists.Of(Signer.Private, Signer.Certificate)).IsIssuedBy(Signer.Certificate));
        for (var i = 0; i < good.Length; i += 5)
        {
            var altered = good.ToArray();
            altered[i] ^= 1;
            Assert.False(TryParse(altered) is { } list && list.IsIssuedBy(Between), $"byte {i}");
        }
    }

    [Fact]
    public void A_folder_is_read_again_and_never_steps_back()
    {
        var clock = new FakeTimeProvider(SampleTrust.Now);
        var refused = new List<string>();
        var watched = new RevocationFolder(folder, clock);
        watched.Refused += refused.Add;
        KnownState State()
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return watched.Current.Of(Signer.Certificate, Between, SampleTrust.Now).State;
        }

        Assert.Equal(KnownState.Unknown, State());
        Put("between.crl", SampleLists.Of(BetweenKey, Between, number: 2));
        Assert.Equal(KnownState.Good, State());

        // Replaced by one that revokes; that by the older one, and by a broken one: what is revoked stays so, and each is said once.
        Put("between.crl", SampleLists.Of(BetweenKey, Between, [(Signer.Certificate, SampleSeals.Signed)], issued: SampleLists.Issued.AddHours(1), number: 3));
        Assert.Equal(KnownState.Ended, State());
        Assert.Empty(refused);
        Put("between.crl", SampleLists.Of(BetweenKey, Between, number: 2));
        Assert.Equal(KnownState.Ended, State());
        Put("between.crl", [1, 2, 3]);
        Assert.Equal(KnownState.Ended, State());
        Assert.Equal(KnownState.Ended, State());
        Assert.Equal(2, refused.Count);

        // Gone is gone, and nothing is known any more.
        File.Delete(Path.Combine(folder, "between.crl"));
        Assert.Equal(KnownState.Unknown, State());
    }

    [Fact]
    public async Task A_trust_list_is_replaced_by_a_newer_one_alone()
    {
        var (clock, refused) = (new FakeTimeProvider(SampleTrust.Now), new List<string>());
        var signer = HandMade.Certified("示例信任列表签发", TestCertificates.From, TestCertificates.To, CertificateUse.TrustListSigning);
        Sm2Certificate[] ours = [TestCertificates.Root, TestCertificates.Authority, signer.Certificate];
        Put("list", (List with { Entries = [] }).Sign(signer).Encode());
        var file = new TrustListFile(Path.Combine(folder, "list"), ours, clock);
        file.Refused += refused.Add;
        var trust = new CertificateTrust([TestCertificates.Root], [TestCertificates.Authority, SampleSeals.MakerCertificate, Between], () => file.Current);
        async Task<SealProblem> ProblemAsync()
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            var report = await new SignatureVerifier(trust, new StatusTable(), clock).VerifyAsync(Signature, "示例原文"u8.ToArray(), TestContext.Current.CancellationToken);
            return report.Checks.FirstOrDefault(check => check.Outcome != CheckOutcome.Passed)?.Problem ?? SealProblem.None;
        }

        // 1. The next number recognises the CA, and goes along in packs.
        Assert.Equal(SealProblem.CaUnknown, await ProblemAsync());
        var next = (List with { Number = 8 }).Sign(signer).Encode();
        Put("list", next);
        Assert.Equal(SealProblem.None, await ProblemAsync());
        Assert.Equal(next, file.Bytes);

        // 2. An older number, the same number with something else, a list of somebody else, half a list, no file: the one in force stays, each is said once.
        byte[][] others =
        [
            (List with { Number = 7, Entries = [] }).Sign(signer).Encode(), (List with { Number = 8, Entries = [] }).Sign(signer).Encode(),
            Envelope.Sign(ContentType.TrustList, Envelope.TryParse((List with { Number = 9 }).Sign(signer).Encode(), out var nine) ? nine.Payload : [], SampleSeals.Signer).Encode(), next[..^20],
        ];
        foreach (var other in others)
        {
            Put("list", other);
            Assert.Equal(SealProblem.None, await ProblemAsync());
            Assert.Equal(SealProblem.None, await ProblemAsync());
        }

        Assert.Equal(others.Length, refused.Count);
        File.Delete(Path.Combine(folder, "list"));
        Assert.Equal(SealProblem.None, await ProblemAsync());
        Assert.Equal(next, file.Bytes);

        // 3. Once it is over it recognises nobody; a newer one does again.
        clock.SetUtcNow(List.NextUpdate.AddSeconds(1));
        Assert.Equal(SealProblem.TrustListExpired, await ProblemAsync());
        Put("list", (List with { Number = 9, IssueTime = List.NextUpdate, NextUpdate = List.NextUpdate.AddDays(30) }).Sign(signer).Encode());
        Assert.NotEqual(SealProblem.TrustListExpired, await ProblemAsync());
        Assert.Equal(9, file.Current.Number);

        // At the start there is none to fall back to.
        Put("broken", [1, 2, 3]);
        Assert.Equal(ErrorReason.TrustListInvalid, Assert.Throws<EidException>(() => new TrustListFile(Path.Combine(folder, "broken"), ours, clock)).Reason);
        Assert.Equal(ErrorReason.TrustListInvalid, Assert.Throws<EidException>(() => new TrustListFile(Path.Combine(folder, "none"), ours, clock)).Reason);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    // As whoever fetches them should do it: whole, under another name, then moved into place.
    private void Put(string name, byte[] bytes)
    {
        var draft = Path.Combine(folder, name + ".draft");
        File.WriteAllBytes(draft, bytes);
        File.Move(draft, Path.Combine(folder, name), overwrite: true);
    }

    private static RevocationList? TryParse(byte[] bytes)
    {
        try
        {
            return RevocationList.Parse(bytes);
        }
        catch (EidException error) when (error.Reason == ErrorReason.RevocationListInvalid)
        {
            return null;
        }
    }

    private static void Refused(byte[] bytes) => Assert.Equal(ErrorReason.RevocationListInvalid, Assert.Throws<EidException>(() => RevocationList.Parse(bytes)).Reason);

    // Null for a deployment that keeps no lists at all.
    private static async Task<(SealVerdict Verdict, SealProblem Problem)> VerifyAsync(byte[][]? lists, byte[]? signature = null)
    {
        var known = new RevocationLists([.. (lists ?? []).Select(list => RevocationList.Parse(list))]);
        IStatusSource status = lists is null ? NoStatus.Instance : new ListedStatus(NoStatus.Instance, Trust, () => known, SampleTrust.Clock());
        var report = await SampleTrust.Signatures(Trust, status).VerifyAsync(signature ?? Signature, "示例原文"u8.ToArray(), TestContext.Current.CancellationToken);
        return (report.Verdict, report.Checks.FirstOrDefault(check => check.Outcome == CheckOutcome.Failed)?.Problem ?? report.Checks.FirstOrDefault(check => check.Outcome != CheckOutcome.Passed)?.Problem ?? SealProblem.None);
    }

    private static SigningKey Of(string name)
    {
        var key = Sm2Cases.Key(name);
        return new SigningKey(key, new CertificateIssuer(BetweenKey, Between).Issue(new CertificateSubject("示例外省", name), key.PublicKey, CertificateUse.Signing, TestCertificates.From, TestCertificates.To));
    }
}
