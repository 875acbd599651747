using System.Formats.Cbor;
using ShantingEId.Codes;
using ShantingEId.Trades;

namespace ShantingEId.StatusLists;

/// <summary>
/// What packs of the second form say of seals and permits. Four places for seals with every licence would be four times the lists;
/// but seals share their licence's state, unless they outlived it in a change that left them as they were, so only what differs is said.
/// Seals: [[list, [gap, states, …]]], lists and places rising. Permits: [[name], [[list, index, [4 × name + state]]]], names in the order
/// in which they are first used.
/// </summary>
internal static class PackParts
{
    private const int MaxPermitName = 200;
    private const int MaxNames = 10_000;

    /// <summary>Writes seals.</summary>
    public static void WriteSeals(CborWriter writer, IReadOnlyList<PackedSeals> seals) =>
        WriteChanges(writer, seals.Select(one => (one.Place, (byte?)one.States)).ToList());

    /// <summary>Reads seals.</summary>
    public static List<PackedSeals> ReadSeals(CborReader reader) =>
        [.. ReadChanges(reader).Select(one => new PackedSeals(one.Place, one.States ?? throw new CborContentException("states")))];

    /// <summary>Writes what became of seals; null where nothing need be said any more.</summary>
    public static void WriteChanges(CborWriter writer, IReadOnlyCollection<(StatusReference Place, byte? States)> changes) =>
        PackForm.Array(writer, changes.GroupBy(one => one.Place.List).ToList(), list =>
        {
            writer.WriteStartArray(2);
            writer.WriteInt32(list.Key);
            writer.WriteStartArray(2 * list.Count());
            var last = -1;
            foreach (var (place, states) in list)
            {
                writer.WriteInt32(place.Index - last);
                last = place.Index;
                if (states is { } value)
                {
                    writer.WriteInt32(value);
                }
                else
                {
                    writer.WriteNull();
                }
            }

            writer.WriteEndArray();
            writer.WriteEndArray();
        });

    /// <summary>Reads what became of seals.</summary>
    public static List<(StatusReference Place, byte? States)> ReadChanges(CborReader reader)
    {
        var changes = new List<(StatusReference, byte?)>();
        var last = -1;
        PackForm.Array(reader, int.MaxValue, () =>
        {
            PackForm.Start(reader, 2);
            var number = reader.ReadInt32();
            last = number > last ? number : throw new CborContentException("order");
            var place = -1;
            var left = reader.ReadStartArray() is { } length and > 0 && length % 2 == 0 ? length : throw new CborContentException("length");
            for (; left > 0; left -= 2)
            {
                place = PackForm.Next(place, reader.ReadInt32());
                byte? states = null;
                if (reader.PeekState() == CborReaderState.Null)
                {
                    reader.ReadNull();
                }
                else
                {
                    states = checked((byte)reader.ReadInt32());
                }

                changes.Add((new StatusReference(number, place), states));
            }

            reader.ReadEndArray();
            reader.ReadEndArray();
            return 0;
        });
        return changes;
    }

    /// <summary>Writes permits.</summary>
    public static void WritePermits(CborWriter writer, IReadOnlyList<PackedPermits> licenses)
    {
        var names = licenses.SelectMany(license => license.Permits).Select(permit => permit.Name).Distinct().ToList();
        var numbers = names.Index().ToDictionary(one => one.Item, one => one.Index);
        writer.WriteStartArray(2);
        PackForm.Array(writer, names, writer.WriteTextString);
        PackForm.Array(writer, licenses, license =>
        {
            writer.WriteStartArray(3);
            writer.WriteInt32(license.Place.List);
            writer.WriteInt32(license.Place.Index);
            PackForm.Array(writer, license.Permits, permit => writer.WriteInt32((4 * numbers[permit.Name]) + (int)permit.State));
            writer.WriteEndArray();
        });
        writer.WriteEndArray();
    }

    /// <summary>Reads permits.</summary>
    public static List<PackedPermits> ReadPermits(CborReader reader)
    {
        PackForm.Start(reader, 2);
        var names = PackForm.Array(reader, MaxNames, reader.ReadTextString);
        var used = 0;
        var licenses = PackForm.Array(reader, int.MaxValue, () =>
        {
            PackForm.Start(reader, 3);
            var place = new StatusReference(reader.ReadInt32(), reader.ReadInt32());
            var permits = PackForm.Array(reader, TradeFile.MostPermits, () =>
            {
                var value = reader.ReadInt32();
                // One spelling: a name stands where it is first used.
                used = value >= 0 && value / 4 is var name && name <= used && name < names.Count ? Math.Max(used, name + 1) : throw new CborContentException("permit");
                return new PackedPermit(names[name], (LicenseStatus)(value % 4));
            });
            reader.ReadEndArray();
            return new PackedPermits(place, permits);
        });
        reader.ReadEndArray();
        return used == names.Count && names.Distinct().Count() == used && names.TrueForAll(name => name.Length is > 0 and <= MaxPermitName) ? licenses : throw new CborContentException("names");
    }

    /// <summary>Whether they fit the lists: of places that are there, seals of business licences, permits of comprehensive ones; nothing said that goes without saying.</summary>
    public static bool AreSound(StatusPack pack, IReadOnlyDictionary<int, StatusList> lists)
    {
        if (pack.Seals is not { Count: > 0 } && pack.Permits.Count == 0)
        {
            return true;
        }

        var comprehensive = pack.Lists.SelectMany(list => list.Comprehensive.Select(index => new StatusReference(list.Number, index))).ToHashSet();
        var before = new StatusReference(-1, -1);
        foreach (var (place, permits) in pack.Permits)
        {
            if (PackForm.Compare(place, before) <= 0 || !comprehensive.Contains(place) || permits.Count == 0)
            {
                return false;
            }

            before = place;
        }

        return pack.Seals!.All(one => lists.TryGetValue(one.Place.List, out var list) && !comprehensive.Contains(one.Place) && one.States != PackedSeals.Same(list[one.Place.Index]));
    }
}
