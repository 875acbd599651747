namespace ShantingEId.Documents.Faces;

/// <summary>One item of a face.</summary>
/// <param name="Label">Its label.</param>
/// <param name="Value">What is registered; an empty one is left out.</param>
/// <param name="Rule">How its text may give way.</param>
/// <param name="Least">Share of its size at which its neighbours must give way instead.</param>
internal sealed record FaceItem(string Label, string Value, FitRule Rule, double Least);

/// <summary>A column of items: labels of one width on the left, values beside them, each as high as it needs.</summary>
internal static class FaceColumn
{
    private const double Step = 0.96;
    private const double LabelGap = 4;

    // A row is at least so high, whatever stands in it, so that rows of two columns lie beside each other.
    private const double LeastRow = 6.7;

    /// <summary>Sets the items one below the other; all become smaller in steps until the column holds them.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.TextInvalid"/>: it cannot hold them.</exception>
    public static void Draw(FacePen pen, IReadOnlyList<FaceItem> items, Box column, double labelSize, double between)
    {
        var shown = items.Where(item => item.Value.Length > 0).ToArray();
        var labelWidth = Math.Max(5, shown.Max(item => item.Label.Length)) * labelSize;
        var valueWidth = column.Width - labelWidth - LabelGap;
        for (var share = 1.0; share > 0.2; share *= Step)
        {
            // Items stand closer together before letters become too small to read.
            var gap = between * Math.Max(0.5, share);
            var line = Math.Max(labelSize * FittedText.Leading, LeastRow * share);
            if (Fit(share, gap, line) is { } fitted)
            {
                Write(fitted, gap, line);
                return;
            }
        }

        throw new EidException(ErrorReason.TextInvalid, $"照面放不下登记事项（{string.Join('、', shown.Select(item => item.Label))}）");

        FittedText[]? Fit(double share, double gap, double line)
        {
            var fitted = new FittedText[shown.Length];
            var room = column.Height;
            for (var i = 0; i < shown.Length; i++)
            {
                // Lines are broken at this step's size or not at all: how small letters become is for the column to say.
                var rule = shown[i].Rule.Times(Math.Max(share, shown[i].Least));
                if (pen.TryFit(shown[i].Value, valueWidth, room, rule with { Least = rule.OneLine }) is not { } text)
                {
                    return null;
                }

                fitted[i] = text;
                room -= RowHeight(text, line);
                if (room < 0)
                {
                    return null;
                }

                room -= gap;
            }

            return fitted;
        }

        void Write(FittedText[] fitted, double gap, double line)
        {
            var y = column.Y;
            for (var i = 0; i < shown.Length; i++)
            {
                var baseline = y + Baseline(fitted[i], line);
                pen.Label(shown[i].Label, column.X, baseline - (labelSize * FacePen.Ascent), labelSize, labelWidth);
                pen.Put(fitted[i], column.X + labelWidth + LabelGap, baseline - Above(fitted[i]));
                y += RowHeight(fitted[i], line) + gap;
            }
        }

        // Label and first line stand on one baseline, the label in the middle of its line.
        double Baseline(FittedText text, double line) => (Math.Max(line, text.Size * FittedText.Leading) / 2) + (labelSize * (FacePen.Ascent - 0.5));

        static double Above(FittedText text) => text.Size * (FacePen.Ascent + ((FittedText.Leading - 1) / 2));

        double RowHeight(FittedText text, double line) => Math.Max(line, Baseline(text, line) - Above(text) + text.Height);
    }
}
