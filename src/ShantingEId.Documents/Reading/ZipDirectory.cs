using System.Buffers.Binary;
using System.Text;

namespace ShantingEId.Documents.Reading;

/// <summary>One file of a container, as both of its headers say.</summary>
/// <param name="Name">Path with '/', without a leading one.</param>
/// <param name="IsDeflated">Deflated, else stored.</param>
/// <param name="Start">First byte of the packed data.</param>
/// <param name="PackedSize">Bytes packed.</param>
/// <param name="Size">Bytes unpacked.</param>
/// <param name="Crc">CRC-32 of the unpacked bytes.</param>
internal sealed record ZipItem(string Name, bool IsDeflated, int Start, int PackedSize, int Size, uint Crc);

/// <summary>What a container holds.</summary>
/// <param name="Items">The files.</param>
/// <param name="Extras">Chinese names of what else is written in it: no file has it, so no signature covers it. Each once; none in a plain container.</param>
internal sealed record ZipListing(IReadOnlyList<ZipItem> Items, IReadOnlyCollection<string> Extras);

/// <summary>
/// The table of contents of a ZIP container (APPNOTE 6.3), read so that no two readers can see different files in it: the local
/// headers say what the central ones say, one follows the other without a gap, and nothing stands before, between or after.
/// </summary>
internal ref struct ZipDirectory
{
    private const int EndSize = 22;
    private const int CentralSize = 46;
    private const int LocalSize = 30;
    private const int MaxNameBytes = 512;
    private const int FlagDescriptor = 0x0008;

    private const int FlagOptions = 0x0002 | 0x0004;

    // Compression options, descriptor, UTF-8 names; anything else is encryption or a patch.
    private const int KnownFlags = FlagOptions | FlagDescriptor | 0x0800;
    private const int FileTypeMask = 0xF000;

    // "2.0": deflated data and folders.
    private const int PlainVersion = 20;

    private readonly ReadOnlySpan<byte> bytes;
    private readonly SortedSet<string> extras;
    private int expected;

    private ZipDirectory(ReadOnlySpan<byte> bytes)
    {
        this.bytes = bytes;
        extras = new SortedSet<string>(StringComparer.Ordinal);
        expected = 0;
    }

    /// <summary>Lists the files; folders are checked and left out.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.ContainerUnsafe"/>, <see cref="ErrorReason.ContainerLimits"/>.</exception>
    public static ZipListing Read(ReadOnlySpan<byte> bytes) => new ZipDirectory(bytes).Read();

    private ZipListing Read()
    {
        // 1. The end record, exactly at the end: no comment, one disk, not ZIP64.
        var end = bytes.Length - EndSize;
        if (end < 0 || Int(end) != 0x06054B50 || Short(end + 4) != 0 || Short(end + 6) != 0 || Short(end + 8) != Short(end + 10) || Short(end + 20) != 0)
        {
            throw Unsafe("文件不是完整的 ZIP 容器，或末尾有多余的内容");
        }

        var count = Short(end + 10);
        if (count > OfdReader.MaxEntries)
        {
            throw new EidException(ErrorReason.ContainerLimits, $"容器中的条目超过 {OfdReader.MaxEntries} 个");
        }

        // 2. The central records, ending where the end record begins.
        var at = Int(end + 16);
        if (at < 0 || at > end || Int(end + 12) != end - at)
        {
            throw Unsafe("ZIP 目录的位置不符");
        }

        var start = at;
        var entries = new List<(int Local, int Central)>(count);
        for (var i = 0; i < count; i++)
        {
            if (at > end - CentralSize || Int(at) != 0x02014B50)
            {
                throw Unsafe("ZIP 目录不完整");
            }

            entries.Add((Int(at + 42), at));
            at += CentralSize + Short(at + 28) + Short(at + 30) + Short(at + 32);
        }

        if (at != end)
        {
            throw Unsafe("ZIP 目录之后有多余的内容");
        }

        // 3. The local records, in the order in which they lie, without gaps, up to the directory.
        var items = new List<ZipItem>(count);
        foreach (var (local, central) in entries.OrderBy(entry => entry.Local))
        {
            if (ReadEntry(local, central, start) is { } item)
            {
                items.Add(item);
            }
        }

        return expected == start ? new ZipListing(items, extras) : throw Unsafe("ZIP 容器中有不属于任何文件的内容");
    }

    private ZipItem? ReadEntry(int local, int central, int limit)
    {
        if (local != expected || local > limit - LocalSize || Int(local) != 0x04034B50)
        {
            throw Unsafe("ZIP 容器开头或文件之间有多余的内容，或条目重叠");
        }

        // 1. What both headers say must agree: flags, method, time and date, name.
        int flags = Short(central + 8), method = Short(central + 10), nameLength = Short(central + 28);
        var name = bytes.Slice(central + CentralSize, nameLength);
        var dataStart = local + LocalSize + Short(local + 26) + Short(local + 28);
        if (Short(local + 26) != nameLength || dataStart > limit
            || !bytes.Slice(local + 6, 8).SequenceEqual(bytes.Slice(central + 8, 8)) || !bytes.Slice(local + LocalSize, nameLength).SequenceEqual(name))
        {
            throw Unsafe("ZIP 条目的两处文件头不一致");
        }

        if ((flags & ~KnownFlags) != 0 || method is not (0 or 8) || Short(central + 34) != 0)
        {
            throw Unsafe("ZIP 条目已加密或使用了不认识的压缩方式");
        }

        // 2. Checksum and sizes: in the local header, or after the data.
        var crc = (uint)Int(central + 16);
        int packed = Int(central + 20), size = Int(central + 24);
        if (packed < 0 || size < 0 || packed > limit - dataStart)
        {
            throw Unsafe("ZIP 条目的长度超出文件");
        }

        expected = dataStart + packed;
        var sizes = bytes.Slice(central + 16, 12);
        var atLocal = bytes.Slice(local + 14, 12);
        if ((flags & FlagDescriptor) == 0 ? !atLocal.SequenceEqual(sizes) : !(atLocal.SequenceEqual(sizes) || atLocal.IndexOfAnyExcept((byte)0) < 0) || !SkipDescriptor(sizes, limit))
        {
            throw Unsafe("ZIP 条目的两处文件头不一致");
        }

        // 3. What the entry is: a plain file or a folder, never a link or a device.
        var type = (Int(central + 38) >> 16) & FileTypeMask;
        var path = Name(name);
        if (type is not (0 or 0x8000 or 0x4000))
        {
            throw Unsafe($"ZIP 条目是链接或特殊文件：{path}");
        }

        NoteExtras(local, central);
        if (path.EndsWith('/'))
        {
            extras.Add("文件夹条目");
            return size == 0 && packed <= 2 ? null : throw Unsafe("ZIP 文件夹条目带有内容");
        }

        return method == 0 && packed != size ? throw Unsafe("ZIP 条目的长度不一致") : new ZipItem(path, method == 8, dataStart, packed, size, crc);
    }

    // No reader takes a file from these, and no signature covers them; any program may write there what it likes.
    private readonly void NoteExtras(int local, int central)
    {
        Note("版本号", Short(central + 4) != PlainVersion || Short(central + 6) != PlainVersion || Short(local + 4) != PlainVersion);
        Note("压缩选项", (Short(central + 8) & FlagOptions) != 0);
        Note("附加字段", Short(central + 30) != 0 || Short(local + 28) != 0);
        Note("注释", Short(central + 32) != 0);
        Note("文件属性", Short(central + 36) != 0 || Int(central + 38) != 0);
    }

    private readonly void Note(string name, bool isThere)
    {
        if (isThere)
        {
            extras.Add(name);
        }
    }

    // With or without its signature.
    private bool SkipDescriptor(ReadOnlySpan<byte> sizes, int limit)
    {
        var head = expected <= limit - 16 && Int(expected) == 0x08074B50 ? 4 : 0;
        if (expected > limit - 12 - head || !bytes.Slice(expected + head, 12).SequenceEqual(sizes))
        {
            return false;
        }

        expected += 12 + head;
        return true;
    }

    // Names are UTF-8 whatever the flag says: ASCII is, and other encodings cannot be told apart.
    private static string Name(ReadOnlySpan<byte> bytes)
    {
        string name;
        try
        {
            name = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Unsafe("ZIP 条目的文件名不是 UTF-8");
        }

        var isSafe = name.Length > 0 && bytes.Length <= MaxNameBytes && !name.Any(c => char.IsControl(c) || c is '\\' or ':')
            && name.TrimEnd('/').Split('/').All(part => part is not ("" or "." or ".."));
        return isSafe && !name.EndsWith("//", StringComparison.Ordinal) ? name : throw Unsafe("ZIP 条目的文件名是绝对路径、上级路径，或含有不允许的字符");
    }

    private readonly int Int(int at) => BinaryPrimitives.ReadInt32LittleEndian(bytes[at..]);

    private readonly int Short(int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static EidException Unsafe(string message) => new(ErrorReason.ContainerUnsafe, message);
}
