using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace ShantingEId.Documents.Reading;

/// <summary>The files of an OFD package, unpacked within limits.</summary>
/// <param name="Files">By path from the root, without a leading '/'.</param>
/// <param name="Malformed">XML files that are not well-formed.</param>
public sealed record OfdPackage(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Files, IReadOnlyList<string> Malformed)
{
    /// <summary>To where each well-formed XML file may point.</summary>
    internal IReadOnlyDictionary<string, IReadOnlyList<XmlPointer>> Pointers { get; init; } = new Dictionary<string, IReadOnlyList<XmlPointer>>();

    /// <summary>What the container says besides its files; see <see cref="ZipListing"/>.</summary>
    internal IReadOnlyCollection<string> Extras { get; init; } = [];
}

/// <summary>A file as it lies in a package.</summary>
/// <param name="Item">Where, and how it is packed.</param>
/// <param name="Packed">The packed bytes.</param>
/// <param name="Content">The content.</param>
internal sealed record UnpackedFile(ZipItem Item, ReadOnlyMemory<byte> Packed, byte[] Content);

/// <summary>
/// Unpacks OFD packages (GB/T 33190) of strangers. What could exhaust the machine, or look different to two readers, is refused by
/// reason before it is unpacked: limits from the table of contents, then the content against what the table said.
/// </summary>
public static class OfdReader
{
    /// <summary>Most bytes of a package.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    /// <summary>Most entries.</summary>
    public const int MaxEntries = 500;

    /// <summary>Most bytes of all files together.</summary>
    public const int MaxTotal = 40 * 1024 * 1024;

    /// <summary>Most times that a file may be larger than its packed form.</summary>
    public const int MaxRatio = 100;

    // Local heads of ZIP; gzip, 7z, RAR, xz, bzip2.
    private static readonly byte[][] ArchiveMagics =
        [[0x50, 0x4B, 0x03, 0x04], [0x50, 0x4B, 0x05, 0x06], [0x1F, 0x8B, 0x08], [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], [0x52, 0x61, 0x72, 0x21, 0x1A, 0x07], [0xFD, 0x37, 0x7A, 0x58, 0x5A], [0x42, 0x5A, 0x68]];

    /// <summary>Whether it begins like a package; says nothing about what follows.</summary>
    public static bool LooksLikeOne(ReadOnlySpan<byte> bytes) => bytes.StartsWith("PK"u8);

    /// <summary>Unpacks a package.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.ContainerLimits"/>, <see cref="ErrorReason.ContainerUnsafe"/>, <see cref="ErrorReason.XmlUnsafe"/>.</exception>
    public static OfdPackage Read(ReadOnlyMemory<byte> bytes)
    {
        // XML: no DTD, no entities, not too deep, not too much.
        var budget = new XmlBudget();
        var files = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        var pointers = new Dictionary<string, IReadOnlyList<XmlPointer>>(StringComparer.Ordinal);
        var malformed = new List<string>();
        var listing = List(bytes);
        foreach (var (item, _, content) in Unpack(bytes, listing))
        {
            if (IsXml(item.Name))
            {
                if (OfdXml.Scan(content, item.Name, budget) is { } found)
                {
                    pointers.Add(item.Name, found);
                }
                else
                {
                    malformed.Add(item.Name);
                }
            }

            files.Add(item.Name, content);
        }

        return new OfdPackage(files, malformed) { Pointers = pointers, Extras = listing.Extras };
    }

    /// <summary>The files of a package in their order, for who changes it: what XML says is not looked at.</summary>
    /// <exception cref="EidException">As <see cref="Read"/>.</exception>
    internal static IEnumerable<UnpackedFile> Unpack(ReadOnlyMemory<byte> bytes) => Unpack(bytes, List(bytes));

    // Limits that the table of contents shows.
    private static ZipListing List(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > MaxBytes)
        {
            throw Limits($"文件超过 {MaxBytes / 1024 / 1024} MB");
        }

