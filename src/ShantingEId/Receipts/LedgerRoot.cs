using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using ShantingEId.Crypto;

namespace ShantingEId.Receipts;

/// <summary>
/// What one tick of a look-up ledger comes down to. Deterministic CBOR array: 1 (form), environment, ledger, number of the tick,
/// time in milliseconds, count of records, Merkle root of the records, hash of the tick before. The hash of a tick is SM3 over
/// these bytes, so every signed root pins down all records before it.
/// </summary>
/// <param name="Environment">Name of the deployment.</param>
/// <param name="Ledger">Name of the ledger.</param>
/// <param name="Tick">Number of the tick, from 1.</param>
/// <param name="Time">When it was closed; milliseconds count.</param>
/// <param name="Count">How many records it has.</param>
/// <param name="Root">Root of the tree over its records.</param>
/// <param name="Previous">Hash of the tick before; zeros before the first.</param>
public sealed record LedgerRoot(string Environment, string Ledger, long Tick, DateTimeOffset Time, int Count, byte[] Root, byte[] Previous)
{
    private const int Form = 1;
    private const int Fields = 8;

    /// <summary>What stands as the hash before the first tick.</summary>
    public static byte[] BeforeTheFirst { get; } = new byte[Sm3.Size];

    /// <summary>The bytes that are hashed and signed.</summary>
    public byte[] Encode()
    {
        var writer = new CborWriter(CborConformanceMode.Canonical, initialCapacity: 160);
        writer.WriteStartArray(Fields);
        writer.WriteInt32(Form);
        writer.WriteTextString(Environment);
        writer.WriteTextString(Ledger);
        writer.WriteInt64(Tick);
        writer.WriteInt64(Time.ToUnixTimeMilliseconds());
        writer.WriteInt32(Count);
        writer.WriteByteString(Root);
        writer.WriteByteString(Previous);
        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <summary>The hash of the tick.</summary>
    public byte[] Hash() => Sm3.Hash(Encode());

    /// <summary>Reads the payload of an envelope; false when it is not a root.</summary>
    public static bool TryRead(Envelope envelope, [NotNullWhen(true)] out LedgerRoot? root)
    {
        root = null;
        if (envelope.ContentType != ContentType.LookupTick)
        {
            return false;
        }

        try
        {
            var reader = new CborReader(envelope.Payload, CborConformanceMode.Canonical);
            if (reader.ReadStartArray() != Fields || reader.ReadInt32() != Form)
            {
                return false;
            }

            var read = new LedgerRoot(
                reader.ReadTextString(), reader.ReadTextString(), reader.ReadInt64(), DateTimeOffset.FromUnixTimeMilliseconds(reader.ReadInt64()), reader.ReadInt32(),
                reader.ReadByteString(), reader.ReadByteString());
            reader.ReadEndArray();
            root = reader.BytesRemaining == 0 && read is { Tick: > 0, Count: >= 0, Root.Length: Sm3.Size, Previous.Length: Sm3.Size } ? read : null;
        }
        catch (Exception error) when (error is CborContentException or InvalidOperationException or OverflowException or ArgumentOutOfRangeException)
        {
            root = null;
        }

        return root is not null;
    }
}
