using System.Formats.Asn1;
using System.IO.Compression;
using ShantingEId.Crypto;
using ShantingEId.Seals;

namespace ShantingEId.Interop.Tests;

/// <summary>Seals made by others: we read them, their signatures hold, and one changed bit is noticed.</summary>
public sealed class ForeignSealTests
{
    [Fact]
    public void The_sample_seal_of_another_implementation_parses_and_verifies()
    {
        var bytes = File.ReadAllBytes(Need("ofd/UserV4.esl"));
        var seal = SesSeal.Parse(bytes);

        Assert.Equal("OFD R&W 测试用印章", seal.Info.Name);
        Assert.Equal((40, 40), (seal.Info.Width, seal.Info.Height));
        Assert.True(seal.SignatureIsGood);
        Assert.StartsWith("制章者“Test Certificate”：没有给出信任的根证书", seal.Problem(Recognition.CertificateTrust.None, new DateTimeOffset(2021, 1, 1, 0, 0, 0, TimeSpan.Zero)), StringComparison.Ordinal);
        AssertNoticesEveryFlip(bytes);
    }

    [Theory]
    [InlineData("Doc_0/Signs/Sign_1/Seal.esl", "UserV4-like")]
    [InlineData("Doc_0/Signs/Sign_1/SignedValue.dat", "embedded")]
    public void The_provincial_seal_inside_a_sealed_document_parses_and_verifies(string entry, string how)
    {
        using var zip = ZipFile.OpenRead(Need("ofd/keyword.ofd"));
        using var stream = new MemoryStream();
        using (var content = zip.GetEntry(entry)!.Open())
        {
            content.CopyTo(stream);
        }

        var bytes = how == "embedded" ? SealInsideSignature(stream.ToArray()) : stream.ToArray();
        var seal = SesSeal.Parse(bytes);

        Assert.True(SealCode.TryParse(seal.Info.SealId, out _), seal.Info.SealId);
        Assert.Equal("山东省政府统一电子印章制作系统", seal.MakerCertificate.CommonName);
        Assert.True(seal.SignatureIsGood);
        var holder = Sm2Certificate.Parse(seal.Info.CertificateList[0]);
        Assert.Equal(seal.Info.SealId, holder.CommonName);
        Assert.True(holder.MaySign);
        AssertNoticesEveryFlip(bytes);
    }

    // OpenSSL as the judge of both signatures in a document of others: the maker's over SES_SealInfo, the signer's over TBS_Sign.
    [Theory]
    [InlineData("ofd/keyword.ofd", "Doc_0/Signs/Sign_1/SignedValue.dat")]
    [InlineData("ofd/SESV4SignDoc.ofd", "Doc_0/Signs/Sign_0/SignedValue.dat")]
    [InlineData("ofd/V4RideRight.ofd", "Doc_0/Signs/Sign_0/SignedValue.dat")]
    public void OpenSsl_verifies_both_signatures_cut_out_of_a_document(string document, string entry)
    {
        Foreign.Need("openssl");
        using var zip = ZipFile.OpenRead(Need(document));
        using var stream = new MemoryStream();
        using (var content = zip.GetEntry(entry)!.Open())
        {
            content.CopyTo(stream);
        }

        var signature = SesSignature.Parse(stream.ToArray());
        var seal = signature.ToSign.Seal;

        AssertOpenSslAgrees(seal.MakerCertificate, seal.SignedPart.ToArray(), seal.Signature!);
        AssertOpenSslAgrees(signature.SignerCertificate, signature.SignedPart.ToArray(), signature.Signature!);
    }

    private static void AssertOpenSslAgrees(Sm2Certificate certificate, byte[] message, Sm2Signature signature)
    {
        var folder = Directory.CreateTempSubdirectory("eid-foreign-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "key.pem"), System.Security.Cryptography.PemEncoding.WriteString("PUBLIC KEY", certificate.PublicKey.Spki));
            File.WriteAllBytes(Path.Combine(folder.FullName, "signature"), signature.ToDer());
            File.WriteAllBytes(Path.Combine(folder.FullName, "message"), message);
            string[] arguments = ["dgst", "-sm3", "-verify", "key.pem", "-sigopt", "distid:1234567812345678", "-signature", "signature", "message"];
            Assert.Equal((0, "Verified OK\n"), Foreign.Run("openssl", arguments, folder: folder.FullName));

            // The judge must be able to say no.
            message[^1] ^= 1;
            File.WriteAllBytes(Path.Combine(folder.FullName, "message"), message);
            Assert.NotEqual(0, Foreign.Run("openssl", arguments, folder: folder.FullName).Exit);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Need(string file)
    {
        if (Foreign.SharedData(file) is not { } path)
        {
            Assert.Skip($"sample file {file} is not at hand");
            return "";
        }

        return path;
    }

    // SES_Signature → toSign → SEQUENCE { version, eseal, … }
    private static byte[] SealInsideSignature(byte[] signature)
    {
        var toSign = new AsnReader(signature, AsnEncodingRules.BER).ReadSequence().ReadSequence();
        toSign.ReadInteger();
        return toSign.ReadEncodedValue().ToArray();
    }

    private static void AssertNoticesEveryFlip(byte[] bytes)
    {
        // Every 97th byte: pictures are long and each check is a signature.
        for (var at = 0; at < bytes.Length; at += 97)
        {
            var broken = bytes.ToArray();
            broken[at] ^= 0x04;
            var before = SesSeal.Parse(bytes);
            try
            {
                var seal = SesSeal.Parse(broken);
                // A flip inside the maker's certificate may leave its key intact; then the bytes of the certificate differ.
                Assert.True(!seal.SignatureIsGood || !seal.MakerCertificate.Der.SequenceEqual(before.MakerCertificate.Der), $"flip at {at} went unnoticed");
            }
            catch (EidException)
            {
                // Refused at parsing.
            }
        }
    }
}
