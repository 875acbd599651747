using System.Formats.Cbor;
using System.Text;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Licenses;

namespace ShantingEId.Tests.Vectors;

/// <summary>证照码: the text, its envelope, its claims, its state by a pack.</summary>
internal static class CodeVectors
{
    public const string Prefix = "HTTPS://EID.SHANTING.EXAMPLE/";
    private const string Text = "docs/formats.md, Licence code";
    private const string Envelopes = "RFC 9052 §4.2; docs/formats.md, Envelope";
    private const string Claims = "RFC 8392 §3; docs/formats.md, Licence code";
    private const string Signing = "GB/T 32918.2 clause 7; RFC 9052 §4.4";
    private const string States = "docs/formats.md, Pack";

    /// <summary>The licence at a place of the pack.</summary>
    public static LicenseCode At(int list, int index) => new(
        CreditCode.Parse("91370406MA3ABC127Q"), 1, "枣庄市山亭区样例有限公司", ManifestDigest.Of("样例"u8), new StatusReference(list, index), new DateTimeOffset(2026, 1, 5, 1, 2, 3, TimeSpan.Zero));

    public static IEnumerable<Vector> All() => [.. Good(), .. Texts(), .. Keys(), .. BadClaims(), .. Typed()];

    private static IEnumerable<Vector> Good()
    {
        yield return Code("good", Spell(At(0, 0)), "VALID", "", States, "无");
        yield return Code("good-longest-name", Spell(At(0, 0) with { Name = string.Concat(Enumerable.Repeat("𠮷", 60)), Version = 999 }), "VALID", "", Claims, "无；名称最长，含四字节字符，第 999 版");
        yield return Code("good-suspended", Spell(At(0, 1)), "SUSPENDED", "SUSPENDED", States, "无；状态为暂停");
        yield return Code("good-superseded", Spell(At(0, 2)), "SUPERSEDED", "SUPERSEDED", States, "无；已换发");
        yield return Code("good-superseded-without-successor", Spell(At(0, 3)), "SUPERSEDED", "SUPERSEDED", States, "无；已换发，包中没有后继");
        yield return Code("good-listed-invalid", Spell(At(0, 4)), "REVOKED", "LISTED_INVALID", States, "无；状态为失效");
        yield return Code("good-list-not-in-pack", Spell(At(9, 0)), "REVOKED", "LISTED_INVALID", States, "无；包中没有这个状态列表");
        yield return Code("good-place-beyond-list", Spell(At(0, 1 << 20)), "REVOKED", "LISTED_INVALID", States, "无；位置在列表之外");
        yield return Code("good-younger-than-pack", Spell(At(0, 4) with { IssueTime = PackVectors.Produced }), "UNKNOWN", "YOUNGER_THAN_STATES", States, "无；签发时间与状态包相同");
        yield return Code("good-comprehensive", Spell(At(0, 5)), "UNKNOWN", "PERMITS_NOT_LISTED", States, "无；行业综合许可证");
        yield return Code("good-pack-expired", Spell(At(0, 0)), "UNKNOWN", "STATE_TOO_OLD", States, "状态包在这一秒到期", PackVectors.Expires);
        yield return Code("good-pack-one-second-before-end", Spell(At(0, 0)), "VALID", "", States, "无；状态包到期前一秒", PackVectors.Expires.AddSeconds(-1));
        yield return Code("good-clock-before-pack", Spell(At(0, 0)), "UNKNOWN", "CLOCKS_APART", States, "本机时钟早于状态包制作时间五分多钟", PackVectors.Produced.AddSeconds(-301));
        const string Time = "docs/formats.md, Licence code: time of issue within the signer's certificate";
        var ended = VectorKeys.EndedCodeSigner.Certificate.NotAfter;
        yield return Code("good-signer-certificate-over", Spell(At(0, 0), VectorKeys.EndedCodeSigner), "VALID", "", Time, "无；签名证书已到期，签发时有效", path: PackVectors.EndedSigner);
        yield return Code("good-signer-certificate-ends-at-issue", Spell(At(0, 0) with { IssueTime = ended }, VectorKeys.EndedCodeSigner), "VALID", "", Time, "无；签发于签名证书的最后一秒", path: PackVectors.EndedSigner);
        yield return Code("bad-signer-certificate-over-at-issue", Spell(At(0, 0) with { IssueTime = ended.AddSeconds(1) }, VectorKeys.EndedCodeSigner), "NOT_OURS", "KEY_UNKNOWN", Time, "签发时签名证书已到期一秒", path: PackVectors.EndedSigner);
        yield return Code("bad-signer-certificate-not-begun-at-issue", Spell(At(0, 0) with { IssueTime = VectorKeys.CodeSigner.Certificate.NotBefore.AddSeconds(-1) }), "NOT_OURS", "KEY_UNKNOWN", Time, "签发时签名证书还有一秒才生效");
        yield return Code("good-signer-certificate-over-without-pack", Spell(At(0, 0), VectorKeys.EndedCodeSigner), "UNKNOWN", "REGISTER_NOT_ASKED", Time, "没有状态包；签名证书已到期，签发时有效", pack: false, path: VectorKeys.CodeSignersOfAllTimes);
        yield return Code("good-clock-before-signer-certificate", Spell(At(0, 0)), "UNKNOWN", "REGISTER_NOT_ASKED", Time, "没有状态包；本机时钟早于签名证书", VectorKeys.CodeSigner.Certificate.NotBefore.AddSeconds(-1), pack: false);
        yield return Code("good-without-pack", Spell(At(0, 0)), "UNKNOWN", "REGISTER_NOT_ASKED", States, "没有状态包", pack: false);
    }

