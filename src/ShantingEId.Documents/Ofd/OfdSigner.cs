using System.Globalization;
using System.Xml.Linq;
using ShantingEId.Crypto;
using ShantingEId.Receipts;
using ShantingEId.Seals;
using static ShantingEId.Documents.Ofd.OfdMarkup;

namespace ShantingEId.Documents.Ofd;

/// <summary>
/// Seals an OFD document: electronic signature of GB/T 38540-2020 version 4 in the form of GB/T 33190 clause 18, over every file.
/// The list of signatures alone is not covered, so that others can be added; each later one covers the files of those before.
/// </summary>
public static class OfdSigner
{
    private const string Sm3Oid = "1.2.156.10197.1.401";

    /// <summary>Signs a document of anybody's making.</summary>
    /// <param name="package">The document.</param>
    /// <param name="seal">The seal, which the caller has verified.</param>
    /// <param name="signer">A key whose certificate the seal lists.</param>
    /// <param name="time">When.</param>
    /// <param name="places">Where its imprint is shown; at least one.</param>
    /// <exception cref="EidException">
    /// <see cref="ErrorReason.DocumentInvalid"/>: not an OFD document, no such page, or an earlier signature has closed it;
    /// <see cref="ErrorReason.SigningKeyUnusable"/>.
    /// </exception>
    public static OfdFile Sign(OfdFile package, SesSeal seal, SigningKey signer, DateTimeOffset time, params IReadOnlyList<StampPlace> places)
    {
        var prepared = Prepare(package, seal, time, places);
        return prepared.Finish(SesSignature.Create(seal, signer, time, prepared.DataHash, prepared.PropertyInfo));
    }

    /// <summary>
    /// Everything but the signature itself, for a key that is elsewhere. The same document, seal, time and places give the same
    /// bytes, so that a signature which was kept can be put on the document again.
    /// </summary>
    /// <param name="package">The document.</param>
    /// <param name="seal">The seal, which the caller has verified.</param>
    /// <param name="time">When; a fraction of a second is cut off.</param>
    /// <param name="places">Where its imprint is shown; at least one.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.DocumentInvalid"/>: not an OFD document, no such page, or an earlier signature has closed it.</exception>
    public static PreparedStamp Prepare(OfdFile package, SesSeal seal, DateTimeOffset time, params IReadOnlyList<StampPlace> places)
    {
        // 1. What is there; an earlier signature over the list of signatures would break.
        var structure = OfdStructure.Read(package);
        var earlier = EarlierSignatures.Read(structure);
        if (places.Count == 0 || places.Any(place => place.Page < 0 || place.Page >= structure.Pages.Count))
        {
            throw OfdStructure.Invalid(places.Count == 0 ? "没有指定盖章位置" : "盖章的页码不存在");
        }

        var folder = earlier.NewFolder();
        var (sealName, signatureName, valueName) = ($"{folder}/Seal.esl", $"{folder}/Signature.xml", $"{folder}/SignedValue.dat");

        // 2. Everything that will be covered: the seal, and OFD.xml with the way to the list of signatures in it.
        var prepared = package.With(new OfdEntry(sealName, seal.Der.ToArray()));
        if (structure.SignaturesName is null)
        {
            prepared = prepared.With(earlier.AddToRoot());
        }

        // 3. The list, not covered.
        prepared = prepared.With(earlier.WithNew(signatureName));

        // 4. Digests of all other files, as they are now.
        var covered = prepared.Entries.Where(entry => entry.Name != earlier.ListName).ToArray();
        var signature = WriteSignature(signatureName, valueName, sealName, covered, structure, places, earlier.FirstFreeId, time);

        // 5. What is signed is Signature.xml, which nothing may change from here on.
        return new PreparedStamp(prepared.With(signature), signature, valueName, places);
    }

    // Clause 18.2. Readers want at least two References, StampAnnot with the identifier of the page, and numbers for identifiers:
    // ofd.js lays things over each other in their order.
    private static OfdEntry WriteSignature(
        string name, string valueName, string sealName, OfdEntry[] covered, OfdStructure structure, IReadOnlyList<StampPlace> places, int firstId, DateTimeOffset time) => OfdMarkup.File(name, "Signature", xml =>
    {
        xml.Start("SignedInfo");
        xml.Element("Provider", ("ProviderName", "ShantingEId"), ("Company", "ShantingEId"), ("Version", "1"));
        xml.Text("SignatureMethod", Sm2Certificate.SignatureOid);
        xml.Text("SignatureDateTime", time.UtcDateTime.ToString("yyyyMMddHHmmss'Z'", CultureInfo.InvariantCulture));
        xml.Start("References", ("CheckMethod", Sm3Oid));
        foreach (var (entry, digest) in covered.Zip(Sm3Lanes.HashEach([.. covered.Select(entry => entry.Bytes)])))
        {
            xml.Start("Reference", ("FileRef", entry.Path));
            xml.Text("CheckValue", Convert.ToBase64String(digest));
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
        foreach (var (i, place) in places.Index())
        {
            xml.Start("StampAnnot", ("ID", Number(firstId + i)), ("PageRef", structure.Pages[place.Page].Id), ("Boundary", place.Boundary.Format()));
            if (place.Clip is { } clip)
            {
                xml.WriteAttributeString("Clip", clip.Format());
            }

            xml.WriteEndElement();
        }

        xml.Start("Seal");
        xml.Text("BaseLoc", "/" + sealName);
        xml.WriteEndElement();
        xml.WriteEndElement();
        xml.Text("SignedValue", "/" + valueName);
    });
}

/// <summary>A document that waits for its signature.</summary>
public sealed class PreparedStamp
{
    private readonly OfdFile package;
    private readonly OfdEntry signature;
    private readonly string valueName;

    internal PreparedStamp(OfdFile package, OfdEntry signature, string valueName, IReadOnlyList<StampPlace> places)
    {
        (this.package, this.signature, this.valueName) = (package, signature, valueName);
        (DataHash, Places) = (signature.Digest(), places);
    }

    /// <summary>原文杂凑: SM3 of Signature.xml, 32 bytes.</summary>
    public byte[] DataHash { get; }

    /// <summary>原文属性: the path of Signature.xml from the root.</summary>
    public string PropertyInfo => signature.Path;

    /// <summary>Where the imprint will be shown.</summary>
    public IReadOnlyList<StampPlace> Places { get; }

    /// <summary>The signed document.</summary>
    /// <exception cref="ArgumentException">A signature over something else.</exception>
    public OfdFile Finish(SesSignature value) =>
        value.ToSign.DataHash.AsSpan().SequenceEqual(DataHash) && value.ToSign.PropertyInfo == PropertyInfo ? package.With(new OfdEntry(valueName, value.Der.ToArray()))
            : throw new ArgumentException("the signature is over another document", nameof(value));
}

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
