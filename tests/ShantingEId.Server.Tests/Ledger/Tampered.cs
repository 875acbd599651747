using System.Buffers.Binary;
using System.Security.Cryptography;
using ShantingEId.Receipts;
using ShantingEId.Server.Ledger;

namespace ShantingEId.Server.Tests.Ledger;

/// <summary>A tick taken apart.</summary>
internal sealed class LooseFrame
{
    public required long Tick { get; set; }

    public required DateTimeOffset Time { get; set; }

    public required List<byte[]> Records { get; init; }
}

/// <summary>The segments of a sound ledger, changed one way at a time.</summary>
/// <param name="given">Where the changed files go.</param>
/// <param name="good">The sound segments.</param>
internal sealed class Tampered(LedgerCase given, IReadOnlyList<byte[]> good)
{
    private readonly string ledger = LedgerFolder.ReadName(given.Folder)!;
    private readonly string environment = LedgerCase.Authority.Environment;
    private readonly LedgerRoot checkpoint = LedgerCheckpoints.Newest(given.Checkpoints, LedgerCase.Authority.Environment, LedgerFolder.ReadName(given.Folder)!)!;
    private List<byte[]> files = [.. good];

    /// <summary>Makes one random change; says which.</summary>
    public (string Kind, string Detail) Tamper()
    {
        files = [.. good.Select(file => file.ToArray())];
        var number = RandomNumberGenerator.GetInt32(files.Count);
        var file = files[number];
        var frames = Frames(number);
        var pick = RandomNumberGenerator.GetInt32(frames.Count);
        var (start, size) = frames[pick];
        var kind = RandomNumberGenerator.GetInt32(8);
        switch (kind)
        {
            case 0: // Anything anywhere, headers, lengths and hashes included.
                var at = RandomNumberGenerator.GetInt32(file.Length);
                var bit = RandomNumberGenerator.GetInt32(8);
                file[at] ^= (byte)(1 << bit);
                return ("flipped bit", $"segment {number + 1}, byte {at}, bit {bit}");
            case 1:
                files[number] = [.. file[..start], .. file[(start + size)..]];
                return ("deleted tick", $"{number + 1}/{pick}");
            case 2:
                files[number] = [.. file[..(start + size)], .. file[start..(start + size)], .. file[(start + size)..]];
                return ("doubled tick", $"{number + 1}/{pick}");
            case 3:
                var (otherStart, otherSize) = frames[pick == frames.Count - 1 ? pick - 1 : pick + 1];
                var (first, second) = start < otherStart ? ((start, size), (otherStart, otherSize)) : ((otherStart, otherSize), (start, size));
                files[number] = [.. file[..first.Item1], .. file[second.Item1..(second.Item1 + second.Item2)], .. file[first.Item1..(first.Item1 + first.Item2)], .. file[(second.Item1 + second.Item2)..]];
                return ("swapped ticks", $"{number + 1}/{pick}");
            case 4:
                var garbage = RandomNumberGenerator.GetBytes(1 + RandomNumberGenerator.GetInt32(400));
                garbage[^1] |= 1;
                files[number] = [.. file[..start], .. garbage, .. file[start..]];
                return ("inserted bytes", $"{number + 1}/{pick}, {garbage.Length}");
            case 5:
                var cut = 1 + RandomNumberGenerator.GetInt32(file.Length - 1);
                files[number] = file[..^cut];
                return ("cut file", $"{number + 1}, {cut}");
            case 6: // A record deleted, doubled or exchanged with its neighbour, and the frame's lengths and count made to fit.
                ReplaceRecords(number, start, size, RandomNumberGenerator.GetInt32(3));
                return ("changed records", $"{number + 1}/{pick}");
            default: // The same, and the frame's own root and hash made to fit as well: the chain tells.
                ReplaceRecords(number, start, size, RandomNumberGenerator.GetInt32(3), andHash: true);
                return ("changed records with their hash", $"{number + 1}/{pick}");
        }
    }

    /// <summary>What fsck would say, without reading keys three thousand times.</summary>
    public bool IsFound()
    {
        ChainEnd? end = ChainEnd.Beginning;
        for (var i = 0; i < files.Count; i++)
        {
            var scan = SegmentScan.Read(files[i], environment, ledger, i + 1, end, i == files.Count - 1);
            if (scan.Problem.Length > 0 || scan.Frames.Any(frame => frame.Root.Tick == checkpoint.Tick && !frame.Hash.AsSpan().SequenceEqual(checkpoint.Hash())))
            {
                return true;
            }

            end = scan.End;
        }

        return end.Tick < checkpoint.Tick;
    }

