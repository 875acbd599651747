using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using ShantingEId.Receipts;

namespace ShantingEId.Server.Ledger;

/// <summary>The segment file that is being written. One thread only.</summary>
internal sealed class LedgerSegment : IDisposable
{
    // What must fit before a full disk counts as having space again: some hundred records.
    private static readonly byte[] Probe = new byte[64 * 1024];
    private readonly SafeFileHandle file;
    private readonly Action<SafeFileHandle> flush;
    private readonly long opened = Stopwatch.GetTimestamp();
    private readonly byte[] head = new byte[LedgerFrame.HeadSize];
    private readonly byte[] tail = new byte[LedgerFrame.TailSize];

    private LedgerSegment(SafeFileHandle file, int number, long size, Action<SafeFileHandle> flush)
    {
        this.file = file;
        this.flush = flush;
        Number = number;
        Size = size;
    }

    /// <summary>Number of the segment.</summary>
    public int Number { get; }

    /// <summary>Bytes up to the end of the last tick that was written.</summary>
    public long Size { get; private set; }

    /// <summary>How long it has been open.</summary>
    public TimeSpan Age => Stopwatch.GetElapsedTime(opened);

    /// <summary>Makes a new one, durable with its name before any tick goes into it; leaves nothing behind when that fails.</summary>
    public static LedgerSegment Create(string folder, SegmentHeader header, Action<SafeFileHandle> flush)
    {
        var path = LedgerFolder.SegmentPath(folder, header.Number);
        var bytes = header.Encode();
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            RandomAccess.Write(file, bytes, 0);
            flush(file);
            LedgerFolder.FlushNames(folder);
            return new LedgerSegment(file, header.Number, bytes.Length, flush);
        }
        catch
        {
            file.Dispose();
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Writes a tick behind the last one; it is not durable yet, and does not count before <see cref="Flush"/>.</summary>
    /// <returns>Where it ends.</returns>
    public long Write(LedgerTick tick, LedgerRoot root, byte[] hash)
    {
        LedgerFrame.WriteHead(head, root, tick.Bytes);
        root.Root.CopyTo(tail, 0);
        hash.CopyTo(tail, Crypto.Sm3.Size);
        RandomAccess.Write(file, [head, .. tick.Content, tail], Size);
        return Size + head.Length + tick.Bytes + tail.Length;
    }

    /// <summary>Makes what was written up to there durable.</summary>
    public void Flush(long end)
    {
        flush(file);
        Size = end;
    }

    /// <summary>Takes away what was written behind the last tick that counts.</summary>
    public void Cut() => RandomAccess.SetLength(file, Size);

    /// <summary>Whether there is space again.</summary>
    public void TrySpace()
    {
        RandomAccess.Write(file, Probe, Size);
        flush(file);
        Cut();
    }

    /// <summary>Whether a write failed because the disk, or the share of it, is full.</summary>
    public static bool IsNoSpace(Exception error)
    {
        const int noSpace = 28, overQuota = 122; // errno, as IOException carries it
        return error is IOException { HResult: noSpace or overQuota };
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