    private static IEnumerable<Vector> Texts()
    {
        var text = Spell(At(0, 0));
        var body = text[(Prefix.Length + 1)..];
        foreach (var (name, scanned, defect) in new[]
        {
            ("empty", "", "没有内容"), ("http", "HTTP" + text[5..], "前缀是 HTTP"), ("lower-case", text.ToLowerInvariant(), "全部小写"), ("leading-space", " " + text, "前面有空格"),
            ("byte-order-mark", "\uFEFF" + text, "前面有字节顺序标记"), ("look-alike-host", text.Replace("EXAMPLE/", "EXAMPLE.EVIL.EXAMPLE/", StringComparison.Ordinal), "主机名相似"),
            ("user-in-address", text.Replace("HTTPS://", "HTTPS://A@", StringComparison.Ordinal), "地址中有用户名"), ("full-width-letter", "Ｈ" + text[1..], "第一个字母是全角"),
        })
        {
            yield return Code("bad-prefix-" + name, scanned, "NOT_OURS", "QR_PREFIX", Text, defect);
        }

        yield return Code("bad-version-none", Prefix, "MALFORMED", "QR_VERSION", Text, "只有前缀");
        yield return Code("bad-version-2", Prefix + "2" + body, "MALFORMED", "QR_VERSION", Text, "版本号为 2");
        yield return Code("good-live", Prefix + "8" + body, "UNKNOWN", "LIVE_CODE_ONLINE", Text, "无；动态码只有登记簿能认");
        yield return Code("bad-version-missing", Prefix + body, "MALFORMED", "QR_VERSION", Text, "没有版本号");
        foreach (var (name, scanned, defect) in new[]
        {
            ("lower-case-letter", text[..^1] + char.ToLowerInvariant(text[^1]), "最后一个字母小写"), ("lower-case-body", Prefix + "1" + body.ToLowerInvariant(), "正文小写"),
            ("padding", text + "=", "有填充字符"), ("trailing-space", text + " ", "后面有空格"), ("trailing-line-feed", text + "\n", "后面有换行"), ("query", text + "?X=1", "后面有查询参数"),
            ("impossible-length", Prefix + "1A", "长度不可能"), ("spare-bits", Prefix + "1AB", "多余的位不为零"), ("digit-1", text[..^3] + "1" + text[^2..], "含字母表以外的数字 1"),
            ("hyphen-inside", text[..^4] + "-" + text[^4..], "中间有连字符"), ("full-width-digit", text[..^3] + "２" + text[^2..], "含全角数字"),
        })
        {
            yield return Code("bad-spelling-" + name, scanned, "MALFORMED", "QR_NOT_CANONICAL", Text, defect);
        }

        var bytes = Base32.Decode(body)!;
        foreach (var (name, content, clause, defect) in new (string, byte[], string, string)[]
        {
            ("nothing", [], Envelopes, "没有信封"), ("digest-only", Sm3.Hash([1]), Envelopes, "只是一段随机字节"), ("twice", [.. bytes, .. bytes], Envelopes, "信封重复两次"), ("byte-after", [.. bytes, 0], Envelopes, "信封之后多一个字节"),
            ("cut-off", bytes[..^1], Envelopes, "少最后一个字节"), ("no-tag", bytes[1..], Envelopes, "没有标签 18"),
        })
        {
            yield return Code("bad-structure-" + name, Prefix + "1" + Base32.Encode(content), "MALFORMED", "QR_STRUCTURE", clause, defect);
        }
    }