    /// <summary>Changes the ticks and computes everything anew, as somebody without the signing key can.</summary>
    public void Rebuild(Action<List<LooseFrame>> change)
    {
        var frames = new List<LooseFrame>();
        var end = ChainEnd.Beginning;
        for (var i = 0; i < good.Count; i++)
        {
            var scan = SegmentScan.Read(good[i], environment, ledger, i + 1, end, true);
            var start = scan.Size - scan.Frames.Sum(frame => frame.Size);
            foreach (var frame in scan.Frames)
            {
                frames.Add(new LooseFrame
                {
                    Tick = frame.Root.Tick, Time = frame.Root.Time, Records = [.. frame.Records.Select(place => good[i].AsSpan(start + place.Offset, place.Length).ToArray())],
                });
                start += frame.Size;
            }

            end = scan.End;
        }

        change(frames);
        var file = new List<byte>(new SegmentHeader(environment, ledger, 1, 1, LedgerRoot.BeforeTheFirst).Encode());
        var previous = LedgerRoot.BeforeTheFirst;
        foreach (var frame in frames)
        {
            var (bytes, hash) = Frame(frame, previous);
            file.AddRange(bytes);
            previous = hash;
        }

        files = [[.. file]];
    }

    /// <summary>Puts the changed files in the place of the sound ones.</summary>
    public void Write()
    {
        foreach (var path in given.Segments)
        {
            File.Delete(path);
        }

        for (var i = 0; i < files.Count; i++)
        {
            File.WriteAllBytes(LedgerFolder.SegmentPath(given.Folder, i + 1), files[i]);
        }
    }

    private (byte[] Bytes, byte[] Hash) Frame(LooseFrame frame, byte[] previous)
    {
        byte[] content = [.. frame.Records.SelectMany(record => (byte[])[(byte)(record.Length >> 8), (byte)record.Length, .. record])];
        var places = new List<(int, int)>();
        var offset = 0;
        foreach (var record in frame.Records)
        {
            places.Add((offset + LedgerFrame.RecordHead, record.Length));
            offset += LedgerFrame.RecordHead + record.Length;
        }

        var root = new LedgerRoot(environment, ledger, frame.Tick, frame.Time, frame.Records.Count, MerkleTree.Of(content, places.ToArray()).Root.ToArray(), previous);
        var head = new byte[LedgerFrame.HeadSize];
        LedgerFrame.WriteHead(head, root, content.Length);
        return ([.. head, .. content, .. root.Root, .. root.Hash()], root.Hash());
    }

    private void ReplaceRecords(int number, int start, int size, int how, bool andHash = false)
    {
        var file = files[number];
        var frame = file.AsSpan(start, size).ToArray();
        var records = LedgerFrame.Layout(frame)!.Select(place => frame.AsSpan(place.Offset, place.Length).ToArray()).ToList();
        switch (how)
        {
            case 0:
                records.RemoveAt(RandomNumberGenerator.GetInt32(records.Count));
                break;
            case 1:
                records.Insert(0, records[^1]);
                break;
            case 2 when records.Count > 1:
                (records[0], records[^1]) = (records[^1], records[0]);
                break;
            default:
                records[0] = [.. records[0], 0];
                break;
        }

        var time = DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(frame.AsSpan(12)));
        var (bytes, _) = Frame(new LooseFrame { Tick = BinaryPrimitives.ReadInt64BigEndian(frame.AsSpan(4)), Time = time, Records = records }, frame[20..52]);
        if (!andHash)
        {
            frame.AsSpan(size - LedgerFrame.TailSize).CopyTo(bytes.AsSpan(bytes.Length - LedgerFrame.TailSize));
        }

        files[number] = [.. file[..start], .. bytes, .. file[(start + size)..]];
    }

    private List<(int Start, int Size)> Frames(int number)
    {
        var found = new List<(int, int)>();
        var (_, start) = SegmentHeader.Read(good[number])!.Value;
        while (start < good[number].Length)
        {
            var size = LedgerFrame.SizeOf(good[number].AsSpan(start));
            found.Add((start, size));
            start += size;
        }

        return found;
    }
}
