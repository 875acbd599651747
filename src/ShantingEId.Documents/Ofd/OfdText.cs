using ShantingEId.Documents.Faces;

namespace ShantingEId.Documents.Ofd;

/// <summary>Where a text was found.</summary>
/// <param name="Page">Page, from 0.</param>
/// <param name="Box">Room of its characters, millimetres of the page.</param>
public sealed record OfdTextHit(int Page, Box Box);

/// <summary>Finds text on the pages of a document, for stamping beside it.</summary>
public static class OfdText
{
    // Two hundred on each of as many pages as a package can have.
    private const int MostHits = 100_000;

    /// <summary>
    /// Every place of a keyword, in the order of the file. It may be spread over several text objects, as long as they follow
    /// each other: many programs write one object for each character.
    /// </summary>
    /// <exception cref="EidException">
    /// <see cref="ErrorReason.DocumentInvalid"/>, <see cref="ErrorReason.ContainerLimits"/>, <see cref="ErrorReason.XmlUnsafe"/>.
    /// </exception>
    public static IReadOnlyList<OfdTextHit> Find(OfdFile package, string keyword)
    {
        ArgumentException.ThrowIfNullOrEmpty(keyword);
        return Find(package, new HashSet<string>([keyword], StringComparer.Ordinal))[keyword];
    }

    /// <summary>The same for several keywords, none empty; the pages are read once.</summary>
    internal static Dictionary<string, List<OfdTextHit>> Find(OfdFile package, IReadOnlySet<string> keywords)
    {
        var hits = keywords.ToDictionary(keyword => keyword, _ => new List<OfdTextHit>(), StringComparer.Ordinal);
        var reader = new OfdTextReader(package);
        foreach (var (number, page) in package.Structure.Pages.Index())
        {
            var content = reader.Read(page);
            foreach (var (keyword, found) in hits)
            {
                for (var at = content.Text.IndexOf(keyword, StringComparison.Ordinal); at >= 0; at = content.Text.IndexOf(keyword, at + keyword.Length, StringComparison.Ordinal))
                {
                    found.Add(found.Count < MostHits ? new OfdTextHit(number, Around(content.Boxes, at, keyword.Length)) : throw OfdStructure.Invalid($"关键字出现超过 {MostHits} 次"));
                }
            }
        }

        return hits;
    }

    private static Box Around(IReadOnlyList<Box> boxes, int from, int count)
    {
        var (left, top, right, bottom) = (double.MaxValue, double.MaxValue, double.MinValue, double.MinValue);
        foreach (var box in Enumerable.Range(from, count).Select(i => boxes[i]))
        {
            (left, top, right, bottom) = (Math.Min(left, box.X), Math.Min(top, box.Y), Math.Max(right, box.Right), Math.Max(bottom, box.Bottom));
        }

        return new Box(left, top, right - left, bottom - top);
    }
}
