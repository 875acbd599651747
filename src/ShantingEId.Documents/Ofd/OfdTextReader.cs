using System.Globalization;
using System.Text;
using System.Xml;
using ShantingEId.Documents.Faces;
using ShantingEId.Documents.Reading;

namespace ShantingEId.Documents.Ofd;

/// <summary>The characters of one file, and where each of them stands.</summary>
internal sealed record PlacedText(string Text, IReadOnlyList<Box> Boxes);

/// <summary>Reads the text of pages, of anybody's making: each file once, without a tree of it, and no more characters than a document has.</summary>
internal sealed class OfdTextReader(OfdFile package)
{
    /// <summary>Most characters of all pages together: four thousand on each of as many pages as a package can have.</summary>
    public const int MostCharacters = 2_000_000;

    // Above the baseline, as a share of the size: that of the usual Chinese faces.
    private const double Ascent = 0.88;

    private readonly Dictionary<string, PlacedText> templates = new(StringComparer.Ordinal);
    private readonly XmlBudget budget = new();
    private readonly char[] buffer = new char[1024];
    private int left = MostCharacters;

    /// <summary>The text of a page, templates first.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.DocumentInvalid"/>, <see cref="ErrorReason.ContainerLimits"/>, <see cref="ErrorReason.XmlUnsafe"/>.</exception>
    public PlacedText Read(OfdPage page)
    {
        var own = ReadFile(page.Files[^1]);
        if (page.Files.Count == 1)
        {
            return own;
        }

        // A template is shown on many pages.
        var parts = page.Files.SkipLast(1).Select(file => templates.TryGetValue(file, out var known) ? known : templates[file] = ReadFile(file)).Append(own).ToList();
        Take(parts.Sum(part => part.Text.Length));
        return new PlacedText(string.Concat(parts.Select(part => part.Text)), [.. parts.SelectMany(part => part.Boxes)]);
    }

    // GB/T 33190 clause 11.3: X and Y begin a TextCode, DeltaX and DeltaY go from each character to the next.
    private PlacedText ReadFile(string name)
    {
        var (text, boxes, row, code, rowDepth, codeStart) = (new StringBuilder(), new List<Box>(), (Row?)null, (Code?)null, 0, 0);
        OfdMarkup.Walk(package.Require(name), budget, reader =>
        {
            switch (reader.NodeType)
            {
                case XmlNodeType.Element when code is not null:
                    break;
                case XmlNodeType.Element when reader.LocalName == "TextObject" || reader.Depth <= rowDepth:
                    (row, rowDepth) = (reader.LocalName == "TextObject" ? Row.Read(reader) : null, reader.Depth);
                    break;
                case XmlNodeType.Element when row is not null && reader.LocalName == "TextCode" && reader.Depth == rowDepth + 1:
                    row.Begin(reader);
                    (code, codeStart) = reader.IsEmptyElement ? (null, 0) : (new Code(reader.GetAttribute("DeltaX"), reader.GetAttribute("DeltaY")), text.Length);
                    break;
                case XmlNodeType.EndElement when code is not null && reader.Depth == rowDepth + 1:
                    row!.Place(text, codeStart, code, boxes);
                    code = null;
                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace when code is not null:
                    for (var count = reader.ReadValueChunk(buffer, 0, buffer.Length); count > 0; count = reader.ReadValueChunk(buffer, 0, buffer.Length))
                    {
                        Take(count);
                        text.Append(buffer, 0, count);
                    }

                    break;
                default:
                    break;
            }

            return true;
        });
        return new PlacedText(text.ToString(), boxes);
    }

    private void Take(int characters) =>
        _ = (left -= characters) >= 0 ? true : throw new EidException(ErrorReason.ContainerLimits, $"页面上的文字超过 {MostCharacters} 个字符");

    // The steps of a TextCode as they are written.
    private sealed record Code(string? DeltaX, string? DeltaY);

    // A TextObject, and how far its text has come.
    private sealed class Row(Box boundary, double size, double[] matrix)
    {
        private double x;
        private double y;

        public static Row? Read(XmlReader reader) => OfdMarkup.ParseBox(reader.GetAttribute("Boundary")) is { } boundary
            ? new Row(boundary, Double(reader.GetAttribute("Size")) ?? 0, Matrix(reader.GetAttribute("CTM"))) : null;

        public void Begin(XmlReader code) => (x, y) = (Double(code.GetAttribute("X")) ?? x, Double(code.GetAttribute("Y")) ?? y);

        public void Place(StringBuilder text, int from, Code code, List<Box> boxes)
        {
            var count = text.Length - from;
            var (right, down) = (Steps(code.DeltaX, count), Steps(code.DeltaY, count));
            for (var i = 0; i < count; i++)
            {
                var width = i < right.Count && right[i] > 0 ? Math.Min(right[i], size) : size;
                boxes.Add(Around(x, y - (size * Ascent), x + width, y + (size * (1 - Ascent))));
                x += i < right.Count ? right[i] : down.Count > 0 ? 0 : size;
                y += i < down.Count ? down[i] : 0;
            }
        }

        // Added up in this order always: what was signed once must come out again to the last digit.
        private Box Around(double left, double top, double right, double bottom)
        {
            var (a, b, c, d) = (At(left, top), At(right, top), At(left, bottom), At(right, bottom));
            var (x0, y0) = (Math.Min(Math.Min(a.X, b.X), Math.Min(c.X, d.X)), Math.Min(Math.Min(a.Y, b.Y), Math.Min(c.Y, d.Y)));
            return new Box(x0, y0, Math.Max(Math.Max(a.X, b.X), Math.Max(c.X, d.X)) - x0, Math.Max(Math.Max(a.Y, b.Y), Math.Max(c.Y, d.Y)) - y0);
        }

        private (double X, double Y) At(double left, double top) =>
            (boundary.X + (matrix[0] * left) + (matrix[2] * top) + matrix[4], boundary.Y + (matrix[1] * left) + (matrix[3] * top) + matrix[5]);
    }

    // "g 3 2.1" is 2.1 three times; of any count there are no more steps than characters.
    private static List<double> Steps(string? text, int most)
    {
        var steps = new List<double>();
        var rest = text.AsSpan();
        while (steps.Count < most && Word(ref rest) is { IsEmpty: false } word)
        {
            var behind = rest;
            if (word is not "g")
            {
                steps.Add(Double(word) ?? 0);
            }
            else if (Word(ref behind) is var number && Word(ref behind) is { IsEmpty: false } step && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            {
                steps.AddRange(Enumerable.Repeat(Double(step) ?? 0, Math.Min(count, most - steps.Count)));
                rest = behind;
            }
        }

        return steps;
    }

    private static ReadOnlySpan<char> Word(ref ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart();
        var end = rest.IndexOfAny(" \t\r\n");
        var word = end < 0 ? rest : rest[..end];
        rest = rest[word.Length..];
        return word;
    }

    private static double[] Matrix(string? text) =>
        text is { Length: <= OfdMarkup.MostNumbers } && text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is { Length: 6 } words ? [.. words.Select(word => Double(word) ?? 0)] : [1, 0, 0, 1, 0, 0];

    private static double? Double(ReadOnlySpan<char> text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;
}
