using System.Globalization;

namespace ShantingEId.Server.Ledger;

/// <summary>Finds the end of a ledger at start.</summary>
internal static class LedgerRecovery
{
    /// <summary>
    /// Reads the last segment, takes away what was never finished, and refuses to go on from anything else that does not hold: a
    /// server that went on would bury the damage under good ticks.
    /// </summary>
    /// <returns>The end of the chain, and the number of the last segment (0 when there is none).</returns>
    /// <exception cref="EidException"><see cref="ErrorReason.AuditUnavailable"/>.</exception>
    public static (ChainEnd End, int LastSegment) Run(LedgerFolder folder, LedgerOptions options)
    {
        var segments = LedgerFolder.Segments(folder.Path);
        if (segments.Count == 0)
        {
            return (ChainEnd.Beginning, 0);
        }

        // 1. The last two: the last one may have been made and never written, and then only the one before says how the chain ends.
        ChainEnd? end = segments is [{ Number: 1 }] ? ChainEnd.Beginning : null;
        var checkpoint = LedgerCheckpoints.Newest(options.CheckpointFile, options.Environment, folder.Name);
        foreach (var (number, path) in segments[^Math.Min(2, segments.Count)..])
        {
            var isLast = number == segments[^1].Number;
            var scan = SegmentScan.Read(File.ReadAllBytes(path), options.Environment, folder.Name, number, end, isLast);
            if (scan.Problem.Length > 0)
            {
                throw Broken(path, scan.Problem);
            }

            end = scan.End;
            if (checkpoint is not null && scan.Frames.FirstOrDefault(frame => frame.Root.Tick == checkpoint.Tick) is { } signed && !signed.Hash.AsSpan().SequenceEqual(checkpoint.Hash()))
            {
                throw Broken(path, $"第 {checkpoint.Tick} 批与签过的检查点不符，账本被改写");
            }

            if (scan.Tail.Length > 0)
            {
                Cut(folder.Path, path, scan, options);
            }
        }

        // 2. What was signed and kept elsewhere must be there: a tail cut between ticks looks sound by itself.
        if (checkpoint?.Tick > end!.Tick)
        {
            throw Broken(segments[^1].Path, $"签过检查点的第 {checkpoint.Tick} 批不在账本中（账本止于第 {end.Tick} 批），末尾被截去");
        }

        return (end, segments[^1].Number);
    }

    // Kept beside the segment: it was never answered for, but nothing of a ledger is thrown away.
    private static void Cut(string folder, string path, SegmentScan scan, LedgerOptions options)
    {
        using (var aside = File.OpenHandle(string.Create(CultureInfo.InvariantCulture, $"{path}.unfinished-{scan.Size}"), FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(aside, scan.Tail.Span, 0);
            options.Flush(aside);
        }

        if (scan.Size == 0)
        {
            File.Delete(path);
        }
        else
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
            RandomAccess.SetLength(file, scan.Size);
            options.Flush(file);
        }

        LedgerFolder.FlushNames(folder);
    }

    private static EidException Broken(string path, string problem) => new(
        ErrorReason.AuditUnavailable, $"查询账本 {path}：{problem}。请用 eid fsck 查明并保全现场；须继续服务时移走整个账本目录，服务会另立新账本");
}
