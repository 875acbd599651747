using System.Formats.Cbor;
using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.Issuing;

namespace ShantingEId.StatusLists;

/// <summary>
/// Bytes of a pack: { 1: number, 2: produced, 3: expires, 4: code prefix, 5: [certificate], 6: [key id], 7: trust list,
/// 8: [[number, packed states, [gap]]], 9: [[list, index, version, name]] }, deterministic; each order is the rising one, so there is one
/// spelling. The second form has 10: seals, 11: permits (<see cref="PackParts"/>), 12: list of neighbours besides; the first is still read.
/// </summary>
internal static class PackForm
{
    private const int MaxCertificates = 50;
    private const int MaxLists = 1000;
    private const int MaxName = 500;
    private const int MaxNeighbours = 1 << 20;
    private const int FirstForm = 9;
    private const int SecondForm = 12;
    private const int ListBytes = (1 << StatusIndex.Bits) * StatusList.OurBits / 8;

    /// <summary>Writes.</summary>
    public static byte[] Encode(StatusPack pack)
    {
        var writer = new CborWriter(CborConformanceMode.Canonical, initialCapacity: (pack.Lists.Count * ListBytes) + (pack.Successions.Count * 48) + 8192);
        writer.WriteStartMap(pack.Seals is null ? FirstForm : SecondForm);
        writer.WriteInt32(1);
        writer.WriteInt64(pack.Number);
        writer.WriteInt32(2);
        writer.WriteInt64(pack.ProducedAt.ToUnixTimeSeconds());
        writer.WriteInt32(3);
        writer.WriteInt64(pack.ExpireTime.ToUnixTimeSeconds());
        writer.WriteInt32(4);
        writer.WriteTextString(pack.CodePrefix);
        writer.WriteInt32(5);
        Array(writer, pack.Certificates, certificate => writer.WriteByteString(certificate.Der));
        writer.WriteInt32(6);
        Array(writer, pack.CodeSigners, id => writer.WriteByteString(id.ToBytes()));
        writer.WriteInt32(7);
        writer.WriteByteString(pack.TrustList);
        writer.WriteInt32(8);
        Array(writer, pack.Lists, list =>
        {
            writer.WriteStartArray(3);
            writer.WriteInt32(list.Number);
            writer.WriteByteString(list.States.Packed);
            WriteGaps(writer, list.Comprehensive);
            writer.WriteEndArray();
        });
        writer.WriteInt32(9);
        Array(writer, pack.Successions, succession => Write(writer, succession));
        if (pack.Seals is { } seals)
        {
            writer.WriteInt32(10);
            PackParts.WriteSeals(writer, seals);
            writer.WriteInt32(11);
            PackParts.WritePermits(writer, pack.Permits);
            writer.WriteInt32(12);
            writer.WriteByteString(pack.Neighbours);
        }

        writer.WriteEndMap();
        return writer.Encode();
    }

    /// <summary>Reads strictly; null for what is no pack.</summary>
    public static StatusPack? Read(byte[] payload)
    {
        try
        {
            var reader = new CborReader(payload, CborConformanceMode.Canonical);
            var fields = reader.ReadStartMap();
            if (fields is not (FirstForm or SecondForm))
            {
                return null;
            }

            Label(reader, 1);
            var number = reader.ReadInt64();
            Label(reader, 2);
            var produced = reader.ReadInt64();
            Label(reader, 3);
            var expires = reader.ReadInt64();
            Label(reader, 4);
            var prefix = reader.ReadTextString();
            Label(reader, 5);
            var certificates = Array(reader, MaxCertificates, () => Sm2Certificate.Parse(reader.ReadByteString()));
            Label(reader, 6);
            var signers = Array(reader, MaxCertificates, () => KeyId.FromBytes(Bytes(reader, KeyId.Size)));
            Label(reader, 7);
            var trustList = reader.ReadByteString();
            Label(reader, 8);
            var lists = Array(reader, MaxLists, () =>
            {
                Start(reader, 3);
                var list = new PackedList(reader.ReadInt32(), new StatusList(StatusList.OurBits, Bytes(reader, ListBytes)), ReadGaps(reader));
                reader.ReadEndArray();
                return list;
            });
            Label(reader, 9);
            var successions = Array(reader, int.MaxValue, () => ReadSuccession(reader));
            IReadOnlyList<PackedSeals>? seals = null;
            IReadOnlyList<PackedPermits> permits = [];
            byte[] neighbours = [];
            if (fields == SecondForm)
            {
                Label(reader, 10);
                seals = PackParts.ReadSeals(reader);
                Label(reader, 11);
                permits = PackParts.ReadPermits(reader);
                Label(reader, 12);
                neighbours = reader.ReadByteString();
            }

            reader.ReadEndMap();
            var pack = new StatusPack
            {
                Number = number, ProducedAt = DateTimeOffset.FromUnixTimeSeconds(produced), ExpireTime = DateTimeOffset.FromUnixTimeSeconds(expires), CodePrefix = prefix,
                Certificates = certificates, CodeSigners = signers, TrustList = trustList, Lists = lists, Successions = successions,
                Seals = seals, Permits = permits, Neighbours = neighbours,
            };
            return reader.BytesRemaining == 0 && IsSound(pack) ? pack : null;
        }
        catch (Exception error) when (error is CborContentException or InvalidOperationException or OverflowException or ArgumentException or EidException)
        {
            return null;
        }
    }

