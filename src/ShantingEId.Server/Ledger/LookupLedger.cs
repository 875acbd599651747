using System.Diagnostics;
using Microsoft.Extensions.Logging;
using ShantingEId.Receipts;
using ShantingEId.Server.Telemetry;

namespace ShantingEId.Server.Ledger;

/// <summary>
/// Look-up ledger of this replica: a record is on disk before its look-up is answered. All records that arrive while the disk is
/// busy become one tick: one frame, one flush, one Merkle root chained to the tick before; one signature when somebody wants a
/// receipt. Fails closed: what is not certainly on disk is not answered.
/// </summary>
internal sealed partial class LookupLedger : IDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SpacePause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);
    private readonly Lock gate = new();
    private readonly AutoResetEvent wake = new(false);
    private readonly LedgerOptions options;
    private readonly LedgerFolder folder;
    private readonly Thread writer;
    private readonly Timer watch;

    // Under the lock.
    private LedgerTick gathering = new();
    private LedgerTick? flushing;
    private long flushBegan;
    private bool idle;
    private LedgerState state = LedgerState.Working;
    private string trouble = "";
    private bool stopping;

    // The writer's own.
    private ChainEnd end;
    private int lastSegment;
    private LedgerSegment? segment;
    private long lastSigned;
    private volatile LedgerRoot? newest;

    private LookupLedger(LedgerOptions options, LedgerFolder folder, ChainEnd end, int lastSegment)
    {
        (this.options, this.folder, this.end, this.lastSegment) = (options, folder, end, lastSegment);
        DurableAtStart = end.Tick;
        watch = new Timer(_ => LookForSlowFlush(), null, SpacePause, SpacePause);
        writer = new Thread(Write) { IsBackground = true, Name = "look-up ledger" };
        writer.Start();
    }

    /// <summary>Name of the ledger.</summary>
    public string Name => folder.Name;

    /// <summary>Its folder.</summary>
    public string Folder => folder.Path;

    /// <summary>The newest tick that is on disk, where one was written since the start.</summary>
    public LedgerRoot? Newest => newest;

    /// <summary>Number of the newest tick that is on disk.</summary>
    public long DurableTick => newest?.Tick ?? DurableAtStart;

    /// <summary>What is wrong with the checkpoints; look-ups are answered all the same.</summary>
    public string CheckpointTrouble { get; set; } = "";

    private long DurableAtStart { get; }

    /// <summary>Whether look-ups can be answered, and why not.</summary>
    public LedgerHealth Health
    {
        get
        {
            lock (gate)
            {
                return new LedgerHealth(state, state != LedgerState.Working ? trouble : CheckpointTrouble is { Length: > 0 } other ? other : "查询账本正常");
            }
        }
    }

    /// <summary>Opens the ledger of a folder; refuses one that is damaged.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.AuditUnavailable"/>; the text says what is wrong.</exception>
    public static LookupLedger Open(LedgerOptions options)
    {
        try
        {
            var folder = LedgerFolder.Open(options.Directory);
            try
            {
                var (end, lastSegment) = LedgerRecovery.Run(folder, options);
                return new LookupLedger(options, folder, end, lastSegment);
            }
            catch
            {
                folder.Dispose();
                throw;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new EidException(ErrorReason.AuditUnavailable, $"查询账本 {options.Directory} 无法读写", error);
        }
    }

    /// <summary>
    /// Appends a record. Completes when its tick is on disk, and signed where a receipt is wanted. The bytes are copied before this
    /// returns. To be awaited exactly once.
    /// </summary>
    /// <exception cref="EidException"><see cref="ErrorReason.AuditUnavailable"/>: the record is not, or may not be, on disk; the look-up must not be answered.</exception>
    public ValueTask<LedgerPlace> AppendAsync(ReadOnlySpan<byte> record, bool withReceipt) => Append(record, default, default, withReceipt);

    /// <summary>Appends a prepared record with other times in it.</summary>
    /// <exception cref="EidException">As above.</exception>
    public ValueTask<LedgerPlace> AppendAsync(ReadOnlySpan<byte> prepared, DateTimeOffset time, DateTimeOffset statusAsOf, bool withReceipt) =>
        Append(prepared, time, statusAsOf, withReceipt);

    /// <summary>The refusal of a look-up whose record is not on disk.</summary>
    public static EidException Unavailable(string why) => new(ErrorReason.AuditUnavailable, why + "，本次查询不予答复；请稍后重试") { RetryAfter = RetryAfter };

    /// <summary>Answers nothing, or again something, as long as the register does not know of this ledger.</summary>
    public void SetAnnounced(bool known)
    {
        lock (gate)
        {
            (state, trouble) = (known, state) switch
            {
                (false, LedgerState.Working) => (LedgerState.Unannounced, "登记簿暂不可写，查询账本尚未在其中登记"),
                (true, LedgerState.Unannounced) => (LedgerState.Working, ""),
                _ => (state, trouble),
            };
        }
    }

    /// <summary>Writes what has been appended, and closes.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (stopping)
            {
                return;
            }

            stopping = true;
        }

        wake.Set();
        watch.Dispose();
        // A disk that does not answer must not keep the process: nothing that waits for it was answered.
        if (writer.Join(StopLimit))
        {
            segment?.Dispose();
            wake.Dispose();
            folder.Dispose();
        }
    }

    private ValueTask<LedgerPlace> Append(ReadOnlySpan<byte> record, DateTimeOffset time, DateTimeOffset statusAsOf, bool withReceipt)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(record.Length, LookupRecord.MaxSize);
        LedgerTick tick;
        int index;
        bool wasIdle;
        lock (gate)
        {
            if (state != LedgerState.Working || stopping)
            {
                return ValueTask.FromException<LedgerPlace>(Unavailable(stopping ? "服务正在停止" : trouble));
            }

            tick = gathering;
            index = tick.Add(record, out var copy);
            if (index < 0)
            {
                return ValueTask.FromException<LedgerPlace>(Unavailable("等待写入账本的查询过多"));
            }

            if (time != default)
            {
                LookupRecord.Patch(copy, time, statusAsOf);
            }

            tick.WantsReceipt |= withReceipt;
            wasIdle = idle;
            idle = false;
        }

        if (wasIdle)
        {
            wake.Set();
        }

        return new ValueTask<LedgerPlace>(tick, (short)index);
    }

    // The writer's thread: gather, write, flush, sign, let go.
    private void Write()
    {
        while (NextTick() is { } tick)
        {
            LedgerRoot? root = null;
            var wasFlushed = false;
            try
            {
                // 1. The tree, and the root that continues the chain. Times never run backwards, whatever the clock does.
                var now = DateTimeOffset.FromUnixTimeMilliseconds(options.Clock.GetUtcNow().ToUnixTimeMilliseconds());
                root = new LedgerRoot(options.Environment, Name, end.Tick + 1, now > end.Time ? now : end.Time, tick.Count, tick.BuildTree().Root.ToArray(), end.Hash);
                var hash = root.Hash();

                // 2. The frame, into a new file where one is due.
                if (segment is null || segment.Size >= options.SegmentBytes || segment.Age >= options.SegmentAge)
                {
                    var next = LedgerSegment.Create(folder.Path, new SegmentHeader(options.Environment, Name, lastSegment + 1, root.Tick, end.Hash), options.Flush);
                    segment?.Dispose();
                    segment = next;
                    lastSegment++;
                }

                var frameEnd = segment.Write(tick, root, hash);

                // 3. On disk. A crash before this line: nobody was answered.
                wasFlushed = true;
                var flushed = Stopwatch.GetTimestamp();
                segment.Flush(frameEnd);
                EidMeters.LedgerFlushDuration.Record(Stopwatch.GetElapsedTime(flushed).TotalSeconds);
                EidMeters.LedgerTickSize.Record(tick.Count);
                end = new ChainEnd(root.Tick, hash, root.Time);

                // 4. Signed, only now: what is signed is on disk.
                byte[]? signed = null;
                if (tick.WantsReceipt)
                {
                    lastSigned = Stopwatch.GetTimestamp();
                    signed = LedgerCheckpoints.Sign(root, options.Signer);
                }

                // 5. Answered.
                newest = root;
                Done(tick, root, signed);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or EidException)
            {
                Failed(tick, error, wasFlushed);
                WaitForSpace();
            }
        }
    }

    // Null when all is written and the ledger is to stop.
    private LedgerTick? NextTick()
    {
        // A processor that is busy with look-ups goes on with them first: they come into this tick, and fewer flushes do for all.
        // One that has nothing else to do comes back at once.
        Thread.Yield();
        while (true)
        {
            TimeSpan pause;
            lock (gate)
            {
                if (gathering.Count > 0)
                {
                    pause = gathering.WantsReceipt && !stopping && lastSigned != 0 ? options.SignedGather - Stopwatch.GetElapsedTime(lastSigned) : TimeSpan.Zero;
                    if (pause <= TimeSpan.Zero)
                    {
                        flushing = gathering;
                        flushBegan = Stopwatch.GetTimestamp();
                        gathering = new LedgerTick();
                        return flushing;
                    }
                }
                else if (stopping)
                {
                    state = LedgerState.Stopped;
                    trouble = "服务正在停止";
                    return null;
                }
                else
                {
                    idle = true;
                    pause = Timeout.InfiniteTimeSpan;
                }
            }

            // The waits of this platform count whole milliseconds.
            wake.WaitOne(pause == Timeout.InfiniteTimeSpan ? pause : TimeSpan.FromMilliseconds(Math.Ceiling(pause.TotalMilliseconds)));
        }
    }

    private void Done(LedgerTick tick, LedgerRoot root, byte[]? signed)
    {
        lock (gate)
        {
            flushing = null;
            if (state == LedgerState.Slow)
            {
                (state, trouble) = (LedgerState.Working, "");
            }
        }

        tick.Complete(root, signed);
    }

    private void Failed(LedgerTick tick, Exception error, bool wasFlushed)
    {
        var isFull = !wasFlushed && LedgerSegment.IsNoSpace(error) && TryCut();
        LedgerTick waiting;
        lock (gate)
        {
            flushing = null;
            // After a failed flush nobody knows what is on disk, and a second flush would say all is well (fsync of Linux forgets).
            (state, trouble) = isFull ? (LedgerState.Full, "查询账本所在磁盘已满") : (LedgerState.Failed, "查询账本写入出错，须重启服务");
            waiting = gathering;
            gathering = new LedgerTick();
        }

        // Callers and health hear a plain sentence; paths and texts of the system go to the log alone.
        WriteFailed(options.Log, isFull ? "full" : "failed", error);
        tick.Fail(trouble);
        waiting.Fail(trouble);
    }

    private bool TryCut()
    {
        try
        {
            segment?.Cut();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // Returns when there is space again; for ever, when the failure is of another kind.
    private void WaitForSpace()
    {
        while (true)
        {
            lock (gate)
            {
                if (stopping || state == LedgerState.Working)
                {
                    return;
                }
            }

            wake.WaitOne(SpacePause);
            if (Health.State != LedgerState.Full)
            {
                continue;
            }

            try
            {
                if (segment is null)
                {
                    segment = LedgerSegment.Create(folder.Path, new SegmentHeader(options.Environment, Name, lastSegment + 1, end.Tick + 1, end.Hash), options.Flush);
                    lastSegment++;
                }

                segment.TrySpace();
                lock (gate)
                {
                    (state, trouble) = (LedgerState.Working, "");
                }
            }
            catch (IOException error)
            {
                if (!LedgerSegment.IsNoSpace(error) || !TryCut())
                {
                    Failed(new LedgerTick(), error, wasFlushed: true);
                }
            }
        }
    }

    // Those who wait are sent away; the flush itself cannot be. When it ends well after all, its tick stands, unanswered.
    private void LookForSlowFlush()
    {
        LedgerTick late, waiting;
        lock (gate)
        {
            if (flushing is null || state != LedgerState.Working || Stopwatch.GetElapsedTime(flushBegan) < options.FlushLimit)
            {
                return;
            }

            (state, trouble) = (LedgerState.Slow, "查询账本所在磁盘没有回应");
            (late, waiting) = (flushing, gathering);
            gathering = new LedgerTick();
        }

        late.Fail(trouble);
        waiting.Fail(trouble);
    }

    [LoggerMessage(EventName = "LedgerWriteFailed", Level = LogLevel.Error, Message = "The look-up ledger could not be written ({Kind}); look-ups are not answered")]
    private static partial void WriteFailed(ILogger log, string kind, Exception error);
}
