using ShantingEId.Licenses;

namespace ShantingEId.Server.Callers;

/// <summary>
/// Divisions 行政区划 by which companies are told apart: leading digits of the registration authority's code, which are
/// characters 3 to 8 of the credit code.
/// </summary>
internal sealed class Regions
{
    private readonly string[] prefixes;

    private Regions(string[] prefixes) => this.prefixes = prefixes;

    /// <summary>Everywhere.</summary>
    public static Regions All { get; } = new([""]);

    /// <summary>The divisions of a list; everywhere when it is empty, null when one of them is not 2 to 6 digits.</summary>
    public static Regions? TryParse(IReadOnlyCollection<string> divisions) =>
        divisions.Count == 0 ? All : divisions.All(each => each.Length is >= 2 and <= 6 && each.All(char.IsAsciiDigit)) ? new([.. divisions]) : null;

    /// <summary>Whether the company is registered here.</summary>
    public bool Contains(CreditCode holder)
    {
        foreach (var prefix in prefixes)
        {
            if (holder.Value.AsSpan(2).StartsWith(prefix, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What lies in both; null when nothing does.</summary>
    public Regions? Within(Regions outer)
    {
        // Of two prefixes that agree the longer one is what they have in common.
        string[] common =
        [
            .. prefixes.Where(inner => outer.prefixes.Any(prefix => inner.StartsWith(prefix, StringComparison.Ordinal))),
            .. outer.prefixes.Where(prefix => prefixes.Any(inner => prefix.Length > inner.Length && prefix.StartsWith(inner, StringComparison.Ordinal))),
        ];
        return common.Length > 0 ? new Regions(common) : null;
    }
}
