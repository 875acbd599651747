using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace ShantingEId.Tests.Documents;

/// <summary>One entry of a container that is written byte by byte; the defaults make a good one.</summary>
internal sealed record RawEntry(string Name, byte[] Content)
{
    public int Flags { get; init; } = 0x0800;

    public int Method { get; init; } = 8;

    public int ExternalAttributes { get; init; }

    public string? LocalName { get; init; }

    public int? LocalFlags { get; init; }

    public int? LocalTime { get; init; }

    public uint? Crc { get; init; }

    public int? Size { get; init; }

    public byte[]? Packed { get; init; }

    public byte[] Before { get; init; } = [];
}

/// <summary>Writes ZIP containers that no honest tool would write.</summary>
internal static class RawZip
{
    public static byte[] Deflate(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            deflate.Write(content);
        }

        return packed.ToArray();
    }

    public static byte[] Build(IEnumerable<RawEntry> entries, byte[]? comment = null, byte[]? beforeDirectory = null)
    {
        var all = new MemoryStream();
        var directory = new MemoryStream();
        var count = 0;
        foreach (var entry in entries)
        {
            all.Write(entry.Before);
            var packed = entry.Packed ?? (entry.Method == 8 ? Deflate(entry.Content) : entry.Content);
            var crc = entry.Crc ?? Crc32.HashToUInt32(entry.Content);
            var size = entry.Size ?? entry.Content.Length;
            var at = (int)all.Position;
            var hasDescriptor = (entry.Flags & 8) != 0;
            byte[] sizes = [.. Four((int)crc), .. Four(packed.Length), .. Four(size)];
            var localName = Encoding.UTF8.GetBytes(entry.LocalName ?? entry.Name);
            all.Write([.. "PK\x03\x04"u8, 20, 0, .. Two(entry.LocalFlags ?? entry.Flags), .. Two(entry.Method), .. Two(entry.LocalTime ?? 0), .. Two(0x5A21), .. hasDescriptor ? new byte[12] : sizes,
                .. Two(localName.Length), 0, 0, .. localName, .. packed, .. hasDescriptor ? [.. "PK\x07\x08"u8, .. sizes] : Array.Empty<byte>()]);
            var name = Encoding.UTF8.GetBytes(entry.Name);
            directory.Write([.. "PK\x01\x02"u8, 20, 0, 20, 0, .. Two(entry.Flags), .. Two(entry.Method), 0, 0, .. Two(0x5A21), .. sizes, .. Two(name.Length), 0, 0, 0, 0, 0, 0, 0, 0,
                .. Four(entry.ExternalAttributes), .. Four(at), .. name]);
            count++;
        }

        all.Write(beforeDirectory ?? []);
        var start = (int)all.Position;
        all.Write(directory.ToArray());
        all.Write([.. "PK\x05\x06"u8, 0, 0, 0, 0, .. Two(count), .. Two(count), .. Four((int)directory.Length), .. Four(start), .. Two(comment?.Length ?? 0), .. comment ?? []]);
        return all.ToArray();
    }

    private static byte[] Two(int value) => [(byte)value, (byte)(value >> 8)];

    private static byte[] Four(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }
}
