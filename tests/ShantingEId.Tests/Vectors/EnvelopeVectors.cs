using System.Formats.Cbor;
using System.Numerics;
using ShantingEId.Crypto;

namespace ShantingEId.Tests.Vectors;

/// <summary>The envelope by itself, as a manifest's: its one form, its signature, its key's use.</summary>
internal static class EnvelopeVectors
{
    private const string Form = "RFC 9052 §4.2; RFC 8949 §4.2; docs/formats.md, Envelope";
    private const string Signing = "GB/T 32918.2 clause 7; RFC 9052 §4.4";
    private static readonly byte[] Payload = [0xA1, 0x01, 0x62, (byte)'O', (byte)'K'];
    private static readonly byte[] KeyId = VectorKeys.ManifestSigner.Private.PublicKey.KeyId.ToBytes();
    private static readonly RawEnvelope Good = new(ContentType.Manifest, Payload, VectorKeys.ManifestSigner);
    private static readonly byte[] Order = Convert.FromHexString("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123");

    public static IEnumerable<Vector> All() => [.. Forms(), .. Signatures()];

    private static IEnumerable<Vector> Forms()
    {
        yield return new Vector("envelope-good", Good.Encode(), "GOOD", "", Form, "无") { Told = Told() };
        yield return new Vector("envelope-good-empty-payload", (Good with { Payload = [] }).Encode(), "GOOD", "", Form, "无；内容为空") { Told = Told() };
        foreach (var (name, envelope, defect) in new (string, RawEnvelope, string)[]
        {
            ("tag-17", Good with { Tag = [0xD1] }, "标签是 17"), ("tag-not-shortest", Good with { Tag = [0xD8, 18] }, "标签的头不是最短"), ("tag-missing", Good with { Tag = [] }, "没有标签"), ("tag-twice", Good with { Tag = [0xD2, 0xD2] }, "标签重复"),
            ("array-of-5", Good with { Array = [0x85], After = [0] }, "数组有五项"), ("array-of-3", Good with { Array = [0x83] }, "数组只有三项"), ("array-not-shortest", Good with { Array = [0x98, 4] }, "数组的头不是最短"),
            ("array-indefinite", Good with { Array = [0x9F], After = [0xFF] }, "数组不定长"), ("byte-after", Good with { After = [0] }, "之后多一个字节"),
            ("unprotected-header", Good with { Unprotected = [0xA1, 1, 0] }, "不受保护的头不为空"), ("unprotected-header-null", Good with { Unprotected = [0xF6] }, "不受保护的头是 null"),
            ("payload-null", Good with { PayloadItem = _ => [0xF6] }, "内容分离（null）"), ("payload-text", Good with { PayloadItem = payload => [(byte)(0x60 + payload.Length), .. payload] }, "内容写成文本串"),
            ("payload-not-shortest", Good with { PayloadItem = payload => [0x58, (byte)payload.Length, .. payload] }, "内容的头不是最短"), ("payload-in-pieces", Good with { PayloadItem = payload => [0x5F, (byte)(0x40 + payload.Length), .. payload, 0xFF] }, "内容分段"),
            ("payload-longer-than-file", Good with { PayloadItem = payload => [0x5A, 0x7F, 0xFF, 0xFF, 0xFF, .. payload] }, "内容声称有 2 GiB"),
            ("header-order", Good with { Header = writer => Header(writer, (4, KeyId), (3, 65001), (1, Envelope.Algorithm)) }, "受保护的头顺序不对"), ("header-twice", Good with { Header = writer => Header(writer, (1, Envelope.Algorithm), (1, Envelope.Algorithm), (4, KeyId)) }, "受保护的头有重复的键"),
            ("header-fourth-entry", Good with { Header = writer => Header(writer, (1, Envelope.Algorithm), (3, 65001), (4, KeyId), (5, 0)) }, "受保护的头多一项"), ("header-no-key-id", Good with { Header = writer => Header(writer, (1, Envelope.Algorithm), (3, 65001)) }, "没有密钥标识"),
            ("header-algorithm-es256", Good with { Header = writer => Header(writer, (1, -7), (3, 65001), (4, KeyId)) }, "算法写成 ES256"), ("header-key-id-7-bytes", Good with { Header = writer => Header(writer, (1, Envelope.Algorithm), (3, 65001), (4, KeyId[..7])) }, "密钥标识只有 7 字节"),
            ("header-content-type-text", Good with { Header = writer => Header(writer, (1, Envelope.Algorithm), (3, "application/cose"), (4, KeyId)) }, "内容类型写成文本"),
            ("header-status-list-number", Good with { Header = writer => Header(writer, (1, Envelope.Algorithm), (3, 65020), (4, KeyId)) }, "以数字写状态列表的类型"), ("header-other-type", Good with { Header = writer => Header(writer, (1, Envelope.Algorithm), (4, KeyId), (16, "application/cwt")) }, "标签 16 是别的类型"),
            ("header-empty", Good with { Header = writer => Header(writer) }, "受保护的头是空映射"),
            ("signature-63-bytes", Good with { Signature = raw => raw[..63] }, "签名只有 63 字节"), ("signature-65-bytes", Good with { Signature = raw => [.. raw, 0] }, "签名有 65 字节"), ("signature-der", Good with { Signature = raw => Sm2Signature.FromRaw(raw)!.ToDer() }, "签名写成 DER"),
            ("signature-r-zero", Good with { Signature = raw => [.. new byte[32], .. raw[32..]] }, "r 为零"), ("signature-s-zero", Good with { Signature = raw => [.. raw[..32], .. new byte[32]] }, "s 为零"),
            ("signature-r-is-order", Good with { Signature = raw => [.. Order, .. raw[32..]] }, "r 等于阶 n"), ("signature-s-is-order", Good with { Signature = raw => [.. raw[..32], .. Order] }, "s 等于阶 n"),
            ("signature-s-plus-order", Good with { Signature = raw => [.. raw[..32], .. Enumerable.Repeat((byte)0xFF, 32)] }, "s 大于阶 n"),
        })
        {
            yield return new Vector("envelope-bad-" + name, envelope.Encode(), "MALFORMED", "STRUCTURE", name.StartsWith("signature", StringComparison.Ordinal) ? "GB/T 32918.2 clause 7.1; docs/formats.md, Envelope" : Form, defect) { Told = Told() };
        }

        var good = Good.Encode();
        yield return new Vector("envelope-bad-empty", [], "MALFORMED", "STRUCTURE", Form, "没有内容") { Told = Told() };
        yield return new Vector("envelope-bad-cut-off", good[..^1], "MALFORMED", "STRUCTURE", Form, "少最后一个字节") { Told = Told() };
    }

