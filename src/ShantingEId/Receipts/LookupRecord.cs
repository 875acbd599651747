using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using System.Text;
using ShantingEId.Crypto;

namespace ShantingEId.Receipts;

/// <summary>
/// One look-up: who asked what for which purpose, and what the answer was. Deterministic CBOR array of twelve: 1 (form), time,
/// time of the state, method, caller, purpose, request digest, holder, verdict, reason, digest of the facts, reference. The times
/// come first, as eight-byte integers at fixed places, so that a prepared record needs no encoding when it is used again;
/// the reference comes last, so that it can be put behind a prepared one.
/// </summary>
/// <param name="Time">When it was answered; milliseconds count.</param>
/// <param name="StatusAsOf">As of when the state was read; <paramref name="Time"/> where the register was not reached.</param>
/// <param name="Method">Method name, e.g. <c>VerifyCode</c>.</param>
/// <param name="Caller">Short name of the caller.</param>
/// <param name="Purpose">Purpose as named by the caller.</param>
/// <param name="RequestDigest">See <see cref="DigestRequest"/>.</param>
/// <param name="Holder">Credit code of the company; empty where none was reached.</param>
/// <param name="Verdict">Number of the verdict; 0 for a refusal.</param>
/// <param name="Reason">Machine reason of verdict or refusal; empty when valid.</param>
/// <param name="FactsDigest">SM3 of the facts that were shown, see <see cref="ReceiptFacts"/>.</param>
/// <param name="Reference">The caller's own file number.</param>
public sealed record LookupRecord(
    DateTimeOffset Time, DateTimeOffset StatusAsOf, string Method, string Caller, string Purpose, byte[] RequestDigest, string Holder, int Verdict, string Reason,
    byte[] FactsDigest, string Reference)
{
    /// <summary>How long each text may be, in UTF-8.</summary>
    public const int MaxTextBytes = 256;

    /// <summary>How long an encoded record may be.</summary>
    public const int MaxSize = 2 + 2 * EightByteInteger + 6 * (3 + MaxTextBytes) + 2 * (2 + Sm3.Size) + 2;

    private const int Form = 1;
    private const int Fields = 12;
    private const int MaxVerdict = 255;
    private const byte ArrayOfTwelve = 0x80 | Fields;
    private const byte EightByteHead = 0x1B;
    private const int EightByteInteger = 9;
    private const int TimeAt = 2;
    private const int StatusAsOfAt = TimeAt + EightByteInteger;

    // Shorter integers would have another deterministic encoding (RFC 8949 §4.2.1); that was in February 1970.
    private const long EarliestTime = 1L << 32;

    /// <summary>The digest of facts when nothing was shown: SM3 of no bytes.</summary>
    public static byte[] NothingShown { get; } = Sm3.Hash([]);

    /// <summary>What was asked, without repeating it: SM3 of method, line feed, and the code or credit code as sent.</summary>
    public static byte[] DigestRequest(string method, string subject) => Sm3.Hash(Encoding.UTF8.GetBytes($"{method}\n{subject}"));

    /// <summary>A text as a stranger sent it, made to fit a record: 64 characters at most, none of them a control character.</summary>
    public static string Clip(string text)
    {
        const int most = 64;
        var clipped = new StringBuilder(most);
        foreach (var rune in text.EnumerateRunes())
        {
            if (clipped.Length + rune.Utf16SequenceLength > most - 1 && text.Length > most)
            {
                return clipped.Append('…').ToString();
            }

            clipped.Append(Rune.IsControl(rune) ? "\uFFFD" : rune.ToString());
        }

        return clipped.ToString();
    }

    /// <summary>The bytes that stand in the ledger and in the receipt.</summary>
    /// <exception cref="ArgumentException">A text is too long, a digest is none, or a time is out of range.</exception>
    public byte[] Encode()
    {
        if (RequestDigest.Length != Sm3.Size || FactsDigest.Length != Sm3.Size || Verdict is < 0 or > MaxVerdict)
        {
            throw new ArgumentException("a digest has not 32 bytes, or the verdict is none");
        }

        var writer = new CborWriter(CborConformanceMode.Canonical, initialCapacity: 256);
        writer.WriteStartArray(Fields);
        writer.WriteInt32(Form);
        writer.WriteInt64(Milliseconds(Time));
        writer.WriteInt64(Milliseconds(StatusAsOf));
        Text(Method);
        Text(Caller);
        Text(Purpose);
        writer.WriteByteString(RequestDigest);
        Text(Holder);
        writer.WriteInt32(Verdict);
        Text(Reason);
        writer.WriteByteString(FactsDigest);
        Text(Reference);
        writer.WriteEndArray();
        return writer.Encode();

        void Text(string text)
        {
            if (Encoding.UTF8.GetByteCount(text) > MaxTextBytes)
            {
                throw new ArgumentException($"a text of a record may have {MaxTextBytes} bytes: {text[..16]}…");
            }

            writer.WriteTextString(text);
        }
    }

    /// <summary>Reads strictly: what would encode to other bytes is no record.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out LookupRecord? record)
    {
        record = null;
        try
        {
            var reader = new CborReader(bytes, CborConformanceMode.Canonical);
            if (reader.ReadStartArray() != Fields || reader.ReadInt32() != Form)
            {
                return false;
            }

            record = new LookupRecord(
                DateTimeOffset.FromUnixTimeMilliseconds(reader.ReadInt64()), DateTimeOffset.FromUnixTimeMilliseconds(reader.ReadInt64()), reader.ReadTextString(), reader.ReadTextString(),
                reader.ReadTextString(), reader.ReadByteString(), reader.ReadTextString(), reader.ReadInt32(), reader.ReadTextString(), reader.ReadByteString(), reader.ReadTextString());
            reader.ReadEndArray();
            record = record.Encode().AsSpan().SequenceEqual(bytes.Span) ? record : null;
        }
        catch (Exception error) when (error is CborContentException or InvalidOperationException or OverflowException or ArgumentException)
        {
            record = null;
        }

        return record is not null;
    }

    /// <summary>Puts other times into an encoded record, in its place; nothing else changes.</summary>
    public static void Patch(Span<byte> record, DateTimeOffset time, DateTimeOffset statusAsOf)
    {
        if (record[0] != ArrayOfTwelve || record[TimeAt] != EightByteHead || record[StatusAsOfAt] != EightByteHead)
        {
            throw new ArgumentException("not an encoded record", nameof(record));
        }

        BinaryPrimitives.WriteInt64BigEndian(record[(TimeAt + 1)..], Milliseconds(time));
        BinaryPrimitives.WriteInt64BigEndian(record[(StatusAsOfAt + 1)..], Milliseconds(statusAsOf));
    }

    /// <summary>The bytes of a record that differs from an encoded one without reference in having one.</summary>
    public static byte[] WithReference(ReadOnlySpan<byte> record, string reference)
    {
        const byte emptyText = 0x60;
        var length = Encoding.UTF8.GetByteCount(reference);
        if (record[^1] != emptyText || length > MaxTextBytes)
        {
            throw new ArgumentException("the record has a reference already, or the reference is too long", nameof(reference));
        }

        var head = CborHead.Size((uint)length);
        var result = new byte[record.Length - 1 + head + length];
        record[..^1].CopyTo(result);
        CborHead.Write(result.AsSpan(record.Length - 1), CborHead.Text, (uint)length);
        Encoding.UTF8.GetBytes(reference, result.AsSpan(record.Length - 1 + head));
        return result;
    }

    private static long Milliseconds(DateTimeOffset time)
    {
        var milliseconds = time.ToUnixTimeMilliseconds();
        ArgumentOutOfRangeException.ThrowIfLessThan(milliseconds, EarliestTime, nameof(time));
        return milliseconds;
    }
}
