using System.Buffers.Binary;
using System.Formats.Cbor;
using ShantingEId.Crypto;
using ShantingEId.Receipts;

namespace ShantingEId.Server.Ledger;

/// <summary>
/// One tick in a segment file. All integers big-endian: u32 bytes that follow · i64 tick · i64 time in milliseconds · hash of the tick
/// before (32) · u32 count · per record u16 length and the record · Merkle root (32) · hash of this tick (32). The hash is that of
/// the <see cref="LedgerRoot"/>, which covers all other fields; it stands last, so a frame with its hash was written to the end.
/// </summary>
/// <param name="Root">What the frame says of itself, checked.</param>
/// <param name="Hash">Its hash.</param>
/// <param name="Size">Bytes it takes in the file.</param>
/// <param name="Records">Where the records lie, counted from the frame's first byte.</param>
internal sealed record LedgerFrame(LedgerRoot Root, byte[] Hash, int Size, (int Offset, int Length)[] Records)
{
    public const int LengthSize = 4;
    public const int HeadSize = LengthSize + 8 + 8 + Sm3.Size + 4;
    public const int TailSize = 2 * Sm3.Size;
    public const int RecordHead = 2;

    /// <summary>No frame is larger: a tick takes no more records than that.</summary>
    public const int MaxSize = HeadSize + LedgerTick.MaxBytes + TailSize;

    /// <summary>Writes what stands before the records.</summary>
    public static void WriteHead(Span<byte> head, LedgerRoot root, int recordBytes)
    {
        BinaryPrimitives.WriteUInt32BigEndian(head, (uint)(HeadSize - LengthSize + recordBytes + TailSize));
        BinaryPrimitives.WriteInt64BigEndian(head[4..], root.Tick);
        BinaryPrimitives.WriteInt64BigEndian(head[12..], root.Time.ToUnixTimeMilliseconds());
        root.Previous.CopyTo(head[20..]);
        BinaryPrimitives.WriteInt32BigEndian(head[52..], root.Count);
    }

    /// <summary>Bytes the frame that begins here takes, by its own account; 0 when that cannot be.</summary>
    public static int SizeOf(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < LengthSize)
        {
            return 0;
        }

        var size = BinaryPrimitives.ReadUInt32BigEndian(bytes) + (long)LengthSize;
        return size is < HeadSize + TailSize or > MaxSize ? 0 : (int)size;
    }

    /// <summary>Reads the frame that begins here and checks it against its own root and hash; null when it does not hold.</summary>
    public static LedgerFrame? Read(ReadOnlySpan<byte> bytes, string environment, string ledger)
    {
        var size = SizeOf(bytes);
        if (size == 0 || size > bytes.Length || Layout(bytes[..size]) is not { } records)
        {
            return null;
        }

        var milliseconds = BinaryPrimitives.ReadInt64BigEndian(bytes[12..]);
        if (milliseconds is < 0 or > 253402300799999) // the year 9999
        {
            return null;
        }

        var hash = bytes[(size - Sm3.Size)..size];
        var root = new LedgerRoot(
            environment, ledger, BinaryPrimitives.ReadInt64BigEndian(bytes[4..]), DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), records.Length,
            MerkleTree.Of(bytes, records).Root.ToArray(), bytes.Slice(20, Sm3.Size).ToArray());
        return bytes[(size - TailSize)..(size - Sm3.Size)].SequenceEqual(root.Root) && hash.SequenceEqual(root.Hash()) ? new LedgerFrame(root, hash.ToArray(), size, records) : null;
    }

    /// <summary>Where the records of a frame lie; null when they do not fill it exactly.</summary>
    public static (int Offset, int Length)[]? Layout(ReadOnlySpan<byte> frame)
    {
        var count = BinaryPrimitives.ReadInt32BigEndian(frame[52..]);
        var end = frame.Length - TailSize;
        if (count < 0 || count > (end - HeadSize) / RecordHead)
        {
            return null;
        }

        var records = new (int, int)[count];
        var offset = HeadSize;
        for (var i = 0; i < count; i++)
        {
            if (offset + RecordHead > end)
            {
                return null;
            }

            var length = BinaryPrimitives.ReadUInt16BigEndian(frame[offset..]);
            records[i] = (offset + RecordHead, length);
            offset += RecordHead + length;
        }

        return offset == end ? records : null;
    }
}

/// <summary>
/// First bytes of a segment file: eight letters, u16 length, then a deterministic CBOR array: 1 (form), environment, ledger, number of
/// the segment, number of its first tick, hash of the tick before. A segment can be checked without the ones before it.
/// </summary>
internal sealed record SegmentHeader(string Environment, string Ledger, int Number, long FirstTick, byte[] Previous)
{
    private const int Form = 1;
    private static ReadOnlySpan<byte> Magic => "EIDLEDGR"u8;

    public byte[] Encode()
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartArray(6);
        writer.WriteInt32(Form);
        writer.WriteTextString(Environment);
        writer.WriteTextString(Ledger);
        writer.WriteInt32(Number);
        writer.WriteInt64(FirstTick);
        writer.WriteByteString(Previous);
        writer.WriteEndArray();
        var content = writer.Encode();
        var bytes = new byte[Magic.Length + 2 + content.Length];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(Magic.Length), (ushort)content.Length);
        content.CopyTo(bytes, Magic.Length + 2);
        return bytes;
    }

    /// <summary>Reads it strictly, with the bytes it takes; null when there is none.</summary>
    public static (SegmentHeader Header, int Size)? Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < Magic.Length + 2 || !bytes.Span.StartsWith(Magic))
        {
            return null;
        }

        var length = BinaryPrimitives.ReadUInt16BigEndian(bytes.Span[Magic.Length..]);
        var size = Magic.Length + 2 + length;
        if (bytes.Length < size)
        {
            return null;
        }

        try
        {
            var reader = new CborReader(bytes[(Magic.Length + 2)..size], CborConformanceMode.Canonical);
            if (reader.ReadStartArray() != 6 || reader.ReadInt32() != Form)
            {
                return null;
            }

            var header = new SegmentHeader(reader.ReadTextString(), reader.ReadTextString(), reader.ReadInt32(), reader.ReadInt64(), reader.ReadByteString());
            reader.ReadEndArray();
            return reader.BytesRemaining == 0 && header.Previous.Length == Sm3.Size ? (header, size) : null;
        }
        catch (Exception error) when (error is CborContentException or InvalidOperationException or OverflowException)
        {
            return null;
        }
    }
}
