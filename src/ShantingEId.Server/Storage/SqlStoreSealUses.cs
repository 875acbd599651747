using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Stamping;

namespace ShantingEId.Server.Storage;

/// <content>Grants of seals and their uses; statements in <see cref="SealUseRows"/>.</content>
public abstract partial class SqlStore : ISealUseStore
{
    /// <inheritdoc/>
    public ValueTask<SealGrant?> FindSealGrantAsync(long number, CancellationToken cancel) => ReadAsync(session => SealUseRows.FindGrantAsync(session, number, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SealGrant>> ListSealGrantsAsync(CreditCode holder, long before, int limit, CancellationToken cancel) =>
        ReadAsync(session => SealUseRows.ListGrantsAsync(session, holder, before, limit, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SealGrant>> FindSealGrantsAsync(CreditCode holder, string caller, DateTimeOffset time, CancellationToken cancel) =>
        ReadAsync(session => SealUseRows.FindGrantsAsync(session, holder, caller, time, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<Committed> AddSealGrantAsync(SealGrant grant, WriteRequest request) =>
        ChangeAsync(grant.Holder.Value, request, session => SealUseRows.AddGrantAsync(session, grant, request));

    /// <inheritdoc/>
    public ValueTask<Committed> WithdrawSealGrantAsync(SealGrant withdrawn, WriteRequest request) =>
        ChangeAsync(withdrawn.Holder.Value, request, session => SealUseRows.WithdrawGrantAsync(session, withdrawn, request));

    /// <inheritdoc/>
    public ValueTask<byte[]?> LoadSealedKeyAsync(SealCode code, CancellationToken cancel) => ReadAsync(session => SealUseRows.LoadKeyAsync(session, code, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<Committed> AddSealUseAsync(SealUse use, StatedEntry judged, WriteRequest request) =>
        ChangeAsync(use.License.Holder.Value, request, session => SealUseRows.AddUseAsync(session, use, judged, request));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SealUse>> ListSealUsesAsync(CreditCode holder, long before, int limit, CancellationToken cancel) =>
        ReadAsync(session => SealUseRows.ListUsesAsync(session, holder, before, limit, cancel), cancel);
}
