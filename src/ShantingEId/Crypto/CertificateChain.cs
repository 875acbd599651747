namespace ShantingEId.Crypto;

/// <summary>Builds and checks the path from a certificate to a trusted root (GB/T 20518; RFC 5280 §6 as far as used here).</summary>
public static class CertificateChain
{
    private const int MaxDepth = 6;

    /// <summary>
    /// The same certificate as one at hand, where there is one (the seal maker's, in every seal): its issuer has been found
    /// already, and its key comes with the tables that make a verification with a fresh key twice as slow.
    /// </summary>
    internal static Sm2Certificate Known(Sm2Certificate certificate, IReadOnlyCollection<Sm2Certificate> atHand) =>
        atHand.FirstOrDefault(known => known.Der.SequenceEqual(certificate.Der)) ?? certificate;

    /// <summary>The certificates from one to a root, both included, whatever their time; null when there is no such path.</summary>
    internal static IReadOnlyList<Sm2Certificate>? Path(Sm2Certificate leaf, IReadOnlyCollection<Sm2Certificate> intermediates, IReadOnlyCollection<Sm2Certificate> roots)
    {
        var path = new List<Sm2Certificate> { Known(leaf, intermediates) };
        while (path.Count <= MaxDepth)
        {
            if (roots.Any(root => root.Der.SequenceEqual(path[^1].Der)))
            {
                return path;
            }

            if (roots.Concat(intermediates).FirstOrDefault(candidate => path[^1].IsIssuedBy(candidate)) is not { } issuer || ReferenceEquals(issuer, path[^1]))
            {
                return null;
            }

            path.Add(issuer);
        }

        return null;
    }

    /// <summary>Says what is wrong with the path, or "" when the certificate chains to a root at that instant.</summary>
    public static string Problem(Sm2Certificate leaf, IReadOnlyCollection<Sm2Certificate> intermediates, IReadOnlyCollection<Sm2Certificate> roots, DateTimeOffset at)
    {
        var current = Known(leaf, intermediates);
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

    /// <summary>
    /// The same for a key whose signatures outlive it: one whose time is over, or has not come, is judged at the nearest instant of its own time. What it
    /// signed counts by when it was signed (<see cref="Sm2Certificate.IsValidAt"/>), which is for who reads that to ask.
    /// </summary>
    public static string ProblemInItsTime(Sm2Certificate leaf, IReadOnlyCollection<Sm2Certificate> intermediates, IReadOnlyCollection<Sm2Certificate> roots, DateTimeOffset at) =>
        Problem(leaf, intermediates, roots, Within(leaf, at));

    /// <summary>The instant nearest to <paramref name="at"/> at which the certificate is in force: its own end is judged apart from its path.</summary>
    internal static DateTimeOffset Within(Sm2Certificate certificate, DateTimeOffset at) =>
        at < certificate.NotBefore ? certificate.NotBefore : at > certificate.NotAfter ? certificate.NotAfter : at;
}
