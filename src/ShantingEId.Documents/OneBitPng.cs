using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace ShantingEId.Documents;

/// <summary>
/// Writes PNG pictures of two colours, one bit a dot. Many times faster and smaller than a general encoder, which would
/// filter and pack four channels of mostly nothing.
/// </summary>
internal static class OneBitPng
{
    // Measured over names of a city, whole sets: level 5 is a third faster than 6 for 1 % more bytes; 3 is faster by a fifth again
    // but costs 9 % of the bytes, and every byte is hashed, stored and sent.
    private static readonly ZLibCompressionOptions Effort = new() { CompressionLevel = 5 };
    private static readonly ZLibCompressionOptions MostEffort = new() { CompressionLevel = 9 };

    /// <summary>Writes a picture.</summary>
    /// <param name="width">Dots across.</param>
    /// <param name="height">Dots down.</param>
    /// <param name="rows">
    /// Every row with its filter byte in front, which is 0: rows of flat ink repeat as they are, and differences of
    /// palette numbers mean nothing.
    /// </param>
    /// <param name="palette">Red, green and blue of the clear and of the set dot.</param>
    /// <param name="opacity">Opacity of the clear and of the set dot; empty when both are solid.</param>
    /// <param name="dotsPerInch">Resolution to state, or 0 for none.</param>
    /// <param name="smallest">Whether bytes count more than time: the picture is made once and sent very often.</param>
    public static byte[] Write(
        int width, int height, ReadOnlySpan<byte> rows, ReadOnlySpan<byte> palette, ReadOnlySpan<byte> opacity, int dotsPerInch, bool smallest = false)
    {
        using var png = new MemoryStream(24 * 1024);
        png.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);

        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = 1; // bit a dot
        header[9] = 3; // palette
        Chunk(png, "IHDR"u8, header);

        if (dotsPerInch > 0)
        {
            // Dots per metre, both ways (PNG 11.3.4.3): the size on paper travels with the picture.
            Span<byte> size = stackalloc byte[9];
            var perMetre = (int)Math.Round(dotsPerInch / 0.0254);
            BinaryPrimitives.WriteInt32BigEndian(size, perMetre);
            BinaryPrimitives.WriteInt32BigEndian(size[4..], perMetre);
            size[8] = 1;
            Chunk(png, "pHYs"u8, size);
        }

        Chunk(png, "PLTE"u8, palette);
        if (!opacity.IsEmpty)
        {
            Chunk(png, "tRNS"u8, opacity);
        }

        using var packed = new MemoryStream(24 * 1024);
        using (var zlib = new ZLibStream(packed, smallest ? MostEffort : Effort, leaveOpen: true))
        {
            zlib.Write(rows);
        }

        Chunk(png, "IDAT"u8, packed.GetBuffer().AsSpan(0, (int)packed.Length));
        Chunk(png, "IEND"u8, []);
        return png.ToArray();
    }

    private static void Chunk(MemoryStream png, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        png.Write(number);
        png.Write(type);
        png.Write(data);
        var check = new Crc32();
        check.Append(type);
        check.Append(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, check.GetCurrentHashAsUInt32());
        png.Write(number);
    }
}
