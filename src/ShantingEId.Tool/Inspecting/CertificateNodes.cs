using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ShantingEId.Crypto;
using ShantingEId.Tool.Views;

namespace ShantingEId.Tool.Inspecting;

/// <summary>Certificates: ours in SM2, and those of TLS.</summary>
internal static class CertificateNodes
{
    public static Node Of(byte[] der, string label, Trust trust)
    {
        try
        {
            return Of(Sm2Certificate.Parse(der), label, trust);
        }
        catch (EidException notSm2)
        {
            try
            {
                using var other = X509CertificateLoader.LoadCertificate(der);
                return Tls(other, label);
            }
            catch (CryptographicException)
            {
                throw notSm2;
            }
        }
    }

    public static Node Of(Sm2Certificate certificate, string label, Trust trust)
    {
        var node = new Node(label, certificate.CommonName)
            .Add("使用者", certificate.Subject)
            .Add("颁发者", certificate.Issuer)
            .Add("序列号", certificate.Serial)
            .Add("有效期", $"{Words.Of(certificate.NotBefore)} 至 {Words.Of(certificate.NotAfter)}")
            .Add("用途", certificate.IsAuthority ? "颁发证书" : certificate.MaySign ? "签名（数字签名、不可否认）" : "其他")
            .Add("算法", "SM2 公钥，SM3 摘要")
            .Add("密钥标识", certificate.PublicKey.KeyId.ToString())
            .Add("指纹（SM3）", Convert.ToHexStringLower(Sm3.Hash(certificate.Der)));
        return node.Add(trust.Chain(certificate));
    }

    private static Node Tls(X509Certificate2 certificate, string label) => new Node(label, certificate.GetNameInfo(X509NameType.SimpleName, false))
        .Add("使用者", certificate.Subject)
        .Add("颁发者", certificate.Issuer)
        .Add("序列号", certificate.SerialNumber)
        .Add("有效期", $"{Words.Of(new DateTimeOffset(certificate.NotBefore))} 至 {Words.Of(new DateTimeOffset(certificate.NotAfter))}")
        .Add("算法", $"{certificate.PublicKey.Oid.FriendlyName} 公钥，签名 {certificate.SignatureAlgorithm.FriendlyName}（TLS 连接用）")
        .Add("指纹（SHA-256，登记于 callers.json）", certificate.GetCertHashString(HashAlgorithmName.SHA256));
}
