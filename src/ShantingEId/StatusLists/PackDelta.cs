using System.Formats.Cbor;
using ShantingEId.Codes;
using ShantingEId.Crypto;

namespace ShantingEId.StatusLists;

/// <summary>
/// What changed from one pack to a later one. It carries the later pack's own signature and no other: applying it rebuilds that
/// pack to the byte, and a delta that is damaged, forged or meant for another pack yields one whose signature does not hold.
/// </summary>
public static class PackDelta
{
    /// <summary>Media type.</summary>
    public const string MediaType = "application/vnd.shanting-eid.pack-delta+cbor";

    /// <summary>Makes the delta from one signed pack to another.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.StatusInvalid"/>: one of them is no pack.</exception>
    public static byte[] Make(ReadOnlyMemory<byte> from, ReadOnlyMemory<byte> to)
    {
        var (_, before) = Read(from);
        var (signed, after) = Read(to);
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartMap(after.Seals is null ? 9 : 12);
        writer.WriteInt32(1);
        writer.WriteByteString(Sm3.Hash(from.Span));
        writer.WriteInt32(2);
        writer.WriteByteString(signed.KeyId.ToBytes());
        writer.WriteInt32(3);
        writer.WriteByteString(signed.Signature.Raw);
        writer.WriteInt32(4);
        writer.WriteInt64(after.Number);
        writer.WriteInt32(5);
        writer.WriteInt64(after.ProducedAt.ToUnixTimeSeconds());
        writer.WriteInt32(6);
        writer.WriteInt64(after.ExpireTime.ToUnixTimeSeconds());
        writer.WriteInt32(7);
        WriteTrust(writer, before, after);
        writer.WriteInt32(8);
        PackForm.Array(writer, after.Lists, list => WriteList(writer, before.Lists.FirstOrDefault(one => one.Number == list.Number), list));
        writer.WriteInt32(9);
        WriteSuccessions(writer, before, after);
        if (after.Seals is not null)
        {
            WriteParts(writer, before, after);
        }

        writer.WriteEndMap();
        return writer.Encode();
    }

    /// <summary>The later pack, of which nothing may be believed before <see cref="StatusPack.Open"/> has.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.StatusInvalid"/>: no delta, or one for another pack.</exception>
    public static byte[] Apply(ReadOnlyMemory<byte> from, ReadOnlyMemory<byte> delta)
    {
        var (_, before) = Read(from);
        try
        {
            var reader = new CborReader(delta, CborConformanceMode.Canonical);
            var fields = reader.ReadStartMap();
            if (fields is not (9 or 12))
            {
                throw NoDelta(null);
            }

            PackForm.Label(reader, 1);
            if (!PackForm.Bytes(reader, 32).AsSpan().SequenceEqual(Sm3.Hash(from.Span)))
            {
                throw StatusSigner.Invalid("这份增量不是给这个状态包的");
            }

            PackForm.Label(reader, 2);
            var keyId = KeyId.FromBytes(PackForm.Bytes(reader, KeyId.Size));
            PackForm.Label(reader, 3);
            var signature = Sm2Signature.FromRaw(PackForm.Bytes(reader, 64)) ?? throw NoDelta(null);
            PackForm.Label(reader, 4);
            var after = before with { Number = reader.ReadInt64() };
            PackForm.Label(reader, 5);
            after = after with { ProducedAt = DateTimeOffset.FromUnixTimeSeconds(reader.ReadInt64()) };
            PackForm.Label(reader, 6);
            after = after with { ExpireTime = DateTimeOffset.FromUnixTimeSeconds(reader.ReadInt64()) };
            PackForm.Label(reader, 7);
            after = ReadTrust(reader, after);
            PackForm.Label(reader, 8);
            after = after with { Lists = PackForm.Array(reader, before.Lists.Count + 16, () => ReadList(reader, before)) };
            PackForm.Label(reader, 9);
            after = after with { Successions = ReadSuccessions(reader, before) };
            after = fields == 9 ? after with { Seals = null, Permits = [], Neighbours = [] } : ReadParts(reader, after);
            reader.ReadEndMap();
            return reader.BytesRemaining == 0 ? Envelope.Assemble(ContentType.StatusPack, keyId, PackForm.Encode(after), signature).Encode() : throw NoDelta(null);
        }
        catch (Exception error) when (error is CborContentException or InvalidOperationException or OverflowException or ArgumentException
            or EidException { Reason: not ErrorReason.StatusInvalid })
        {
            throw NoDelta(error);
        }
    }

