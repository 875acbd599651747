using System.Buffers.Binary;

namespace ShantingEId.Documents.Reading;

/// <summary>Format and size of a picture, from its first bytes alone: known before anything is decoded, and without a decoder.</summary>
/// <param name="Format">PNG, JPG, GIF or BMP.</param>
/// <param name="Width">Dots.</param>
/// <param name="Height">Dots.</param>
public sealed record PictureHeader(string Format, int Width, int Height)
{
    /// <summary>Most dots on a side of a seal picture that is looked at.</summary>
    public const int MaxSide = 4096;

    /// <summary>Whether it may be decoded.</summary>
    public bool IsWithinLimits => Width is > 0 and <= MaxSide && Height is > 0 and <= MaxSide;

    /// <summary>Reads the header; null when it is none of these formats or cut off.</summary>
    public static PictureHeader? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith(PngSignature))
        {
            return bytes.Length >= 24 && bytes[12..16].SequenceEqual("IHDR"u8)
                ? new PictureHeader("PNG", BinaryPrimitives.ReadInt32BigEndian(bytes[16..]), BinaryPrimitives.ReadInt32BigEndian(bytes[20..])) : null;
        }

        if (bytes.Length >= 10 && (bytes.StartsWith("GIF87a"u8) || bytes.StartsWith("GIF89a"u8)))
        {
            return new PictureHeader("GIF", BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]), BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]));
        }

        if (bytes.Length >= 26 && bytes.StartsWith("BM"u8) && BinaryPrimitives.ReadInt32LittleEndian(bytes[14..]) >= 40)
        {
            // A negative height means top-down rows.
            var height = BinaryPrimitives.ReadInt32LittleEndian(bytes[22..]);
            return new PictureHeader("BMP", BinaryPrimitives.ReadInt32LittleEndian(bytes[18..]), height == int.MinValue ? 0 : Math.Abs(height));
        }

        return bytes.Length >= 4 && bytes[0] == 0xFF && bytes[1] == 0xD8 ? Jpeg(bytes) : null;
    }

    private static ReadOnlySpan<byte> PngSignature => [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    // Segments up to the first start of frame (ISO/IEC 10918-1 B.2.2): FF C0 to CF, but DHT, JPG and DAC.
    private static PictureHeader? Jpeg(ReadOnlySpan<byte> bytes)
    {
        for (var at = 2; at <= bytes.Length - 9 && bytes[at] == 0xFF;)
        {
            var marker = bytes[at + 1];
            if (marker == 0xFF)
            {
                at++;
                continue;
            }

            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
            {
                return new PictureHeader("JPG", BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 7)..]), BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 5)..]));
            }

            at += 2 + BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 2)..]);
        }

        return null;
    }
}