    private static IEnumerable<Vector> Keys()
    {
        yield return Code("bad-structure-too-long", Spell(At(0, 0) with { Name = new string('样', 400) }), "MALFORMED", "QR_STRUCTURE", "docs/formats.md, Licence code: at most 2,048 characters", "文本超过 2048 个字符，其余都好");
        var good = Payload(At(0, 0));
        var name = Encoding.UTF8.GetBytes("样例");
        var place = good.AsSpan().IndexOf(name);
        foreach (var (what, envelope, verdict, reason, clause, defect) in new[]
        {
            ("signature-last-bit", Raw(good) with { Signature = raw => Flip(raw, 63, 1) }, "BAD_SIGNATURE", "SIGNATURE_INVALID", Signing, "签名最后一位改变"),
            ("signature-first-bit", Raw(good) with { Signature = raw => Flip(raw, 0, 1) }, "BAD_SIGNATURE", "SIGNATURE_INVALID", Signing, "签名第一个字节改变"),
            ("signature-swapped", Raw(good) with { Signature = raw => [.. raw[32..], .. raw[..32]] }, "BAD_SIGNATURE", "SIGNATURE_INVALID", Signing, "r 与 s 交换"),
            ("signature-sum-is-order", Raw(good) with { Signature = SumIsOrder }, "BAD_SIGNATURE", "SIGNATURE_INVALID", Signing, "r + s 等于阶 n"),
            ("signature-context", Raw(good) with { Context = "Signature" }, "BAD_SIGNATURE", "SIGNATURE_INVALID", "RFC 9052 §4.4", "签的是 Signature 而非 Signature1"),
            ("signature-external-data", Raw(good) with { ExternalData = [1] }, "BAD_SIGNATURE", "SIGNATURE_INVALID", "RFC 9052 §4.4", "签名时带了外部数据"),
            ("key-unknown", Raw(good) with { Key = VectorKeys.OtherSigner }, "NOT_OURS", "KEY_UNKNOWN", Envelopes, "别家的密钥"),
            ("key-of-manifests", Raw(good) with { Key = VectorKeys.ManifestSigner }, "NOT_OURS", "KEY_UNKNOWN", "docs/formats.md, Envelope: one key, one content type", "本机关签发清单的密钥"),
            ("key-of-states", Raw(good) with { Key = VectorKeys.StatusSigner }, "NOT_OURS", "KEY_UNKNOWN", "docs/formats.md, Envelope: one key, one content type", "本机关签发状态的密钥"),
            ("content-type-manifest", Raw(good) with { Use = ContentType.Manifest }, "BAD_SIGNATURE", "KEY_PURPOSE", "docs/formats.md, Envelope: one key, one content type", "内容类型是清单"),
            ("content-type-unknown", Raw(good) with { Use = (ContentType)7 }, "BAD_SIGNATURE", "KEY_PURPOSE", "docs/formats.md, Envelope: one key, one content type", "内容类型没有定义"),
        })
        {
            yield return Code("bad-" + what, Prefix + "1" + Base32.Encode(envelope.Encode()), verdict, reason, clause, defect);
        }

        var changed = good.ToArray();
        Encoding.UTF8.GetBytes("示例").CopyTo(changed, place);
        yield return Code("bad-name-changed", Prefix + "1" + Base32.Encode(Envelope.Assemble(ContentType.LicenseCode, VectorKeys.CodeSigner.Private.PublicKey.KeyId, changed, VectorKeys.Seal(ContentType.LicenseCode, good, VectorKeys.CodeSigner).Signature).Encode()),
            "BAD_SIGNATURE", "SIGNATURE_INVALID", Signing, "签名之后改了名称");
        yield return Code("bad-key-id-of-another", Prefix + "1" + Base32.Encode((Raw(good) with { Header = writer => RawEnvelope.Good(writer, ContentType.LicenseCode, VectorKeys.CodeSigner.Private.PublicKey.KeyId.ToBytes()), Key = VectorKeys.OtherSigner }).Encode()),
            "BAD_SIGNATURE", "SIGNATURE_INVALID", Signing, "冒用本机关的密钥标识");
    }

