using ShantingEId.Codes;
using ShantingEId.Seals;

namespace ShantingEId.Documents.Reading;

/// <summary>The signed manifest that documents of our licences carry: it says which licence a document is, so that its state can be asked.</summary>
public static class LicenseInside
{
    /// <summary>Name of the attachment.</summary>
    public const string FileName = "manifest.cbor";

    private const string Path = "Doc_0/Attachs/" + FileName;

    /// <summary>
    /// Digest of the manifest in a document; null unless the authority's own seal is on it and covers it: anybody could put a manifest of ours
    /// behind a page of his own, and seal that himself.
    /// </summary>
    /// <param name="document">The document.</param>
    /// <param name="report">What its verification came to.</param>
    /// <param name="ownSeals">Identifiers of the authority's seals.</param>
    public static ManifestDigest? Find(ReadOnlyMemory<byte> document, DocumentReport report, IEnumerable<string> ownSeals) =>
        report.Signatures.FirstOrDefault(signature => signature.SealId is { } id && ownSeals.Contains(id) && signature.Verdict == SealVerdict.Valid) is { } own
            && report.Files.Any(file => file is { Path: "/" + Path, Standing: FileStanding.Intact } && file.CoveredBy.Contains(own.Id))
            && OfdReader.Read(document).Files.TryGetValue(Path, out var manifest) ? ManifestDigest.Of(manifest.ToArray()) : null;
}
