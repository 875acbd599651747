using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace ShantingEId.Documents.Ofd;

/// <summary>A file as it came in a ZIP container.</summary>
/// <param name="IsDeflated">Deflated, else stored.</param>
/// <param name="Crc">CRC-32 of the content.</param>
/// <param name="Bytes">The packed bytes.</param>
internal sealed record PackedEntry(bool IsDeflated, uint Crc, ReadOnlyMemory<byte> Bytes);

/// <summary>
/// Writes ZIP containers (APPNOTE 6.3) as <see cref="Reading.ZipDirectory"/> wants them. What came packed is copied as it is: the platform's own writer packs
/// everything anew, which for a signature on a hundred pages takes ten times as long as all of its cryptography.
/// </summary>
internal static class ZipWriter
{
    private const int LocalSize = 30;
    private const int CentralSize = 46;
    private const int EndSize = 22;
    private const ushort Version = 20;
    private const ushort Utf8Names = 0x0800;

    // ZIP has no time zone and no time before 1980; the document says itself when it was made.
    private const ushort FirstOfJanuary1980 = 0x21;

    /// <summary>Writes a container. The same files in the same order give the same bytes.</summary>
    public static byte[] Write(IReadOnlyCollection<OfdEntry> entries)
    {
        var files = entries.Select(entry => (Entry: entry, Name: Encoding.UTF8.GetBytes(entry.Name), Packed: entry.Packed ?? Pack(entry.Bytes, EffortFor(entry.Name)))).ToArray();
        var output = new byte[files.Sum(file => LocalSize + CentralSize + (2 * file.Name.Length) + file.Packed.Bytes.Length) + EndSize];
        var starts = new int[files.Length];
        var at = 0;
        foreach (var (i, (entry, name, packed)) in files.Index())
        {
            starts[i] = at;
            var head = output.AsSpan(at);
            Int(head, 0, 0x04034B50);
            Common(head[4..], entry, name, packed);
            name.CopyTo(head[LocalSize..]);
            packed.Bytes.Span.CopyTo(head[(LocalSize + name.Length)..]);
            at += LocalSize + name.Length + packed.Bytes.Length;
        }

        var directory = at;
        foreach (var (i, (entry, name, packed)) in files.Index())
        {
            var head = output.AsSpan(at);
            Int(head, 0, 0x02014B50);
            Short(head, 4, Version);
            Common(head[6..], entry, name, packed);
            Int(head, 42, (uint)starts[i]);
            name.CopyTo(head[CentralSize..]);
            at += CentralSize + name.Length;
        }

        var end = output.AsSpan(at);
        Int(end, 0, 0x06054B50);
        Short(end, 8, (ushort)files.Length);
        Short(end, 10, (ushort)files.Length);
        Int(end, 12, (uint)(at - directory));
        Int(end, 16, (uint)directory);
        return output;
    }

    // What both headers say: version, flags, method, time, date, checksum, sizes, length of the name.
    private static void Common(Span<byte> head, OfdEntry entry, byte[] name, PackedEntry packed)
    {
        Short(head, 0, Version);
        Short(head, 2, Ascii.IsValid(name) ? (ushort)0 : Utf8Names);
        Short(head, 4, packed.IsDeflated ? (ushort)8 : (ushort)0);
        Short(head, 8, FirstOfJanuary1980);
        Int(head, 10, packed.Crc);
        Int(head, 14, (uint)packed.Bytes.Length);
        Int(head, 18, (uint)entry.Bytes.Length);
        Short(head, 22, (ushort)name.Length);
    }

    // Measured: 9 is best for text; fonts are 2 % smaller and done in half the time with 8; of a signature, a PNG and numbers that look like chance,
    // more than 1 takes off 4 %, and a fifteenth more time for a stamp.
    private static readonly ZLibCompressionOptions ForText = new() { CompressionLevel = 9 };
    private static readonly ZLibCompressionOptions ForFonts = new() { CompressionLevel = 8 };
    private static readonly ZLibCompressionOptions ForSignatures = new() { CompressionLevel = 1 };

    private static ZLibCompressionOptions EffortFor(string name) => Path.GetExtension(name) switch { ".ttf" => ForFonts, ".dat" => ForSignatures, _ => ForText };

    private static PackedEntry Pack(ReadOnlyMemory<byte> content, ZLibCompressionOptions effort)
    {
        using var output = new MemoryStream(content.Length);
        using (var deflate = new DeflateStream(output, effort, leaveOpen: true))
        {
            deflate.Write(content.Span);
        }

        var crc = Crc32.HashToUInt32(content.Span);
        return output.Length < content.Length ? new PackedEntry(true, crc, output.GetBuffer().AsMemory(0, (int)output.Length)) : new PackedEntry(false, crc, content);
    }

    private static void Short(Span<byte> head, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(head[at..], value);

    private static void Int(Span<byte> head, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(head[at..], value);
}
