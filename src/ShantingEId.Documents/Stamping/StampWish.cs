using System.Globalization;
using ShantingEId.Documents.Ofd;
using ShantingEId.Licenses;
using ShantingEId.Seals;

namespace ShantingEId.Documents.Stamping;

/// <summary>Where a caller wants the imprints of one stamp; which places that are is only known with the document and the seal at hand.</summary>
public abstract record StampWish
{
    /// <summary>Most imprints of one stamp: a straddling stamp over the longest document of an office.</summary>
    public const int MostPlaces = 2000;

    /// <summary>Around one place, on the pages named.</summary>
    /// <param name="Pages">Pages, from 1, rising; empty for every page.</param>
    /// <param name="X">Middle, millimetres from the left.</param>
    /// <param name="Y">Middle, millimetres from the top.</param>
    public sealed record At(IReadOnlyList<int> Pages, double X, double Y) : StampWish
    {
        /// <inheritdoc/>
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"at {string.Join(' ', Pages)} {X:R} {Y:R}");
    }

    /// <summary>Over a keyword.</summary>
    /// <param name="Text">The keyword, 1 to 60 characters.</param>
    /// <param name="Hit">Which place of it, from 1; 0 for every place.</param>
    public sealed record OnKeyword(string Text, int Hit) : StampWish
    {
        /// <inheritdoc/>
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"keyword {Text} {Hit}");
    }

    /// <summary>骑缝章.</summary>
    /// <param name="Side">Which edge.</param>
    /// <param name="Y">Middle, millimetres from the top.</param>
    public sealed record Straddling(StraddleSide Side, double Y) : StampWish
    {
        /// <inheritdoc/>
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"straddle {Side} {Y:R}");
    }

    /// <summary>The places of all wishes.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.StampPlaceInvalid"/>: no such page, keyword or place, off the paper, or too many; <see cref="ErrorReason.DocumentInvalid"/>.</exception>
    public static IReadOnlyList<StampPlace> Places(OfdFile package, SesSeal seal, IReadOnlyList<StampWish> wishes)
    {
        // The pages are read once for all keywords: reading them is most of the work.
        var pages = package.Structure.Pages;
        var words = wishes.OfType<OnKeyword>().Select(wish => wish.Text).ToHashSet(StringComparer.Ordinal);
        var found = words.Count == 0 ? null : OfdText.Find(package, words);
        var places = new List<StampPlace>();
        foreach (var (i, wish) in wishes.Index())
        {
            var field = $"document.places[{i}]";
            places.AddRange(wish switch
            {
                At at => OnPages(pages, seal, at, field),
                OnKeyword word => OnHits(found![word.Text], seal, word, field),
                Straddling seam when pages.Count < 2 => throw Invalid(field, "骑缝章至少需要两页"),
                Straddling seam => OnPaper(pages, StampPlaces.Straddling(package, seal, seam.Y, seam.Side), field),
                _ => throw new ArgumentOutOfRangeException(nameof(wishes)),
            });
            if (places.Count > MostPlaces)
            {
                throw Invalid(field, $"一次用印至多 {MostPlaces} 处");
            }
        }

        return places;
    }

    /// <summary>A wish that cannot be.</summary>
    public static EidException Invalid(string field, string problem) => EidException.OfField(ErrorReason.StampPlaceInvalid, field, problem);

    private static IEnumerable<StampPlace> OnPages(IReadOnlyList<OfdPage> pages, SesSeal seal, At at, string field)
    {
        var wanted = at.Pages.Count == 0 ? Enumerable.Range(1, pages.Count) : at.Pages;
        return OnPaper(pages, [.. wanted.Select(page => page >= 1 && page <= pages.Count ? StampPlaces.At(seal, page - 1, at.X, at.Y) : throw Invalid(field, $"没有第 {page} 页，文件共 {pages.Count} 页"))], field);
    }

    private static IReadOnlyList<StampPlace> OnHits(List<OfdTextHit> hits, SesSeal seal, OnKeyword word, string field) =>
        hits.Count == 0 ? throw Invalid(field, "没有找到这个关键字")
        : word.Hit > hits.Count ? throw Invalid(field, $"关键字只出现 {hits.Count} 次")
        : [.. hits.Where((_, i) => word.Hit == 0 || word.Hit == i + 1).Select(hit => StampPlaces.At(seal, hit.Page, hit.Box.X + (hit.Box.Width / 2), hit.Box.Y + (hit.Box.Height / 2)))];

    // An imprint beside the paper would be no imprint; its middle must be on it.
    private static IReadOnlyList<StampPlace> OnPaper(IReadOnlyList<OfdPage> pages, IReadOnlyList<StampPlace> places, string field) => places.All(place =>
    {
        var shown = place.Clip ?? place.Boundary with { X = 0, Y = 0 };
        var (x, y) = (place.Boundary.X + shown.X + (shown.Width / 2), place.Boundary.Y + shown.Y + (shown.Height / 2));
        return x >= 0 && y >= 0 && x <= pages[place.Page].Box.Width && y <= pages[place.Page].Box.Height;
    }) ? places : throw Invalid(field, "盖章位置不在纸面上");

    /// <summary>Pages with an imprint, from 1, as the log shows them: <c>1-3,7</c>.</summary>
    public static string PageList(IEnumerable<StampPlace> places)
    {
        var runs = new List<(int From, int To)>();
        foreach (var page in places.Select(place => place.Page + 1).Distinct().Order())
        {
            if (runs.Count > 0 && runs[^1].To == page - 1)
            {
                runs[^1] = (runs[^1].From, page);
            }
            else
            {
                runs.Add((page, page));
            }
        }

        return string.Join(',', runs.Select(run => run.From == run.To ? Digits(run.From) : Digits(run.From) + "-" + Digits(run.To)));
    }

    private static string Digits(int page) => page.ToString(CultureInfo.InvariantCulture);
}
