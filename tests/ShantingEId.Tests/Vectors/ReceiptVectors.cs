using ShantingEId.Crypto;
using ShantingEId.Receipts;
using ShantingEId.Tests.Receipts;

namespace ShantingEId.Tests.Vectors;

/// <summary>核验回执: signature, path, facts, form.</summary>
internal static class ReceiptVectors
{
    private const string Form = "docs/formats.md, Receipt";

    public static IEnumerable<Vector> All()
    {
        yield return Receipt("good", Make(), "GOOD", "", Form, "无");
        yield return Receipt("good-alone-in-its-tick", Make(index: 0, count: 1), "GOOD", "", Form, "无；账本该批只有这一条");
        yield return Receipt("good-last-of-five", Make(index: 4), "GOOD", "", "RFC 9162 §2.1.3.2", "无；五条中的最后一条");
        yield return Receipt("good-refusal", Make(record: ReceiptCases.Record with { Verdict = 0, Reason = "FIELD_NOT_GRANTED", FactsDigest = LookupRecord.NothingShown, Holder = "" }, facts: ReceiptFacts.None), "GOOD", "", Form, "无；拒绝查询的回执，没有展示内容");
        var good = Make();
        foreach (var (name, bytes, clause, defect) in new (string, byte[], string, string)[]
        {
            ("signature-last-bit", [.. good[..^1], (byte)(good[^1] ^ 1)], "GB/T 32918.2 clause 7", "签名最后一位改变"), ("record-changed", Changed(good, "tax-bureau"u8), "RFC 9162 §2.1.3.2", "记录中的查询机关改变"),
            ("fact-changed", Changed(good, "有效"u8), Form, "展示内容改变"), ("path-changed", Changed(good, Path(good)), "RFC 9162 §2.1.3.2", "路径中的一个散列改变"),
            ("place-changed", Make(claimedIndex: 3), "RFC 9162 §2.1.3.2", "位置改成 3"), ("place-beyond-count", Make(claimedIndex: 5), Form, "位置不小于条数"), ("facts-of-another", Make(facts: new ReceiptFacts(new Dictionary<string, string> { ["name"] = "样例" })), Form, "展示内容与记录的摘要不符"),
            ("signer-of-codes", Make(signer: VectorKeys.CodeSigner), "RFC 5280 §4.2.1.12; docs/formats.md, Ledger tick", "由签发证照码的密钥签发"), ("signer-of-another-root", Make(signer: VectorKeys.OtherReceiptSigner), "RFC 5280 §6", "别家的密钥"),
            ("content-type", Make(use: ContentType.Manifest), "docs/formats.md, Envelope: one key, one content type", "信封的类型是清单"),
            ("cut-off", good[..^1], Form, "少最后一个字节"), ("byte-after", [.. good, 0], Form, "之后多一个字节"), ("form-not-shortest", [good[0], 0x18, .. good[1..]], "RFC 8949 §4.2.1", "版式号不是最短"), ("array-indefinite", [0x9F, .. good[1..], 0xFF], "RFC 8949 §4.2.1", "数组不定长"),
            ("form-2", [good[0], 2, .. good[2..]], Form, "版式号为 2"), ("tick-after-certificate-ends", Make(root: root => root with { Time = new(2046, 1, 1, 0, 0, 0, TimeSpan.Zero) }), "RFC 5280 §6.1.3", "签名时证书已过期"),
        })
        {
            yield return Receipt("bad-" + name, bytes, "BAD", "RECEIPT_INVALID", clause, defect);
        }
    }

    private static Vector Receipt(string name, byte[] bytes, string verdict, string reason, string clause, string defect) =>
        new("receipt-" + name, bytes, verdict, reason, clause, defect) { Told = new() { ["trust"] = VectorKeys.Authority } };

    private static byte[] Make(
        int index = 2, int count = 5, LookupRecord? record = null, ReceiptFacts? facts = null, SigningKey? signer = null, ContentType use = ContentType.LookupTick, Func<LedgerRoot, LedgerRoot>? root = null, int? claimedIndex = null)
    {
        // 1. The records of one tick and their tree.
        var bytes = (record ?? ReceiptCases.Record).Encode();
        var records = Enumerable.Range(0, count).Select(i => i == index ? bytes : (ReceiptCases.Record with { Reference = "other " + i }).Encode()).ToArray();
        var (places, at) = (new (int, int)[count], 0);
        for (var i = 0; i < count; i++)
        {
            (places[i], at) = ((at, records[i].Length), at + records[i].Length);
        }

        var tree = MerkleTree.Of(records.SelectMany(one => one).ToArray(), places);
        var path = new byte[MerkleTree.PathLength(index, count) * Sm3.Size];
        tree.WritePath(index, path);

        // 2. The signed root, and the receipt around it.
        var signed = VectorKeys.Seal(use, (root ?? (same => same))(ReceiptCases.Root(tree)).Encode(), signer ?? VectorKeys.ReceiptSigner).Encode();
        var (shown, place) = ((facts ?? ReceiptCases.Facts).Encode(), claimedIndex ?? index);
        var receipt = new byte[ShantingEId.Receipts.Receipt.Size(bytes.Length, shown.Length, place, count, path.Length, signed.Length)];
        ShantingEId.Receipts.Receipt.Write(receipt, bytes, shown, place, count, path, signed);
        return receipt;
    }

    private static ReadOnlySpan<byte> Path(byte[] receipt)
    {
        var reader = new System.Formats.Cbor.CborReader(receipt);
        reader.ReadStartArray();
        for (var i = 0; i < 5; i++)
        {
            reader.SkipValue();
        }

        reader.ReadStartArray();
        return reader.ReadByteString();
    }

    private static byte[] Changed(byte[] bytes, ReadOnlySpan<byte> part)
    {
        var (altered, at) = (bytes.ToArray(), bytes.AsSpan().IndexOf(part));
        altered[at] ^= 1;
        return altered;
    }
}
