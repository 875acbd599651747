using System.Formats.Cbor;
using System.IO.Compression;
using ShantingEId.Crypto;
using ShantingEId.StatusLists;

namespace ShantingEId.Tests.Vectors;

/// <summary>Status list tokens: the entry asked for, the one form, the one signer, no bomb.</summary>
internal static class StatusListVectors
{
    private const string Address = "https://eid.shanting.example/status/0";
    private const string Form = "draft-ietf-oauth-status-list §5.2; docs/formats.md, Status list";
    private static readonly DateTimeOffset Issued = VectorKeys.Now.AddHours(-1);
    private static readonly DateTimeOffset Ends = VectorKeys.Now.AddHours(1);

    public static IEnumerable<Vector> All()
    {
        var two = new StatusList(2, [0xc9, 0x44, 0xf9]);
        var good = Token(two);
        foreach (var (place, state) in ((int, int)[])[(0, 1), (1, 2), (3, 3), (11, 3)])
        {
            yield return List($"good-2-bits-entry-{place}", Signed(good), "GOOD", "", "draft-ietf-oauth-status-list §4.1", $"无；第 {place} 项是 {state}", place, state);
        }

        yield return List("good-1-bit-entry-3", Signed(Token(new StatusList(1, [0xb9, 0xa3]))), "GOOD", "", "draft-ietf-oauth-status-list §4.1", "无；一位一项", 3, 1);
        yield return List("good-4-bits-entry-1", Signed(Token(new StatusList(4, [0xc9]))), "GOOD", "", "draft-ietf-oauth-status-list §4.1", "无；四位一项", 1, 12);
        yield return List("good-8-bits-entry-1", Signed(Token(new StatusList(8, [0xc9, 0x44]))), "GOOD", "", "draft-ietf-oauth-status-list §4.1", "无；八位一项", 1, 0x44);
        yield return List("good-largest", Signed(Token(new StatusList(8, new byte[StatusList.MaxBytes]))), "GOOD", "", "docs/formats.md, Status list: at most 1 MiB", "无；解压后正好 1 MiB", 7, 0);
        yield return List("good-other-compression", Signed(Claims(list: Map(2, Zlib([0xc9, 0x44, 0xf9], CompressionLevel.NoCompression)))), "GOOD", "", "RFC 1950; docs/formats.md, Status list", "无；压缩方式不同", 3, 3);
        yield return List("good-expired", Signed(good), "UNKNOWN", "STATE_TOO_OLD", "draft-ietf-oauth-status-list §8.3", "在这一秒到期", 0, null, Ends);
        yield return List("good-entry-beyond-end", Signed(good), "UNKNOWN", "NO_SUCH_ENTRY", "draft-ietf-oauth-status-list §8.3", "问的位置在列表之外", 12, null);

        foreach (var (name, payload, clause, defect) in new (string, byte[], string, string)[]
        {
            ("empty-list", Claims(list: Map(2, Zlib([]))), Form, "列表为空"), ("bomb", Claims(list: Map(2, Zlib(new byte[StatusList.MaxBytes + 1]))), "docs/formats.md, Status list: at most 1 MiB", "解压后 1 MiB 多一个字节"),
            ("byte-after-zlib", Claims(list: Map(2, [.. Zlib([0xc9, 0x44, 0xf9]), 0])), "RFC 1950", "压缩数据之后多一个字节"), ("zlib-cut-off", Claims(list: Map(2, Zlib([0xc9, 0x44, 0xf9])[..^1])), "RFC 1950", "压缩数据少最后一个字节"),
            ("zlib-check", Claims(list: Map(2, [.. Zlib([0xc9, 0x44, 0xf9])[..^1], 0])), "RFC 1950 Adler-32", "校验和不符"), ("raw-deflate", Claims(list: Map(2, Zlib([0xc9, 0x44, 0xf9])[2..^4])), "RFC 1950", "没有 zlib 的头"),
            ("zlib-dictionary", Claims(list: Map(2, [0x78, 0xF9, 0, 0, 0, 1, .. Zlib([0xc9, 0x44, 0xf9])[2..]])), "RFC 1950", "要求预置字典"),
            ("bits-3", Claims(list: Map(3, Zlib([0xc9, 0x44, 0xf9]))), "draft-ietf-oauth-status-list §4.1", "三位一项"), ("list-map-order", Claims(list: Map(2, Zlib([0xc9, 0x44, 0xf9]), isReversed: true)), "draft-ietf-oauth-status-list §4.3", "lst 在 bits 之前"),
            ("aggregation-uri", Claims(list: [0xA3, .. Map(2, Zlib([0xc9]))[1..], 0x61, (byte)'x', 0]), Form, "列表的映射多一项"),
            ("no-ttl", Claims(ttl: null), Form, "没有 ttl"), ("ttl-0", Claims(ttl: 0), Form, "ttl 为零"), ("ends-before-issue", Claims(expires: Issued), Form, "到期不晚于签发"), ("address-empty", Claims(address: ""), Form, "地址为空"),
            ("time-not-shortest", NotShortest(good), Form, "到期时间的数不是最短"), ("byte-after", [.. good, 0], Form, "之后多一个字节"),
        })
        {
            yield return List("bad-" + name, Signed(payload), "BAD", "STATUS_INVALID", clause, defect, 0, null);
        }

        yield return List("bad-other-address", Signed(Claims(address: Address[..^1] + "1")), "BAD", "STATUS_INVALID", "docs/formats.md, Status list: sub", "是另一个列表", 0, null);
        yield return List("bad-signature-last-bit", Broken(Signed(good)), "BAD", "STATUS_INVALID", "GB/T 32918.2 clause 7", "签名最后一位改变", 0, null);
        yield return List("bad-signer-of-codes", VectorKeys.Seal(ContentType.StatusList, good, VectorKeys.CodeSigner).Encode(), "BAD", "STATUS_INVALID", "RFC 5280 §4.2.1.12; docs/formats.md, Status list", "由签发证照码的密钥签发", 0, null, trust: "trust/code-as-status.pem");
        yield return List("bad-signer-unknown", VectorKeys.Seal(ContentType.StatusList, good, VectorKeys.OtherStatusSigner).Encode(), "BAD", "STATUS_INVALID", "docs/formats.md, Envelope", "别家的密钥", 0, null);
        yield return List("bad-signer-without-root", Signed(good), "BAD", "STATUS_INVALID", "RFC 5280 §6", "证书不能链接到受信任的根", 0, null, trust: "trust/status-without-root.pem");
        yield return List("bad-content-type", VectorKeys.Seal(ContentType.StatusPack, good, VectorKeys.StatusSigner).Encode(), "BAD", "STATUS_INVALID", "RFC 9596; docs/formats.md, Envelope", "信封的类型是状态包", 0, null);
    }

