using ShantingEId.Crypto;
using ShantingEId.Seals;
using ShantingEId.Tests.Crypto;

namespace ShantingEId.Tests.Seals;

/// <summary>电子签章 as we make it: read again byte for byte, and good; who is not listed in the seal cannot sign with it.</summary>
public sealed class SesSignatureTests
{
    [Fact]
    public void What_is_made_reads_back_and_verifies()
    {
        var made = SampleSeals.Signature;

        var read = SesSignature.Parse(made.Der.ToArray());

        Assert.True(read.SignatureIsGood);
        Assert.True(read.ToSign.Seal.SignatureIsGood);
        Assert.Equal(made.Der.ToArray(), read.Der.ToArray());
        Assert.Equal(made.SignedPart.ToArray(), read.SignedPart.ToArray());
        Assert.Equal(SampleSeals.Signed, read.ToSign.Time);
        Assert.Equal(SampleSeals.Hash, read.ToSign.DataHash);
        Assert.Equal(SampleSeals.PropertyInfo, read.ToSign.PropertyInfo);
        Assert.Equal(TestCertificates.Leaf.Der.ToArray(), read.SignerCertificate.Der.ToArray());
        Assert.True(read.TimeStamp.IsEmpty);
    }

    [Fact]
    public void A_time_stamp_is_added_without_touching_what_was_signed()
    {
        var made = SampleSeals.Signature;

        var read = SesSignature.Parse(made.WithTimeStamp([0x30, 0x00]).Der.ToArray());

        Assert.Equal("3000", Convert.ToHexString(read.TimeStamp));
        Assert.Equal(made.SignedPart.ToArray(), read.SignedPart.ToArray());
        Assert.Equal(made.SignatureValue.ToArray(), read.SignatureValue.ToArray());
        Assert.True(read.SignatureIsGood);
    }

    [Fact]
    public void Only_a_listed_certificate_in_force_can_sign()
    {
        var stranger = new SigningKey(Sm2Cases.Key("stranger"), SampleSeals.Issue("示例", "他人", Sm2Cases.Key("stranger")));
        var refusals = new (SigningKey Signer, DateTimeOffset Time)[]
        {
            (stranger, SampleSeals.Signed), (SampleSeals.Signer with { Private = stranger.Private }, SampleSeals.Signed), (SampleSeals.Signer, TestCertificates.To.AddSeconds(1)),
        };
        foreach (var (signer, time) in refusals)
        {
            var refusal = Assert.Throws<EidException>(() => SesSignature.Create(SampleSeals.Seal, signer, time, SampleSeals.Hash, SampleSeals.PropertyInfo));
            Assert.Equal(ErrorReason.SigningKeyUnusable, refusal.Reason);
        }
    }
}
