using System.Text;
using System.Xml;
using ShantingEId.Documents.Faces;
using static ShantingEId.Documents.Ofd.OfdMarkup;

namespace ShantingEId.Documents.Ofd;

/// <summary>Writes the objects of a page (GB/T 33190-2016 clauses 8 to 11). The unit is a millimetre, as in drawings.</summary>
/// <param name="xml">Where to.</param>
/// <param name="resources">Which fonts and pictures there are; gives out identifiers.</param>
internal sealed class OfdPageWriter(XmlWriter xml, OfdResources resources)
{
    /// <summary>Writes the content of a page; the imprint of a seal is not part of it but of a signature.</summary>
    public void Write(Drawing page)
    {
        xml.Start("Area");
        xml.Text("PhysicalBox", new Box(0, 0, page.Width, page.Height).Format());
        xml.WriteEndElement();
        xml.Start("Content");
        xml.Start("Layer", ("ID", NextId()), ("Type", "Body"));
        foreach (var shape in page.Shapes)
        {
            switch (shape)
            {
                case TextRun row: Text(row); break;
                case StraightLine line: Line(line); break;
                case Rectangle rectangle: Rectangle(rectangle); break;
                case Picture picture: Picture(picture); break;
                case PathShape path: Path(path); break;
                case SealImprint: break;
                default: throw new NotSupportedException(shape.GetType().Name);
            }
        }

        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    // Clause 11: the baseline of the first character, then the way from each character to the next.
    private void Text(TextRun row)
    {
        var (x, y) = (row.X - row.Box.X, row.Y - row.Box.Y);
        xml.Start("TextObject", ("ID", NextId()), ("Boundary", row.Box.Format()), ("Font", Number(resources.FontId(row.Font))), ("Size", Number(row.Size)));
        if (row.Turn != 0)
        {
            var (sine, cosine) = Math.SinCos(row.Turn * Math.PI / 180);
            xml.WriteAttributeString("CTM", $"{Fine(cosine)} {Fine(-sine)} {Fine(sine)} {Fine(cosine)} {Number(x)} {Number(y)}");
            (x, y) = (0, 0);
        }

        Colour("FillColor", row.Ink);
        xml.Start("TextCode", ("X", Number(x)), ("Y", Number(y)));
        if (row.Offsets.Length > 1)
        {
            xml.WriteAttributeString("DeltaX", Deltas(row));
        }

        xml.WriteString(row.Text);
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    // Equal steps are counted: "g 12 4.2" for twelve of them. Readers count UTF-16 units; the second half of a pair has no step of its own.
    private static string Deltas(TextRun row)
    {
        var steps = new List<string>();
        foreach (var (i, rune) in row.Text.EnumerateRunes().Index())
        {
            if (i + 1 < row.Offsets.Length)
            {
                steps.AddRange(Enumerable.Repeat("0", rune.Utf16SequenceLength - 1));
                steps.Add(Number(row.Offsets[i + 1] - row.Offsets[i]));
            }
        }

        var text = new StringBuilder();
        for (var (i, end) = (0, 0); i < steps.Count; i = end)
        {
            for (end = i + 1; end < steps.Count && steps[end] == steps[i]; end++)
            {
            }

            text.Append(text.Length > 0 ? " " : "").Append(end - i > 2 ? $"g {Number(end - i)} {steps[i]}" : string.Join(' ', steps[i..end]));
        }

        return text.ToString();
    }

    private void Line(StraightLine line)
    {
        // Readers may cut off what leaves the boundary, and a line has a width.
        var half = line.Width / 2;
        var box = new Box(line.Box.X - half, line.Box.Y - half, line.Box.Width + line.Width, line.Box.Height + line.Width);
        xml.Start("PathObject", ("ID", NextId()), ("Boundary", box.Format()), ("LineWidth", Number(line.Width)));
        Colour("StrokeColor", line.Ink);
        xml.Text("AbbreviatedData", $"M {Number(half)} {Number(half)} L {Number(half + line.Box.Width)} {Number(half + line.Box.Height)}");
        xml.WriteEndElement();
    }

    private void Rectangle(Rectangle rectangle)
    {
        var half = rectangle.Line / 2;
        var box = new Box(rectangle.Box.X - half, rectangle.Box.Y - half, rectangle.Box.Width + rectangle.Line, rectangle.Box.Height + rectangle.Line);
        var (right, bottom) = (Number(half + rectangle.Box.Width), Number(half + rectangle.Box.Height));
        xml.Start("PathObject", ("ID", NextId()), ("Boundary", box.Format()));
        if (rectangle.Line > 0)
        {
            xml.WriteAttributeString("LineWidth", Number(rectangle.Line));
        }
        else
        {
            xml.WriteAttributeString("Stroke", "false");
        }

        if (rectangle.Fill is not null)
        {
            xml.WriteAttributeString("Fill", "true");
        }

        if (rectangle.Line > 0)
        {
            Colour("StrokeColor", rectangle.LineInk);
        }

        if (rectangle.Fill is { } fill)
        {
            Colour("FillColor", fill);
        }

        xml.Text("AbbreviatedData", $"M {Number(half)} {Number(half)} L {right} {Number(half)} L {right} {bottom} L {Number(half)} {bottom} C");
        xml.WriteEndElement();
    }

    // The unit square of the picture is stretched to its box.
    private void Picture(Picture picture) => xml.Element("ImageObject", ("ID", NextId()), ("Boundary", picture.Box.Format()),
        ("ResourceID", Number(resources.ImageId(picture.Png))), ("CTM", $"{Number(picture.Box.Width)} 0 0 {Number(picture.Box.Height)} 0 0"));

    private void Path(PathShape path)
    {
        xml.Start("PathObject", ("ID", NextId()), ("Boundary", path.Box.Format()), ("Stroke", "false"), ("Fill", "true"));
        Colour("FillColor", path.Fill);
        xml.Text("AbbreviatedData", string.Join(' ', path.Steps.Select(step => step.Verb switch
        {
            PathVerb.Move => $"M {At(step.X1, step.Y1)}",
            PathVerb.Line => $"L {At(step.X1, step.Y1)}",
            PathVerb.Quad => $"Q {At(step.X1, step.Y1)} {At(step.X2, step.Y2)}",
            PathVerb.Cubic => $"B {At(step.X1, step.Y1)} {At(step.X2, step.Y2)} {At(step.X3, step.Y3)}",
            _ => "C",
        })));
        xml.WriteEndElement();

        string At(double x, double y) => $"{Number(x - path.Box.X)} {Number(y - path.Box.Y)}";
    }

    private void Colour(string name, Ink ink)
    {
        xml.Start(name, ("Value", $"{Number(ink.Red)} {Number(ink.Green)} {Number(ink.Blue)}"));
        if (ink.Opacity < 255)
        {
            xml.WriteAttributeString("Alpha", Number(ink.Opacity));
        }

        xml.WriteEndElement();
    }

    private string NextId() => Number(resources.NextId());

    private static string Fine(double value) => Math.Round(value, 5).ToString("0.#####", System.Globalization.CultureInfo.InvariantCulture);
}