    private static Vector List(string name, byte[] bytes, string verdict, string reason, string clause, string defect, int entry, int? state, DateTimeOffset? time = null, string trust = "trust/status.pem")
    {
        var told = new Dictionary<string, object> { ["time"] = VectorKeys.Text(time ?? VectorKeys.Now), ["trust"] = trust, ["address"] = Address, ["entry"] = entry };
        if (state is { } expected)
        {
            told["status"] = expected;
        }

        return new Vector("status-list-" + name, bytes, verdict, reason, clause, defect) { Told = told };
    }

    private static byte[] Signed(byte[] payload) => VectorKeys.Seal(ContentType.StatusList, payload, VectorKeys.StatusSigner).Encode();

    private static byte[] Token(StatusList list) => Claims(list: Map(list.Bits, list.Compress()));

    private static byte[] Claims(string address = Address, DateTimeOffset? expires = null, byte[]? list = null, int? ttl = 300)
    {
        var writer = new CborWriter(CborConformanceMode.Strict);
        writer.WriteStartMap(ttl is null ? 4 : 5);
        writer.WriteInt32(2);
        writer.WriteTextString(address);
        writer.WriteInt32(4);
        writer.WriteInt64((expires ?? Ends).ToUnixTimeSeconds());
        writer.WriteInt32(6);
        writer.WriteInt64(Issued.ToUnixTimeSeconds());
        writer.WriteInt32(65533);
        writer.WriteEncodedValue(list ?? Map(2, new StatusList(2, [0xc9, 0x44, 0xf9]).Compress()));
        if (ttl is { } seconds)
        {
            writer.WriteInt32(65534);
            writer.WriteInt32(seconds);
        }

        writer.WriteEndMap();
        return writer.Encode();
    }

    private static byte[] Map(int bits, byte[] compressed, bool isReversed = false)
    {
        byte[] first = [0x64, .. "bits"u8, (byte)bits], second = [0x63, .. "lst"u8, .. RawEnvelope.Bytes(compressed)];
        return isReversed ? [0xA2, .. second, .. first] : [0xA2, .. first, .. second];
    }

    private static byte[] Zlib(byte[] bytes, CompressionLevel level = CompressionLevel.SmallestSize)
    {
        using var output = new MemoryStream();
        using (var zlib = new ZLibStream(output, level))
        {
            zlib.Write(bytes);
        }

        return bytes.Length > 0 ? output.ToArray() : [0x78, 0xDA, 0x03, 0x00, 0, 0, 0, 1];
    }

    private static byte[] NotShortest(byte[] payload)
    {
        // exp stands as 04 1A and four bytes.
        var at = payload.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x04, 0x1A]);
        return [.. payload[..(at + 1)], 0x1B, 0, 0, 0, 0, .. payload[(at + 2)..]];
    }

    private static byte[] Broken(byte[] bytes) => [.. bytes[..^1], (byte)(bytes[^1] ^ 1)];
}
