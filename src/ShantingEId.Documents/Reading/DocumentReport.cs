using ShantingEId.Seals;

namespace ShantingEId.Documents.Reading;

/// <summary>What is known of one file of a document.</summary>
public enum FileStanding
{
    /// <summary>Never given.</summary>
    Unspecified = 0,

    /// <summary>未改动: covered, and as it was when signed.</summary>
    Intact = 1,

    /// <summary>签名后被改动: covered, and no longer as it was.</summary>
    Altered = 2,

    /// <summary>未被任何签名覆盖: nobody can tell what it was.</summary>
    Uncovered = 3,

    /// <summary>签名自身的文件: bound by the signature itself, not by a reference.</summary>
    OfSignature = 4,

    /// <summary>缺失: covered, and gone.</summary>
    Missing = 5,
}

/// <summary>One file of a document.</summary>
/// <param name="Path">From the root, with a leading '/'.</param>
/// <param name="Size">Bytes; 0 when missing.</param>
/// <param name="Standing">What is known of it.</param>
/// <param name="CoveredBy">IDs of the signatures that cover it.</param>
/// <param name="IsReachable">Whether it can be reached from OFD.xml; else it is 夹带文件.</param>
public sealed record DocumentFile(string Path, int Size, FileStanding Standing, IReadOnlyList<string> CoveredBy, bool IsReachable);

/// <summary>One signature of a document.</summary>
/// <param name="Id">ID in Signatures.xml.</param>
/// <param name="Path">Signature.xml, with a leading '/'.</param>
/// <param name="HasSeal">An electronic signature with a seal; else a digital signature.</param>
/// <param name="SealName">Name of the seal; empty without one.</param>
/// <param name="SealId">esID; empty without one.</param>
/// <param name="Signer">Common name of the signer's certificate; empty when unreadable.</param>
/// <param name="SignerOrganisation">Whole subject of the signer's certificate.</param>
/// <param name="SigningTime">By the signer's clock; null when not readable.</param>
/// <param name="ProvenTime">By a good time stamp; null without one.</param>
/// <param name="Provider">Program that signed, as Signature.xml says.</param>
/// <param name="StampPages">IDs of the pages on which the seal stands.</param>
/// <param name="Checks">The steps, in order.</param>
public sealed record DocumentSignature(
    string Id, string Path, bool HasSeal, string SealName, string SealId, string Signer, string SignerOrganisation, DateTimeOffset? SigningTime, DateTimeOffset? ProvenTime,
    string Provider, IReadOnlyList<string> StampPages, IReadOnlyList<SealCheck> Checks)
{
    /// <summary>The seal in it; null without one, and when unreadable.</summary>
    public SesSeal? Seal { get; init; }

    /// <summary>The worst outcome of its steps.</summary>
    public SealVerdict Verdict => SealChecks.Verdict(Checks);
}

/// <summary>What the verification of a document came to, in three layers: one sentence, the list of checks, everything.</summary>
/// <param name="Verdict">The worst outcome of all checks, of the document and of every signature.</param>
/// <param name="Summary">One Chinese sentence.</param>
/// <param name="Checks">Steps about the document as a whole.</param>
/// <param name="Signatures">The signatures, in the order of Signatures.xml.</param>
/// <param name="Files">The files, by path.</param>
public sealed record DocumentReport(
    SealVerdict Verdict, string Summary, IReadOnlyList<SealCheck> Checks, IReadOnlyList<DocumentSignature> Signatures, IReadOnlyList<DocumentFile> Files);
