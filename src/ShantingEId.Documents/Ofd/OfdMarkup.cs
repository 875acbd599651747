using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using ShantingEId.Documents.Faces;
using ShantingEId.Documents.Reading;

namespace ShantingEId.Documents.Ofd;

/// <summary>How OFD writes things in XML: literal prefix <c>ofd:</c>, which some readers take for part of the name; UTF-8 without mark.</summary>
internal static class OfdMarkup
{
    public const string Namespace = "http://www.ofdspec.org/2016";

    /// <summary>Most characters of a few numbers in one attribute.</summary>
    public const int MostNumbers = 256;

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

    /// <summary>Reads a small file of somebody's as a tree: no DTD, nothing fetched, no larger and no deeper than what may be worked on.</summary>
    /// <exception cref="EidException">
    /// <see cref="ErrorReason.DocumentInvalid"/>, <see cref="ErrorReason.ContainerLimits"/>, <see cref="ErrorReason.XmlUnsafe"/>.
    /// </exception>
    public static XDocument Read(OfdEntry entry, XmlBudget budget, int mostBytes = OfdXml.MaxTree)
    {
        if (entry.Bytes.Length > mostBytes)
        {
            throw new EidException(ErrorReason.ContainerLimits, $"{entry.Name} 超过 {mostBytes / 1024} KB");
        }

        // What works on a tree calls itself for every level: how deep it is must be known before there is one.
        Walk(entry, budget, _ => true);
        using var reader = Reader(entry);
        return XDocument.Load(reader, LoadOptions.PreserveWhitespace);
    }

    /// <summary>Goes through a file of somebody's node by node, without comments, until somebody has seen enough.</summary>
    /// <exception cref="EidException">
    /// <see cref="ErrorReason.DocumentInvalid"/>, <see cref="ErrorReason.ContainerLimits"/>, <see cref="ErrorReason.XmlUnsafe"/>.
    /// </exception>
    public static void Walk(OfdEntry entry, XmlBudget budget, Func<XmlReader, bool> take)
    {
        try
        {
            using var reader = OfdXml.Reader(entry.Bytes);
            while (OfdXml.Next(reader, entry.Name, budget) && take(reader))
            {
            }
        }
        catch (XmlException error)
        {
            throw new EidException(ErrorReason.DocumentInvalid, $"{entry.Name} 不是合规的 XML", error);
        }
    }

    private static XmlReader Reader(OfdEntry entry)
    {
        var bytes = MemoryMarshal.TryGetArray(entry.Bytes, out var whole) ? whole : entry.Bytes.ToArray();
        return XmlReader.Create(new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false),
            new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
    }

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
        var parts = text is { Length: <= MostNumbers } ? text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) : [];
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
