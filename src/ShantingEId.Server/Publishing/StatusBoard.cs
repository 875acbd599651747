using ShantingEId.Codes;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server.Storage;
using ShantingEId.StatusLists;

namespace ShantingEId.Server.Publishing;

/// <summary>The states of all licences at one instant.</summary>
/// <param name="AsOf">Every change committed before this instant is in them.</param>
/// <param name="Position">Every change up to this place of the feed is in them.</param>
/// <param name="Lists">The lists, by number; copies that change no more.</param>
internal sealed record BoardReading(DateTimeOffset AsOf, long Position, IReadOnlyList<PackedList> Lists);

/// <summary>What a reading left behind.</summary>
/// <param name="Time">When it was.</param>
/// <param name="Highest">Highest number of a list.</param>
internal sealed record LastReading(DateTimeOffset Time, int Highest);

/// <summary>
/// The status lists as the register has them: read as a whole once, then kept up by what the feed names and by what becomes due.
/// 256 KB for a million licences. Safe for concurrent use; readings wait for each other.
/// </summary>
internal sealed class StatusBoard(SqlStore store, RegisterClock clock) : IDisposable
{
    private const int PageSize = 10_000;
    private const int HolderLength = 18;
    private readonly SemaphoreSlim one = new(1, 1);
    private readonly SortedDictionary<int, StatusList> lists = new() { [0] = StatusList.CreateUnused() };
    private readonly Dictionary<StatusReference, (string Serial, SetState State, DateTimeOffset Time)> due = [];

    // 一业一证: a comprehensive licence is worth no more than the company's business licence.
    private readonly Dictionary<StatusReference, LicenseStatus> comprehensive = [];
    private readonly Dictionary<string, List<StatusReference>> byHolder = [];
    private long position = -1;
    private volatile LastReading last = new(DateTimeOffset.MinValue, 0);

    /// <summary>When the register was read last, and the highest number of a list then.</summary>
    public LastReading Last => last;

    /// <summary>Reads what has changed and returns the states. Who goes away does not stop it: the next would begin anew.</summary>
    /// <param name="numbers">Which lists; those that do not exist are not in the answer. Null for all.</param>
    /// <exception cref="EidException">The register cannot be read, or the clock is not to be trusted.</exception>
    public async Task<BoardReading> ReadAsync(int[]? numbers)
    {
        await one.WaitAsync();
        try
        {
            clock.RequireSound();
            var now = clock.GetUtcNow();
            await TakeInAsync(now);
            last = new LastReading(now, lists.Keys.Max());
            return new BoardReading(now, position, [.. lists.Where(list => numbers?.Contains(list.Key) ?? true)
                .Select(list => new PackedList(list.Key, list.Value.Copy(), [.. comprehensive.Keys.Where(place => place.List == list.Key).Select(place => place.Index).Order()]))]);
        }
        catch
        {
            position = -1; // What was taken in half is read anew as a whole.
            throw;
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>Whether something that waited for its time has become due since the last reading.</summary>
    public async Task<bool> IsDueAsync(CancellationToken cancel)
    {
        await one.WaitAsync(cancel);
        try
        {
            var now = clock.GetUtcNow();
            return due.Values.Any(each => each.Time <= now);
        }
        finally
        {
            one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => one.Dispose();

    private async Task TakeInAsync(DateTimeOffset now)
    {
        // 1. The head before the rows: what comes in between is read twice, and missed never.
        var head = await store.HeadAsync(CancellationToken.None);
        var holders = new HashSet<string>();

        // 2. What the feed names, or everything the first time.
        if (position < 0)
        {
            long after = 0;
            List<StatusRow> page;
            do
            {
                page = await store.StatusPageAsync(now, after, PageSize, CancellationToken.None);
                page.ForEach(row => Take(row, holders));
                after = page.Count > 0 ? page[^1].Row : after;
            }
            while (page.Count == PageSize);
        }
        else if (head != position)
        {
            (await store.ChangedStatusesAsync(now, position, head, CancellationToken.None)).ForEach(row => Take(row, holders));
        }

        // 3. What became due by itself.
        foreach (var (place, (serial, state, _)) in due.Where(each => each.Value.Time <= now).ToList())
        {
            due.Remove(place);
            Set(place, serial, state, holders);
        }

        // 4. Comprehensive licences whose company changed.
        foreach (var holder in holders.Where(byHolder.ContainsKey))
        {
            await JudgeAsync(holder);
        }

        position = head;
    }

    private void Take(StatusRow row, HashSet<string> holders)
    {
        due.Remove(row.Place);
        if (row.Next is { } next)
        {
            due[row.Place] = (row.Serial, next.State, next.Time);
        }

        if (row.Serial.Length > HolderLength && !comprehensive.ContainsKey(row.Place))
        {
            var holder = row.Serial[..HolderLength];
            (byHolder.TryGetValue(holder, out var places) ? places : byHolder[holder] = []).Add(row.Place);
        }

        Set(row.Place, row.Serial, row.State, holders);
    }

    private void Set(StatusReference place, string serial, SetState state, HashSet<string> holders)
    {
        if (!lists.TryGetValue(place.List, out var list))
        {
            lists.Add(place.List, list = StatusList.CreateUnused());
        }

        list[place.Index] = (int)LicenseStatuses.Of(state);
        if (serial.Length > HolderLength)
        {
            comprehensive[place] = LicenseStatuses.Of(state);
        }

        holders.Add(serial[..HolderLength]);
    }

    private async Task JudgeAsync(string holder)
    {
        var entry = (await store.FindAsync(RegisterKey.Of(CreditCode.Parse(holder)), TimeSpan.Zero, CancellationToken.None)).Entry;
        var worth = entry is null ? LicenseStatus.Invalid : LicenseStatuses.Of(entry.State.State);
        foreach (var place in byHolder[holder])
        {
            lists[place.List][place.Index] = (int)(comprehensive[place] == LicenseStatus.Valid ? worth : comprehensive[place]);
        }
    }
}
