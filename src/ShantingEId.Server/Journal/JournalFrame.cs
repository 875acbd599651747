using System.Buffers.Binary;
using System.Formats.Cbor;
using System.Security.Cryptography;
using ShantingEId.Crypto;
using ShantingEId.Server.Storage;

namespace ShantingEId.Server.Journal;

/// <summary>A statement that wrote, and what it answered then.</summary>
/// <param name="Sql">The statement with its values.</param>
/// <param name="Answer">Rows it changed, or the number it returned; null where it was not asked or returned nothing.</param>
internal sealed record JournalStatement(Sql Sql, long? Answer);

/// <summary>Where a register stands in its journal: one row of the register, changed by every transaction that is journalled.</summary>
/// <param name="Position">Number of the last transaction in the journal; 0 before the first.</param>
/// <param name="Digest">Digest of its frame, 32 bytes; zeros before the first.</param>
/// <param name="Epoch">Which life of the register this is, from 1; each restore begins a new one. Negative while a restore is under way.</param>
/// <param name="Feed">Last place in the change feed.</param>
internal sealed record JournalHead(long Position, byte[] Digest, long Epoch, long Feed);

/// <summary>
/// One transaction in the journal. In the file, integers big-endian: u32 bytes that follow up to the digest's end · i64 position · i64 epoch · i64 place in the
/// feed before · i64 place after · digest of the frame before (32) · statements (CBOR) · HMAC-SM3 of all before it (32) · one byte, 1 once the transaction is
/// known to be committed. The journal is written before COMMIT; so a frame without that mark may, or may not, be part of the register.
/// </summary>
internal sealed record JournalFrame(long Position, long Epoch, long FeedBefore, long FeedAfter, byte[] Previous, byte[] Digest)
{
    public const int LengthSize = 4;
    private const int HeadSize = LengthSize + (4 * 8) + Sm3.Size;
    private const int MarkSize = 1;

    // A group of 64 writes with sets of 100 KB each is a tenth of that.
    private const int MaxSize = 64 * 1024 * 1024;

    /// <summary>Bytes of the largest part that says what a frame is without its statements.</summary>
    public static int PeekSize => HeadSize;

    /// <summary>Makes the bytes of a frame, not marked; the digest of the frame is in its <see cref="Digest"/>.</summary>
    public static (JournalFrame Frame, byte[] Bytes) Make(JournalHead before, long feedAfter, IReadOnlyList<JournalStatement> statements, byte[] key)
    {
        var content = Encode(statements);
        var bytes = new byte[HeadSize + content.Length + Sm3.Size + MarkSize];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)(bytes.Length - LengthSize - MarkSize));
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(4), before.Position + 1);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(12), before.Epoch);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(20), before.Feed);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(28), feedAfter);
        before.Digest.CopyTo(bytes, 36);
        content.CopyTo(bytes, HeadSize);
        var digest = Sm3.Hmac(key, bytes.AsSpan(0, HeadSize + content.Length));
        digest.CopyTo(bytes, HeadSize + content.Length);
        return (new JournalFrame(before.Position + 1, before.Epoch, before.Feed, feedAfter, before.Digest, digest), bytes);
    }

    /// <summary>Bytes a frame takes with its mark, by its own account; 0 when that cannot be.</summary>
    public static int SizeOf(ReadOnlySpan<byte> head)
    {
        var size = head.Length < LengthSize ? 0 : BinaryPrimitives.ReadUInt32BigEndian(head) + (long)LengthSize + MarkSize;
        return size is < HeadSize + Sm3.Size + MarkSize or > MaxSize ? 0 : (int)size;
    }

    /// <summary>What a whole frame says of itself, unchecked.</summary>
    public static JournalFrame Peek(ReadOnlySpan<byte> head, ReadOnlySpan<byte> digest) => new(
        BinaryPrimitives.ReadInt64BigEndian(head[4..]), BinaryPrimitives.ReadInt64BigEndian(head[12..]), BinaryPrimitives.ReadInt64BigEndian(head[20..]),
        BinaryPrimitives.ReadInt64BigEndian(head[28..]), head.Slice(36, Sm3.Size).ToArray(), digest.ToArray());

    /// <summary>Checks a whole frame and reads its statements; null when this authority did not write these bytes.</summary>
    public static IReadOnlyList<JournalStatement>? Read(ReadOnlyMemory<byte> frame, byte[] key)
    {
        var content = frame[..^(Sm3.Size + MarkSize)];
        return CryptographicOperations.FixedTimeEquals(Sm3.Hmac(key, content.Span), frame.Span[content.Length..^MarkSize]) ? Decode(content[HeadSize..]) : null;
    }

    private static byte[] Encode(IReadOnlyList<JournalStatement> statements)
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartArray(statements.Count);
        foreach (var (sql, answer) in statements)
        {
            writer.WriteStartArray(2 + (2 * sql.Values.Length));
            writer.WriteTextString(sql.Text);
            WriteValue(writer, answer);
            foreach (var (name, value) in sql.Values)
            {
                writer.WriteTextString(name);
                WriteValue(writer, value);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        return writer.Encode();
    }

    private static List<JournalStatement> Decode(ReadOnlyMemory<byte> content)
    {
        var reader = new CborReader(content, CborConformanceMode.Canonical);
        var statements = new List<JournalStatement>();
        for (var left = reader.ReadStartArray()!.Value; left > 0; left--)
        {
            var values = new (string, object)[(reader.ReadStartArray()!.Value - 2) / 2];
            var text = reader.ReadTextString();
            var answer = ReadValue(reader) as long?;
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = (reader.ReadTextString(), ReadValue(reader));
            }

            reader.ReadEndArray();
            statements.Add(new JournalStatement(new Sql(text, values), answer));
        }

        return statements;
    }

    private static void WriteValue(CborWriter writer, object? value)
    {
        switch (value)
        {
            case null or DBNull: writer.WriteNull(); break;
            case long number: writer.WriteInt64(number); break;
            case int number: writer.WriteInt64(number); break;
            case string text: writer.WriteTextString(text); break;
            case byte[] bytes: writer.WriteByteString(bytes); break;
            default: throw new InvalidOperationException($"the journal has no form for {value.GetType().Name}"); // A new kind of column; tests write every statement.
        }
    }

    private static object ReadValue(CborReader reader) => reader.PeekState() switch
    {
        CborReaderState.Null => Skip(reader),
        CborReaderState.TextString => reader.ReadTextString(),
        CborReaderState.ByteString => reader.ReadByteString(),
        _ => reader.ReadInt64(),
    };

    private static DBNull Skip(CborReader reader)
    {
        reader.ReadNull();
        return DBNull.Value;
    }
}
