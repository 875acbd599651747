using ShantingEId.Crypto;
using ShantingEId.Licenses;

namespace ShantingEId.Issuing;

/// <summary>
/// 登记机关 with its keys: who issues, under which address codes open, and one key for each purpose so that no signature can
/// stand for another.
/// </summary>
public sealed class IssuingAuthority
{
    /// <summary>登记机关 name as printed.</summary>
    public required string Name { get; init; }

    /// <summary>Its credit code.</summary>
    public required CreditCode CreditCode { get; init; }

    /// <summary>Six-digit division, first part of every seal code.</summary>
    public required string Division { get; init; }

    /// <summary>Name of the deployment; stands in every manifest.</summary>
    public required string Environment { get; init; }

    /// <summary>Official address in front of every licence code, upper case, ending in <c>/</c>.</summary>
    public required string CodePrefix { get; init; }

    /// <summary>Signs manifests.</summary>
    public required SigningKey ManifestSigner { get; init; }

    /// <summary>Signs licence codes.</summary>
    public required SigningKey CodeSigner { get; init; }

    /// <summary>Signs the roots of look-up ledgers, to which receipts lead.</summary>
    public required SigningKey ReceiptSigner { get; init; }

    /// <summary>Signs seals (制章者).</summary>
    public required SigningKey SealMaker { get; init; }

    /// <summary>Issues the certificates of seals.</summary>
    public required CertificateIssuer SealAuthority { get; init; }

    /// <summary>Certificates between the signers and the root.</summary>
    public required IReadOnlyList<Sm2Certificate> Intermediates { get; init; }

    /// <summary>Trusted roots.</summary>
    public required IReadOnlyList<Sm2Certificate> Roots { get; init; }

    /// <summary>Seals the private keys of company seals.</summary>
    public required KeyVault Vault { get; init; }

    /// <summary>Secret that scatters status indexes, 32 bytes.</summary>
    public required byte[] StatusSecret { get; init; }

    /// <summary>How long a seal and its certificate last.</summary>
    public TimeSpan SealLifetime { get; init; } = TimeSpan.FromDays(5 * 365);

    /// <summary>The keys a verifier of this deployment trusts, each checked to chain to a root and to be allowed to sign.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SigningKeyUnusable"/>.</exception>
    public KeyRing BuildKeyRing(DateTimeOffset now)
    {
        TrustedKey Trust(SigningKey key, ContentType use)
        {
            key.RequireUsable(now);
            var problem = CertificateChain.Problem(key.Certificate, Intermediates, Roots, now);
            if (problem.Length > 0 || !key.Certificate.MaySign)
            {
                throw new EidException(ErrorReason.SigningKeyUnusable, $"签名证书{problem}");
            }

            if (use == ContentType.LookupTick && !key.Certificate.MaySignReceipts)
            {
                throw new EidException(ErrorReason.SigningKeyUnusable, $"证书（{key.Certificate.CommonName}）的扩展密钥用途中没有核验回执签名");
            }

            return new TrustedKey(key.Private.PublicKey, use, key.Certificate);
        }

        return new KeyRing([Trust(ManifestSigner, ContentType.Manifest), Trust(CodeSigner, ContentType.LicenseCode), Trust(ReceiptSigner, ContentType.LookupTick)]);
    }
}
