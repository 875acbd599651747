using ShantingEId.Licenses;
using ShantingEId.Presenting;

namespace ShantingEId.Server.Storage;

/// <content>
/// Device sessions and presentations; statements in <see cref="PresentationRows"/>. Written like everything else and not into the journal, see
/// <see cref="IPresentationStore"/>. They come after all other writes of a group, uses before new codes, so that two groups never wait for each other.
/// </content>
public abstract partial class SqlStore : IPresentationStore
{
    /// <inheritdoc/>
    public ValueTask<HolderSession> AddSessionAsync(HolderSession session) => BesideAsync("5", session.App + " " + session.RequestId, write => PresentationRows.AddSessionAsync(write, session));

    /// <inheritdoc/>
    public ValueTask<HolderSession?> FindSessionAsync(byte[] secretDigest, CancellationToken cancel) =>
        ReadAsync(session => PresentationRows.FindSessionAsync(session, secretDigest, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<HolderSession?> EndSessionAsync(byte[] secretDigest, DateTimeOffset time) => BesideAsync("4", null, write => PresentationRows.EndSessionAsync(write, secretDigest, time));

    /// <inheritdoc/>
    public ValueTask<Presentation> AddPresentationAsync(Presentation presentation) =>
        BesideAsync("5", presentation.App + " " + presentation.RequestId, write => PresentationRows.AddAsync(write, presentation));

    /// <inheritdoc/>
    public ValueTask<Presentation?> FindPresentationAsync(PresentationId id, CancellationToken cancel) => ReadAsync(session => PresentationRows.FindAsync(session, id, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<TakenUse> TakeUseAsync(PresentationId id, Scan scan) => BesideAsync("4 " + id.Value, null, write => PresentationRows.TakeUseAsync(write, id, scan));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<(long Place, Presentation Presentation)>> ListPresentationsAsync(CreditCode holder, long before, int limit, CancellationToken cancel) =>
        ReadAsync(session => PresentationRows.ListAsync(session, holder, before, limit, cancel), cancel);

    private async ValueTask<T> BesideAsync<T>(string order, string? request, Func<SqlSession, Task<T>> work) =>
        await writes.WriteAsync(new QueuedWrite<T>(order, request, async session =>
        {
            var result = await work(session);
            return (null, _ => result);
        }) { IsJournalled = false });
}