        var listing = ZipDirectory.Read(bytes.Span);
        RequireWithinLimits(listing.Items);
        RequireDistinct(listing.Items);
        return listing;
    }

    // The content must be what the table said, and no archive itself.
    private static IEnumerable<UnpackedFile> Unpack(ReadOnlyMemory<byte> bytes, ZipListing listing)
    {
        foreach (var item in listing.Items)
        {
            var packed = bytes.Slice(item.Start, item.PackedSize);
            var content = Unpack(item, packed);
            if (ArchiveMagics.Any(magic => content.AsSpan().StartsWith(magic)))
            {
                throw new EidException(ErrorReason.ContainerUnsafe, $"容器中嵌有压缩包：{item.Name}");
            }

            if (IsXml(item.Name))
            {
                OfdXml.RequireSafe(content, item.Name);
            }

            yield return new UnpackedFile(item, packed, content);
        }
    }

    private static bool IsXml(string name) => name.EndsWith(".xml", StringComparison.OrdinalIgnoreCase);

    private static void RequireWithinLimits(IReadOnlyList<ZipItem> items)
    {
        long total = 0;
        foreach (var item in items)
        {
            total += item.Size;
            if (item.Size > (long)MaxRatio * item.PackedSize)
            {
                throw Limits($"压缩比超过 {MaxRatio}：{item.Name}");
            }
        }

        if (total > MaxTotal)
        {
            throw Limits($"解压后超过 {MaxTotal / 1024 / 1024} MB");
        }
    }

    // Names that differ in case or in Unicode form only are one file on other systems; a file cannot be a folder too.
    private static void RequireDistinct(IReadOnlyList<ZipItem> items)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var folders = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in items.Select(item => item.Name.Normalize(NormalizationForm.FormKC)))
        {
            if (!names.Add(name))
            {
                throw new EidException(ErrorReason.ContainerUnsafe, $"容器中有重名文件：{name}");
            }

            for (var slash = name.IndexOf('/'); slash >= 0; slash = name.IndexOf('/', slash + 1))
            {
                folders.Add(name[..slash]);
            }
        }

        if (names.Overlaps(folders))
        {
            throw new EidException(ErrorReason.ContainerUnsafe, "容器中有文件与文件夹同名");
        }
    }

    private static byte[] Unpack(ZipItem item, ReadOnlyMemory<byte> packed)
    {
        var content = new byte[item.Size];
        if (!item.IsDeflated)
        {
            packed.CopyTo(content);
        }
        else if (!Inflate(packed, content))
        {
            throw new EidException(ErrorReason.ContainerUnsafe, $"文件内容与 ZIP 目录所载不符：{item.Name}");
        }

        return Crc32.HashToUInt32(content) == item.Crc ? content
            : throw new EidException(ErrorReason.ContainerUnsafe, $"文件内容与 ZIP 目录所载不符：{item.Name}");
    }

    // Exactly this many bytes, from all of the packed ones: nothing may hide behind the end of the deflated data.
    private static bool Inflate(ReadOnlyMemory<byte> packed, byte[] content)
    {
        using var source = new LastByteApart(packed);
        using var inflater = new DeflateStream(source, CompressionMode.Decompress);
        try
        {
            return inflater.ReadAtLeast(content, content.Length, throwOnEndOfStream: false) == content.Length && inflater.ReadByte() < 0 && source.IsAtEnd;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static EidException Limits(string message) => new(ErrorReason.ContainerLimits, message);

    /// <summary>
    /// Hands out its last byte by itself: a reader that reads ahead cannot swallow it, and asks for it only when its data go on to there.
    /// </summary>
    private sealed class LastByteApart(ReadOnlyMemory<byte> bytes) : Stream
    {
        private int position;

        public bool IsAtEnd => position == bytes.Length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            var left = bytes.Length - position;
            var count = Math.Min(buffer.Length, left > 1 ? left - 1 : left);
            bytes.Span.Slice(position, count).CopyTo(buffer);
            position += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
