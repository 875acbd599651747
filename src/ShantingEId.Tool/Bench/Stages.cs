using System.Diagnostics;
using ShantingEId.Codes;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Trades;

namespace ShantingEId.Tool.Bench;

/// <summary>Adds up time spent in one stage, over all threads.</summary>
internal sealed class StageClock
{
    private long ticks;

    public TimeSpan Spent => TimeSpan.FromSeconds(Interlocked.Read(ref ticks) / (double)Stopwatch.Frequency);

    public T Time<T>(Func<T> work)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            return work();
        }
        finally
        {
            Interlocked.Add(ref ticks, Stopwatch.GetTimestamp() - start);
        }
    }

    public async ValueTask<T> TimeAsync<T>(Func<ValueTask<T>> work)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            return await work();
        }
        finally
        {
            Interlocked.Add(ref ticks, Stopwatch.GetTimestamp() - start);
        }
    }

    public void Reset() => Interlocked.Exchange(ref ticks, 0);
}

/// <summary>The stages a benchmark tells apart from outside; what is left of the total is keys, signatures, hashes and checks.</summary>
internal sealed class Stages
{
    public StageClock Drawing { get; } = new();

    public StageClock Committing { get; } = new();

    public StageClock Reading { get; } = new();

    public void Reset()
    {
        Drawing.Reset();
        Committing.Reset();
        Reading.Reset();
    }
}

/// <summary>A store that counts its time.</summary>
internal sealed class TimedStore(ILicenseStore inner, Stages stages) : ILicenseStore
{
    public ValueTask<StoredReply?> FindReplyAsync(string actor, RequestId requestId, CancellationToken cancel) =>
        stages.Reading.TimeAsync(() => inner.FindReplyAsync(actor, requestId, cancel));

    public ValueTask<long> ReserveAsync(string sequence, int count, CancellationToken cancel) =>
        stages.Committing.TimeAsync(() => inner.ReserveAsync(sequence, count, cancel));

    public ValueTask<Reading> FindAsync(RegisterKey key, TimeSpan maxAge, CancellationToken cancel) =>
        stages.Reading.TimeAsync(() => inner.FindAsync(key, maxAge, cancel));

    public ValueTask<IssuedSet?> LoadSetAsync(LicenseId id, CancellationToken cancel) => inner.LoadSetAsync(id, cancel);

    public ValueTask<Reading> FindAtAsync(RegisterKey key, DateTimeOffset time, CancellationToken cancel) =>
        stages.Reading.TimeAsync(() => inner.FindAtAsync(key, time, cancel));

    public ValueTask<SealEntry?> FindSealAsync(SealCode code, CancellationToken cancel) => inner.FindSealAsync(code, cancel);

    public ValueTask<IReadOnlyList<StatedEntry>> HistoryAsync(string serial, CancellationToken cancel) =>
        stages.Reading.TimeAsync(() => inner.HistoryAsync(serial, cancel));

    public ValueTask<IReadOnlyList<RegisterEntry>> FindTradeLicensesAsync(CreditCode holder, CancellationToken cancel) => inner.FindTradeLicensesAsync(holder, cancel);

    public ValueTask<Committed> ChangePermitAsync(string deed, StatedEntry judged, int known, IReadOnlyList<PermitEvent> events, WriteRequest request) => inner.ChangePermitAsync(deed, judged, known, events, request);

    public ValueTask<IReadOnlyList<DuePermit>> ListDuePermitsAsync(DuePermitQuery query, CancellationToken cancel) => inner.ListDuePermitsAsync(query, cancel);

    public ValueTask<Committed> AddSetAsync(IssuedSet issuedSet, StateRecord started, WriteRequest request) =>
        stages.Committing.TimeAsync(() => inner.AddSetAsync(issuedSet, started, request));

    public ValueTask<Committed> ReplaceSetAsync(
        IssuedSet issuedSet, IReadOnlyCollection<SealKind> fresh, StateRecord started, StatedEntry replaced, StateRecord ended, WriteRequest request) =>
        stages.Committing.TimeAsync(() => inner.ReplaceSetAsync(issuedSet, fresh, started, replaced, ended, request));

    public ValueTask<Committed> ChangeStatesAsync(string deed, IReadOnlyList<(StatedEntry Judged, StateRecord State)> changes, WriteRequest request) =>
        stages.Committing.TimeAsync(() => inner.ChangeStatesAsync(deed, changes, request));
}
