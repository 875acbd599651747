using System.Globalization;
using System.Text;
using System.Xml.Linq;
using ShantingEId.Documents.Faces;

namespace ShantingEId.Documents.Ofd;

/// <summary>Where a text was found.</summary>
/// <param name="Page">Page, from 0.</param>
/// <param name="Box">Room of its characters, millimetres of the page.</param>
public sealed record OfdTextHit(int Page, Box Box);

/// <summary>Finds text on the pages of a document, for stamping beside it.</summary>
public static class OfdText
{
    // Above the baseline, as a share of the size: that of the usual Chinese faces.
    private const double Ascent = 0.88;

    /// <summary>
    /// Every place of a keyword, in the order of the file. It may be spread over several text objects, as long as they follow
    /// each other: many programs write one object for each character.
    /// </summary>
    /// <exception cref="EidException"><see cref="ErrorReason.DocumentInvalid"/>.</exception>
    public static IReadOnlyList<OfdTextHit> Find(OfdFile package, string keyword)
    {
        ArgumentException.ThrowIfNullOrEmpty(keyword);
        var structure = OfdStructure.Read(package);
        var hits = new List<OfdTextHit>();
        foreach (var (number, page) in structure.Pages.Index())
        {
            var text = new StringBuilder();
            var boxes = new List<Box>();
            foreach (var content in page.Files.Select(file => OfdMarkup.Read(package.Require(file))))
            {
                foreach (var row in content.Descendants().Where(each => each.Name.LocalName == "TextObject"))
                {
                    ReadRow(row, text, boxes);
                }
            }

            var all = text.ToString();
            for (var at = all.IndexOf(keyword, StringComparison.Ordinal); at >= 0; at = all.IndexOf(keyword, at + keyword.Length, StringComparison.Ordinal))
            {
                hits.Add(new OfdTextHit(number, Around(boxes.GetRange(at, keyword.Length))));
            }
        }

        return hits;
    }

    // GB/T 33190 clause 11.3: X and Y begin a TextCode, DeltaX and DeltaY go from each character to the next.
    private static void ReadRow(XElement row, StringBuilder text, List<Box> boxes)
    {
        if (OfdMarkup.ParseBox(row.Attribute("Boundary")?.Value) is not { } boundary)
        {
            return;
        }

        var size = Double(row.Attribute("Size")?.Value) ?? 0;
        var matrix = Numbers(row.Attribute("CTM")?.Value) is { Length: 6 } given ? given : [1, 0, 0, 1, 0, 0];
        var (x, y) = (0.0, 0.0);
        foreach (var code in row.Elements().Where(each => each.Name.LocalName == "TextCode"))
        {
            (x, y) = (Double(code.Attribute("X")?.Value) ?? x, Double(code.Attribute("Y")?.Value) ?? y);
            var (right, down) = (Steps(code.Attribute("DeltaX")?.Value), Steps(code.Attribute("DeltaY")?.Value));
            var characters = code.Value;
            for (var i = 0; i < characters.Length; i++)
            {
                var width = i < right.Count && right[i] > 0 ? Math.Min(right[i], size) : size;
                text.Append(characters[i]);
                boxes.Add(Around([At(x, y - (size * Ascent)), At(x + width, y - (size * Ascent)), At(x, y + (size * (1 - Ascent))), At(x + width, y + (size * (1 - Ascent)))]));
                x += i < right.Count ? right[i] : down.Count > 0 ? 0 : size;
                y += i < down.Count ? down[i] : 0;
            }
        }

        Box At(double left, double top) => new(
            boundary.X + (matrix[0] * left) + (matrix[2] * top) + matrix[4], boundary.Y + (matrix[1] * left) + (matrix[3] * top) + matrix[5], 0, 0);
    }

    // "g 3 2.1" is 2.1 three times. A count beyond reason is no count.
    private static List<double> Steps(string? text)
    {
        const int most = 100_000;
        var words = (text ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var steps = new List<double>(words.Length);
        for (var i = 0; i < words.Length && steps.Count < most; i++)
        {
            if (words[i] != "g")
            {
                steps.Add(Double(words[i]) ?? 0);
            }
            else if (i + 2 < words.Length && int.TryParse(words[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            {
                steps.AddRange(Enumerable.Repeat(Double(words[i + 2]) ?? 0, Math.Min(count, most)));
                i += 2;
            }
        }

        return steps;
    }

    private static Box Around(IReadOnlyList<Box> boxes)
    {
        var (left, top) = (boxes.Min(box => box.X), boxes.Min(box => box.Y));
        return new Box(left, top, boxes.Max(box => box.Right) - left, boxes.Max(box => box.Bottom) - top);
    }

    private static double[] Numbers(string? text) => [.. (text ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(word => Double(word) ?? 0)];

    private static double? Double(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;
}
