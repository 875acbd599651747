using System.Text;
using ShantingEId.Crypto;
using ShantingEId.Seals;
using ShantingEId.Tests.Crypto;

namespace ShantingEId.Tests.Seals;

/// <summary>Versions 1, 4 and 5 are told apart by their form; what is not the one form, or exceeds a limit, is refused by reason.</summary>
public sealed class SealFormTests
{
    private static readonly byte[] TextTime = Encoding.ASCII.GetBytes("2026-03-02 14:00:00");

    public static TheoryData<int> Versions => [1, 4, 5];

    [Theory]
    [MemberData(nameof(Versions))]
    public void A_seal_of_each_version_reads_and_its_signature_holds(int version)
    {
        var seal = SesSeal.Parse(HandMade.Seal(SampleSeals.Info with { Version = (SesVersion)version }));

        Assert.Equal((SesVersion)version, seal.Info.Version);
        Assert.Equal((TestCertificates.SealCode, SampleSeals.Made, SampleSeals.End), (seal.Info.SealId, seal.Info.ValidStart, seal.Info.ValidEnd));
        Assert.True(seal.SignatureIsGood);
        Assert.True(seal.Info.Lists(TestCertificates.Leaf));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void A_signature_of_each_version_reads_and_holds(int version)
    {
        var seal = HandMade.Seal(SampleSeals.Info with { Version = (SesVersion)version });

        var signature = SesSignature.Parse(HandMade.Signature(seal, version, timeInfo: TextTime));

        Assert.True(signature.SignatureIsGood);
        Assert.Equal(SampleSeals.Signed, signature.ToSign.Time);
        Assert.Equal(seal, signature.ToSign.Seal.Der.ToArray());
        Assert.Equal(TestCertificates.Leaf.Der.ToArray(), signature.SignerCertificate.Der.ToArray());
    }

    // What signs differs: in version 1 certificate and algorithm too, in the others eSealInfo alone.
    [Fact]
    public void A_signature_of_one_version_is_not_one_of_another()
    {
        var v4 = SesSeal.Parse(HandMade.Seal(SampleSeals.Info));
        var v1 = SesSeal.Parse(HandMade.Seal(SampleSeals.Info with { Version = SesVersion.V1 }));

        Assert.False(v4.MakerCertificate.PublicKey.Verify(v1.SignedPart, v4.Signature!));
        Assert.Equal(0x30, v1.SignedPart[0]);
        Assert.True(v1.SignedPart.Length > v4.SignedPart.Length);
        // A signature says the version of the seal in it.
        Refused(ErrorReason.Asn1Invalid, () => SesSignature.Parse(HandMade.Signature(HandMade.Seal(SampleSeals.Info), 5)));
    }

    [Theory]
    [InlineData("260302060000Z")]
    [InlineData("20260302060000Z")]
    [InlineData("20260302140000")]
    [InlineData("2026-03-02 14:00:00")]
    public void The_time_of_version_1_reads_in_every_form_in_use(string text)
    {
        var seal = HandMade.Seal(SampleSeals.Info with { Version = SesVersion.V1 });

        Assert.Equal(SampleSeals.Signed, SesSignature.Parse(HandMade.Signature(seal, 1, timeInfo: Encoding.ASCII.GetBytes(text))).ToSign.Time);
        Assert.Equal(SampleSeals.Signed, SesSignature.Parse(HandMade.Signature(seal, 1, timeInfo: [0x17, 13, .. "260302060000Z"u8])).ToSign.Time);
        Refused(ErrorReason.Asn1Invalid, () => SesSignature.Parse(HandMade.Signature(seal, 1, timeInfo: [1, 2, 3])));
        Refused(ErrorReason.Asn1Invalid, () => SesSignature.Parse(HandMade.Signature(seal, 1, timeInfo: [0x17, 13, .. "269902060000Z"u8])));
    }

    [Fact]
    public void Raw_signature_values_are_read_and_verify()
    {
        var seal = HandMade.Seal(SampleSeals.Info, form: each => each.Raw.ToArray());
        var signature = SesSignature.Parse(HandMade.Signature(seal, 4, form: each => each.Raw.ToArray()));

        Assert.True(signature.SignatureIsGood && signature.ToSign.Seal.SignatureIsGood);
        Assert.Equal(64, signature.SignatureValue.Length);
        Assert.False(SesSeal.Parse(HandMade.Seal(SampleSeals.Info, form: each => [.. each.Raw, 0])).SignatureIsGood);
    }

    [Fact]
    public void A_seal_may_list_digests_of_certificates()
    {
        var info = SampleSeals.Info with { CertificateListType = 2, CertificateList = [[0x30, 39, 0x13, 3, .. "SM3"u8, 4, 32, .. Sm3.Hash(TestCertificates.Leaf.Der)]] };

        var seal = SesSeal.Parse(HandMade.Seal(info));

        Assert.True(seal.Info.Lists(TestCertificates.Leaf));
        Assert.False(seal.Info.Lists(TestCertificates.Authority));
    }

    [Fact]
    public void What_exceeds_a_limit_is_refused_as_that()
    {
        var leaf = TestCertificates.Leaf.Der.ToArray();
        Assert.Equal(64, SesSeal.Parse(HandMade.Seal(SampleSeals.Info with { CertificateList = [.. Enumerable.Repeat(leaf, 64)] })).Info.CertificateList.Count);
        Refused(ErrorReason.Asn1Limits, () => SesSeal.Parse(HandMade.Seal(SampleSeals.Info with { CertificateList = [.. Enumerable.Repeat(leaf, 65)] })));
        Refused(ErrorReason.Asn1Limits, () => DerLimits.Require(Nested(33)));
        DerLimits.Require(Nested(32));
        Refused(ErrorReason.Asn1Limits, () => SesSeal.Parse(Nested(1_000_000)));
        Refused(ErrorReason.AlgorithmInvalid, () => SesSeal.Parse(HandMade.Seal(SampleSeals.Info, oid: "1.2.840.10045.4.3.2")));
        Refused(ErrorReason.AlgorithmInvalid, () => SesSignature.Parse(HandMade.Signature(SampleSeals.Seal.Der.ToArray(), 4, hash: new byte[20])));
        Refused(ErrorReason.CertificateInvalid, () => Sm2Certificate.Parse(Nested(100_000)));
        // Where only a parser that recurses would look: inside the signed part, without lengths.
        byte[] endless = [.. Enumerable.Repeat<byte[]>([0x30, 0x80], 30_000).SelectMany(each => each), .. new byte[60_000]];
        byte[] body = [0x30, 0x83, 0x01, 0xD4, 0xC0, .. endless];
        Refused(ErrorReason.CertificateInvalid, () => Sm2Certificate.Parse(TestCertificates.Assemble(body, TestCertificates.AuthorityKey, new CertificateSpec())));
    }

    [Fact]
    public void What_is_not_canonical_is_refused()
    {
        var good = SampleSeals.Signature.Der.ToArray();
        byte[][] broken =
        [
            [], [0x30], [0x30, 0x80, 0, 0], [.. good, 0], [.. good, 5, 0], good[..^1], [0x30, 0x84, .. good.AsSpan(1)],
            [0x31, .. good.AsSpan(1)], [0x30, 0x83, 0x00, .. good.AsSpan(2)], [.. good.AsSpan(0, 4), 0x31, .. good.AsSpan(5)],
        ];
        foreach (var (bytes, i) in broken.Select((bytes, i) => (bytes, i)))
        {
            var refusal = Assert.Throws<EidException>(() => SesSignature.Parse(bytes));
            Assert.True(refusal.Reason == ErrorReason.Asn1Invalid, $"{i}: {refusal.Reason}");
        }
    }

    // Each sequence holds the next; lengths are minimal.
    private static byte[] Nested(int levels)
    {
        var head = new Stack<byte[]>();
        var length = 0;
        for (var i = 0; i < levels; i++)
        {
            byte[] each = length < 0x80 ? [0x30, (byte)length] : length < 0x100 ? [0x30, 0x81, (byte)length] : length < 0x10000 ? [0x30, 0x82, (byte)(length >> 8), (byte)length]
                : [0x30, 0x83, (byte)(length >> 16), (byte)(length >> 8), (byte)length];
            head.Push(each);
            length += each.Length;
        }

        return [.. head.SelectMany(each => each)];
    }

    private static void Refused(ErrorReason reason, Action act) => Assert.Equal(reason, Assert.Throws<EidException>(act).Reason);
}