    public static void Write(CborWriter writer, PackedSuccession succession)
    {
        writer.WriteStartArray(4);
        writer.WriteInt32(succession.Old.List);
        writer.WriteInt32(succession.Old.Index);
        writer.WriteInt32(succession.Version);
        writer.WriteTextString(succession.Name);
        writer.WriteEndArray();
    }

    public static PackedSuccession ReadSuccession(CborReader reader)
    {
        Start(reader, 4);
        var succession = new PackedSuccession(new StatusReference(reader.ReadInt32(), reader.ReadInt32()), reader.ReadInt32(), reader.ReadTextString());
        reader.ReadEndArray();
        return succession;
    }

    /// <summary>Rising places as the steps between them: the first from -1, so none is 0.</summary>
    public static void WriteGaps(CborWriter writer, IReadOnlyList<int> places)
    {
        var last = -1;
        Array(writer, places, place =>
        {
            writer.WriteInt32(place - last);
            last = place;
        });
    }

    public static List<int> ReadGaps(CborReader reader)
    {
        var last = -1;
        return Array(reader, 1 << StatusIndex.Bits, () => last = Next(last, reader.ReadInt32()));
    }

    /// <summary>The place after another.</summary>
    public static int Next(int last, int gap) => gap > 0 && gap < (1 << StatusIndex.Bits) - last ? last + gap : throw new CborContentException("place");

    public static void Array<T>(CborWriter writer, IReadOnlyList<T> items, Action<T> write)
    {
        writer.WriteStartArray(items.Count);
        foreach (var item in items)
        {
            write(item);
        }

        writer.WriteEndArray();
    }

    public static List<T> Array<T>(CborReader reader, int most, Func<T> read)
    {
        // Each item has at least a byte, so no length that is only claimed sets memory aside.
        var count = reader.ReadStartArray() is { } said && said <= most && said <= reader.BytesRemaining ? said : throw new CborContentException("length");
        var items = new List<T>(Math.Min(count, 65536));
        for (var i = 0; i < count; i++)
        {
            items.Add(read());
        }

        reader.ReadEndArray();
        return items;
    }

    public static byte[] Bytes(CborReader reader, int length) => reader.ReadByteString() is var bytes && bytes.Length == length ? bytes : throw new CborContentException("length");

    public static void Start(CborReader reader, int length)
    {
        if (reader.ReadStartArray() != length)
        {
            throw new CborContentException("length");
        }
    }

    public static void Label(CborReader reader, int label)
    {
        if (reader.ReadInt32() != label)
        {
            throw new CborContentException("label");
        }
    }

    /// <summary>Whether the parts fit each other: rising orders, code signers among the certificates, successions of replaced licences alone.</summary>
    private static bool IsSound(StatusPack pack)
    {
        var ids = pack.Certificates.Select(certificate => certificate.PublicKey.KeyId).ToHashSet();
        if (pack.Number < 1 || pack.ExpireTime <= pack.ProducedAt || !pack.CodePrefix.EndsWith('/') || pack.CodePrefix.Length > LicenseCode.MaxTextLength
            || ids.Count != pack.Certificates.Count || pack.CodeSigners.Distinct().Count() != pack.CodeSigners.Count || !pack.CodeSigners.All(ids.Contains))
        {
            return false;
        }

        var lists = new Dictionary<int, StatusList>();
        var last = -1;
        foreach (var list in pack.Lists)
        {
            if (list.Number <= last)
            {
                return false;
            }

            lists.Add(last = list.Number, list.States);
        }

        var before = new StatusReference(-1, -1);
        foreach (var succession in pack.Successions)
        {
            var (place, version, name) = succession;
            if (Compare(place, before) <= 0 || place.Index is < 0 or >= 1 << StatusIndex.Bits || version is < 2 or > 999 || name.Length is 0 or > MaxName
                || !lists.TryGetValue(place.List, out var states) || states[place.Index] != (int)LicenseStatus.Superseded)
            {
                return false;
            }

            before = place;
        }

        return pack.Neighbours.Length <= MaxNeighbours && PackParts.AreSound(pack, lists);
    }

    /// <summary>The order of places.</summary>
    public static int Compare(StatusReference left, StatusReference right) => left.List != right.List ? left.List.CompareTo(right.List) : left.Index.CompareTo(right.Index);
}
