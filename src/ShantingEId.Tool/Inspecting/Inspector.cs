using System.Text;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Documents;
using ShantingEId.Documents.Reading;
using ShantingEId.Licenses;
using ShantingEId.Receipts;
using ShantingEId.Seals;
using ShantingEId.Tool.Cli;

namespace ShantingEId.Tool.Inspecting;

/// <summary>Finds out what some bytes are, by their content and never by their name.</summary>
internal static class Inspector
{
    private const int MaxFile = 16 * 1024 * 1024;

    public static Node Inspect(string input, Trust trust)
    {
        if (!File.Exists(input))
        {
            return InspectText(input, trust) ?? throw new UsageException($"找不到文件 {input}，它也不是证照码、校验短码、统一社会信用代码或证照标识");
        }

        if (new FileInfo(input).Length > MaxFile)
        {
            throw new EidException(ErrorReason.MessageTooLarge, $"文件超过 {MaxFile / 1024 / 1024} MB，不会是本系统的文件");
        }

        var bytes = File.ReadAllBytes(input);
        var found = bytes switch
        {
            _ when Files.IsPicture(bytes) => InspectPicture(bytes, trust),
            [0x30, ..] => InspectDer(bytes, trust),
            _ when OfdReader.LooksLikeOne(bytes) => OfdNodes.Of(OfdReader.Read(bytes)),
            [0x87, ..] when Receipt.TryParse(bytes, out var receipt) => EnvelopeNodes.Of(receipt, trust),
            [0xD2, ..] when Envelope.TryParse(bytes, out var envelope) => EnvelopeNodes.Of(envelope, bytes, trust),
            _ when Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF').Trim() is var text => text.Contains("-----BEGIN", StringComparison.Ordinal) ? InspectPem(text, trust) : InspectText(text, trust),
            _ => null,
        };
        return found ?? throw new UsageException($"不认识 {input}：不是印章、签章、OFD、证书、清单、证照码、核验回执，也不是 PNG、JPEG、WebP 图片");
    }

    private static Node InspectPicture(byte[] bytes, Trust trust)
    {
        var texts = CodeReader.Read(bytes);
        var picture = new Node("图片", texts.Count == 0 ? "没有识读到二维码" : $"{texts.Count} 个二维码");
        foreach (var text in texts)
        {
            picture.Add(InspectText(text, trust) ?? new Node("二维码文字", text));
        }

        return picture;
    }

    private static Node? InspectDer(byte[] bytes, Trust trust)
    {
        try
        {
            return SealNodes.Of(SesSeal.Parse(bytes), trust);
        }
        catch (EidException notSeal)
        {
            if (SealNodes.TrySignature(bytes, trust) is { } signature)
            {
                return signature;
            }

            try
            {
                return CertificateNodes.Of(bytes, "证书", trust);
            }
            catch (EidException) when (notSeal.Reason != ErrorReason.Asn1Invalid)
            {
                // A seal by its outer form: what is wrong inside is worth more than "not a certificate".
                throw notSeal;
            }
        }
    }

    private static Node? InspectPem(string text, Trust trust)
    {
        var certificates = Trust.Certificates(text);
        if (certificates.Count == 0)
        {
            return text.Contains("PRIVATE KEY", StringComparison.Ordinal)
                ? throw new UsageException("这是私钥文件，内容不予显示；请查看同名的 .crt 证书")
                : null;
        }

        if (certificates.Count == 1)
        {
            return CertificateNodes.Of(certificates[0], "证书", trust);
        }

        var chain = new Node("证书", $"{certificates.Count} 张");
        for (var i = 0; i < certificates.Count; i++)
        {
            chain.Add(CertificateNodes.Of(certificates[i], $"第 {i + 1} 张", trust));
        }

        return chain;
    }

    private static Node? InspectText(string text, Trust trust)
    {
        if (text.Length > LicenseCode.MaxTextLength || text.Any(char.IsControl))
        {
            return null;
        }

        if (TypedCode.LooksLikeOne(text))
        {
            return TypedCode.TryParse(text, out var typed)
                ? new Node("校验短码", typed.ToString()).Add(new Node("校验位", "正确", Finding.Good))
                : new Node("校验短码", text).Add(new Node("校验位", "不符，可能录错了字符", Finding.Bad));
        }

        if (CreditCode.TryParse(text, out var code, out _))
        {
            return new Node("统一社会信用代码", code.Value).Add("登记管理部门代码", code.Department.ToString()).Add("机构类别代码", code.Category.ToString())
                .Add("行政区划码", code.Division).Add(new Node("校验位", "正确", Finding.Good));
        }

        if (LicenseId.TryParse(text, out var id))
        {
            return new Node("证照标识（GB/T 36904）", text).Add("证照类型代码", id.Type).Add("颁发机构代码", id.Issuer).Add("流水号", id.Serial)
                .Add("版本号", id.Version.ToString()).Add(new Node("校验位", "正确", Finding.Good));
        }

        return EnvelopeNodes.OfCode(text, trust);
    }
}
