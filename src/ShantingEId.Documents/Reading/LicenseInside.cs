using ShantingEId.Codes;
using ShantingEId.Recognition;
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
    /// <param name="ownSeals">The authority's seals, present and former.</param>
    /// <param name="trust">Knows our own makers from those that are recognised.</param>
    public static ManifestDigest? Find(ReadOnlyMemory<byte> document, DocumentReport report, IReadOnlyCollection<SesSeal> ownSeals, CertificateTrust trust) =>
        report.Signatures.FirstOrDefault(signature => IsOwn(signature, ownSeals, trust) && signature.Verdict == SealVerdict.Valid) is { } own
            && report.Files.Any(file => file is { Path: "/" + Path, Standing: FileStanding.Intact } && file.CoveredBy.Contains(own.Id))
            && OfdReader.Read(document).Files.TryGetValue(Path, out var manifest) ? ManifestDigest.Of(manifest.ToArray()) : null;

    // Any maker that the trust list recognises could write the code of our seal into one of his own making.
    private static bool IsOwn(DocumentSignature signature, IReadOnlyCollection<SesSeal> ownSeals, CertificateTrust trust) =>
        signature.Seal is { } seal && ownSeals.Any(own => own.Info.SealId == seal.Info.SealId) && trust.PathOf(seal.MakerCertificate) is { IsOwn: true };
}
