using System.Data.Common;
using System.Diagnostics;
using ShantingEId.Cases;
using ShantingEId.Companies;
using ShantingEId.Deregistering;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Server.Journal;
using ShantingEId.Server.Telemetry;
using ShantingEId.Trades;

namespace ShantingEId.Server.Storage;

/// <summary>
/// The register in an SQL database. What is read and written stands in <see cref="SqlReads"/>, <see cref="SqlWrites"/> and
/// <see cref="LookupRows"/> and the like, once for both databases; here is how writes become durable. The two kinds of store open
/// connections, begin, commit and explain errors.
/// </summary>
public abstract partial class SqlStore : ILicenseStore, ICaseStore, ILookupLog, IDeregistrationStore, ICompanyStore, IDisposable, IAsyncDisposable
{
    private const int Attempts = 3;
    private readonly TimeProvider clock;
    private readonly RegisterJournal? journal;
    private readonly GroupCommit writes;
    private SqlSession? writer;
    private bool disposed;

    private protected SqlStore(TimeProvider clock, RegisterJournal? journal)
    {
        (this.clock, this.journal) = (clock, journal);
        writes = new GroupCommit(CommitAsync);
    }

    /// <summary>Raised after something of this process was committed to the feed; must not block.</summary>
    internal event Action? Committed;

    /// <summary>Starts a write transaction.</summary>
    private protected abstract string BeginStatement { get; }

    /// <summary>Tells other processes of a change; null when they look for themselves.</summary>
    private protected abstract Sql? Notice { get; }

    /// <summary>The statement of <see cref="SqlReads.FeedStatement"/>.</summary>
    private protected abstract string FeedStatement { get; }

