using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using ShantingEId.Documents.Reading;
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

        // What the verifier would not look at is not written either.
        var budget = new XmlBudget();
        list = OfdMarkup.Read(entry, budget, OfdStructure.MostRewritten);
        var records = Records(list).ToList();
        if (records.Count >= OfdSignatures.MaxSignatures)
        {
            throw OfdStructure.Invalid($"已有 {records.Count} 个签名，至多 {OfdSignatures.MaxSignatures} 个");
        }

        var ids = records.Select(record => record.Attribute("ID")?.Value).Append(OfdStructure.Child(list.Root!, "MaxSignId")?.Value).ToArray();
        lastSignature = ids.Max(OfdStructure.Number);
        hasLetter = ids.Any(id => id is ['s', ..]);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var record in records)
        {
            var name = OfdStructure.Resolve(ListName, record.Attribute("BaseLoc")?.Value);
            FirstFreeId = Math.Max(FirstFreeId, 1 + (names.Add(name) ? LastStamp(structure.Package.Require(name), budget) : throw OfdStructure.Invalid("签名列表中有重复的签名")));
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
        var root = new XDocument(structure.Root);
        var body = OfdStructure.Child(root.Root!, "DocBody")!;
        var after = OfdStructure.Child(body, "Versions") ?? OfdStructure.Child(body, "DocRoot")!;
        after.AddAfterSelf(new XElement(body.Name.Namespace + "Signatures", "/" + ListName));
        return OfdMarkup.Write(OfdFile.Root, root);
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

    // The greatest identifier of an imprint of an earlier signature, which must not cover the list.
    private int LastStamp(OfdEntry signature, XmlBudget budget)
    {
        var (last, references) = (0, 0);
        OfdMarkup.Walk(signature, budget, reader =>
        {
            if (reader.NodeType == XmlNodeType.Element && reader.LocalName == "Reference")
            {
                if (++references > OfdReader.MaxEntries)
                {
                    throw OfdStructure.Invalid($"{signature.Name} 覆盖的文件超过 {OfdReader.MaxEntries} 个");
                }

                if (OfdStructure.Resolve(signature.Name, reader.GetAttribute("FileRef")) == ListName)
                {
                    throw OfdStructure.Invalid("前一个签名已锁定文件，不能再加盖印章");
                }
            }
            else if (reader.NodeType == XmlNodeType.Element && reader.LocalName == "StampAnnot")
            {
                last = Math.Max(last, OfdStructure.Number(reader.GetAttribute("ID")));
            }

            return true;
        });
        return last;
    }

    private static IEnumerable<XElement> Records(XDocument list) => list.Root!.Elements().Where(each => each.Name.LocalName == "Signature");
}
