using System.Globalization;
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
        var prepared = Prepare(package, time, places);
        return prepared.Finish(SesSignature.Create(seal, signer, time, prepared.DataHash, prepared.PropertyInfo));
    }

    /// <summary>
    /// Everything but the signature itself, for a key that is elsewhere. The same document, time and places give the same bytes, so
    /// that a signature which was kept can be put on the document again.
    /// </summary>
    /// <param name="package">The document.</param>
    /// <param name="time">When; a fraction of a second is cut off.</param>
    /// <param name="places">Where its imprint is shown; at least one.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.DocumentInvalid"/>: not an OFD document, no such page, or an earlier signature has closed it.</exception>
    public static PreparedStamp Prepare(OfdFile package, DateTimeOffset time, params IReadOnlyList<StampPlace> places) => Prepare(package, null, time, places);

    /// <summary>The same with the seal as a file of its own too, as it was written up to version 0.3: what was signed then must come out again.</summary>
    internal static PreparedStamp Prepare(OfdFile package, SesSeal? sealFile, DateTimeOffset time, IReadOnlyList<StampPlace> places)
    {
        // 1. What is there; an earlier signature over the list of signatures would break.
        var structure = package.Structure;
        var earlier = EarlierSignatures.Read(structure);
        if (places.Count == 0 || places.Any(place => place.Page < 0 || place.Page >= structure.Pages.Count))
        {
            throw OfdStructure.Invalid(places.Count == 0 ? "没有指定盖章位置" : "盖章的页码不存在");
        }

        var folder = earlier.NewFolder();
        var (sealName, signatureName, valueName) = ($"{folder}/Seal.esl", $"{folder}/Signature.xml", $"{folder}/SignedValue.dat");

        // 2. Everything that will be covered, with the way to the list of signatures in OFD.xml; and the list, which is not.
        var prepared = package.With([
            .. sealFile is null ? [] : new[] { new OfdEntry(sealName, sealFile.Der.ToArray()) },
            .. structure.SignaturesName is null ? new[] { earlier.AddToRoot() } : [], earlier.WithNew(signatureName)]);

        // 3. Digests of all other files, as they are now.
        var covered = prepared.Entries.Where(entry => entry.Name != earlier.ListName).ToArray();
        var signature = WriteSignature(signatureName, valueName, sealFile is null ? null : sealName, covered, structure, places, earlier.FirstFreeId, time);

        // 4. What is signed is Signature.xml, which nothing may change from here on.
        return new PreparedStamp(prepared.With(signature), signature, valueName, places);
    }

    // Clause 18.2. Its Seal is optional and left out: the seal is inside SignedValue.dat, and the copy was a seventh of a licence. Readers want
    // at least two References, StampAnnot with the identifier of the page, and numbers for identifiers: ofd.js lays things over each other in
    // their order.
    private static OfdEntry WriteSignature(
        string name, string valueName, string? sealName, OfdEntry[] covered, OfdStructure structure, IReadOnlyList<StampPlace> places, int firstId, DateTimeOffset time) => OfdMarkup.File(name, "Signature", xml =>
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

        if (sealName is not null)
        {
            xml.Start("Seal");
            xml.Text("BaseLoc", "/" + sealName);
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
        xml.Text("SignedValue", "/" + valueName);
    });
}
