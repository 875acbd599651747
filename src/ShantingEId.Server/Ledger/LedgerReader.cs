using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using ShantingEId.Issuing;
using ShantingEId.Receipts;

namespace ShantingEId.Server.Ledger;

/// <summary>A tick as it goes into the register.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Time">When it was closed.</param>
/// <param name="Rows">Its look-ups.</param>
internal sealed record ReadTick(long Number, DateTimeOffset Time, LookupRow[] Rows);

/// <summary>Reads the ticks of a ledger in order while it is being written. Checks their form only: the chain is the business of recovery and fsck.</summary>
/// <param name="folder">The ledger's folder.</param>
/// <param name="ledger">Its name.</param>
internal sealed class LedgerReader(string folder, string ledger) : IDisposable
{
    private readonly byte[] head = new byte[LedgerFrame.HeadSize];
    private SafeFileHandle? file;
    private int number;
    private long offset;
    private long tick;

    /// <summary>Goes to where the next tick after this one will be read.</summary>
    public void Seek(long after)
    {
        // Headers say where each segment begins; the one before the first that begins later holds the tick.
        Close();
        number = 0;
        tick = 0;
        foreach (var (candidate, path) in LedgerFolder.Segments(folder))
        {
            if (number != 0 && ReadHeader(path) is var header && (header is null || header.Value.Header.FirstTick > after + 1))
            {
                break;
            }

            number = candidate;
        }

        if (number == 0 || !Open(number))
        {
            number = 0;
            return;
        }

        while (tick < after && Next(after, skip: true) is not null)
        {
        }
    }

    /// <summary>The next tick as rows; null when there is none up to this one yet.</summary>
    /// <param name="through">Number of the last tick that is known to be on disk.</param>
    public ReadTick? Next(long through) => Next(through, skip: false);

    /// <inheritdoc/>
    public void Dispose() => Close();

    private ReadTick? Next(long through, bool skip)
    {
        if (tick >= through)
        {
            return null;
        }

        if (file is null && !OpenNext())
        {
            return null;
        }

        while (RandomAccess.Read(file!, head, offset) < head.Length || LedgerFrame.SizeOf(head) == 0)
        {
            // This segment ends here, as there is a tick that it does not hold.
            if (!OpenNext())
            {
                return null;
            }
        }

        var size = LedgerFrame.SizeOf(head);
        offset += size;
        tick++;
        var time = DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(head.AsSpan(12)));
        if (skip)
        {
            return new ReadTick(tick, time, []);
        }

        var frame = new byte[size];
        if (RandomAccess.Read(file!, frame, offset - size) != size || LedgerFrame.Layout(frame) is not { } places)
        {
            throw new IOException($"tick {tick} of {LedgerFolder.SegmentPath(folder, number)} cannot be read");
        }

        var rows = new LookupRow[places.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = LookupRecord.TryRead(frame.AsMemory(places[i].Offset, places[i].Length), out var record)
                ? new LookupRow(ledger, tick, i, record.Time, record.Holder, record.Caller, record.Purpose, record.Method, record.Verdict, record.Reason, record.Reference)
                : throw new IOException($"record {i} of tick {tick} of {LedgerFolder.SegmentPath(folder, number)} cannot be read");
        }

        return new ReadTick(tick, time, rows);
    }

    private bool OpenNext()
    {
        foreach (var (next, _) in LedgerFolder.Segments(folder))
        {
            if (next > number)
            {
                return Open(next);
            }
        }

        return false;
    }

    private bool Open(int next)
    {
        var path = LedgerFolder.SegmentPath(folder, next);
        if (ReadHeader(path) is not var (header, size))
        {
            return false;
        }

        Close();
        file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        (number, offset, tick) = (next, size, header.FirstTick - 1);
        return true;
    }

    private static (SegmentHeader Header, int Size)? ReadHeader(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[512];
        return SegmentHeader.Read(bytes.AsMemory(0, RandomAccess.Read(file, bytes, 0)));
    }

    private void Close()
    {
        file?.Dispose();
        file = null;
    }
}
