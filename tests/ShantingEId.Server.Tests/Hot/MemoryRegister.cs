using System.Collections.Concurrent;
using ShantingEId.Codes;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.TestSupport;
using ShantingEId.Trades;

namespace ShantingEId.Server.Tests.Hot;

/// <summary>A register and its feed in memory, with hooks where a test wants to stand between two steps.</summary>
internal sealed class MemoryRegister : ILicenseStore, IChangeFeed
{
    private readonly Lock gate = new();
    private readonly Dictionary<RegisterKey, RegisterEntry> entries = [];
    private readonly List<FeedChange> feed = [];
    private long seen;
    private int joins;

    /// <summary>Runs after an entry was read and before the reader has it.</summary>
    public Func<RegisterKey, Task> AfterRead { get; set; } = _ => Task.CompletedTask;

    /// <summary>Runs after the feed was read and before the follower has the page.</summary>
    public Action AfterFeedRead { get; set; } = () => { };

    /// <summary>Whether the register can be read.</summary>
    public bool IsDown { get; set; }

    /// <summary>Whether the feed can be read.</summary>
    public bool IsFeedDown { get; set; }

    /// <summary>Whether the next readings of the feed find the replica put out.</summary>
    public bool IsExpelling { get; set; }

    public int Reads { get; private set; }

    public int FeedFailures { get; private set; }

    public int Joins => joins;

    public DateTimeOffset? StoreTime { get; set; }

    public RegisterEntry Add(int company, int version = 1)
    {
        var holder = CreditCode.Parse(SampleCompanies.CreditCode(company));
        var id = LicenseId.ForBusinessLicense(CreditCode.Parse("11370406MB9TE5T085"), holder, version);
        var manifest = System.Text.Encoding.UTF8.GetBytes("manifest of " + id);
        var now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
        var entry = new RegisterEntry(id, manifest, ManifestDigest.Of(manifest), "HTTPS://EID.SHANTING.EXAMPLE/1" + company, TypedCode.Generate(),
            new StateRecord(SetState.Active, now, now, "", ""));
        Put(holder, entry);
        return entry;
    }

    /// <summary>Commits a revocation; not yet acknowledged.</summary>
    public long Revoke(RegisterEntry entry, int company)
    {
        var state = entry.State with { State = SetState.Revoked, Reason = "样例" };
        return Put(CreditCode.Parse(SampleCompanies.CreditCode(company)), entry with { State = state });
    }

    private long Put(CreditCode holder, RegisterEntry entry)
    {
        lock (gate)
        {
            RegisterKey[] keys = [RegisterKey.Of(entry.ManifestDigest), RegisterKey.Of(entry.TypedCode), RegisterKey.Of(entry.LicenseId), RegisterKey.Of(holder)];
            foreach (var key in keys)
            {
                entries[key] = entry;
            }

            feed.Add(new FeedChange(feed.Count + 1, entry.LicenseId, holder, entry.ManifestDigest, entry.TypedCode, entry.State, entry.State.State == SetState.Active));
            return feed.Count;
        }
    }

    public async ValueTask<Reading> FindAsync(RegisterKey key, TimeSpan maxAge, CancellationToken cancel)
    {
        if (IsDown)
        {
            throw new EidException(ErrorReason.StoreUnavailable, "样例");
        }

        Reading reading;
        lock (gate)
        {
            Reads++;
            reading = entries.TryGetValue(key, out var entry) ? new Reading(entry, TimeProvider.System.GetUtcNow(), feed.Count) : new Reading(null, TimeProvider.System.GetUtcNow(), 0);
        }

        await AfterRead(key);
        return reading;
    }

    public ValueTask<string?> JoinAsync(TimeSpan bound, CancellationToken cancel) => new($"member-{Interlocked.Increment(ref joins)}");

    public ValueTask<FeedPage> ReadFeedAsync(string? member, long after, int limit, CancellationToken cancel)
    {
        if (IsFeedDown)
        {
            FeedFailures++;
            throw new EidException(ErrorReason.StoreUnavailable, "样例");
        }

        FeedPage page;
        lock (gate)
        {
            page = new FeedPage([.. feed.Where(change => change.Position > after).Take(limit)], feed.Count, member is not null && !IsExpelling, StoreTime);
        }

        AfterFeedRead();
        return new(page);
    }

    public ValueTask ConfirmAsync(string member, long position, CancellationToken cancel)
    {
        Volatile.Write(ref seen, position);
        return ValueTask.CompletedTask;
    }

    public ValueTask LeaveAsync(string member) => ValueTask.CompletedTask;

    public async ValueTask WaitForChangeAsync(TimeSpan atMost, CancellationToken cancel) => await Task.Delay(1, cancel);

    public async ValueTask SettleAsync(long position)
    {
        while (Volatile.Read(ref seen) < position)
        {
            await Task.Delay(1);
        }
    }

    public ValueTask<StoredReply?> FindReplyAsync(string actor, RequestId requestId, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask<long> ReserveAsync(string sequence, int count, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask<IssuedSet?> LoadSetAsync(LicenseId id, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask<Reading> FindAtAsync(RegisterKey key, DateTimeOffset time, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask<SealEntry?> FindSealAsync(SealCode code, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<StatedEntry>> HistoryAsync(string serial, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<RegisterEntry>> FindTradeLicensesAsync(CreditCode holder, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask<Committed> ChangePermitAsync(string deed, StatedEntry judged, int known, IReadOnlyList<PermitEvent> events, WriteRequest request) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<DuePermit>> ListDuePermitsAsync(DuePermitQuery query, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask<Committed> AddSetAsync(IssuedSet issuedSet, StateRecord started, WriteRequest request) => throw new NotSupportedException();

    public ValueTask<Committed> ReplaceSetAsync(
        IssuedSet issuedSet, IReadOnlyCollection<SealKind> fresh, StateRecord started, StatedEntry replaced, StateRecord ended, WriteRequest request) => throw new NotSupportedException();

    public ValueTask<Committed> ChangeStatesAsync(string deed, IReadOnlyList<(StatedEntry Judged, StateRecord State)> changes, WriteRequest request) => throw new NotSupportedException();
}