    /// <inheritdoc/>
    public ValueTask<StoredReply?> FindReplyAsync(string actor, RequestId requestId, CancellationToken cancel) =>
        ReadAsync(session => SqlReads.FindReplyAsync(session, actor, requestId.Value, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<Reading> FindAsync(RegisterKey key, TimeSpan maxAge, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        return ReadAsync(session => SqlReads.FindEntryAsync(session, key, now, isNow: true, now, cancel), cancel);
    }

    /// <inheritdoc/>
    public ValueTask<Reading> FindAtAsync(RegisterKey key, DateTimeOffset time, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        return ReadAsync(session => SqlReads.FindEntryAsync(session, key, time, isNow: false, now, cancel), cancel);
    }

    /// <inheritdoc/>
    public ValueTask<SealEntry?> FindSealAsync(SealCode code, CancellationToken cancel) => ReadAsync(session => SqlReads.FindSealAsync(session, code, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StatedEntry>> HistoryAsync(string serial, CancellationToken cancel) =>
        ReadAsync(session => SqlReads.HistoryAsync(session, serial, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RegisterEntry>> FindTradeLicensesAsync(CreditCode holder, CancellationToken cancel) =>
        ReadAsync(session => PermitRows.FindLicensesAsync(session, holder, clock.GetUtcNow(), cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<DuePermit>> ListDuePermitsAsync(DuePermitQuery query, CancellationToken cancel) =>
        ReadAsync(session => PermitRows.ListDueAsync(session, query, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<Committed> ChangePermitAsync(string deed, StatedEntry judged, int known, IReadOnlyList<PermitEvent> events, WriteRequest request) =>
        ChangeAsync(judged.LicenseId.Serial, request, session => PermitRows.ChangeAsync(session, deed, judged, known, events, request));

    /// <inheritdoc/>
    public ValueTask<IssuedSet?> LoadSetAsync(LicenseId id, CancellationToken cancel) => ReadAsync(session => SqlReads.LoadSetAsync(session, id, cancel), cancel);

    /// <summary>A stretch of the feed; see <see cref="IChangeFeed.ReadFeedAsync"/>.</summary>
    internal async ValueTask<FeedPage> ReadFeedAsync(string? member, long after, int limit, CancellationToken cancel)
    {
        var seen = Volatile.Read(ref newest);
        var page = await ReadAsync(session => SqlReads.ReadFeedAsync(session, FeedStatement, member ?? "", after, limit, cancel), cancel);
        RequireForward(page.Head, seen);
        return page;
    }

    /// <inheritdoc/>
    public ValueTask<LedgerMark> TakenInAsync(string ledger, CancellationToken cancel) => ReadAsync(session => LookupRows.TakenInAsync(session, ledger, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<(IReadOnlyList<ListedLookup> Rows, DateTimeOffset? CompleteUntil)> ListLookupsAsync(CreditCode holder, long? before, int limit, CancellationToken cancel) =>
        ReadAsync(session => LookupRows.ListAsync(session, holder.Value, before, limit, cancel), cancel);

    /// <inheritdoc/>
    public async ValueTask<long> ReserveAsync(string sequence, int count, CancellationToken cancel) =>
        await writes.WriteAsync(new QueuedWrite<long>("1 " + sequence, null, async session =>
        {
            var first = await SqlWrites.ReserveAsync(session, sequence, count);
            return (null, _ => first);
        }));

    /// <inheritdoc/>
    public async ValueTask TakeInAsync(string ledger, long throughTick, DateTimeOffset throughTime, IReadOnlyList<LookupRow> rows) =>
        await writes.WriteAsync(new QueuedWrite<bool>("2 " + ledger, null, async session =>
        {
            var taken = await LookupRows.TakeInAsync(session, ledger, throughTick, throughTime, rows);
            return (null, _ => taken);
        }) { IsJournalled = false }); // The ledger is its own evidence, and is taken in anew from where the register stands.

    /// <inheritdoc/>
    public ValueTask<Committed> AddSetAsync(IssuedSet issuedSet, StateRecord started, WriteRequest request) =>
        ChangeAsync(issuedSet.License.Id.Serial, request, session => SqlWrites.AddSetAsync(session, issuedSet, started, request));

    /// <inheritdoc/>
    public ValueTask<Committed> ReplaceSetAsync(
        IssuedSet issuedSet, IReadOnlyCollection<SealKind> fresh, StateRecord started, StatedEntry replaced, StateRecord ended, WriteRequest request) =>
        ChangeAsync(issuedSet.License.Id.Serial, request, session => SqlWrites.ReplaceSetAsync(session, issuedSet, fresh, started, replaced, ended, request));

    /// <inheritdoc/>
    public ValueTask<Committed> ChangeStatesAsync(string deed, IReadOnlyList<(StatedEntry Judged, StateRecord State)> changes, WriteRequest request) =>
        ChangeAsync(changes[0].Judged.LicenseId.Serial, request, session => SqlWrites.ChangeStatesAsync(session, deed, changes, request));

    /// <inheritdoc/>
    public ValueTask<SimpleDeregistration?> FindDeregistrationAsync(string number, CancellationToken cancel) =>
        ReadAsync(session => DeregistrationRows.FindAsync(session, number, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SimpleDeregistration>> ListDeregistrationsAsync(DeregistrationQuery query, CancellationToken cancel) =>
        ReadAsync(session => DeregistrationRows.ListAsync(session, query, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<NoticePage> ReadNoticesAsync(long after, int limit, CancellationToken cancel) =>
        ReadAsync(session => DeregistrationRows.NoticesAsync(session, after, limit, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<Committed> AddDeregistrationAsync(SimpleDeregistration added, WriteRequest request) =>
        ChangeAsync(added.Holder.Value, request, session => DeregistrationRows.AddAsync(session, added, request));

    /// <inheritdoc/>
    public ValueTask<Committed> ChangeDeregistrationAsync(SimpleDeregistration changed, CancelledSet? cancelled, WriteRequest request) =>
        ChangeAsync(changed.Holder.Value, request, session => DeregistrationRows.ChangeAsync(session, changed, cancelled, request));

    /// <inheritdoc/>
    public ValueTask<CaseFile?> FindCaseAsync(CaseKey key, CancellationToken cancel) => ReadAsync(session => CaseRows.FindAsync(session, key, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<StepPage> ReadStepsAsync(long after, int limit, CancellationToken cancel) => ReadAsync(session => CaseRows.ReadStepsAsync(session, after, limit, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<StepPage> ReadOverdueAsync(DateOnly today, long after, int limit, CancellationToken cancel) =>
        ReadAsync(session => CaseRows.ReadOverdueAsync(session, today, after, limit, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<Committed> WriteCaseAsync(CaseFile? before, CaseFile after, WriteRequest request, bool keepReply) =>
        ChangeAsync(after.Facts.CreditCode.Value, request, session => CaseRows.WriteAsync(session, before, after, request, keepReply));

    /// <inheritdoc/>
    public ValueTask<CompanyLife> ReadLifeAsync(CreditCode holder, CancellationToken cancel) => ReadAsync(session => CompanyRows.ReadLifeAsync(session, holder, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<NamePage> SearchAsync(NameSearch search, CancellationToken cancel) => ReadAsync(session => NameRows.SearchAsync(session, search, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<FiledRecord>> ReadFiledAsync(CreditCode holder, CancellationToken cancel) =>
        ReadAsync(session => CompanyRows.ReadFiledAsync(session, holder.Value, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<Committed> FileAsync(Filing filing, StatedEntry judged, Replacement? replacement, WriteRequest request) =>
        ChangeAsync(filing.Holder.Value, request, session => CompanyRows.FileAsync(session, filing, judged, replacement, request));

    /// <inheritdoc/>
    public void Dispose()
    {
        GC.SuppressFinalize(this);
        DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (!disposed)
        {
            disposed = true;
            await writes.DisposeAsync();
            if (writer is not null)
            {
                await writer.DisposeAsync();
            }

            journal?.Dispose();
            await CloseAsync();
        }
    }

    /// <summary>Opens the writer and brings the schema up to date.</summary>
    private protected async Task StartAsync(Func<SqlSession, ValueTask> migrate)
    {
        writer = await OpenWriterAsync();
        await migrate(writer);
        await JournalCheck.RequireAsync(ReadHeadAsync, journal?.Folder);
    }

    /// <summary>Runs something that only reads, or that stands alone and may be repeated.</summary>
    private protected abstract ValueTask<T> UseAsync<T>(Func<SqlSession, ValueTask<T>> use, CancellationToken cancel);

    /// <summary>Opens the connection that writes.</summary>
    private protected abstract ValueTask<SqlSession> OpenWriterAsync();

    /// <summary>Makes the transaction durable; nothing that a caller does can cut it short.</summary>
    private protected abstract Task CommitAsync(SqlSession session);

    /// <summary>Rolls back after a failure; false when the connection is better replaced.</summary>
    private protected abstract ValueTask<bool> UndoAsync(SqlSession session);

    /// <summary>Whether a statement failed by its own values, so that the writes beside it are sound.</summary>
    private protected abstract bool IsOwnFault(DbException error);

    /// <summary>Whether nothing was written and the same transaction may succeed now.</summary>
    private protected abstract bool MayRepeat(Exception error);

    /// <summary>The error to give; texts of the database stay in the inner exception, for the log alone.</summary>
    /// <param name="error">What happened.</param>
    /// <param name="committing">Whether COMMIT had been sent.</param>
    private protected abstract EidException Translate(Exception error, bool committing);

    /// <summary>Closes the reading connections.</summary>
    private protected abstract ValueTask CloseAsync();

    /// <summary>Reads, and blames nobody who asks for what cannot be read.</summary>
    internal async ValueTask<T> ReadAsync<T>(Func<SqlSession, ValueTask<T>> read, CancellationToken cancel)
    {
        if (isOutdated)
        {
            throw JournalCheck.Replaced();
        }

        var began = Stopwatch.GetTimestamp();
        try
        {
            var result = await UseAsync(read, cancel);
            EidMeters.CountStore("read", began);
            return result;
        }
        catch (EidException error) when (error.Reason.Kind() == ErrorKind.InvalidArgument)
        {
            // It was checked when it was written: that it cannot be read now is no fault of who asks.
            throw new EidException(ErrorReason.InternalFault, "登记簿中的数据无法读取", error);
        }
        catch (DbException error)
        {
            throw Translate(error, committing: false);
        }
    }

    private async ValueTask<Committed> ChangeAsync(string holder, WriteRequest request, Func<SqlSession, Task<(Deed? Deed, StoredReply? Earlier)>> change) =>
        await writes.WriteAsync(new QueuedWrite<Committed>("3 " + holder, request.Actor + " " + request.RequestId, async session =>
        {
            var (deed, earlier) = await change(session);
            return (deed, position => new Committed(earlier, earlier?.Position ?? position));
        }));

    private async Task CommitAsync(IReadOnlyList<QueuedWrite> group)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (committing, began, frame) = (false, Stopwatch.GetTimestamp(), (JournalFrame?)null);
            try
            {
                // 1. Each write by itself: what one of them does wrong is undone alone.
                writer ??= await OpenWriterAsync();
                var tape = writer.Tape = journal is null ? null : new JournalTape();
                await writer.RunAsync(BeginStatement);
                foreach (var write in group)
                {
                    await ApplyAsync(writer, write);
                }

                tape?.IsOn = true;

                // 2. Their places in the feed and in the journal, last of all: held until the transaction ends. The journal is on its disk before COMMIT.
                var deeds = group.Where(write => write.Deed is not null).ToArray();
                var seen = Volatile.Read(ref newest);
                var places = deeds.Length == 0 && tape is not { Statements.Count: > 0 } ? []
                    : await SqlWrites.RecordAsync(writer, [.. deeds.Select(write => write.Deed!)], deeds.Length == 0 ? null : Notice, (head, place) => frame = WriteJournal(head, place, tape, seen));

                // 3. The commit point.
                committing = true;
                await CommitAsync(writer);
                EidMeters.CountStore("write", began);
                if (frame is not null)
                {
                    journal!.Mark(frame);
                }

                // 4. Only now anybody hears of it, also who was refused: a refusal may rest on what another of the group wrote.
                foreach (var write in group)
                {
                    write.Acknowledge(write.Deed is null ? 0 : places[Array.IndexOf(deeds, write)]);
                }

                if (deeds.Length > 0)
                {
                    Committed?.Invoke();
                }

                return;
            }
            catch (Exception error)
            {
                var reached = writer is not null;
                await UndoAsync();
                if (frame is not null && (!committing || await IsUndoneAsync(frame, Translate(error, committing))))
                {
                    journal!.TakeBack();
                }

                if (committing || !reached || attempt == Attempts || !MayRepeat(error))
                {
                    foreach (var write in group)
                    {
                        write.Fail(error as EidException ?? Translate(error, committing));
                    }

                    return;
                }
            }
        }
    }

    private async Task ApplyAsync(SqlSession session, QueuedWrite write)
    {
        var noted = session.Tape?.Statements.Count ?? 0;
        session.Tape?.IsOn = write.IsJournalled;
        await session.RunAsync("SAVEPOINT one");
        for (var again = false; ; again = true)
        {
            try
            {
                await write.ApplyAsync(session);
                return;
            }
            catch (Exception error) when (error is EidException || (error is DbException fault && IsOwnFault(fault)))
            {
                await session.RunAsync("ROLLBACK TO SAVEPOINT one");
                session.Tape?.CutTo(noted);
                if (error is DbException && !again)
                {
                    continue; // Somebody else was faster; asked again, the register says what to answer.
                }

                write.Refusal = error as EidException ?? Translate(error, committing: false);
                return;
            }
        }
    }

    private async Task UndoAsync()
    {
        if (writer is { } failed && !await UndoAsync(failed))
        {
            writer = null;
            await failed.DisposeAsync();
        }
    }
}
