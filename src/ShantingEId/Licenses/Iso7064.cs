namespace ShantingEId.Licenses;

/// <summary>
/// Hybrid check-character systems of ISO/IEC 7064, clause 9: MOD N+1,N over an alphabet of N characters.
/// They find every single wrong character and almost every transposition.
/// </summary>
internal static class Iso7064
{
    /// <summary>Check character of <paramref name="body"/>; every character must be in <paramref name="alphabet"/>.</summary>
    public static char HybridCheck(string alphabet, ReadOnlySpan<char> body)
    {
        var n = alphabet.Length;
        var p = n;
        foreach (var c in body)
        {
            var value = alphabet.IndexOf(c);
            ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(body));
            var sum = (p + value) % n;
            p = (sum == 0 ? n : sum) * 2 % (n + 1);
        }

        return alphabet[(n + 1 - p) % n];
    }
}
