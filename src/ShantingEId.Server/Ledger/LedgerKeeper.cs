using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ShantingEId.Issuing;
using ShantingEId.Receipts;

namespace ShantingEId.Server.Ledger;

/// <summary>
/// What the ledger needs besides being written, behind the look-ups and never in their way: signed checkpoints, and taking what is on
/// disk into the register, where companies see who looked at them.
/// </summary>
/// <param name="ledger">The ledger.</param>
/// <param name="options">How it is kept.</param>
/// <param name="register">Where look-ups are listed; null takes nothing in.</param>
/// <param name="log">What went wrong and goes on by itself.</param>
internal sealed partial class LedgerKeeper(LookupLedger ledger, LedgerOptions options, ILookupLog? register, ILogger<LedgerKeeper> log) : BackgroundService
{
    /// <summary>Rows that go into the register at once.</summary>
    public const int BatchRows = 2000;

    // With a backlog the loop rests nineteen times as long as it worked: a twentieth of one core at most.
    private const int RestFactor = 19;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan QuietPause = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(2);
    private readonly LedgerReader reader = new(ledger.Folder, ledger.Name);
    private LedgerRoot? signed;
    private long signedAt = Stopwatch.GetTimestamp();
    private long saidQuiet;
    private long taken;
    private ReadTick? next;
    private bool isPlaced;

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // Before the first look-up is answered the register must know of this ledger: a new one is not on its list, and one that was
        // closed at its last stop, or given up, does not count, so it would call its list complete without what is answered here. A register that
        // cannot be written now does not keep the server from starting; it is told as soon as it can be, and until then nothing is answered.
        ledger.SetAnnounced(register is null);
        try
        {
            await TakeInAsync();
        }
        catch (Exception error) when (error is EidException or IOException)
        {
            TakeInFailed(error);
            isPlaced = false;
        }

        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // 1. Nothing is appended any more; what was is written.
        ledger.Dispose();

        // 2. The last checkpoint: from here on a cut tail is found, whatever happens to the folder.
        Checkpoint(ledger.Newest);

        // 3. What a moment takes in; the rest is taken in after the next start.
        var began = Stopwatch.GetTimestamp();
        try
        {
            var isBehind = true;
            while (isBehind && Stopwatch.GetElapsedTime(began) < StopTime)
            {
                isBehind = await TakeInAsync();
            }

            // Closed: nobody need wait for this ledger to say how far it is. Unless its disk still holds a flush, which may end well.
            if (!isBehind && register is not null && ledger.Health.State == LedgerState.Stopped)
            {
                await register.TakeInAsync(ledger.Name, taken, DateTimeOffset.MaxValue, []);
            }
        }
        catch (Exception error) when (error is EidException or IOException)
        {
            TakeInFailed(error);
        }

        reader.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = Pause;
        while (true)
        {
            try
            {
                await Task.Delay(pause, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            if (IsCheckpointDue())
            {
                Checkpoint(ledger.Newest);
            }

            try
            {
                var began = Stopwatch.GetTimestamp();
                pause = await TakeInAsync() ? Stopwatch.GetElapsedTime(began) * RestFactor : Pause;
                DropOldSegments();
            }
            catch (Exception error) when (error is EidException or IOException or UnauthorizedAccessException)
            {
                TakeInFailed(error);
                isPlaced = false;
                // Nobody is answered before the register was told of the ledger, so that is tried again sooner.
                var longest = ledger.Health.State == LedgerState.Unannounced ? QuietPause : LongestPause;
                pause = pause * 2 < longest ? pause * 2 + Pause : longest;
            }
        }
    }

    private bool IsCheckpointDue() => ledger.Newest is { } newest && newest.Tick != signed?.Tick
        && (Stopwatch.GetElapsedTime(signedAt) >= options.CheckpointAge || newest.Tick - (signed?.Tick ?? 0) >= options.CheckpointTicks);

    private void Checkpoint(LedgerRoot? newest)
    {
        if (newest is null || newest.Tick == signed?.Tick)
        {
            return;
        }

        signedAt = Stopwatch.GetTimestamp();
        try
        {
            LedgerCheckpoints.Append(options.CheckpointFile, newest, options.Signer);
            signed = newest;
            ledger.CheckpointTrouble = "";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or EidException)
        {
            // The records are on disk all the same; what is missing is the proof that none was taken away later.
            ledger.CheckpointTrouble = "查询账本的检查点无法写入";
            CheckpointFailed(error);
        }
    }

    /// <summary>Takes in one batch of whole ticks; false when there is no backlog left.</summary>
    private async ValueTask<bool> TakeInAsync()
    {
        if (register is null)
        {
            return false;
        }

        // 1. This instant is read before the number of the newest tick: all that was answered by then is up to that tick.
        var through = options.Clock.GetUtcNow();
        var durable = ledger.DurableTick;
        if (!isPlaced)
        {
            var mark = await register.TakenInAsync(ledger.Name, CancellationToken.None);
            taken = mark.Tick;
            // After a crash the list waits for this ledger as it did before, so nothing need be written first.
            if (mark.IsCounted)
            {
                ledger.SetAnnounced(true);
            }

            reader.Seek(taken);
            (next, isPlaced) = (null, true);
        }

        // 2. Whole ticks, until the next one would be too much. One that is too large by itself goes alone.
        var rows = new List<LookupRow>();
        var last = taken;
        while ((next ??= reader.Next(durable)) is { } tick && (rows.Count == 0 || rows.Count + tick.Rows.Length <= BatchRows))
        {
            rows.AddRange(tick.Rows);
            (last, next) = (tick.Number, null);
        }

        // 3. Behind by some ticks: complete up to the close of the next one, as none of its records was answered before that. Not
        // behind: complete up to now, also when nothing happens.
        if (next is null && last < durable)
        {
            throw new IOException($"tick {last + 1} of the look-up ledger is not where it should be");
        }

        if (last > taken || Stopwatch.GetElapsedTime(saidQuiet) >= QuietPause)
        {
            await register.TakeInAsync(ledger.Name, last, next?.Time ?? through, rows);
            ledger.SetAnnounced(true);
            saidQuiet = Stopwatch.GetTimestamp();
            taken = last;
        }

        return next is not null;
    }

    // A segment goes when it is old, in the register, and not the newest. Its last tick is signed first, so that what is left
    // still has a beginning that can be proved.
    private void DropOldSegments()
    {
        if (options.Keep is not { } keep || LedgerFolder.Segments(ledger.Folder) is not [var (number, path), _, ..])
        {
            return;
        }

        var scan = SegmentScan.Read(File.ReadAllBytes(path), options.Environment, ledger.Name, number, before: null, isLast: false);
        if (scan.Problem.Length == 0 && scan.End.Tick <= taken && scan.End.Time < options.Clock.GetUtcNow() - keep)
        {
            if (scan.Frames.Count > 0)
            {
                LedgerCheckpoints.Append(options.CheckpointFile, scan.Frames[^1].Root, options.Signer);
            }

            File.Delete(path);
            LedgerFolder.FlushNames(ledger.Folder);
        }
    }

    [LoggerMessage(EventName = "LedgerTakeInFailed", Level = LogLevel.Warning, Message = "Look-ups could not be taken into the register; they are safe in the ledger and are tried again")]
    private partial void TakeInFailed(Exception error);

    [LoggerMessage(EventName = "LedgerCheckpointFailed", Level = LogLevel.Error, Message = "A checkpoint of the look-up ledger could not be written")]
    private partial void CheckpointFailed(Exception error);
}
