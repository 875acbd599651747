using ShantingEId.Crypto;

namespace ShantingEId.Receipts;

/// <summary>
/// Certificates under which receipts are checked without any server: those that issued themselves are the trusted roots, and only
/// a certificate that names the signing of receipts as its use may have signed one.
/// </summary>
public sealed class ReceiptTrust
{
    private readonly List<Sm2Certificate> all;
    private readonly List<Sm2Certificate> roots;

    /// <summary>Trusts these.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.CertificateInvalid"/>: no root among them.</exception>
    public ReceiptTrust(IEnumerable<Sm2Certificate> certificates)
    {
        all = [.. certificates];
        roots = [.. all.Where(certificate => certificate.IsIssuedBy(certificate))];
        if (roots.Count == 0)
        {
            throw new EidException(ErrorReason.CertificateInvalid, "其中没有自签名的 SM2 根证书");
        }
    }

    /// <summary>Trusts the certificates of a PEM text, e.g. <c>authority-chain.pem</c> of an exported set.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.CertificateInvalid"/>.</exception>
    public static ReceiptTrust FromPem(string pem) => new(Sm2Certificate.FromPem(pem));

    /// <summary>The certificate of a key that could sign receipts at that time; null with the reason when there is none.</summary>
    internal Sm2Certificate? Signer(KeyId id, DateTimeOffset at, out string problem)
    {
        var signer = all.Find(certificate => certificate.PublicKey.KeyId == id);
        problem = signer switch
        {
            null => $"所信任的证书中没有签名密钥 {id} 的证书",
            { MaySignReceipts: false } => $"证书（{signer.CommonName}）不允许签发核验回执",
            _ => CertificateChain.Problem(signer, all, roots, at) is { Length: > 0 } broken ? "签名证书" + broken : "",
        };
        return problem.Length == 0 ? signer : null;
    }
}
