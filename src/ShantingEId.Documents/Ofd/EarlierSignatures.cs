using System.Globalization;
using System.Xml.Linq;
using static ShantingEId.Documents.Ofd.OfdMarkup;

namespace ShantingEId.Documents.Ofd;

/// <summary>The signatures a document already has, and how another is added.</summary>
internal sealed class EarlierSignatures
{
    private readonly OfdStructure structure;
    private readonly XDocument? list;
    private readonly int lastSignature;
    private readonly bool hasLetter;

    private EarlierSignatures(OfdStructure structure)
    {
        this.structure = structure;
        var folder = structure.DocumentName[..(structure.DocumentName.LastIndexOf('/') + 1)];
        ListName = structure.SignaturesName ?? folder + "Signs/Signatures.xml";
        FirstFreeId = structure.MaxUnitId + 1;
        if (structure.SignaturesName is null || structure.Package.Find(ListName) is not { } entry)
        {
            return;
        }

        list = OfdMarkup.Read(entry);
        var ids = Records(list).Select(record => record.Attribute("ID")?.Value).Append(OfdStructure.Child(list.Root!, "MaxSignId")?.Value).ToArray();
        lastSignature = ids.Max(OfdStructure.Number);
        hasLetter = ids.Any(id => id is ['s', ..]);
        foreach (var record in Records(list))
        {
            var name = OfdStructure.Resolve(ListName, record.Attribute("BaseLoc")?.Value);
            var signature = OfdMarkup.Read(structure.Package.Require(name));
            if (signature.Descendants().Any(each => each.Name.LocalName == "Reference" && OfdStructure.Resolve(name, each.Attribute("FileRef")?.Value) == ListName))
            {
                throw OfdStructure.Invalid("前一个签名已锁定文件，不能再加盖印章");
            }

            FirstFreeId = Math.Max(FirstFreeId, 1 + signature.Descendants().Where(each => each.Name.LocalName == "StampAnnot").Max(each => (int?)OfdStructure.Number(each.Attribute("ID")?.Value)) ?? 0);
        }
    }

    /// <summary>Signatures.xml.</summary>
    public string ListName { get; }

    /// <summary>An identifier above all of pages and stamps.</summary>
    public int FirstFreeId { get; }

    public static EarlierSignatures Read(OfdStructure structure) => new(structure);

    /// <summary>A folder no file is in yet.</summary>
    public string NewFolder()
    {
        var parent = ListName[..(ListName.LastIndexOf('/') + 1)];
        for (var number = 0; ; number++)
        {
            var folder = $"{parent}Sign_{Number(number)}";
            if (!structure.Package.Entries.Any(entry => entry.Name.StartsWith(folder + "/", StringComparison.Ordinal)))
            {
                return folder;
            }
        }
    }

    /// <summary>OFD.xml with the way to the list: after DocRoot and Versions, as the schema orders them.</summary>
    public OfdEntry AddToRoot()
    {
        var after = OfdStructure.Child(structure.Body, "Versions") ?? OfdStructure.Child(structure.Body, "DocRoot")!;
        after.AddAfterSelf(new XElement(structure.Body.Name.Namespace + "Signatures", "/" + ListName));
        return OfdMarkup.Write(OfdFile.Root, structure.Root);
    }

    /// <summary>The list with one more.</summary>
    public OfdEntry WithNew(string signatureName)
    {
        var id = (hasLetter ? "s" : "") + (lastSignature + 1).ToString(hasLetter ? "D3" : "D", CultureInfo.InvariantCulture);
        if (list is null)
        {
            return OfdMarkup.File(ListName, "Signatures", xml =>
            {
                xml.Text("MaxSignId", id);
                xml.Element("Signature", ("ID", id), ("Type", "Seal"), ("BaseLoc", "/" + signatureName));
            });
        }

        var copy = new XDocument(list);
        var space = copy.Root!.Name.Namespace;
        OfdStructure.Child(copy.Root, "MaxSignId")?.SetValue(id);
        var record = new XElement(space + "Signature", new XAttribute("ID", id), new XAttribute("Type", "Seal"), new XAttribute("BaseLoc", "/" + signatureName));
        if (Records(copy).LastOrDefault() is { } last)
        {
            last.AddAfterSelf(record);
        }
        else
        {
            copy.Root.Add(record);
        }

        return OfdMarkup.Write(ListName, copy);
    }

    private static IEnumerable<XElement> Records(XDocument list) => list.Root!.Elements().Where(each => each.Name.LocalName == "Signature");
}
