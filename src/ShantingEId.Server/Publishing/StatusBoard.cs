using ShantingEId.Codes;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Server.Storage;
using ShantingEId.StatusLists;
using ShantingEId.Trades;

namespace ShantingEId.Server.Publishing;

/// <summary>The states of all licences at one instant.</summary>
/// <param name="AsOf">Every change committed before this instant is in them.</param>
/// <param name="Position">Every change up to this place of the feed is in them.</param>
/// <param name="Lists">The lists, by number; copies that change no more.</param>
internal sealed record BoardReading(DateTimeOffset AsOf, long Position, IReadOnlyList<PackedList> Lists)
{
    /// <summary>Seals that do not share the state of the licence for which they were made, by place.</summary>
    public IReadOnlyList<PackedSeals> Seals { get; init; } = [];

    /// <summary>Permits of comprehensive licences in force or paused, by place.</summary>
    public IReadOnlyList<PackedPermits> Permits { get; init; } = [];
}

/// <summary>One list of any kind at one instant.</summary>
/// <param name="AsOf">As in a reading of all.</param>
/// <param name="Position">As in a reading of all.</param>
/// <param name="States">The states; null when there is no such list.</param>
internal sealed record ListReading(DateTimeOffset AsOf, long Position, StatusList? States);

/// <summary>What a reading left behind.</summary>
/// <param name="Time">When it was.</param>
/// <param name="Highest">Highest number of a list of licences.</param>
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

    // 一业一证: a comprehensive licence is worth no more than the company's business licence, and its permits no more than it.
    private readonly Dictionary<StatusReference, (string Holder, string LicenseId, LicenseStatus Own)> comprehensive = [];
    private readonly Dictionary<StatusReference, PackedPermits> permits = [];
    private readonly Dictionary<StatusReference, DateTimeOffset> duePermits = [];

    // Companies that have had more than one licence: some of their seals are older than the licence that names them.
    private readonly HashSet<string> renewed = [];
    private readonly Dictionary<StatusReference, byte> seals = [];
    private readonly Dictionary<string, List<StatusReference>> byHolder = [];
    private long position = -1;
    private volatile LastReading last = new(DateTimeOffset.MinValue, 0);

    /// <summary>When the register was read last, and the highest number of a list then.</summary>
    public LastReading Last => last;

    /// <summary>Reads what has changed and returns all states. Who goes away does not stop it: the next would begin anew.</summary>
    /// <exception cref="EidException">The register cannot be read, or the clock is not to be trusted.</exception>
    public Task<BoardReading> ReadAsync() => ReadAsync(now => new BoardReading(now, position, [.. lists.Select(list => new PackedList(
        list.Key, list.Value.Copy(), [.. comprehensive.Keys.Where(place => place.List == list.Key).Select(place => place.Index).Order()]))])
    {
        Seals = [.. seals.Select(one => new PackedSeals(one.Key, one.Value)).OrderBy(one => one.Place.List).ThenBy(one => one.Place.Index)],
        Permits = [.. permits.Values.OrderBy(one => one.Place.List).ThenBy(one => one.Place.Index)],
    });

    /// <summary>The same for one list, which may be of licences, of seals of a kind or of permits.</summary>
    /// <exception cref="EidException">As for all.</exception>
    public Task<ListReading> ReadAsync(int number) => ReadAsync(now => new ListReading(now, position, Compose(number)));

    private async Task<T> ReadAsync<T>(Func<DateTimeOffset, T> take)
    {
        await one.WaitAsync();
        try
        {
            clock.RequireSound();
            var now = clock.GetUtcNow();
            await TakeInAsync(now);
            last = new LastReading(now, lists.Keys.Max());
            return take(now);
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
            return due.Values.Any(each => each.Time <= now) || duePermits.Values.Any(time => time <= now);
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

        foreach (var place in duePermits.Where(each => each.Value <= now).Select(each => each.Key))
        {
            holders.Add(comprehensive[place].Holder);
        }

        // 4. Seals, comprehensive licences and permits of companies that changed.
        if (position < 0)
        {
            seals.Clear();
        }

        foreach (var company in position < 0 ? (await store.StatusSealsAsync(now, null, CancellationToken.None)).GroupBy(row => row.Holder) : [])
        {
            JudgeSeals([.. company]);
        }

        foreach (var holder in holders)
        {
            if (position >= 0 && renewed.Contains(holder))
            {
                JudgeSeals(await store.StatusSealsAsync(now, holder, CancellationToken.None));
            }

            if (byHolder.ContainsKey(holder))
            {
                await JudgeAsync(holder, now);
            }
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
            comprehensive[row.Place] = (holder, row.LicenseId, LicenseStatus.Invalid);
        }

        // One that will be replaced has its successor already.
        if (row.Serial.Length == HolderLength && (row.State == SetState.Superseded || row.Next is { State: SetState.Superseded }))
        {
            renewed.Add(row.Serial);
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
            comprehensive[place] = comprehensive[place] with { Own = LicenseStatuses.Of(state) };
        }

        holders.Add(serial[..HolderLength]);
    }

    private async Task JudgeAsync(string holder, DateTimeOffset now)
    {
        var entry = (await store.FindAsync(RegisterKey.Of(CreditCode.Parse(holder)), TimeSpan.Zero, CancellationToken.None)).Entry;
        var worth = entry is null ? LicenseStatus.Invalid : LicenseStatuses.Of(entry.State.State);
        foreach (var place in byHolder[holder])
        {
            var (_, id, own) = comprehensive[place];
            var state = own == LicenseStatus.Valid ? worth : own;
            lists[place.List][place.Index] = (int)state;
            permits.Remove(place);
            duePermits.Remove(place);
            if (state is LicenseStatus.Valid or LicenseStatus.Suspended)
            {
                await JudgePermitsAsync(place, LicenseId.Parse(id), state, now);
            }
        }
    }

    private async Task JudgePermitsAsync(StatusReference place, LicenseId id, LicenseStatus license, DateTimeOffset now)
    {
        if ((await store.FindAsync(RegisterKey.Of(id), TimeSpan.Zero, CancellationToken.None)).Entry is not { } entry || Manifest.TryRead(entry.Manifest) is not { License.Trade: { } trade })
        {
            throw new EidException(ErrorReason.InternalFault, "登记簿中的综合许可证无法读取");
        }

        var known = trade.Permits.Select(permit => PermitStatus.At(permit, entry.PermitEvents, now, isNow: true)).ToList();
        permits[place] = new PackedPermits(place, [.. known.Select(permit => new PackedPermit(permit.Permit.Name, LicenseStatuses.Of(permit, license)))]);
        if (known.Where(permit => permit.Until > now).Select(permit => permit.Until).Min() is { } next)
        {
            duePermits[place] = next;
        }
    }

    // As the verifier judges a seal: it goes with the company's licence of now as long as no other has its place, whichever licence it was made for.
    private void JudgeSeals(IReadOnlyCollection<SealRow> company)
    {
        if (company.Where(row => row.HasBegun).MaxBy(row => (row.Start, row.Version)) is not { } newest)
        {
            return;
        }

        var worth = StateAt(newest.Place);
        foreach (var license in company.GroupBy(row => row.Place))
        {
            var own = StateAt(license.Key);
            byte states = 0;
            foreach (var kind in SealKinds.All)
            {
                var state = license.FirstOrDefault(row => row.Kind == kind) switch
                {
                    { HasBegun: true, IsReplaced: false } => worth,
                    { HasBegun: true } => own == LicenseStatus.Valid ? LicenseStatus.Superseded : own,
                    _ => LicenseStatus.Invalid,
                };
                states |= (byte)((int)state << (2 * ((int)kind - 1)));
            }

            if (states == PackedSeals.Same((int)own))
            {
                seals.Remove(license.Key);
            }
            else
            {
                seals[license.Key] = states;
            }
        }
    }

    private LicenseStatus StateAt(StatusReference place) => lists.TryGetValue(place.List, out var list) ? (LicenseStatus)list[place.Index] : LicenseStatus.Invalid;

    private StatusList? Compose(int number)
    {
        var (what, of) = (number >> StatusReference.ListBits, number & ((1 << StatusReference.ListBits) - 1));
        if (!lists.TryGetValue(of, out var licenses))
        {
            return null;
        }

        switch (what)
        {
            case 0:
                return licenses.Copy();
            case >= (int)SealKind.Official and <= (int)SealKind.LegalRepresentative:
                var made = licenses.Copy();
                foreach (var (place, states) in seals.Where(one => one.Key.List == of))
                {
                    made[place.Index] = (int)new PackedSeals(place, states)[(SealKind)what];
                }

                foreach (var place in comprehensive.Keys.Where(place => place.List == of))
                {
                    made[place.Index] = (int)LicenseStatus.Invalid; // They have no seals of their own.
                }

                return made;
            case >= StatusReference.Permits and <= StatusReference.LastPermit:
                var granted = StatusList.CreateUnused();
                foreach (var (place, each) in permits.Where(one => one.Key.List == of))
                {
                    granted[place.Index] = (int)(what == StatusReference.Permits ? each.Permits.All(permit => permit.State == LicenseStatus.Valid) ? LicenseStatus.Valid : LicenseStatus.Suspended
                        : each.Permits.ElementAtOrDefault(what - StatusReference.FirstPermit) is { Name: not null } permit ? permit.State : LicenseStatus.Invalid);
                }

                return granted;
            default:
                return null;
        }
    }
}
