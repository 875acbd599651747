using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using Org.BouncyCastle.Utilities.Zlib;
using ShantingEId.Issuing;

namespace ShantingEId.StatusLists;

/// <summary>
/// A list of states, a few bits each (draft-ietf-oauth-status-list §4.1): the first entry stands in the lowest bits of the first
/// byte. Compressed with BouncyCastle's zlib, which makes the very bytes the draft publishes; the platform's makes others.
/// </summary>
public sealed class StatusList
{
    /// <summary>Bits of an entry in our lists.</summary>
    public const int OurBits = 2;

    /// <summary>Most bytes a list may unpack to: 2^20 entries of one byte.</summary>
    public const int MaxBytes = 1 << 20;

    private const int BestCompression = 9; // The draft recommends it, §4.1.
    private readonly byte[] packed;
    private byte[]? compressed; // As received or as made, so that what was signed is written again as it was.

    /// <summary>A list over these bytes, which it keeps.</summary>
    /// <param name="bits">1, 2, 4 or 8.</param>
    /// <param name="packed">The entries.</param>
    public StatusList(int bits, byte[] packed)
    {
        if (!IsBits(bits) || packed.Length is 0 or > MaxBytes)
        {
            throw new ArgumentOutOfRangeException(nameof(bits), bits, "not a status list");
        }

        (Bits, this.packed) = (bits, packed);
    }

    /// <summary>Bits of an entry.</summary>
    public int Bits { get; }

    /// <summary>Entries.</summary>
    public int Count => packed.Length * 8 / Bits;

    /// <summary>The entries as they lie.</summary>
    public ReadOnlySpan<byte> Packed => packed;

    /// <summary>One entry.</summary>
    public int this[int index]
    {
        get => (packed[index * Bits >> 3] >> (index * Bits & 7)) & ((1 << Bits) - 1);
        set
        {
            ref var place = ref packed[index * Bits >> 3];
            var shift = index * Bits & 7;
            compressed = null;
            place = (byte)((place & ~(((1 << Bits) - 1) << shift)) | (value << shift));
        }
    }

    /// <summary>
    /// One of our lists as it begins: every place reads INVALID. Whoever stole the key for codes could else point at a place
    /// that nobody was given, and be VALID for all who ask the list alone.
    /// </summary>
    public static StatusList CreateUnused()
    {
        var packed = new byte[(1 << StatusIndex.Bits) * OurBits / 8];
        packed.AsSpan().Fill(0b01_01_01_01);
        return new StatusList(OurBits, packed);
    }

    /// <summary>A copy that changes by itself.</summary>
    public StatusList Copy() => new(Bits, [.. packed]);

    /// <summary>The entries in zlib (RFC 1950).</summary>
    public byte[] Compress()
    {
        if (compressed is { } known)
        {
            return known;
        }

        using var output = new MemoryStream();
        using (var zlib = new ZOutputStream(output, BestCompression))
        {
            zlib.Write(packed, 0, packed.Length);
            zlib.Finish();
        }

        return compressed = output.ToArray();
    }

    /// <summary>Unpacks; null for what is no zlib stream, is more than a list may hold, or goes on after its end.</summary>
    public static StatusList? Unpack(int bits, byte[] compressed)
    {
        if (!IsBits(bits))
        {
            return null;
        }

        const int Room = MaxBytes + 1; // One more, so that too much shows.
        var buffer = ArrayPool<byte>.Shared.Rent(Room);
        var stream = new ZStream { next_in = compressed, avail_in = compressed.Length, next_out = buffer, avail_out = Room };
        try
        {
            if (stream.inflateInit() != JZlib.Z_OK || stream.inflate(JZlib.Z_FINISH) != JZlib.Z_STREAM_END || stream.avail_in != 0)
            {
                return null;
            }

            var length = Room - stream.avail_out;
            return length is 0 or > MaxBytes ? null : new StatusList(bits, buffer[..length]) { compressed = compressed };
        }
        catch (Exception error) when (error is IndexOutOfRangeException or ArgumentException or NullReferenceException)
        {
            return null; // A stream made to break it.
        }
        finally
        {
            stream.inflateEnd();
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The map of §4.3: <c>bits</c>, then <c>lst</c>, in the draft's order, which is not the deterministic one.</summary>
    public void Write(CborWriter writer)
    {
        writer.WriteStartMap(2);
        writer.WriteTextString("bits");
        writer.WriteInt32(Bits);
        writer.WriteTextString("lst");
        writer.WriteByteString(Compress());
        writer.WriteEndMap();
    }

    /// <summary>Reads the map; the caller must see that its encoding was the shortest.</summary>
    public static bool TryRead(CborReader reader, [NotNullWhen(true)] out StatusList? list)
    {
        list = null;
        if (reader.ReadStartMap() != 2 || reader.ReadTextString() != "bits")
        {
            return false;
        }

        var bits = reader.ReadInt32();
        if (reader.ReadTextString() != "lst")
        {
            return false;
        }

        list = Unpack(bits, reader.ReadByteString());
        reader.ReadEndMap();
        return list is not null;
    }

    private static bool IsBits(int bits) => bits is 1 or 2 or 4 or 8;
}
