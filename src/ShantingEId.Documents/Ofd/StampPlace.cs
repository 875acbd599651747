using ShantingEId.Documents.Faces;
using ShantingEId.Seals;

namespace ShantingEId.Documents.Ofd;

/// <summary>Where the imprint of a seal lies (StampAnnot).</summary>
/// <param name="Page">Page, from 0.</param>
/// <param name="Boundary">Room of the whole imprint on the page, millimetres; part of it may lie beyond the paper.</param>
/// <param name="Clip">What of the imprint is shown, from the upper left of the boundary; null for all.</param>
public sealed record StampPlace(int Page, Box Boundary, Box? Clip = null);

/// <summary>On which edge of the pages a 骑缝章 lies.</summary>
public enum StraddleSide
{
    /// <summary>Right, for documents bound on the left.</summary>
    Right = 1,

    /// <summary>Left, for documents bound on the right.</summary>
    Left = 2,
}

/// <summary>Finds places for imprints; a seal is always shown in the size it has on paper.</summary>
public static class StampPlaces
{
    // A strip of less than this shows nothing one could compare.
    private const double NarrowestStrip = 4;

    /// <summary>One imprint around a place.</summary>
    /// <param name="seal">The seal.</param>
    /// <param name="page">Page, from 0.</param>
    /// <param name="x">Middle, millimetres from the left.</param>
    /// <param name="y">Middle, millimetres from the top.</param>
    public static StampPlace At(SesSeal seal, int page, double x, double y) => new(page, Box.Around(x, y, seal.Info.Width, seal.Info.Height));

    /// <summary>One imprint at the same place of every page.</summary>
    public static IReadOnlyList<StampPlace> OnEveryPage(OfdFile package, SesSeal seal, double x, double y) =>
        [.. package.Structure.Pages.Select((_, page) => At(seal, page, x, y))];

    /// <summary>One imprint over each place of a keyword, middle on middle.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.DocumentInvalid"/>: the keyword is not there.</exception>
    public static IReadOnlyList<StampPlace> OnKeyword(OfdFile package, SesSeal seal, string keyword)
    {
        var hits = OfdText.Find(package, keyword);
        return hits.Count == 0 ? throw OfdStructure.Invalid($"没有找到关键字“{keyword}”")
            : [.. hits.Select(hit => At(seal, hit.Page, hit.Box.X + (hit.Box.Width / 2), hit.Box.Y + (hit.Box.Height / 2)))];
    }

    /// <summary>
    /// 骑缝章: one imprint over the edges of the pages as they lie fanned out, the first on top, a strip of it on each. A long document has
    /// one for every so many pages that each strip is at least 4 mm wide.
    /// </summary>
    /// <param name="package">The document, of at least two pages.</param>
    /// <param name="seal">The seal.</param>
    /// <param name="y">Middle of the imprint, millimetres from the top.</param>
    /// <param name="side">Which edge.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.DocumentInvalid"/>: one page has no seam.</exception>
    public static IReadOnlyList<StampPlace> Straddling(OfdFile package, SesSeal seal, double y, StraddleSide side = StraddleSide.Right)
    {
        var pages = package.Structure.Pages;
        if (pages.Count < 2)
        {
            throw OfdStructure.Invalid("骑缝章至少需要两页");
        }

        var (width, height) = ((double)seal.Info.Width, (double)seal.Info.Height);
        var groups = (int)Math.Ceiling(pages.Count * NarrowestStrip / width);
        var places = new List<StampPlace>();
        for (var group = 0; group < groups; group++)
        {
            // Groups differ by a page at most, so that none is left with a page alone.
            var (first, end) = (group * pages.Count / groups, (group + 1) * pages.Count / groups);
            var strip = width / (end - first);
            for (var i = first; i < end; i++)
            {
                // The sheet on top shows the part of the imprint that is farthest from the edge.
                var hidden = side == StraddleSide.Right ? (i - first) * strip : width - ((i - first + 1) * strip);
                var left = side == StraddleSide.Right ? pages[i].Box.Width - hidden - strip : -hidden;
                places.Add(new StampPlace(i, new Box(left, y - (height / 2), width, height), new Box(hidden, 0, strip, height)));
            }
        }

        return places;
    }
}
