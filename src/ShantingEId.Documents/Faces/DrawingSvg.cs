using System.Globalization;
using System.Text;
using System.Xml;

namespace ShantingEId.Documents.Faces;

/// <summary>Writes a drawing as SVG that stands alone: pictures and fonts are inside.</summary>
public static class DrawingSvg
{
    private const string Svg = "http://www.w3.org/2000/svg";

    /// <summary>The page; the unit is a millimetre.</summary>
    public static string Write(Drawing drawing, FaceFonts fonts)
    {
        var text = new StringBuilder();
        using (var xml = XmlWriter.Create(text, new XmlWriterSettings { OmitXmlDeclaration = true }))
        {
            xml.WriteStartElement("svg", Svg);
            Write(xml, ("width", Number(drawing.Width) + "mm"), ("height", Number(drawing.Height) + "mm"), ("viewBox", $"0 0 {Number(drawing.Width)} {Number(drawing.Height)}"));
            xml.WriteElementString("title", Svg, drawing.Title);
            xml.WriteElementString("style", Svg, string.Concat(drawing.Text.GroupBy(row => row.Font).OrderBy(rows => rows.Key).Select(rows => Face(rows, fonts[rows.Key]))));
            foreach (var shape in drawing.Shapes)
            {
                Shape(xml, shape);
            }

            xml.WriteEndElement();
        }

        return text.ToString();
    }

    private static string Face(IGrouping<FaceLetters, TextRun> rows, FaceFont font)
    {
        var name = Family(rows.Key);
        var source = $"@font-face{{font-family:{name};src:url(data:font/ttf;base64,{Convert.ToBase64String(font.Subset(rows, FontGrid.Fine))})}}";
        return $"{source}.{name}{{font-family:{name},\"Noto Serif CJK SC\",SimSun,serif;white-space:pre}}";
    }

    private static string Family(FaceLetters letters) => letters == FaceLetters.Bold ? "EidBold" : "EidText";

    private static void Shape(XmlWriter xml, Shape shape)
    {
        switch (shape)
        {
            case TextRun row:
                xml.WriteStartElement("text", Svg);
                Write(xml, ("class", Family(row.Font)), ("font-size", Number(row.Size)), ("x", string.Join(' ', Places(row))), ("y", Number(row.Y)));
                Paint(xml, "fill", row.Ink);
                if (row.Turn != 0)
                {
                    Write(xml, ("transform", $"rotate({Number(-row.Turn)} {Number(row.X)} {Number(row.Y)})"));
                }

                xml.WriteString(row.Text);
                xml.WriteEndElement();
                break;
            case StraightLine line:
                xml.WriteStartElement("line", Svg);
                Write(xml, ("x1", Number(line.Box.X)), ("y1", Number(line.Box.Y)), ("x2", Number(line.Box.Right)), ("y2", Number(line.Box.Bottom)), ("stroke-width", Number(line.Width)));
                Paint(xml, "stroke", line.Ink);
                xml.WriteEndElement();
                break;
            case Rectangle rectangle:
                xml.WriteStartElement("rect", Svg);
                Place(xml, rectangle.Box);
                Paint(xml, "fill", rectangle.Fill);
                Paint(xml, "stroke", rectangle.Line > 0 ? rectangle.LineInk : null);
                Write(xml, ("stroke-width", Number(rectangle.Line)));
                xml.WriteEndElement();
                break;
            case Picture picture: Image(xml, picture.Box, picture.Png.AsSpan()); break;
            case SealImprint seal: Image(xml, seal.Box, seal.Png.AsSpan()); break;
            case PathShape path:
                xml.WriteStartElement("path", Svg);
                Write(xml, ("d", string.Concat(path.Steps.Select(Step))));
                Paint(xml, "fill", path.Fill);
                xml.WriteEndElement();
                break;
            default: throw new NotSupportedException(shape.GetType().Name);
        }
    }

    // One place for each UTF-16 unit, as SVG counts: the second half of a pair has none of its own.
    private static IEnumerable<string> Places(TextRun row)
    {
        foreach (var (i, rune) in row.Text.EnumerateRunes().Index())
        {
            for (var unit = 0; unit < rune.Utf16SequenceLength; unit++)
            {
                yield return Number(row.X + row.Offsets[i]);
            }
        }
    }

    private static void Image(XmlWriter xml, Box box, ReadOnlySpan<byte> png)
    {
        xml.WriteStartElement("image", Svg);
        Place(xml, box);
        Write(xml, ("preserveAspectRatio", "none"), ("href", "data:image/png;base64," + Convert.ToBase64String(png)));
        xml.WriteEndElement();
    }

    private static string Step(PathStep step) => step.Verb switch
    {
        PathVerb.Move => $"M{Number(step.X1)} {Number(step.Y1)}",
        PathVerb.Line => $"L{Number(step.X1)} {Number(step.Y1)}",
        PathVerb.Quad => $"Q{Number(step.X1)} {Number(step.Y1)} {Number(step.X2)} {Number(step.Y2)}",
        PathVerb.Cubic => $"C{Number(step.X1)} {Number(step.Y1)} {Number(step.X2)} {Number(step.Y2)} {Number(step.X3)} {Number(step.Y3)}",
        _ => "Z",
    };

    private static void Place(XmlWriter xml, Box box) =>
        Write(xml, ("x", Number(box.X)), ("y", Number(box.Y)), ("width", Number(box.Width)), ("height", Number(box.Height)));

    private static void Paint(XmlWriter xml, string what, Ink? ink)
    {
        Write(xml, (what, ink is { } colour ? $"#{colour.Red:x2}{colour.Green:x2}{colour.Blue:x2}" : "none"));
        if (ink is { Opacity: < 255 } clear)
        {
            Write(xml, (what + "-opacity", Number(Math.Round(clear.Opacity / 255.0, 3))));
        }
    }

    private static void Write(XmlWriter xml, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        foreach (var (name, value) in attributes)
        {
            xml.WriteAttributeString(name, value);
        }
    }

    private static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
