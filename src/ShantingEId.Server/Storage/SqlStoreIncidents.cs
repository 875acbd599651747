using ShantingEId.Incidents;
using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Server.Storage;

/// <content>The incidents; statements in <see cref="IncidentRows"/>.</content>
public abstract partial class SqlStore : IIncidentStore
{
    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<FoundSet>> ScanSetsAsync(
        IncidentQuery query, IReadOnlyCollection<SetState> states, DateTimeOffset now, long after, int limit, CancellationToken cancel) =>
        ReadAsync(session => IncidentRows.ScanAsync(session, query, states, now, after, limit, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<Incident?> FindIncidentAsync(string number, CancellationToken cancel) => ReadAsync(session => IncidentRows.FindAsync(session, number, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Incident>> ListIncidentsAsync(IReadOnlyCollection<IncidentState> states, string before, int limit, CancellationToken cancel) =>
        ReadAsync(session => IncidentRows.ListAsync(session, states, before, limit, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<LicenseId>> ReadIncidentSetsAsync(string number, long from, int count, CancellationToken cancel) =>
        ReadAsync(session => IncidentRows.SetsAsync(session, number, from, count, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<UndoneSet>> ReadUndoneAsync(string number, long from, int limit, CancellationToken cancel) =>
        ReadAsync(session => IncidentRows.UndoneAsync(session, number, from, limit, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<Committed> AddIncidentAsync(Incident added, IReadOnlyList<LicenseId> licences, WriteRequest request) =>
        ActAsync(added.Number, request, session => IncidentRows.AddAsync(session, added, licences, request));

    /// <inheritdoc/>
    public ValueTask<Committed> ChangeIncidentAsync(Incident before, Incident changed, WriteRequest request) =>
        ActAsync(changed.Number, request, session => IncidentRows.ChangeAsync(session, before, changed, request));

    /// <inheritdoc/>
    public ValueTask<bool> ClaimIncidentAsync(Incident seen, string worker) => MarkAsync(seen.Number, session => IncidentRows.ClaimAsync(session, seen, worker));

    /// <inheritdoc/>
    public ValueTask<bool> BeatIncidentAsync(string number, string worker) => MarkAsync(number, session => IncidentRows.BeatAsync(session, number, worker));

    /// <inheritdoc/>
    public async ValueTask ReleaseIncidentsAsync(string worker) => await MarkAsync("", session => IncidentRows.ReleaseAsync(session, worker));

    /// <inheritdoc/>
    public ValueTask<IncidentState?> AdvanceIncidentAsync(IncidentProgress progress) => MarkAsync(progress.Number, session => IncidentRows.AdvanceAsync(session, progress));

    // After companies, like every write to an incident, so that two replicas never wait for each other in a circle.
    private async ValueTask<Committed> ActAsync(string number, WriteRequest request, Func<SqlSession, Task<(Deed? Deed, StoredReply? Earlier)>> act) =>
        await writes.WriteAsync(new QueuedWrite<Committed>("4 " + number, request.Actor + " " + request.RequestId, async session =>
        {
            var (deed, earlier) = await act(session);
            return (deed, position => new Committed(earlier, earlier?.Position ?? position));
        }));

    // A write that no caller asked for: no reply, no place in the feed.
    private async ValueTask<T> MarkAsync<T>(string number, Func<SqlSession, Task<T>> mark) =>
        await writes.WriteAsync(new QueuedWrite<T>("4 " + number, null, async session =>
        {
            var result = await mark(session);
            return (null, _ => result);
        }));
}
