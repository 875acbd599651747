namespace ShantingEId.Crypto;

/// <summary>Builds and checks the path from a certificate to a trusted root (GB/T 20518; RFC 5280 §6 as far as used here).</summary>
public static class CertificateChain
{
    private const int MaxDepth = 6;

    /// <summary>Says what is wrong with the path, or "" when the certificate chains to a root at that instant.</summary>
    public static string Problem(Sm2Certificate leaf, IReadOnlyCollection<Sm2Certificate> intermediates, IReadOnlyCollection<Sm2Certificate> roots, DateTimeOffset at)
    {
        // A certificate that is at hand already (the seal maker's, in every seal) is checked against its issuer only once.
        var current = intermediates.FirstOrDefault(known => known.Der.SequenceEqual(leaf.Der)) ?? leaf;
        for (var depth = 0; depth < MaxDepth; depth++)
        {
            if (!current.IsValidAt(at))
            {
                return $"（{current.CommonName}）不在有效期内";
            }

            // A root is trusted by its whole bytes, not by its name.
            if (roots.Any(root => root.Der.SequenceEqual(current.Der)))
            {
                return "";
            }

            if (roots.Concat(intermediates).FirstOrDefault(candidate => current.IsIssuedBy(candidate)) is not { } issuer || ReferenceEquals(issuer, current))
            {
                return $"（{current.CommonName}）不能链接到受信任的根";
            }

            current = issuer;
        }

        return "的证书链过长";
    }
}
