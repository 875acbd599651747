using System.Globalization;
using System.Text;

namespace ShantingEId.Documents.Faces;

/// <summary>How a text may give way when it is too long.</summary>
/// <param name="Size">Em it is set in when there is room, millimetres.</param>
/// <param name="OneLine">Em down to which it is made smaller to stay in one line; below it is broken into lines.</param>
/// <param name="Least">Em below which it is never set.</param>
internal sealed record FitRule(double Size, double OneLine, double Least)
{
    /// <summary>The same rule at a share of its sizes; the least stays what it is.</summary>
    public FitRule Times(double share) => new(Math.Max(Least, Size * share), Math.Max(Least, OneLine * share), Least);
}

/// <summary>One line: its characters and where each begins, millimetres from the left end.</summary>
internal sealed record FittedLine(string Text, double[] Offsets, double Width);

/// <summary>A text set into a box: first smaller in steps, then in lines, never cut off.</summary>
internal sealed record FittedText(double Size, IReadOnlyList<FittedLine> Lines)
{
    /// <summary>Height of a line in ems.</summary>
    public const double Leading = 1.36;

    private const double Step = 0.97;

    // What may not begin a line (GB/T 15834 clause 5.1), and what may not end one.
    private const string NeverFirst = "，。、；：？！）》〉」』】〕〗”’％…—·,.;:?!)]}%";
    private const string NeverLast = "（《〈「『【〔〖“‘([{";

    // Lines are spread to full width as long as no gap grows by more than this share of an em.
    private const double MostSpread = 0.2;

    /// <summary>Room all lines take.</summary>
    public double Height => Lines.Count * Size * Leading;

    /// <summary>Sets a text; null when it does not fit at its least size.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.TextInvalid"/> naming the characters the face lacks.</exception>
    public static FittedText? TryFit(FaceFont font, string text, double width, double height, FitRule rule)
    {
        var row = new Row(font, text);
        for (var size = rule.Size; size > rule.OneLine; size *= Step)
        {
            if (row.Advance(0, row.Count) * size <= width && size * Leading <= height)
            {
                return row.InOneLine(size);
            }
        }

        for (var size = rule.OneLine; ; size = Math.Max(rule.Least, size * Step))
        {
            var starts = row.Break(width / size);
            if (starts is not null && (starts.Count - 1) * size * Leading <= height)
            {
                return new FittedText(size, [.. starts.Zip(starts.Skip(1), (from, to) => row.Line(from, to, size, to == row.Count ? null : width))]);
            }

            if (size <= rule.Least)
            {
                return null;
            }
        }
    }

    /// <summary>Sets a text that stands alone in one line of this size, with room between its characters.</summary>
    public static FittedLine Spaced(FaceFont font, string text, double size, double gap) => new Row(font, text).Spaced(size, gap);

    private sealed class Row
    {
        private readonly Rune[] runes;
        private readonly double[] starts;

        public Row(FaceFont font, string text)
        {
            runes = [.. text.EnumerateRunes()];
            starts = new double[runes.Length + 1];
            List<Rune>? missing = null;
            for (var i = 0; i < runes.Length; i++)
            {
                if (font.Advance(runes[i]) is not { } advance)
                {
                    (missing ??= []).Add(runes[i]);
                    continue;
                }

                starts[i + 1] = starts[i] + advance;
            }

            if (missing is not null)
            {
                throw new EidException(ErrorReason.TextInvalid, string.Create(CultureInfo.InvariantCulture, $"照面字库中没有：{string.Join('、', missing.Distinct().Select(rune => $"“{rune}”（U+{rune.Value:X4}）"))}"));
            }
        }

        public int Count => runes.Length;

        public double Advance(int from, int to) => starts[to] - starts[from];

        public FittedText InOneLine(double size) => new(size, [Line(0, Count, size, null)]);

        public FittedLine Spaced(double size, double gap) =>
            new(Text(0, Count), [.. Enumerable.Range(0, Count).Select(i => (starts[i] * size) + (i * gap))], (starts[Count] * size) + (gap * Math.Max(0, Count - 1)));

        // A line but the last is spread over its width where that stays unseen.
        public FittedLine Line(int from, int to, double size, double? width)
        {
            var own = Advance(from, to) * size;
            var gap = width is { } full && to - from > 1 && (full - own) / (to - from - 1) <= MostSpread * size ? (full - own) / (to - from - 1) : 0;
            return new FittedLine(Text(from, to), [.. Enumerable.Range(from, to - from).Select(i => ((starts[i] - starts[from]) * size) + ((i - from) * gap))],
                own + (gap * Math.Max(0, to - from - 1)));
        }

        /// <summary>Where lines of this many ems begin, and the end; null when a line would hold no character.</summary>
        public List<int>? Break(double ems)
        {
            var breaks = new List<int> { 0 };
            for (var from = 0; from < Count; from = breaks[^1])
            {
                var to = from;
                while (to < Count && Advance(from, to + 1) <= ems + 1e-9)
                {
                    to++;
                }

                if (to == from)
                {
                    return null;
                }

                var best = to;
                while (to < Count && best > from && !MayBreak(best))
                {
                    best--;
                }

                // A word longer than a line is broken where the line ends.
                breaks.Add(best == from ? to : best);
            }

            return breaks;
        }

        private bool MayBreak(int at) =>
            at == Count || (!Has(NeverFirst, runes[at]) && !Has(NeverLast, runes[at - 1]) && !(IsWord(runes[at]) && IsWord(runes[at - 1])));

        private static bool Has(string set, Rune rune) => rune.IsBmp && set.Contains((char)rune.Value, StringComparison.Ordinal);

        private static bool IsWord(Rune rune) => rune.IsAscii && Rune.IsLetterOrDigit(rune);

        private string Text(int from, int to) => string.Concat(runes.Skip(from).Take(to - from));
    }
}
