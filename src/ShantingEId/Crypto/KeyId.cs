using System.Buffers.Binary;

namespace ShantingEId.Crypto;

/// <summary>Names a public key inside an envelope (COSE <c>kid</c>): eight bytes, a hint for finding the key, never a proof.</summary>
public readonly record struct KeyId
{
    /// <summary>Length in bytes.</summary>
    public const int Size = 8;

    private readonly ulong value;

    private KeyId(ulong value) => this.value = value;

    /// <summary>The id of a key: first eight bytes of SM3 over its SubjectPublicKeyInfo.</summary>
    public static KeyId Of(ReadOnlySpan<byte> spki) => FromBytes(Sm3.Hash(spki).AsSpan(0, Size));

    /// <summary>Reads eight bytes.</summary>
    public static KeyId FromBytes(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt64BigEndian(bytes));

    /// <summary>The eight bytes.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }

    /// <summary>16 hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToBytes());
}