    // Signed well by the right key, and still not a licence code.
    private static IEnumerable<Vector> BadClaims()
    {
        var good = Payload(At(0, 0));
        var name = Encoding.UTF8.GetByteCount(At(0, 0).Name);
        foreach (var (what, payload, defect) in new (string, byte[], string)[]
        {
            ("none", [], "没有声明"), ("byte-after", [.. good, 0], "声明之后多一个字节"), ("indefinite-map", [0xBF, .. good[1..], 0xFF], "不定长的映射"), ("long-map-head", [0xB8, 3, .. good[1..]], "映射的头不是最短"),
            ("fourth-claim", [0xA4, .. good[1..], 0x3A, 0, 1, 0, 1, 0], "多一个声明"), ("holder-check-character", [.. good[..20], (byte)'R', .. good[21..]], "统一社会信用代码的校验位不符"),
            ("holder-as-bytes", [.. good[..2], 0x52, .. good[3..]], "信用代码写成字节串"), ("holder-under-claim-1", [0xA3, 1, .. good[2..]], "信用代码在声明 1"), ("time-under-claim-5", [.. good[..21], 5, .. good[22..]], "签发时间在声明 5"),
            ("time-not-shortest", [.. good[..22], 0x1B, 0, 0, 0, 0, .. good[23..]], "时间的数不是最短"), ("time-as-float", [.. good[..22], 0xFA, .. good[23..]], "时间写成浮点数"),
            ("array-of-6", [.. good[..32], 0x86, .. good[33..], 0], "数组有六项"), ("name-as-bytes", [.. good[..34], (byte)(good[34] - 0x20), .. good[35..]], "名称写成字节串"),
            ("name-not-utf8", [.. good[..36], 0xFF, .. good[37..]], "名称不是 UTF-8"), ("name-surrogate", [.. good[..36], 0xED, 0xA0, 0x80, .. good[39..]], "名称含代理码位"), ("name-overlong", [.. good[..36], 0xE0, 0x80, 0xAF, .. good[39..]], "名称含过长的 UTF-8"),
            ("digest-31-bytes", [.. good[..(36 + name)], 0x58, 31, .. good[(39 + name)..]], "摘要只有 31 字节"),
            ("version-0", Numbers(0, 0, 0, 1_767_574_923), "版本为 0"), ("version-1000", Numbers(1000, 0, 0, 1_767_574_923), "版本为 1000"), ("version-negative", Numbers(-1, 0, 0, 1_767_574_923), "版本为负"),
            ("list-negative", Numbers(1, -1, 0, 1_767_574_923), "列表号为负"), ("index-negative", Numbers(1, 0, -1, 1_767_574_923), "位置为负"), ("index-of-33-bits", Numbers(1, 0, 1L << 32, 1_767_574_923), "位置超过 32 位"),
            ("time-negative", Numbers(1, 0, 0, -1), "时间为负"), ("time-after-year-9999", Numbers(1, 0, 0, 253_402_300_800), "时间在 9999 年之后"), ("time-of-64-bits", Numbers(1, 0, 0, long.MaxValue), "时间为 2^63−1"),
        })
        {
            yield return Code("bad-claims-" + what, Prefix + "1" + Base32.Encode(Raw(payload).Encode()), "MALFORMED", "QR_STRUCTURE", Claims, defect);
        }
    }

