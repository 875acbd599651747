using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using ShantingEId.Documents.Faces;

namespace ShantingEId.Documents.Ofd;

/// <summary>How OFD writes things in XML: literal prefix <c>ofd:</c>, which some readers take for part of the name; UTF-8 without mark.</summary>
internal static class OfdMarkup
{
    public const string Namespace = "http://www.ofdspec.org/2016";

    private const long MostCharacters = 32 * 1024 * 1024;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>A file with one root element.</summary>
    public static OfdEntry File(string name, string root, Action<XmlWriter> content)
    {
        using var stream = new MemoryStream(4096);
        using (var xml = XmlWriter.Create(stream, new XmlWriterSettings { Encoding = Utf8 }))
        {
            xml.WriteStartDocument();
            xml.WriteStartElement("ofd", root, Namespace);
            content(xml);
            xml.WriteEndElement();
        }

        return new OfdEntry(name, stream.ToArray());
    }

    /// <summary>Reads a file of somebody's: no DTD, nothing fetched, bounded.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.DocumentInvalid"/>.</exception>
    public static XDocument Read(OfdEntry entry)
    {
        try
        {
            using var reader = Reader(entry);
            return XDocument.Load(reader, LoadOptions.PreserveWhitespace);
        }
        catch (XmlException error)
        {
            throw Malformed(entry, error);
        }
    }

    /// <summary>Children of the root up to one of this name.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.DocumentInvalid"/>.</exception>
    public static List<XElement> ReadBefore(OfdEntry entry, string last)
    {
        try
        {
            using var reader = Reader(entry);
            var children = new List<XElement>();
            reader.MoveToContent();
            reader.Read();
            while (!reader.EOF && !(reader.NodeType == XmlNodeType.Element && reader.LocalName == last))
            {
                if (reader.NodeType == XmlNodeType.Element)
                {
                    children.Add((XElement)XNode.ReadFrom(reader)); // Goes on behind it.
                }
                else
                {
                    reader.Read();
                }
            }

            return children;
        }
        catch (XmlException error)
        {
            throw Malformed(entry, error);
        }
    }

    private static XmlReader Reader(OfdEntry entry)
    {
        var bytes = MemoryMarshal.TryGetArray(entry.Bytes, out var whole) ? whole : entry.Bytes.ToArray();
        return XmlReader.Create(new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false),
            new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = MostCharacters });
    }

    private static EidException Malformed(OfdEntry entry, XmlException error) => new(ErrorReason.DocumentInvalid, $"{entry.Name} 不是合规的 XML", error);

    /// <summary>A file again after it was changed; its own prefixes and blanks stay.</summary>
    public static OfdEntry Write(string name, XDocument document)
    {
        using var stream = new MemoryStream(4096);
        using (var xml = XmlWriter.Create(stream, new XmlWriterSettings { Encoding = Utf8, NewLineHandling = NewLineHandling.None }))
        {
            document.Save(xml);
        }

        return new OfdEntry(name, stream.ToArray());
    }

    public static void Element(this XmlWriter xml, string name, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        Start(xml, name, attributes);
        xml.WriteEndElement();
    }

    public static void Start(this XmlWriter xml, string name, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        xml.WriteStartElement("ofd", name, Namespace);
        foreach (var (attribute, value) in attributes)
        {
            xml.WriteAttributeString(attribute, value);
        }
    }

    public static void Text(this XmlWriter xml, string name, string text, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        Start(xml, name, attributes);
        xml.WriteString(text);
        xml.WriteEndElement();
    }

    public static string Number(double value) => Math.Round(value, 3).ToString("0.###", CultureInfo.InvariantCulture);

    public static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>ST_Box: left, top, width, height.</summary>
    public static string Format(this Box box) => $"{Number(box.X)} {Number(box.Y)} {Number(box.Width)} {Number(box.Height)}";

    /// <summary>Reads an ST_Box; null when it is none.</summary>
    public static Box? ParseBox(string? text)
    {
        var parts = (text ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var numbers = new double[4];
        for (var i = 0; i < 4; i++)
        {
            if (parts.Length != 4 || !double.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]) || !double.IsFinite(numbers[i]))
            {
                return null;
            }
        }

        return new Box(numbers[0], numbers[1], numbers[2], numbers[3]);
    }
}
