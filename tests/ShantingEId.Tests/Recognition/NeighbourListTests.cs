using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Recognition;
using ShantingEId.Tests.Crypto;
using ShantingEId.Tests.Seals;

namespace ShantingEId.Tests.Recognition;

/// <summary>邻区互认名单: read back as signed, refused in every other form, by any other key and for any other use.</summary>
public sealed class NeighbourListTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 6, 0, 0, TimeSpan.Zero);
    private static readonly SigningKey ListSigner = HandMade.Certified("示例信任列表签发", TestCertificates.From, TestCertificates.To, CertificateUse.TrustListSigning);
    private static readonly SigningKey StatusSigner = HandMade.Certified("示例邻区状态签发", TestCertificates.From, TestCertificates.To, CertificateUse.StatusSigning);
    private static readonly SigningKey CodeSigner = HandMade.Certified("示例邻区证照码签发", TestCertificates.From, TestCertificates.To);
    private static readonly Sm2Certificate[] Ours = [TestCertificates.Root, TestCertificates.Authority, ListSigner.Certificate];
    private static readonly Neighbour One = new(
        "370402", "示例邻区登记机关", ["370402", "370400"], "HTTPS://EID.SHIZHONG.EXAMPLE/", [TestCertificates.Root, TestCertificates.Authority, CodeSigner.Certificate, StatusSigner.Certificate], [CodeSigner.Certificate.PublicKey.KeyId],
        "https://eid.shizhong.example", [1, 2, 3], Now.AddDays(-1), Now.AddYears(1));

    private static readonly NeighbourList List = new() { Number = 7, IssueTime = Now, NextUpdate = Now.AddDays(30), Neighbours = [One, One with { Division = "370404", CodePrefix = "HTTPS://EID.YICHENG.EXAMPLE/", Source = "", TlsAuthority = [] }] };

    [Fact]
    public void A_list_reads_back()
    {
        var read = NeighbourList.Open(List.Sign(ListSigner).Encode(), Ours);

        Assert.Equal((7L, Now, Now.AddDays(30), 2), (read.Number, read.IssueTime, read.NextUpdate, read.Neighbours.Count));
        var one = read.Neighbours[0];
        Assert.Equal((One.Division, One.Name, One.CodePrefix, One.Source, One.From, One.To), (one.Division, one.Name, one.CodePrefix, one.Source, one.From, one.To));
        Assert.Equal(One.Regions, one.Regions);
        Assert.Equal(One.TlsAuthority, one.TlsAuthority);
        Assert.Equal(One.CodeSigners, one.CodeSigners);
        Assert.Equal(One.Certificates.Select(certificate => Convert.ToHexString(certificate.Der)), one.Certificates.Select(certificate => Convert.ToHexString(certificate.Der)));
    }

    [Fact]
    public void Another_key_another_use_and_every_changed_byte_are_refused()
    {
        var bytes = List.Sign(ListSigner).Encode();
        Assert.True(Envelope.TryParse(bytes, out var envelope));

        Assert.Equal(ErrorReason.SigningKeyUnusable, Assert.Throws<EidException>(() => List.Sign(StatusSigner)).Reason);
        Refused(() => NeighbourList.Open(Envelope.Sign(ContentType.NeighbourList, envelope.Payload, StatusSigner).Encode(), [.. Ours, StatusSigner.Certificate]));
        Refused(() => NeighbourList.Open(Envelope.Sign(ContentType.NeighbourList, envelope.Payload, CodeSigner).Encode(), [.. Ours, CodeSigner.Certificate]));
        Refused(() => NeighbourList.Open(bytes, [TestCertificates.SelfSigned(Sm2Cases.Key("another root")), ListSigner.Certificate]));
        Refused(() => NeighbourList.Open(bytes, [TestCertificates.Root, TestCertificates.Authority]));
        // I33: a list of CAs is none of neighbours, whoever signed it, and the other way round.
        foreach (var use in Enum.GetValues<ContentType>().Where(use => use != ContentType.NeighbourList))
        {
            Refused(() => NeighbourList.Open(Envelope.Sign(use, envelope.Payload, ListSigner).Encode(), Ours));
        }

        Refused(() => TrustList.Open(bytes, Ours));
        for (var at = 0; at < bytes.Length; at += 7)
        {
            var altered = bytes.ToArray();
            altered[at] ^= (byte)(1 << (at % 8));
            Refused(() => NeighbourList.Open(altered, Ours));
        }
    }

    [Fact]
    public void An_entry_that_cannot_be_relied_on_is_not_signed()
    {
        Refuses(One with { Division = "3704" });
        Refuses(One with { Name = "" });
        Refuses(One with { Regions = [] });
        Refuses(One with { Regions = [""] });
        Refuses(One with { Regions = ["3704O2"] });
        Refuses(One with { CodePrefix = "HTTPS://EID.SHIZHONG.EXAMPLE" });
        Refuses(One with { CodePrefix = "HTTP://EID.SHIZHONG.EXAMPLE/" });
        Refuses(One with { CodePrefix = "HTTPS://EID.YICHENG.EXAMPLE/" }); // The other's.
        Refuses(One with { CodePrefix = "HTTPS://EID.YICHENG.EXAMPLE/B/" }); // Within the other's.
        Refuses(One with { From = One.To });
        Refuses(One with { CodeSigners = [] });
        Refuses(One with { CodeSigners = [StatusSigner.Certificate.PublicKey.KeyId] }); // A key for other uses.
        Refuses(One with { CodeSigners = [TestCertificates.Authority.PublicKey.KeyId] }); // A CA.
        Refuses(One with { CodeSigners = [ListSigner.Certificate.PublicKey.KeyId] }); // Not among its certificates.
        Refuses(One with { Certificates = [TestCertificates.Authority, CodeSigner.Certificate, StatusSigner.Certificate] }); // No root.
        Refuses(One with { Certificates = [TestCertificates.SelfSigned(Sm2Cases.Key("another root")), CodeSigner.Certificate, StatusSigner.Certificate] });
        Refuses(One with { Certificates = [TestCertificates.Root, TestCertificates.Authority, CodeSigner.Certificate] }); // A source, and nobody who signs states.
        Refuses(One with { TlsAuthority = [] }); // Whose TLS would be anybody's.
        Refuses(One with { Source = "http://eid.shizhong.example", TlsAuthority = [] });
        Refuses(One with { Source = "file:///etc/passwd", TlsAuthority = [] });

        static void Refuses(Neighbour one) => Refused(() => (List with { Neighbours = [one, List.Neighbours[1]] }).Sign(ListSigner));
    }

    private static void Refused(Action act) => Assert.Equal(ErrorReason.TrustListInvalid, Assert.Throws<EidException>(act).Reason);
}
