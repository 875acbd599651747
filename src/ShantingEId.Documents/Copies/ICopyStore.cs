using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Documents.Copies;

/// <summary>Storage of copies, in the register. Writes keep the promises of <see cref="ILicenseStore"/>; none takes a place in the feed.</summary>
public interface ICopyStore
{
    /// <summary>The copy of a download id; null when there is none.</summary>
    /// <param name="downloadDigest">SM3 of the id.</param>
    /// <param name="cancel">Gives up.</param>
    ValueTask<LicenseCopy?> FindCopyAsync(byte[] downloadDigest, CancellationToken cancel);

    /// <summary>Copies of all licences of a company, the newest first.</summary>
    /// <param name="holder">The company.</param>
    /// <param name="before">Only those with a smaller number; empty from the newest.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancel">Gives up.</param>
    ValueTask<IReadOnlyList<LicenseCopy>> ListCopiesAsync(CreditCode holder, string before, int limit, CancellationToken cancel);

    /// <summary>Adds a copy with its reply.</summary>
    ValueTask<Committed> AddCopyAsync(LicenseCopy added, WriteRequest request);

    /// <summary>Marks a copy as fetched, with the reply that carries it; once.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.AlreadyDownloaded"/>: somebody was faster; store errors.</exception>
    ValueTask<Committed> MarkDownloadedAsync(LicenseCopy downloaded, WriteRequest request);
}
