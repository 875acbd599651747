using ShantingEId.Receipts;

namespace ShantingEId.Server.Ledger;

/// <summary>How far the chain of a ledger has been followed.</summary>
/// <param name="Tick">Number of the last tick that holds; 0 before the first.</param>
/// <param name="Hash">Its hash.</param>
/// <param name="Time">Its time.</param>
internal sealed record ChainEnd(long Tick, byte[] Hash, DateTimeOffset Time)
{
    public static ChainEnd Beginning { get; } = new(0, LedgerRoot.BeforeTheFirst, DateTimeOffset.MinValue);
}

/// <summary>What a segment file holds.</summary>
/// <param name="Frames">Ticks that hold, in order.</param>
/// <param name="End">The chain after them.</param>
/// <param name="Size">Bytes up to the end of the last tick that holds.</param>
/// <param name="Tail">What lies after it.</param>
/// <param name="Problem">What is wrong; "" also when the last tick was not written to its end.</param>
internal sealed record SegmentScan(IReadOnlyList<LedgerFrame> Frames, ChainEnd End, int Size, ReadOnlyMemory<byte> Tail, string Problem)
{
    /// <summary>
    /// Reads a segment and checks everything in it. A tick that was being written when the process or the machine died was never
    /// answered for: what is left of it is a tail and no problem, but only at the end of the last segment, and only where it
    /// really is unfinished. Anything else that does not hold was changed afterwards.
    /// </summary>
    /// <param name="bytes">The file.</param>
    /// <param name="environment">Name of the deployment.</param>
    /// <param name="ledger">Name of the ledger.</param>
    /// <param name="number">Number in the file's name.</param>
    /// <param name="before">The chain so far; null takes the header's word for it.</param>
    /// <param name="isLast">Whether no segment follows.</param>
    public static SegmentScan Read(ReadOnlyMemory<byte> bytes, string environment, string ledger, int number, ChainEnd? before, bool isLast)
    {
        // 1. The header, and that it continues the chain. A file that was made and not written is made anew by the next start.
        var end = before ?? ChainEnd.Beginning;
        if (isLast && before is not null && IsUnwrittenHeader(bytes, environment, ledger, number, before))
        {
            return new SegmentScan([], end, 0, bytes, "");
        }

        if (SegmentHeader.Read(bytes) is not var (header, size))
        {
            return new SegmentScan([], end, 0, bytes, "账页首部残缺或被改动");
        }

        end = before ?? new ChainEnd(header.FirstTick - 1, header.Previous, DateTimeOffset.MinValue);
        if (header != new SegmentHeader(environment, ledger, number, end.Tick + 1, header.Previous) || !header.Previous.AsSpan().SequenceEqual(end.Hash))
        {
            return new SegmentScan([], end, 0, bytes, "账页首部与账本或前一账页不符");
        }

        // 2. Tick after tick.
        var frames = new List<LedgerFrame>();
        while (size < bytes.Length)
        {
            var rest = bytes[size..];
            if (LedgerFrame.Read(rest.Span, environment, ledger) is not { } frame)
            {
                var problem = isLast && IsUnfinished(rest, environment, ledger) ? "" : $"第 {end.Tick + 1} 批（位于 {size} 字节处）被改动";
                return new SegmentScan(frames, end, size, rest, problem);
            }

            if (frame.Root.Tick != end.Tick + 1 || !frame.Root.Previous.AsSpan().SequenceEqual(end.Hash) || frame.Root.Time < end.Time)
            {
                return new SegmentScan(frames, end, size, rest, $"第 {end.Tick + 1} 批（位于 {size} 字节处）不是接着前一批的");
            }

            frames.Add(frame);
            end = new ChainEnd(frame.Root.Tick, frame.Hash, frame.Root.Time);
            size += frame.Size;
        }

        return new SegmentScan(frames, end, size, default, "");
    }

    // A tick that was written to its end carries a hash there; and nothing was ever begun behind an unfinished one.
    private static bool IsUnfinished(ReadOnlyMemory<byte> tail, string environment, string ledger)
    {
        var bytes = tail.Span;
        var size = LedgerFrame.SizeOf(bytes);
        var isShort = bytes.Length < LedgerFrame.LengthSize || size > bytes.Length;
        var isZero = !bytes[Math.Max(0, bytes.Length - Crypto.Sm3.Size)..].ContainsAnyExcept((byte)0);
        if (bytes.Length > LedgerFrame.MaxSize || !isShort && !isZero)
        {
            return false;
        }

        for (var at = 1; at < bytes.Length; at++)
        {
            if (LedgerFrame.Read(bytes[at..], environment, ledger) is not null)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsUnwrittenHeader(ReadOnlyMemory<byte> bytes, string environment, string ledger, int number, ChainEnd before)
    {
        var whole = new SegmentHeader(environment, ledger, number, before.Tick + 1, before.Hash).Encode();
        var written = bytes.Span.TrimEnd((byte)0);
        return written.Length < whole.Length && whole.AsSpan().StartsWith(written) && !bytes.Span.StartsWith(whole);
    }
}
