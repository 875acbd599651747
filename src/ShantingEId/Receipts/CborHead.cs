using System.Buffers.Binary;

namespace ShantingEId.Receipts;

/// <summary>Heads of CBOR items (RFC 8949 §3), for bytes that are put together from prepared parts.</summary>
internal static class CborHead
{
    public const byte Unsigned = 0x00;
    public const byte Bytes = 0x40;
    public const byte Text = 0x60;
    public const byte Array = 0x80;

    /// <summary>Length of the head of an item with this number or length.</summary>
    public static int Size(uint value) => value switch { < 24 => 1, < 0x100 => 2, < 0x10000 => 3, _ => 5 };

    /// <summary>Writes it; returns what follows.</summary>
    public static Span<byte> Write(Span<byte> destination, byte type, uint value)
    {
        switch (Size(value))
        {
            case 1:
                destination[0] = (byte)(type | value);
                return destination[1..];
            case 2:
                destination[0] = (byte)(type | 24);
                destination[1] = (byte)value;
                return destination[2..];
            case 3:
                destination[0] = (byte)(type | 25);
                BinaryPrimitives.WriteUInt16BigEndian(destination[1..], (ushort)value);
                return destination[3..];
            default:
                destination[0] = (byte)(type | 26);
                BinaryPrimitives.WriteUInt32BigEndian(destination[1..], value);
                return destination[5..];
        }
    }

    /// <summary>Writes a byte string; returns what follows.</summary>
    public static Span<byte> WriteBytes(Span<byte> destination, ReadOnlySpan<byte> value)
    {
        var content = Write(destination, Bytes, (uint)value.Length);
        value.CopyTo(content);
        return content[value.Length..];
    }
}
