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

    /// <summary>Keys of ours that signed before these or will sign after them.</summary>
    public OtherSigners Others { get; init; } = OtherSigners.None;

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

        TrustedKey TrustOther(Sm2Certificate certificate, ContentType use)
        {
            var problem = CertificateChain.ProblemInItsTime(certificate, Intermediates, Roots, now);
            return problem.Length == 0 && (use == ContentType.LookupTick ? certificate.MaySignReceipts : certificate.MaySignCodes) ? new TrustedKey(certificate.PublicKey, use, certificate)
                : throw new EidException(ErrorReason.SigningKeyUnusable, $"先后使用的签名证书（{certificate.CommonName}）{(problem.Length > 0 ? problem : "不是作这一用途的")}");
        }

        // 1. The keys that sign now. 2. Those of before and after, by their certificates alone: what they signed goes on to count, also when their time is over.
        List<TrustedKey> ours = [Trust(ManifestSigner, ContentType.Manifest), Trust(CodeSigner, ContentType.LicenseCode), Trust(ReceiptSigner, ContentType.LookupTick)];
        TrustedKey[] others = [.. Others.Manifests.Select(certificate => TrustOther(certificate, ContentType.Manifest)), .. Others.Codes.Select(certificate => TrustOther(certificate, ContentType.LicenseCode)),
            .. Others.Receipts.Select(certificate => TrustOther(certificate, ContentType.LookupTick))];
        return new KeyRing(ours.Concat(others).DistinctBy(key => key.Key.KeyId));
    }
}

/// <summary>
/// Certificates of keys of ours that do not sign at the moment: those that signed before, and those that are about to. Their private keys are not
/// here. Every replica knows the next key before the first one signs with it, so a change of keys is noticed by nobody.
/// </summary>
/// <param name="Manifests">Of manifests.</param>
/// <param name="Codes">Of licence codes.</param>
/// <param name="Receipts">Of look-up ledgers.</param>
/// <param name="SealMakers">Of seals (制章者).</param>
public sealed record OtherSigners(
    IReadOnlyList<Sm2Certificate> Manifests, IReadOnlyList<Sm2Certificate> Codes, IReadOnlyList<Sm2Certificate> Receipts, IReadOnlyList<Sm2Certificate> SealMakers)
{
    /// <summary>No others.</summary>
    public static OtherSigners None { get; } = new([], [], [], []);
}