    private static IEnumerable<Vector> Typed()
    {
        const string Clause = "ISO/IEC 7064 MOD 33,32; docs/formats.md, Typed code";
        yield return Code("typed-good", "7K3M9QWX2B4T"[..11] + Iso7064.HybridCheck("0123456789ABCDEFGHJKMNPQRSTVWXYZ", "7K3M9QWX2B4"), "UNKNOWN", "REGISTER_NOT_ASKED", Clause, "无；短码没有签名");
        yield return Code("typed-good-lower-case-in-groups", "7k3m-9qwx 2b4" + char.ToLowerInvariant(Iso7064.HybridCheck("0123456789ABCDEFGHJKMNPQRSTVWXYZ", "7K3M9QWX2B4")), "UNKNOWN", "REGISTER_NOT_ASKED", Clause, "无；小写，带连字符和空格");
        yield return Code("typed-wrong-check", "7K3M9QWX2B4" + (Iso7064.HybridCheck("0123456789ABCDEFGHJKMNPQRSTVWXYZ", "7K3M9QWX2B4") == 'A' ? 'B' : 'A'), "MALFORMED", "TYPED_CODE_CHECK", Clause, "校验位不符");
        yield return Code("typed-letter-o", "7K3M9QWXOB4T", "MALFORMED", "TYPED_CODE_CHECK", Clause, "含字母 O");
        yield return Code("typed-11-characters", "7K3M9QWX2B4", "NOT_OURS", "QR_PREFIX", Clause, "只有 11 个字符，不是短码");
    }

    private static Vector Code(string name, string text, string verdict, string reason, string clause, string defect, DateTimeOffset? time = null, bool pack = true, string? path = null) =>
        new("code-" + name, Encoding.UTF8.GetBytes(text), verdict, reason, clause, defect)
        {
            Told = pack ? new() { ["time"] = VectorKeys.Text(time ?? VectorKeys.Now), ["trust"] = VectorKeys.Authority, ["pack"] = path ?? PackVectors.ForCodes }
                : new() { ["time"] = VectorKeys.Text(time ?? VectorKeys.Now), ["trust"] = VectorKeys.Authority, ["codeSigners"] = path ?? "trust/code-signers.pem", ["codePrefix"] = Prefix },
        };

    /// <summary>A code with a good signature.</summary>
    public static string Spell(LicenseCode code, SigningKey? key = null) => Prefix + "1" + Base32.Encode(VectorKeys.Seal(ContentType.LicenseCode, Payload(code), key ?? VectorKeys.CodeSigner).Encode());

    private static RawEnvelope Raw(byte[] payload) => new(ContentType.LicenseCode, payload, VectorKeys.CodeSigner);

    /// <summary>Its claims.</summary>
    public static byte[] Payload(LicenseCode code)
    {
        // Not by LicenseCode, which refuses too long a text.
        var bytes = Base32.Decode(code.Sign(Prefix, VectorKeys.CodeSigner).AsSpan(Prefix.Length + 1));
        return Envelope.TryParse(bytes, out var envelope) ? envelope.Payload : throw new InvalidOperationException("what was signed is no envelope");
    }

    private static byte[] Flip(byte[] bytes, int at, byte mask)
    {
        bytes[at] ^= mask;
        return bytes;
    }

    private static byte[] SumIsOrder(byte[] raw)
    {
        var r = new System.Numerics.BigInteger(raw.AsSpan(0, 32), isUnsigned: true, isBigEndian: true);
        var order = System.Numerics.BigInteger.Parse("0FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123", System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture);
        var s = (order - r).ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. raw[..32], .. new byte[32 - s.Length], .. s];
    }

    private static byte[] Numbers(long version, long list, long index, long time)
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartMap(3);
        writer.WriteInt32(2);
        writer.WriteTextString("91370406MA3ABC127Q");
        writer.WriteInt32(6);
        writer.WriteInt64(time);
        writer.WriteInt32(-65537);
        writer.WriteStartArray(5);
        writer.WriteInt64(version);
        writer.WriteTextString("样例");
        writer.WriteByteString(new byte[32]);
        writer.WriteInt64(list);
        writer.WriteInt64(index);
        writer.WriteEndArray();
        writer.WriteEndMap();
        return writer.Encode();
    }
}
