using ShantingEId.Crypto;
using ShantingEId.Receipts;
using ShantingEId.Tests.Crypto;

namespace ShantingEId.Tests.Receipts;

/// <summary>A good receipt, and its parts to break.</summary>
internal static class ReceiptCases
{
    public static readonly Sm2PrivateKey SignerKey = Sm2Cases.Key("receipts");
    public static readonly Sm2Certificate SignerCertificate = new CertificateIssuer(TestCertificates.AuthorityKey, TestCertificates.Authority).Issue(
        new CertificateSubject("样例登记机关", "核验回执签发（样例）"), SignerKey.PublicKey, CertificateUse.ReceiptSigning, TestCertificates.From, TestCertificates.To);

    public static readonly SigningKey Signer = new(SignerKey, SignerCertificate);
    public static readonly KeyRing Keys = new([new TrustedKey(SignerKey.PublicKey, ContentType.LookupTick, SignerCertificate)]);
    public static readonly ReceiptTrust Trust = new([TestCertificates.Root, TestCertificates.Authority, SignerCertificate]);

    public static readonly ReceiptFacts Facts = new(new Dictionary<string, string> { ["name"] = "枣庄市山亭区样例有限公司", ["credit_code"] = TestCertificates.CreditCode, ["state"] = "有效" });

    public static readonly LookupRecord Record = new(
        new DateTimeOffset(2026, 3, 4, 5, 6, 7, 89, TimeSpan.Zero), new DateTimeOffset(2026, 3, 4, 5, 6, 6, 500, TimeSpan.Zero), "VerifyCode", "tax-bureau", "TAX_REGISTRATION",
        LookupRecord.DigestRequest("VerifyCode", "7K3M9QWX2B4T"), TestCertificates.CreditCode, 1, "", Facts.Digest(), "样例〔2026〕1 号");

    public static LedgerRoot Root(MerkleTree tree) => new("test", "0123456789abcdef", 7, Record.Time.AddMilliseconds(3), tree.Count, tree.Root.ToArray(), Sm3.Hash([6]));

    /// <summary>A receipt for the record at a place among others.</summary>
    public static byte[] Receipt(int index = 2, int count = 5, LookupRecord? record = null, ReceiptFacts? facts = null, SigningKey? signer = null, ContentType use = ContentType.LookupTick, Func<LedgerRoot, LedgerRoot>? root = null, Envelope? signedRoot = null)
    {
        var bytes = (record ?? Record).Encode();
        var others = Enumerable.Range(0, count).Select(i => i == index ? bytes : (Record with { Reference = "other " + i }).Encode()).ToArray();
        var places = new (int, int)[count];
        for (var i = 1; i <= count; i++)
        {
            places[i - 1] = (others.Take(i - 1).Sum(other => other.Length), others[i - 1].Length);
        }

        var tree = MerkleTree.Of(others.SelectMany(other => other).ToArray(), places);
        var path = new byte[MerkleTree.PathLength(index, count) * Sm3.Size];
        tree.WritePath(index, path);
        var signed = (signedRoot ?? Envelope.Sign(use, (root ?? (same => same))(Root(tree)).Encode(), signer ?? Signer)).Encode();
        var shown = (facts ?? Facts).Encode();
        var receipt = new byte[ShantingEId.Receipts.Receipt.Size(bytes.Length, shown.Length, index, count, path.Length, signed.Length)];
        Assert.Equal(receipt.Length, ShantingEId.Receipts.Receipt.Write(receipt, bytes, shown, index, count, path, signed));
        return receipt;
    }
}
