using ShantingEId.Documents.Copies;
using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Server.Storage;

/// <content>Copies of licences; statements in <see cref="CopyRows"/>.</content>
public abstract partial class SqlStore : ICopyStore
{
    /// <inheritdoc/>
    public ValueTask<LicenseCopy?> FindCopyAsync(byte[] downloadDigest, CancellationToken cancel) =>
        ReadAsync(session => CopyRows.FindAsync(session, downloadDigest, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<LicenseCopy>> ListCopiesAsync(CreditCode holder, string before, int limit, CancellationToken cancel) =>
        ReadAsync(session => CopyRows.ListAsync(session, holder, before, limit, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<Committed> AddCopyAsync(LicenseCopy added, WriteRequest request) =>
        ChangeAsync(added.License.Serial, request, session => CopyRows.AddAsync(session, added, request));

    /// <inheritdoc/>
    public ValueTask<Committed> MarkDownloadedAsync(LicenseCopy downloaded, WriteRequest request) =>
        ChangeAsync(downloaded.License.Serial, request, session => CopyRows.MarkDownloadedAsync(session, downloaded, request));
}
