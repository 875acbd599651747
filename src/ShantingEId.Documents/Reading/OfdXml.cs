using System.Runtime.InteropServices;
using System.Xml;
using System.Xml.Linq;

namespace ShantingEId.Documents.Reading;

/// <summary>A place to which a file points.</summary>
/// <param name="Name">Name of the element or attribute.</param>
/// <param name="Text">Its text.</param>
internal readonly record struct XmlPointer(string Name, string Text);

/// <summary>
/// What reading the XML of a package may still cost: bytes say little, for a name of one letter takes as long as one of a hundred. A page of text
/// with an element for each character has some twenty thousand.
/// </summary>
internal sealed class XmlBudget
{
    /// <summary>Most elements, ends, texts and attributes of all files together: a third of a second.</summary>
    public const int MostNodes = 3_000_000;

    /// <summary>Most places to which the files may point; there are at most <see cref="OfdReader.MaxEntries"/> to point to.</summary>
    public const int MostPointers = 20_000;

    private int nodes = MostNodes;
    private int pointers = MostPointers;

    /// <summary>Takes nodes.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.ContainerLimits"/>.</exception>
    public void Take(int count) => _ = (nodes -= count) >= 0 ? true : throw new EidException(ErrorReason.ContainerLimits, $"XML 元素和属性超过 {MostNodes} 个");

    /// <summary>Takes one pointer.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.ContainerLimits"/>.</exception>
    public void Pointer() => _ = --pointers >= 0 ? true : throw new EidException(ErrorReason.ContainerLimits, $"XML 中的路径超过 {MostPointers} 个");
}

/// <summary>Reads XML of strangers: UTF-8, no DTD, no entities of its own, at most 64 levels.</summary>
internal static class OfdXml
{
    private const int MaxDepth = 64;

    /// <summary>Most bytes of a file that becomes a tree: only the small ones that hold the structure do.</summary>
    public const int MaxTree = 1024 * 1024;

    /// <summary>The namespace of GB/T 33190-2016; the second is what some producers of that time wrote.</summary>
    private static readonly string[] Namespaces = ["http://www.ofdspec.org/2016", "http://www.ofdspec.org"];

    /// <summary>Refuses what is dangerous to read.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.XmlUnsafe"/>.</exception>
    public static void RequireSafe(ReadOnlySpan<byte> xml, string name)
    {
        // Of what declares a type nothing is read; that the words could stand in a comment is no loss. A zero byte means another
        // encoding, in which the words would look different.
        if (xml.IndexOf("<!DOCTYPE"u8) >= 0 || xml.IndexOf("<!ENTITY"u8) >= 0 || xml.Contains((byte)0))
        {
            throw new EidException(ErrorReason.XmlUnsafe, $"XML 含有 DTD、实体或不是 UTF-8：{name}");
        }
    }

    /// <summary>Every place to which a file may point; null when it is not well-formed.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.XmlUnsafe"/>: too deep; <see cref="ErrorReason.ContainerLimits"/>: too much.</exception>
    public static List<XmlPointer>? Scan(ReadOnlyMemory<byte> xml, string name, XmlBudget budget)
    {
        var pointers = new List<XmlPointer>();
        try
        {
            using var reader = Reader(xml);
            var element = "";
            while (Next(reader, name, budget))
            {
                if (reader.NodeType == XmlNodeType.Element)
                {
                    // Hardly any value is looked at: a page has thousands, and each would be a text of its own.
                    element = reader.LocalName;
                    while (reader.MoveToNextAttribute())
                    {
                        Add(pointers, reader, reader.LocalName, budget);
                    }
                }
                else if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA)
                {
                    Add(pointers, reader, element, budget);
                }
            }

            return pointers;
        }
        catch (XmlException)
        {
            return null;
        }
    }

    /// <summary>Goes to the next node; false at the end.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.XmlUnsafe"/>: too deep; <see cref="ErrorReason.ContainerLimits"/>: too much.</exception>
    /// <exception cref="XmlException">Not well-formed.</exception>
    public static bool Next(XmlReader reader, string name, XmlBudget budget)
    {
        if (!reader.Read())
        {
            return false;
        }

        budget.Take(1 + reader.AttributeCount);
        return reader.Depth <= MaxDepth ? true : throw new EidException(ErrorReason.XmlUnsafe, $"XML 嵌套超过 {MaxDepth} 层：{name}");
    }

    private static void Add(List<XmlPointer> pointers, XmlReader reader, string name, XmlBudget budget)
    {
        if (OfdReach.IsPointer(name) && reader.Value.Trim() is { Length: > 0 and < 512 } text)
        {
            budget.Pointer();
            pointers.Add(new XmlPointer(name, text));
        }
    }

    /// <summary>The root of a small file that has been found well-formed; null when it is too large or has another root.</summary>
    public static XElement? Root(ReadOnlyMemory<byte> xml, string rootName)
    {
        if (xml.Length > MaxTree)
        {
            return null;
        }

        using var reader = Reader(xml);
        return XDocument.Load(reader).Root is { } root && IsOurs(root, rootName) ? root : null;
    }

    /// <summary>Children of that name in the namespace of OFD.</summary>
    public static IEnumerable<XElement> Children(this XElement parent, string name) => parent.Elements().Where(child => IsOurs(child, name));

    /// <summary>The only child of that name; null when there is none or there are several.</summary>
    public static XElement? Only(this XElement parent, string name)
    {
        var found = parent.Children(name).Take(2).ToList();
        return found.Count == 1 ? found[0] : null;
    }

    private static bool IsOurs(XElement element, string name) => element.Name.LocalName == name && Namespaces.Contains(element.Name.NamespaceName);

    /// <summary>A reader that leaves comments out.</summary>
    public static XmlReader Reader(ReadOnlyMemory<byte> xml)
    {
        var bytes = MemoryMarshal.TryGetArray(xml, out var whole) ? whole : xml.ToArray();
        return XmlReader.Create(new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false), new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true, IgnoreProcessingInstructions = true, MaxCharactersInDocument = OfdReader.MaxTotal,
        });
    }
}
