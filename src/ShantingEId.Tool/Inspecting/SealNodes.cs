using ShantingEId.Crypto;
using ShantingEId.Seals;
using ShantingEId.Tool.Views;

namespace ShantingEId.Tool.Inspecting;

/// <summary>电子印章 and 电子签章, under the field names of GB/T 38540-2020.</summary>
internal static class SealNodes
{
    public static Node Of(SesSeal seal, Trust trust)
    {
        var info = seal.Info;
        var root = new Node($"电子印章 SESeal（{info.Version.Standard()}）", info.Name);
        root.Add(new Node("头信息").Add("版本", ((int)info.Version).ToString()).Add("厂商标识 Vid", info.VendorId));
        root.Add("印章标识 esID", info.SealId);
        var property = new Node("属性")
            .Add("类型", info.Type.ToString())
            .Add("名称", info.Name)
            .Add("制作时间", Words.Of(info.CreateTime))
            .Add("有效期", $"{Words.Of(info.ValidStart)} 至 {Words.Of(info.ValidEnd)}");
        foreach (var entry in info.CertificateList)
        {
            // A list may hold digests instead of certificates; then there is nothing to unfold.
            property.Add(info.CertificateListType == 1 ? CertificateNodes.Of(entry, "签章人证书", trust) : new Node("签章人证书摘要", Convert.ToHexStringLower(entry)));
        }

        root.Add(property);
        root.Add(new Node("图片").Add("格式", info.PictureType).Add("尺寸", $"{info.Width}×{info.Height} 毫米").Add("数据", $"{info.Picture.Length} 字节"));
        foreach (var extension in info.Extensions)
        {
            root.Add($"扩展 {extension.Oid}", $"{extension.Value.Length} 字节{(extension.Critical ? "，关键" : "")}");
        }

        root.Add(CertificateNodes.Of(seal.MakerCertificate, "制章者证书", trust));
        root.Add("摘要（SM3，清单所载）", Convert.ToHexStringLower(Sm3.Hash(seal.Der)));
        root.Check("印章签名值", seal.SignatureIsGood, "与内容相符（用制章者证书核对）", "与内容不符，印章被改动过或系伪造");
        return root.Add(trust.Seal(seal));
    }

    /// <summary>An electronic signature with the seal in it; null when it is none.</summary>
    public static Node? TrySignature(byte[] bytes, Trust trust)
    {
        SesSignature signature;
        try
        {
            signature = SesSignature.Parse(bytes);
        }
        catch (EidException)
        {
            return null;
        }

        var toSign = signature.ToSign;
        var root = new Node($"电子签章 SES_Signature（{toSign.Seal.Info.Version.Standard()}）", toSign.Seal.Info.Name)
            .Add("签章时间", Words.Of(toSign.Time)).Add("原文属性", toSign.PropertyInfo).Add("原文杂凑（SM3）", Convert.ToHexStringLower(toSign.DataHash))
            .Add("时间戳", signature.TimeStamp.IsEmpty ? "无" : $"{signature.TimeStamp.Length} 字节");
        foreach (var extension in toSign.Extensions)
        {
            root.Add($"扩展 {extension.Oid}", $"{extension.Value.Length} 字节{(extension.Critical ? "，关键" : "")}");
        }

        root.Add(CertificateNodes.Of(signature.SignerCertificate, "签章者证书", trust));
        root.Check("签章签名值", signature.SignatureIsGood, "与内容相符（用签章者证书核对）；是否可信请用 eid verify 核验", "与内容不符，签章被改动过或系伪造");
        return root.Add(Of(toSign.Seal, trust));
    }
}
