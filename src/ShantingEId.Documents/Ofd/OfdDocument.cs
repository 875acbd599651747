using System.Globalization;
using System.Xml;
using ShantingEId.Documents.Faces;
using static ShantingEId.Documents.Ofd.OfdMarkup;

namespace ShantingEId.Documents.Ofd;

/// <summary>What a document says about itself (CT_DocInfo).</summary>
/// <param name="DocumentId">32 hexadecimal digits.</param>
/// <param name="Title">Title.</param>
/// <param name="Author">Who made it.</param>
/// <param name="Created">When; only the day is written.</param>
/// <param name="CustomData">Metadata of GB/T 36903 by their keys, in order.</param>
public sealed record OfdInfo(string DocumentId, string Title, string Author, DateTimeOffset Created, IReadOnlyList<KeyValuePair<string, string>> CustomData);

/// <summary>A file that travels inside a document.</summary>
/// <param name="FileName">Name in the package, ASCII.</param>
/// <param name="Title">Name for people.</param>
/// <param name="Format">Kind of file, e.g. <c>CBOR</c>.</param>
/// <param name="Bytes">Content.</param>
public sealed record OfdAttachment(string FileName, string Title, string Format, ReadOnlyMemory<byte> Bytes);

/// <summary>Makes OFD documents (GB/T 33190-2016) from drawings: real text, fonts cut down to it, nothing that changes from run to run.</summary>
public static class OfdDocument
{
    private const string Folder = "Doc_0";

    /// <summary>Makes a document with these pages.</summary>
    public static OfdFile Create(IReadOnlyList<Drawing> pages, FaceFonts fonts, OfdInfo info, params IReadOnlyList<OfdAttachment> attachments)
    {
        // 1. Pages; they say which fonts and pictures are needed.
        var resources = new OfdResources();
        var pageIds = pages.Select(_ => resources.NextId()).ToArray();
        var contents = pages.Select((page, i) =>
            OfdMarkup.File($"{Folder}/Pages/Page_{Number(i)}/Content.xml", "Page", xml => new OfdPageWriter(xml, resources).Write(page))).ToArray();

        // 2. What pages refer to.
        var files = resources.Write(Folder, pages, fonts);
        var attached = attachments.Count == 0 ? [] : WriteAttachments(attachments, resources, info.Created);

        // 3. What refers to pages; last, because it names the greatest identifier.
        var document = WriteDocument(pages, pageIds, resources, attached.Length > 0);
        return new OfdFile([WriteRoot(info), document, .. files, .. contents, .. attached]);
    }

    private static OfdEntry WriteRoot(OfdInfo info) => OfdMarkup.File(OfdFile.Root, "OFD", xml =>
    {
        xml.WriteAttributeString("Version", "1.0");
        xml.WriteAttributeString("DocType", "OFD");
        xml.Start("DocBody");
        xml.Start("DocInfo");
        xml.Text("DocID", info.DocumentId);
        xml.Text("Title", info.Title);
        xml.Text("Author", info.Author);
        xml.Text("CreationDate", Day(info.Created));
        xml.Text("DocUsage", "Normal");
        xml.Text("Creator", "ShantingEId");
        if (info.CustomData.Count > 0)
        {
            xml.Start("CustomDatas");
            foreach (var (name, value) in info.CustomData)
            {
                xml.Text("CustomData", value, ("Name", name));
            }

            xml.WriteEndElement();
        }

        xml.WriteEndElement();
        xml.Text("DocRoot", $"{Folder}/Document.xml");
        xml.WriteEndElement();
    });

    private static OfdEntry WriteDocument(IReadOnlyList<Drawing> pages, int[] pageIds, OfdResources resources, bool hasAttachments) => OfdMarkup.File($"{Folder}/Document.xml", "Document", xml =>
    {
        xml.Start("CommonData");
        xml.Text("MaxUnitID", Number(resources.MaxId));
        xml.Start("PageArea");
        xml.Text("PhysicalBox", new Box(0, 0, pages[0].Width, pages[0].Height).Format());
        xml.WriteEndElement();
        xml.Text("PublicRes", "PublicRes.xml");
        if (resources.HasImages)
        {
            xml.Text("DocumentRes", "DocumentRes.xml");
        }

        xml.WriteEndElement();
        xml.Start("Pages");
        foreach (var (i, id) in pageIds.Index())
        {
            xml.Element("Page", ("ID", Number(id)), ("BaseLoc", $"Pages/Page_{Number(i)}/Content.xml"));
        }

        xml.WriteEndElement();
        if (hasAttachments)
        {
            xml.Text("Attachments", "Attachs/Attachments.xml");
        }
    });

    private static OfdEntry[] WriteAttachments(IReadOnlyList<OfdAttachment> attachments, OfdResources resources, DateTimeOffset created) =>
    [
        OfdMarkup.File($"{Folder}/Attachs/Attachments.xml", "Attachments", xml =>
        {
            foreach (var attachment in attachments)
            {
                xml.Start("Attachment", ("ID", Number(resources.NextId())), ("Name", attachment.Title), ("Format", attachment.Format), ("CreationDate", Day(created)),
                    ("Size", (attachment.Bytes.Length / 1024.0).ToString("0.###", CultureInfo.InvariantCulture)), ("Visible", "true"));
                xml.Text("FileLoc", attachment.FileName);
                xml.WriteEndElement();
            }
        }),
        .. attachments.Select(attachment => new OfdEntry($"{Folder}/Attachs/{attachment.FileName}", attachment.Bytes)),
    ];

    private static string Day(DateTimeOffset time) => Calendar.WorkCalendar.DayOf(time).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
