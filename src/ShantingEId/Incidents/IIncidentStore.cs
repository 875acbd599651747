using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Incidents;

/// <summary>A set as a search sees it.</summary>
/// <param name="Row">Its place in the search.</param>
/// <param name="License">The licence.</param>
/// <param name="Name">Name on its face.</param>
/// <param name="State">The newest state recorded.</param>
/// <param name="Manifest">Its manifest; empty where it was not asked for.</param>
public sealed record FoundSet(long Row, LicenseId License, string Name, SetState State, byte[] Manifest);

/// <summary>What a process that works on an incident has done since it last said so.</summary>
/// <param name="Number">The incident.</param>
/// <param name="Worker">The process.</param>
/// <param name="From">First place of the list that was worked on.</param>
/// <param name="To">The place after the last.</param>
/// <param name="Undone">What was not done; the rest was.</param>
/// <param name="Rate">Sets a second.</param>
/// <param name="Time">Now.</param>
public sealed record IncidentProgress(
    string Number, string Worker, long From, long To, IReadOnlyList<UndoneSet> Undone, double Rate, DateTimeOffset Time);

/// <summary>Storage of incidents, in the register. Writes keep the promises of <see cref="ILicenseStore"/>.</summary>
public interface IIncidentStore
{
    /// <summary>
    /// Sets after a row, in the order of rows, whose newest state is one of <paramref name="states"/> or begins only after <paramref name="now"/>, and that
    /// fulfil what of the query can be told without their manifests.
    /// </summary>
    ValueTask<IReadOnlyList<FoundSet>> ScanSetsAsync(IncidentQuery query, IReadOnlyCollection<SetState> states, DateTimeOffset now, long after, int limit, CancellationToken cancel);

    /// <summary>Adds an incident with its list.</summary>
    ValueTask<Committed> AddIncidentAsync(Incident added, IReadOnlyList<LicenseId> licences, WriteRequest request);

    /// <summary>The incident with events and reasons; null when unknown.</summary>
    ValueTask<Incident?> FindIncidentAsync(string number, CancellationToken cancel);

    /// <summary>Incidents with a smaller number, newest first, without events and reasons.</summary>
    /// <param name="states">Only those in one of these states; empty for all.</param>
    /// <param name="before">Only those before this number; "" from the newest.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancel">Gives up.</param>
    ValueTask<IReadOnlyList<Incident>> ListIncidentsAsync(IReadOnlyCollection<IncidentState> states, string before, int limit, CancellationToken cancel);

    /// <summary>Licences of the list from a place on.</summary>
    ValueTask<IReadOnlyList<LicenseId>> ReadIncidentSetsAsync(string number, long from, int count, CancellationToken cancel);

    /// <summary>What was not done, from a place of the list on.</summary>
    ValueTask<IReadOnlyList<UndoneSet>> ReadUndoneAsync(string number, long from, int limit, CancellationToken cancel);

    /// <summary>Replaces an incident by what its last event made of it.</summary>
    /// <param name="before">As it was read.</param>
    /// <param name="changed">The same with one more event, one revision later.</param>
    /// <param name="request">Whose write it is.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.VersionConflict"/>; store errors.</exception>
    ValueTask<Committed> ChangeIncidentAsync(Incident before, Incident changed, WriteRequest request);

    /// <summary>Takes an incident that is running for a process, if its worker and beat are still those that were seen.</summary>
    ValueTask<bool> ClaimIncidentAsync(Incident seen, string worker);

    /// <summary>Shows that the process lives; false when the incident is another's by now.</summary>
    ValueTask<bool> BeatIncidentAsync(string number, string worker);

    /// <summary>Lets everything go that a process works on.</summary>
    ValueTask ReleaseIncidentsAsync(string worker);

    /// <summary>Counts what was done and shows that the process lives.</summary>
    /// <returns>The state after that; null when the incident is another's by now, or that stretch was counted before.</returns>
    ValueTask<IncidentState?> AdvanceIncidentAsync(IncidentProgress progress);
}