    // Null while nothing of it changed: certificates are most of a small delta else.
    private static void WriteTrust(CborWriter writer, StatusPack before, StatusPack after)
    {
        if (before.CodePrefix == after.CodePrefix && before.CodeSigners.SequenceEqual(after.CodeSigners) && before.TrustList.AsSpan().SequenceEqual(after.TrustList)
            && before.Certificates.Count == after.Certificates.Count && before.Certificates.Zip(after.Certificates).All(pair => pair.First.Der.SequenceEqual(pair.Second.Der)))
        {
            writer.WriteNull();
            return;
        }

        writer.WriteStartArray(4);
        writer.WriteTextString(after.CodePrefix);
        PackForm.Array(writer, after.Certificates, certificate => writer.WriteByteString(certificate.Der));
        PackForm.Array(writer, after.CodeSigners, id => writer.WriteByteString(id.ToBytes()));
        writer.WriteByteString(after.TrustList);
        writer.WriteEndArray();
    }

    private static StatusPack ReadTrust(CborReader reader, StatusPack pack)
    {
        if (reader.PeekState() == CborReaderState.Null)
        {
            reader.ReadNull();
            return pack;
        }

        PackForm.Start(reader, 4);
        pack = pack with
        {
            CodePrefix = reader.ReadTextString(), Certificates = PackForm.Array(reader, 50, () => Sm2Certificate.Parse(reader.ReadByteString())),
            CodeSigners = PackForm.Array(reader, 50, () => KeyId.FromBytes(PackForm.Bytes(reader, KeyId.Size))), TrustList = reader.ReadByteString(),
        };
        reader.ReadEndArray();
        return pack;
    }

    // [ number, [gap, state, …], [gap] or null ]: places that changed with their new states; a list that was not there begins unused.
    private static void WriteList(CborWriter writer, PackedList? before, PackedList after)
    {
        var old = before?.States ?? StatusList.CreateUnused();
        var changed = Enumerable.Range(0, after.States.Packed.Length).Where(at => old.Packed[at] != after.States.Packed[at])
            .SelectMany(at => Enumerable.Range(at * 4, 4)).Where(place => old[place] != after.States[place]).ToList();
        writer.WriteStartArray(3);
        writer.WriteInt32(after.Number);
        writer.WriteStartArray(2 * changed.Count);
        var last = -1;
        foreach (var place in changed)
        {
            writer.WriteInt32(place - last);
            writer.WriteInt32(after.States[place]);
            last = place;
        }

        writer.WriteEndArray();
        if (after.Comprehensive.SequenceEqual(before?.Comprehensive ?? []))
        {
            writer.WriteNull();
        }
        else
        {
            PackForm.WriteGaps(writer, after.Comprehensive);
        }

        writer.WriteEndArray();
    }

    private static PackedList ReadList(CborReader reader, StatusPack before)
    {
        PackForm.Start(reader, 3);
        var number = reader.ReadInt32();
        var old = before.Lists.FirstOrDefault(list => list.Number == number);
        var states = old?.States.Copy() ?? StatusList.CreateUnused();
        var place = -1;
        for (var left = reader.ReadStartArray() ?? throw new CborContentException("length"); left > 0; left -= 2)
        {
            place = PackForm.Next(place, reader.ReadInt32());
            states[place] = reader.ReadInt32() is >= 0 and <= 3 and var state ? state : throw new CborContentException("state");
        }

        reader.ReadEndArray();
        var comprehensive = old?.Comprehensive ?? [];
        if (reader.PeekState() == CborReaderState.Null)
        {
            reader.ReadNull();
        }
        else
        {
            comprehensive = PackForm.ReadGaps(reader);
        }

        reader.ReadEndArray();
        return new PackedList(number, states, comprehensive);
    }

    // [ [new or changed], [[list, index] of those gone] ].
    private static void WriteSuccessions(CborWriter writer, StatusPack before, StatusPack after)
    {
        var (known, now) = (before.Successions.ToDictionary(one => one.Old), after.Successions.Select(one => one.Old).ToHashSet());
        writer.WriteStartArray(2);
        PackForm.Array(writer, [.. after.Successions.Where(one => known.GetValueOrDefault(one.Old) != one)], one => PackForm.Write(writer, one));
        WritePlaces(writer, [.. before.Successions.Select(one => one.Old).Where(place => !now.Contains(place))]);
        writer.WriteEndArray();
    }

