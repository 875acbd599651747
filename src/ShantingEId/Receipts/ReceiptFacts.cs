using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using ShantingEId.Crypto;

namespace ShantingEId.Receipts;

/// <summary>
/// What was shown to the caller: names of fields and their texts, as a deterministic CBOR map. Nothing shown is no bytes at all.
/// The record in the ledger carries only their digest: the ledger tells who looked, and never what the company's facts are.
/// </summary>
public sealed class ReceiptFacts
{
    private readonly byte[] bytes;

    /// <summary>Facts by name.</summary>
    public ReceiptFacts(IReadOnlyDictionary<string, string> facts)
    {
        Facts = facts;
        bytes = Encode(facts);
    }

    /// <summary>Nothing was shown.</summary>
    public static ReceiptFacts None { get; } = new(new Dictionary<string, string>());

    /// <summary>The facts.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; }

    /// <summary>The bytes.</summary>
    public byte[] Encode() => bytes;

    /// <summary>SM3 of the bytes.</summary>
    public byte[] Digest() => Sm3.Hash(bytes);

    /// <summary>Reads strictly: one form only.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out ReceiptFacts? facts)
    {
        facts = bytes.IsEmpty ? None : null;
        if (facts is not null)
        {
            return true;
        }

        try
        {
            var reader = new CborReader(bytes, CborConformanceMode.Canonical);
            var read = new Dictionary<string, string>();
            for (var left = reader.ReadStartMap() ?? 0; left > 0; left--)
            {
                read.Add(reader.ReadTextString(), reader.ReadTextString());
            }

            reader.ReadEndMap();
            facts = read.Count > 0 && reader.BytesRemaining == 0 ? new ReceiptFacts(read) : null;
        }
        catch (Exception error) when (error is CborContentException or InvalidOperationException or OverflowException or ArgumentException)
        {
            facts = null;
        }

        return facts is not null;
    }

    private static byte[] Encode(IReadOnlyDictionary<string, string> facts)
    {
        if (facts.Count == 0)
        {
            return [];
        }

        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartMap(facts.Count);
        foreach (var (name, text) in facts) // The writer sorts them.
        {
            writer.WriteTextString(name);
            writer.WriteTextString(text);
        }

        writer.WriteEndMap();
        return writer.Encode();
    }
}
