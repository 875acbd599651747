using System.Formats.Asn1;
using ShantingEId.Crypto;
using ShantingEId.Seals;

namespace ShantingEId.Tests.Vectors;

/// <summary>电子印章: without a register a good one is NOT_CONFIRMED, because nothing is known of its state.</summary>
internal static class SealVectors
{
    private const string Form = "GB/T 38540-2020 clause 6";
    private static readonly DateTimeOffset Made = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    private static readonly SesSealInfo Info = new()
    {
        VendorId = "ShantingEId", SealId = "37040600000001", Type = 1, Name = "枣庄市山亭区样例有限公司公章", CertificateList = [VectorKeys.SealSigner.Certificate.Der.ToArray()], CreateTime = Made, ValidStart = Made, ValidEnd = Made.AddYears(5),
        PictureType = "PNG", Picture = [0x89, 0x50, 0x4E, 0x47, 1, 2, 3, 4], Width = 40, Height = 40,
    };

    public static IEnumerable<Vector> All()
    {
        var good = Make();
        foreach (var version in (SesVersion[])[SesVersion.V1, SesVersion.V4, SesVersion.V5])
        {
            yield return Seal($"good-version-{(int)version}", Make(Info with { Version = version }), "NOT_CONFIRMED", "STATUS_UNKNOWN", version.Standard(), "无；没有查询登记簿，状态未知");
        }

        yield return Seal("good-raw-signature", Make(form: signature => signature.Raw.ToArray()), "NOT_CONFIRMED", "STATUS_UNKNOWN", "GB/T 38540-2020 clause 6; GM/T 0009 clause 7.3", "无；签名值写成 r‖s，市面上有此写法");
        foreach (var (name, bytes, reason, clause, defect) in new (string, byte[], string, string, string)[]
        {
            ("signature-last-bit", [.. good[..^1], (byte)(good[^1] ^ 1)], "SEAL_SIGNATURE", Form, "签名值最后一位改变"), ("name-changed", Changed(good), "SEAL_SIGNATURE", Form, "签名之后改了名称"),
            ("signature-empty", Make(form: _ => []), "SEAL_SIGNATURE", Form, "签名值为空"), ("signature-not-minimal", Make(form: NotMinimal), "SEAL_SIGNATURE", "X.690 §8.3.2", "签名值的整数有多余的前导零"),
            ("algorithm", Make(oid: "1.2.840.10045.4.3.2"), "ALGORITHM", "GM/T 0031-2014 clause 6.2.1", "签名算法写成 ECDSA"),
            ("maker-of-another-root", Make(maker: VectorKeys.OtherSealMaker), "CA_UNKNOWN", Form, "制章者证书不能链接到受信任的根"), ("maker-not-named", Make(maker: VectorKeys.SealSigner), "MAKER_UNKNOWN", Form, "企业自己制章"),
            ("maker-may-not-sign", Make(maker: VectorKeys.Ca), "CERT_USAGE", "RFC 5280 §4.2.1.3", "制章者证书的密钥用法不允许签名"), ("ended", Make(Info with { ValidEnd = Made.AddDays(1) }), "OUTSIDE_VALIDITY", Form, "印章已过有效期"),
            ("not-begun", Make(Info with { ValidStart = VectorKeys.Now.AddSeconds(1) }), "OUTSIDE_VALIDITY", Form, "印章有效期尚未开始"),
            ("cut-off", good[..^1], "ASN1_INVALID", "X.690 §10.1", "少最后一个字节"), ("byte-after", [.. good, 0], "ASN1_INVALID", "X.690 §10.1", "之后多一个字节"),
            ("indefinite-length", [0x30, 0x80, .. good[4..], 0, 0], "ASN1_INVALID", "X.690 §10.1", "最外层不定长"), ("length-not-shortest", [0x30, 0x83, 0, .. good[2..]], "ASN1_INVALID", "X.690 §10.1", "最外层的长度不是最短"),
            ("too-deep", Deep(), "ASN1_LIMITS", "docs/formats.md, Seals and signatures of others", "嵌套 40 层"), ("empty", [], "ASN1_INVALID", "X.690 §10.1", "没有内容"),
        })
        {
            yield return Seal("bad-" + name, bytes, "INVALID", reason, clause, defect);
        }
    }

    private static Vector Seal(string name, byte[] bytes, string verdict, string reason, string clause, string defect) =>
        new("seal-" + name, bytes, verdict, reason, clause, defect) { Told = new() { ["trust"] = VectorKeys.Authority, ["makers"] = "trust/seal-makers.pem" } };

    private static byte[] Make(SesSealInfo? info = null, SigningKey? maker = null, Func<Sm2Signature, byte[]>? form = null, string oid = Sm2Certificate.SignatureOid)
    {
        var (said, key) = (info ?? Info, maker ?? VectorKeys.SealMaker);
        var body = said.Encode();
        var isVersion1 = said.Version == SesVersion.V1;
        byte[] Value(byte[] signedPart) => (form ?? (signature => signature.ToDer()))(VectorKeys.Sign(key, signedPart));
        return Sequence(seal =>
        {
            seal.WriteEncodedValue(body);
            if (isVersion1)
            {
                seal.WriteEncodedValue(Sequence(signing => Signing(signing, Value(Sequence(part =>
                {
                    part.WriteEncodedValue(body);
                    Signer(part);
                })))));
            }
            else
            {
                Signing(seal, Value(body));
            }
        });

        void Signer(AsnWriter writer)
        {
            writer.WriteOctetString(key.Certificate.Der);
            writer.WriteObjectIdentifier(oid);
        }

        void Signing(AsnWriter writer, byte[] value)
        {
            Signer(writer);
            writer.WriteBitString(value);
        }
    }

    private static byte[] Sequence(Action<AsnWriter> content)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            content(writer);
        }

        return writer.Encode();
    }

    private static byte[] NotMinimal(Sm2Signature signature)
    {
        byte[] Number(ReadOnlySpan<byte> number) => [2, 34, 0, 0, .. number];
        return [0x30, 72, .. Number(signature.Raw[..32]), .. Number(signature.Raw[32..])];
    }

    private static byte[] Deep()
    {
        byte[] inner = [5, 0];
        for (var depth = 0; depth < 40; depth++)
        {
            inner = [0x30, (byte)inner.Length, .. inner];
        }

        return inner;
    }

    private static byte[] Changed(byte[] bytes)
    {
        var (altered, name) = (bytes.ToArray(), System.Text.Encoding.UTF8.GetBytes("样例"));
        System.Text.Encoding.UTF8.GetBytes("示例").CopyTo(altered, bytes.AsSpan().IndexOf(name));
        return altered;
    }
}