    private static List<PackedSuccession> ReadSuccessions(CborReader reader, StatusPack before)
    {
        PackForm.Start(reader, 2);
        var all = before.Successions.ToDictionary(one => one.Old);
        foreach (var one in PackForm.Array(reader, int.MaxValue, () => PackForm.ReadSuccession(reader)))
        {
            all[one.Old] = one;
        }

        ReadPlaces(reader).ForEach(gone => all.Remove(gone));
        reader.ReadEndArray();
        return [.. all.Values.Order(Comparer<PackedSuccession>.Create((left, right) => PackForm.Compare(left.Old, right.Old)))];
    }

    // Seals [[list, [gap, states or null, …]]], null where nothing need be said any more; permits [new or changed, [[list, index] of those gone]];
    // the list of neighbours, null while it is the same.
    private static void WriteParts(CborWriter writer, StatusPack before, StatusPack after)
    {
        var (seals, sealsNow) = ((before.Seals ?? []).ToDictionary(one => one.Place), after.Seals!.Select(one => one.Place).ToHashSet());
        writer.WriteInt32(10);
        PackParts.WriteChanges(writer, [.. after.Seals!.Where(one => !seals.TryGetValue(one.Place, out var old) || old != one).Select(one => (one.Place, (byte?)one.States))
            .Concat(seals.Keys.Where(place => !sealsNow.Contains(place)).Select(place => (place, (byte?)null))).OrderBy(one => one.Item1.List).ThenBy(one => one.Item1.Index)]);
        var (permits, permitsNow) = (before.Permits.ToDictionary(one => one.Place), after.Permits.Select(one => one.Place).ToHashSet());
        writer.WriteInt32(11);
        writer.WriteStartArray(2);
        PackParts.WritePermits(writer, [.. after.Permits.Where(one => !one.Equals(permits.GetValueOrDefault(one.Place)))]);
        WritePlaces(writer, [.. permits.Keys.Where(place => !permitsNow.Contains(place))]);
        writer.WriteEndArray();
        writer.WriteInt32(12);
        if (before.Seals is not null && before.Neighbours.AsSpan().SequenceEqual(after.Neighbours))
        {
            writer.WriteNull();
        }
        else
        {
            writer.WriteByteString(after.Neighbours);
        }
    }

    private static StatusPack ReadParts(CborReader reader, StatusPack before)
    {
        PackForm.Label(reader, 10);
        var seals = (before.Seals ?? []).ToDictionary(one => one.Place);
        foreach (var (place, states) in PackParts.ReadChanges(reader))
        {
            if (states is { } now)
            {
                seals[place] = new PackedSeals(place, now);
            }
            else
            {
                seals.Remove(place);
            }
        }

        PackForm.Label(reader, 11);
        PackForm.Start(reader, 2);
        var permits = before.Permits.ToDictionary(one => one.Place);
        PackParts.ReadPermits(reader).ForEach(one => permits[one.Place] = one);
        ReadPlaces(reader).ForEach(gone => permits.Remove(gone));
        reader.ReadEndArray();
        PackForm.Label(reader, 12);
        var neighbours = before.Neighbours;
        if (reader.PeekState() == CborReaderState.Null)
        {
            reader.ReadNull();
        }
        else
        {
            neighbours = reader.ReadByteString();
        }

        var order = Comparer<StatusReference>.Create(PackForm.Compare);
        return before with { Seals = [.. seals.Values.OrderBy(one => one.Place, order)], Permits = [.. permits.Values.OrderBy(one => one.Place, order)], Neighbours = neighbours };
    }

    private static void WritePlaces(CborWriter writer, IReadOnlyList<StatusReference> places) => PackForm.Array(writer, places, place =>
    {
        writer.WriteStartArray(2);
        writer.WriteInt32(place.List);
        writer.WriteInt32(place.Index);
        writer.WriteEndArray();
    });

    private static List<StatusReference> ReadPlaces(CborReader reader) => PackForm.Array(reader, int.MaxValue, () =>
    {
        PackForm.Start(reader, 2);
        var place = new StatusReference(reader.ReadInt32(), reader.ReadInt32());
        reader.ReadEndArray();
        return place;
    });

    private static (Envelope Envelope, StatusPack Pack) Read(ReadOnlyMemory<byte> bytes) =>
        bytes.Length <= StatusPack.MaxBytes && Envelope.TryParse(bytes, out var envelope) && StatusPack.TryRead(envelope, out var pack) ? (envelope, pack) : throw StatusSigner.Invalid("不是状态包，或者残缺");

    private static EidException NoDelta(Exception? error) => error is null ? StatusSigner.Invalid("不是状态包的增量，或者残缺") : new(ErrorReason.StatusInvalid, "不是状态包的增量，或者残缺", error);
}
