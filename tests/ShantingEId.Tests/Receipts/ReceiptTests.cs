using System.Formats.Cbor;
using System.Security.Cryptography;
using ShantingEId.Crypto;
using ShantingEId.Receipts;
using ShantingEId.Tests.Crypto;

namespace ShantingEId.Tests.Receipts;

/// <summary>One good receipt; everything else about it is refused.</summary>
public sealed class ReceiptTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 2)]
    [InlineData(2, 5)]
    [InlineData(4, 5)]
    [InlineData(23, 300)]
    [InlineData(299, 300)]
    public void A_good_receipt_holds_and_says_what_was_recorded(int index, int count)
    {
        Assert.True(Receipt.TryParse(ReceiptCases.Receipt(index, count), out var receipt));

        Assert.Equal("", receipt.Problem(ReceiptCases.Keys));
        Assert.Equal("", receipt.Problem(ReceiptCases.Trust));
        Assert.Equal(ReceiptCases.Record.Encode(), receipt.Record.Encode());
        Assert.Equal(ReceiptCases.Facts.Facts, receipt.Facts.Facts);
        Assert.Equal((7L, count, index), (receipt.Root.Tick, receipt.Root.Count, receipt.Index));
        Assert.Equal($"lookups/0123456789abcdef/7/{index}", receipt.Name);
    }

    [Fact]
    public void A_refusal_shows_nothing_and_has_its_receipt_too()
    {
        var refusal = ReceiptCases.Record with { Verdict = 0, Reason = "FIELD_NOT_GRANTED", FactsDigest = LookupRecord.NothingShown, Holder = "" };

        Assert.True(Receipt.TryParse(ReceiptCases.Receipt(record: refusal, facts: ReceiptFacts.None), out var receipt));

        Assert.Equal("", receipt.Problem(ReceiptCases.Trust));
        Assert.Empty(receipt.Facts.Facts);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(2, 5)]
    [InlineData(4, 5)]
    public void Any_flipped_bit_is_noticed(int index, int count)
    {
        var good = ReceiptCases.Receipt(index, count);
        for (var at = 0; at < good.Length; at++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var changed = good.ToArray();
                changed[at] ^= (byte)(1 << bit);
                Assert.False(Receipt.TryParse(changed, out var receipt) && receipt.Problem(ReceiptCases.Keys).Length == 0, $"byte {at}, bit {bit}");
            }
        }
    }

    [Fact]
    public void Cut_lengthened_or_otherwise_spelt_bytes_are_no_receipt()
    {
        var good = ReceiptCases.Receipt();
        for (var length = 0; length < good.Length; length++)
        {
            Assert.False(Receipt.TryParse(good.AsMemory(0, length), out _));
        }

        Assert.False(Receipt.TryParse((byte[])[.. good, 0], out _));
        Assert.False(Receipt.TryParse((byte[])[0x9F, .. good[1..], 0xFF], out _));
        Assert.False(Receipt.TryParse((byte[])[0x87, 0x18, 0x01, .. good[2..]], out _));
        Assert.False(Receipt.TryParse(new byte[Receipt.MaxSize + 1], out _));
        // A path of hashes that are not 32 bytes long.
        var reader = new CborReader(good, CborConformanceMode.Canonical);
        reader.ReadStartArray();
        for (var i = 0; i < 5; i++)
        {
            reader.SkipValue();
        }

        var path = good.Length - reader.BytesRemaining;
        Assert.Equal(0x83, good[path]);
        Assert.False(Receipt.TryParse((byte[])[.. good[..path], 0x83, 0x58, 0x1F, .. good[(path + 3)..(path + 34)], .. good[(path + 35)..]], out _));
    }

    [Fact]
    public void Another_key_another_use_or_another_time_is_refused_with_its_reason()
    {
        // The code signer's key, or a company's seal key whose certificate leads to the same root.
        var seal = new SigningKey(TestCertificates.LeafKey, TestCertificates.Leaf);
        Assert.Contains("所信任", Problem(ReceiptCases.Receipt(signer: seal), ReceiptCases.Keys), StringComparison.Ordinal);
        Assert.Contains("不允许", Problem(ReceiptCases.Receipt(signer: seal), new KeyRing([new TrustedKey(seal.Private.PublicKey, ContentType.LicenseCode, seal.Certificate)])), StringComparison.Ordinal);
        var withSeal = new ReceiptTrust([TestCertificates.Root, TestCertificates.Authority, ReceiptCases.SignerCertificate, TestCertificates.Leaf]);
        Assert.True(Receipt.TryParse(ReceiptCases.Receipt(signer: seal), out var forged));
        Assert.Contains("不允许", forged.Problem(withSeal), StringComparison.Ordinal);
        Assert.Contains("没有签名密钥", forged.Problem(ReceiptCases.Trust), StringComparison.Ordinal);

        // The right key under a content type of another use is not even a receipt.
        Assert.False(Receipt.TryParse(ReceiptCases.Receipt(use: ContentType.Manifest), out _));

        // Signed before the certificate began.
        Assert.True(Receipt.TryParse(ReceiptCases.Receipt(root: root => root with { Time = TestCertificates.From.AddSeconds(-1) }), out var early));
        Assert.Contains("有效期", early.Problem(ReceiptCases.Keys), StringComparison.Ordinal);
        Assert.Contains("有效期", early.Problem(ReceiptCases.Trust), StringComparison.Ordinal);
    }

    [Fact]
    public void A_receipt_outlives_its_certificate()
    {
        // Checked at the time of the tick: archives are read when every certificate of the day has ended.
        Assert.True(Receipt.TryParse(ReceiptCases.Receipt(root: root => root with { Time = TestCertificates.To }), out var last));

        Assert.Equal("", last.Problem(ReceiptCases.Trust));
    }

    [Fact]
    public void Facts_records_and_roots_of_other_receipts_do_not_mix()
    {
        var other = new ReceiptFacts(new Dictionary<string, string> { ["name"] = "枣庄市山亭区别家样例有限公司" });
        Assert.Contains("摘要", Problem(ReceiptCases.Receipt(facts: other), ReceiptCases.Keys), StringComparison.Ordinal);
        Assert.Contains("摘要", Problem(ReceiptCases.Receipt(facts: ReceiptFacts.None), ReceiptCases.Keys), StringComparison.Ordinal);
        Assert.Contains("不在所签的账本中", Problem(ReceiptCases.Receipt(root: root => root with { Root = Sm3.Hash([1]) }), ReceiptCases.Keys), StringComparison.Ordinal);
        Assert.False(Receipt.TryParse(ReceiptCases.Receipt(root: root => root with { Count = 6 }), out _));
    }

    [Fact]
    public void Certificates_are_taken_from_pem_and_need_a_root()
    {
        Sm2Certificate[] chain = [ReceiptCases.SignerCertificate, TestCertificates.Authority, TestCertificates.Root];
        var pem = string.Join("\n", chain.Select(certificate => PemEncoding.WriteString("CERTIFICATE", certificate.Der)));
        Assert.True(Receipt.TryParse(ReceiptCases.Receipt(), out var receipt));

        Assert.Equal("", receipt.Problem(ReceiptTrust.FromPem(pem)));
        Assert.Equal(ErrorReason.CertificateInvalid, Assert.Throws<EidException>(() => ReceiptTrust.FromPem(PemEncoding.WriteString("CERTIFICATE", chain[0].Der))).Reason);
        Assert.Equal(ErrorReason.CertificateInvalid, Assert.Throws<EidException>(() => ReceiptTrust.FromPem("")).Reason);
        // Without the authority between, nothing leads to the root.
        Assert.Contains("不能链接", receipt.Problem(new ReceiptTrust([chain[0], chain[2]])), StringComparison.Ordinal);
        // Another root of the same name.
        var strange = CertificateIssuer.CreateRoot(Sm2Cases.Key("strange"), new CertificateSubject("测试根", "测试根 CA"), TestCertificates.From, TestCertificates.To);
        Assert.Contains("不能链接", receipt.Problem(new ReceiptTrust([chain[0], chain[1], strange])), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_certificate_for_receipts_may_sign_them()
    {
        Assert.True(ReceiptCases.SignerCertificate.MaySignReceipts);
        Assert.False(TestCertificates.Leaf.MaySignReceipts);
        Assert.False(TestCertificates.Authority.MaySignReceipts);
        Assert.True(ReceiptCases.SignerCertificate.IsIssuedBy(TestCertificates.Authority));
    }

    [Fact]
    public void Facts_have_one_form()
    {
        Assert.Empty(ReceiptFacts.None.Encode());
        Assert.Equal(LookupRecord.NothingShown, ReceiptFacts.None.Digest());
        var reversed = new ReceiptFacts(ReceiptCases.Facts.Facts.Reverse().ToDictionary());
        Assert.Equal(ReceiptCases.Facts.Encode(), reversed.Encode());
        Assert.True(ReceiptFacts.TryRead(reversed.Encode(), out var read));
        Assert.Equal(ReceiptCases.Facts.Facts.OrderBy(fact => fact.Key), read.Facts.OrderBy(fact => fact.Key));
        Assert.False(ReceiptFacts.TryRead((byte[])[0xA0], out _)); // nothing shown is no bytes
        Assert.False(ReceiptFacts.TryRead((byte[])[0xA2, 0x61, 0x62, 0x60, 0x61, 0x61, 0x60], out _)); // b before a
        Assert.False(ReceiptFacts.TryRead((byte[])[0xA2, 0x61, 0x61, 0x60, 0x61, 0x61, 0x60], out _)); // a twice
        Assert.False(ReceiptFacts.TryRead((byte[])[0xA1, 0x61, 0x61, 0x01], out _)); // not a text
        Assert.False(ReceiptFacts.TryRead((byte[])[.. reversed.Encode(), 0], out _));
    }

    private static string Problem(byte[] bytes, KeyRing keys)
    {
        Assert.True(Receipt.TryParse(bytes, out var receipt));
        return receipt.Problem(keys);
    }
}
