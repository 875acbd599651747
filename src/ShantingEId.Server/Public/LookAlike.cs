using System.Text;
using System.Text.RegularExpressions;

namespace ShantingEId.Server.Public;

/// <summary>
/// Tells an address that is made to be taken for the official one from one that is merely another. The scan page does the same
/// (<c>web/lookalike.ts</c>); one table of samples tests both.
/// </summary>
internal static partial class LookAlike
{
    // Letters that look like others, and the one they are folded to.
    private const string Alike = "01i|345\u0430\u0435\u0454\u043e\u0440\u0441\u0445\u0443\u0456\u0458\u0455\u04bb\u0501\u0261\u03bf\u03b1\u03b9\u0131\u0578";
    private const string Folded = "oll" + "leas" + "aeeopcxyljshdgoalln";

    /// <summary>Whether a text that does not begin with the official address has a host that is ours, wears ours, or can be mistaken for it.</summary>
    /// <param name="text">As scanned.</param>
    /// <param name="prefix">The official address.</param>
    public static bool Resembles(string text, string prefix)
    {
        if (text.StartsWith(prefix, StringComparison.Ordinal) || HostOf(text) is not { } other)
        {
            return false;
        }

        var ours = HostOf(prefix)!.Value.Host;
        var (own, theirs) = (Skeleton(ours), Skeleton(other.Host));
        return theirs.Contains(own, StringComparison.Ordinal) || Skeleton(other.Before).Contains(own, StringComparison.Ordinal) || Bare(theirs).Contains(Bare(own), StringComparison.Ordinal)
            || IsSameButEncoded(ours, other.Host) || Distance(own, theirs) <= Math.Max(1, own.Length >> 3);
    }

    /// <summary>Whether a text is an address at all, with or without a scheme.</summary>
    public static bool IsAddress(string text) => HostOf(text) is not null;

    // Host and what stands before an @, with or without a scheme; null for a text that is no address.
    private static (string Host, string Before)? HostOf(string text)
    {
        var plain = text.Normalize(NormalizationForm.FormKC).ToLowerInvariant().Replace('\u3002', '.').Replace('\uFF61', '.').Replace('\\', '/');
        return Address().Match(plain) is { Success: true } match ? (match.Groups["host"].Value, match.Groups["before"].Value) : null;
    }

    private static string Skeleton(string host)
    {
        var letters = new StringBuilder();
        foreach (var letter in host.Normalize(NormalizationForm.FormD).Where(letter => letter is < '\u0300' or > '\u036F'))
        {
            var place = Alike.IndexOf(letter, StringComparison.Ordinal);
            letters.Append(place < 0 ? letter : Folded[place]);
        }

        return letters.ToString().Replace("rn", "m", StringComparison.Ordinal).Replace("vv", "w", StringComparison.Ordinal).Replace("cl", "d", StringComparison.Ordinal);
    }

    private static string Bare(string host) => host.Replace(".", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);

    // Punycode hides letters: one label of it among our own labels is enough.
    private static bool IsSameButEncoded(string ours, string theirs)
    {
        var (own, labels) = (ours.Split('.'), theirs.Split('.'));
        return own.Length == labels.Length && labels.Any(IsEncoded) && own.Zip(labels).All(pair => pair.First == pair.Second || IsEncoded(pair.Second));

        static bool IsEncoded(string label) => label.StartsWith("xn--", StringComparison.Ordinal);
    }

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var next = new int[row.Length];
            next[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                next[j] = Math.Min(Math.Min(next[j - 1], row[j]) + 1, row[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            }

            row = next;
        }

        return row[^1];
    }

    [GeneratedRegex(@"^(?:[a-z][a-z0-9+.-]*:/*)?(?:(?<before>[^/?#]*)@)?(?<host>[^/?#@:\s]+\.[^/?#@:\s.]+)\.?(?::[0-9]*)?(?:[/?#]|$)")]
    private static partial Regex Address();
}