    private static IEnumerable<Vector> Signatures()
    {
        foreach (var (name, envelope, verdict, reason, defect) in new (string, RawEnvelope, string, string, string)[]
        {
            ("signature-last-bit", Good with { Signature = raw => [.. raw[..63], (byte)(raw[63] ^ 1)] }, "BAD_SIGNATURE", "SIGNATURE_INVALID", "签名最后一位改变"),
            ("signature-swapped", Good with { Signature = raw => [.. raw[32..], .. raw[..32]] }, "BAD_SIGNATURE", "SIGNATURE_INVALID", "r 与 s 交换"),
            ("signature-negated-s", Good with { Signature = raw => [.. raw[..32], .. Negated(raw.AsSpan(32))] }, "BAD_SIGNATURE", "SIGNATURE_INVALID", "s 换成 n − s"),
            ("signature-r-is-digest", Good with { Signature = RIsDigest }, "BAD_SIGNATURE", "SIGNATURE_INVALID", "使和为无穷远点：r = e，由持有私钥者制作"),
            ("signature-external-data", Good with { ExternalData = [1] }, "BAD_SIGNATURE", "SIGNATURE_INVALID", "签名时带了外部数据"),
            ("signature-context", Good with { Context = "Signature" }, "BAD_SIGNATURE", "SIGNATURE_INVALID", "签的是 Signature 而非 Signature1"),
            ("key-unknown", Good with { Key = VectorKeys.OtherSigner }, "NOT_OURS", "KEY_UNKNOWN", "别家的密钥"),
            ("key-of-another-use", Good with { Key = VectorKeys.CodeSigner }, "NOT_OURS", "KEY_UNKNOWN", "本机关签发证照码的密钥"),
            ("content-type-code", Good with { Use = ContentType.LicenseCode }, "BAD_SIGNATURE", "KEY_PURPOSE", "内容类型是证照码"),
        })
        {
            var clause = reason == "SIGNATURE_INVALID" ? Signing : "docs/formats.md, Envelope: one key, one content type";
            yield return new Vector("envelope-bad-" + name, envelope.Encode(), verdict, reason, clause, defect) { Told = Told() };
        }
    }

    private static Dictionary<string, object> Told() => new() { ["signers"] = "trust/manifest-signers.pem", ["use"] = (int)ContentType.Manifest };

    private static void Header(CborWriter writer, params (int Label, object Value)[] entries)
    {
        writer.WriteStartMap(entries.Length);
        foreach (var (label, value) in entries)
        {
            writer.WriteInt32(label);
            switch (value)
            {
                case int number: writer.WriteInt32(number); break;
                case string text: writer.WriteTextString(text); break;
                default: writer.WriteByteString((byte[])value); break;
            }
        }

        writer.WriteEndMap();
    }

    private static byte[] Negated(ReadOnlySpan<byte> s) => Fixed(Number(Order) - Number(s));

    // s(1 + d) = −r·d makes s·G + (r + s)·P the point at infinity; then r = e mod n is what a verifier that takes its x for 0 accepts.
    private static byte[] RIsDigest(byte[] raw)
    {
        var (n, key) = (Number(Order), VectorKeys.ManifestSigner);
        var envelope = Envelope.Assemble(ContentType.Manifest, key.Private.PublicKey.KeyId, Payload, Sm2Signature.FromRaw(raw)!);
        var r = ShantingEId.Tests.Crypto.ReferenceSm2.E(ShantingEId.Tests.Crypto.ReferenceSm2.PointOf(key.Private.PublicKey.Spki), ShantingEId.Tests.Crypto.ReferenceSm2.DefaultId, envelope.ToBeSigned()) % n;
        var d = Number(key.Private.ExportScalar());
        var s = (n - r) * d % n * BigInteger.ModPow(1 + d, n - 2, n) % n;
        return [.. Fixed(r), .. Fixed(s)];
    }

    private static BigInteger Number(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);

    private static byte[] Fixed(BigInteger number)
    {
        var bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[32 - bytes.Length], .. bytes];
    }
}
