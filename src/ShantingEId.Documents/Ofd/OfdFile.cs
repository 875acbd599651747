using ShantingEId.Crypto;
using ShantingEId.Documents.Reading;

namespace ShantingEId.Documents.Ofd;

/// <summary>One of the files in an OFD file.</summary>
/// <param name="Name">Path from the root, without a leading slash; names differ by case (GB/T 33190 ST_Loc).</param>
/// <param name="Bytes">Content.</param>
public sealed record OfdEntry(string Name, ReadOnlyMemory<byte> Bytes)
{
    private readonly ReadOnlyMemory<byte> bytes = Bytes;

    /// <summary>Content; what is given another one is packed anew.</summary>
    public ReadOnlyMemory<byte> Bytes
    {
        get => bytes;
        init => (bytes, Packed) = (value, null);
    }

    /// <summary>The path as other files name it, from the root.</summary>
    public string Path => "/" + Name;

    /// <summary>How it was packed where it came from; null for what is new.</summary>
    internal PackedEntry? Packed { get; init; }

    /// <summary>SM3 of the content.</summary>
    internal byte[] Digest() => Sm3.Hash(Bytes.Span);
}

/// <summary>An OFD file (GB/T 33190-2016) to be written or signed: its files in their order. Never changed, only followed by another.</summary>
public sealed class OfdFile
{
    /// <summary>Name of the file everything begins with.</summary>
    public const string Root = "OFD.xml";

    private readonly Dictionary<string, OfdEntry> byName;
    private OfdStructure? structure;

    /// <summary>Makes one of files; entries for folders are left out.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.DocumentInvalid"/>: a name twice, or no OFD.xml.</exception>
    public OfdFile(IEnumerable<OfdEntry> entries)
    {
        Entries = [.. entries.Where(entry => !entry.Name.EndsWith('/'))];
        byName = new Dictionary<string, OfdEntry>(Entries.Count, StringComparer.Ordinal);
        foreach (var entry in Entries)
        {
            if (!byName.TryAdd(entry.Name, entry))
            {
                throw new EidException(ErrorReason.DocumentInvalid, $"OFD 包中有两个 {entry.Name}");
            }
        }

        if (!byName.ContainsKey(Root))
        {
            throw new EidException(ErrorReason.DocumentInvalid, "OFD 包中没有 OFD.xml");
        }
    }

    /// <summary>
    /// Unpacks a file of anybody's making, within the limits of <see cref="OfdReader"/>. Of its XML nothing is read yet; who does has limits for it.
    /// </summary>
    /// <exception cref="EidException">As the reader says; <see cref="ErrorReason.DocumentInvalid"/>: no OFD.xml.</exception>
    public static OfdFile Read(ReadOnlyMemory<byte> bytes) =>
        new(OfdReader.Unpack(bytes).Select(file => new OfdEntry(file.Item.Name, file.Content) { Packed = new PackedEntry(file.Item.IsDeflated, file.Item.Crc, file.Packed) }));

    /// <summary>Where things are in it; found out once.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.DocumentInvalid"/>, <see cref="ErrorReason.ContainerLimits"/>, <see cref="ErrorReason.XmlUnsafe"/>.</exception>
    internal OfdStructure Structure => structure ??= OfdStructure.Read(this);

    /// <summary>The files.</summary>
    public IReadOnlyList<OfdEntry> Entries { get; }

    /// <summary>A file; null when there is none of this name.</summary>
    public OfdEntry? Find(string name) => byName.GetValueOrDefault(name);

    /// <summary>A file that must be there.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.DocumentInvalid"/>.</exception>
    public OfdEntry Require(string name) => Find(name) ?? throw new EidException(ErrorReason.DocumentInvalid, $"OFD 包中缺少 {name}");

    /// <summary>The same with these files put in the place of those of the same name, or at the end.</summary>
    public OfdFile With(params IReadOnlyCollection<OfdEntry> changed)
    {
        var fresh = changed.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
        return new OfdFile([.. Entries.Select(entry => fresh.GetValueOrDefault(entry.Name) ?? entry), .. changed.Where(entry => !byName.ContainsKey(entry.Name))]);
    }

    /// <summary>The ZIP file. The same files in the same order give the same bytes; what came packed stays as it was packed.</summary>
    public byte[] ToBytes() => ZipWriter.Write(Entries);
}
