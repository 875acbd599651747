using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using ShantingEId.Crypto;

namespace ShantingEId.Receipts;

/// <summary>
/// 核验回执: proves to anyone, offline and for ever, that a look-up was answered so and stands in the ledger. Deterministic CBOR
/// array: 1 (form), record, facts shown, place in the tick, count of the tick, path (array of hashes from the bottom), signed root.
/// One signature serves all receipts of a tick.
/// </summary>
public sealed class Receipt
{
    /// <summary>The longest that can be one; a caller's field of facts is far below.</summary>
    public const int MaxSize = 64 * 1024;

    private const int Form = 1;
    private const int Fields = 7;
    private readonly byte[] recordBytes;
    private readonly byte[] path;

    private Receipt(byte[] recordBytes, LookupRecord record, ReceiptFacts facts, int index, byte[] path, Envelope signedRoot, LedgerRoot root)
    {
        this.recordBytes = recordBytes;
        this.path = path;
        Record = record;
        Facts = facts;
        Index = index;
        SignedRoot = signedRoot;
        Root = root;
    }

    /// <summary>The look-up.</summary>
    public LookupRecord Record { get; }

    /// <summary>What was shown.</summary>
    public ReceiptFacts Facts { get; }

    /// <summary>Place in the tick, from 0.</summary>
    public int Index { get; }

    /// <summary>The tick.</summary>
    public LedgerRoot Root { get; }

    /// <summary>The tick as it was signed.</summary>
    public Envelope SignedRoot { get; }

    /// <summary>Name of the ledger entry that this proves.</summary>
    public string Name => EntryName(Root.Ledger, Root.Tick, Index);

    /// <summary>Name of a ledger entry, <c>lookups/{ledger}/{tick}/{index}</c>.</summary>
    public static string EntryName(string ledger, long tick, int index) => FormattableString.Invariant($"lookups/{ledger}/{tick}/{index}");

    /// <summary>Parses strictly: canonical, complete, nothing left over. Says nothing about whether it holds.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out Receipt? receipt)
    {
        receipt = null;
        if (bytes.Length > MaxSize)
        {
            return false;
        }

        try
        {
            var reader = new CborReader(bytes, CborConformanceMode.Canonical);
            if (reader.ReadStartArray() != Fields || reader.ReadInt32() != Form)
            {
                return false;
            }

            var recordBytes = reader.ReadByteString();
            var factsBytes = reader.ReadByteString();
            var index = reader.ReadInt32();
            var count = reader.ReadInt32();
            var path = new byte[(reader.ReadStartArray() ?? 0) * Sm3.Size];
            for (var written = 0; written < path.Length; written += Sm3.Size)
            {
                reader.ReadDefiniteLengthByteString().Span.CopyTo(path.AsSpan(written, Sm3.Size));
            }

            reader.ReadEndArray();
            var rootBytes = reader.ReadByteString();
            reader.ReadEndArray();
            if (reader.BytesRemaining != 0
                || !LookupRecord.TryRead(recordBytes, out var record) || !ReceiptFacts.TryRead(factsBytes, out var facts)
                || !Envelope.TryParse(rootBytes, out var signedRoot) || !LedgerRoot.TryRead(signedRoot, out var root)
                || root.Count != count || index < 0 || index >= count)
            {
                return false;
            }

            // A hash of another length would leave bytes of its place unread: one form only.
            Span<byte> again = new byte[Size(recordBytes.Length, factsBytes.Length, index, count, path.Length, rootBytes.Length)];
            Write(again, recordBytes, factsBytes, index, count, path, rootBytes);
            receipt = again.SequenceEqual(bytes.Span) ? new Receipt(recordBytes, record, facts, index, path, signedRoot, root) : null;
        }
        catch (Exception error) when (error is CborContentException or InvalidOperationException or OverflowException or ArgumentException)
        {
            receipt = null;
        }

        return receipt is not null;
    }

    /// <summary>Says what is wrong, or "" when the receipt holds under a key of this ring.</summary>
    public string Problem(KeyRing keys) => keys.Find(SignedRoot.KeyId) switch
    {
        null => "签名密钥不是所信任的登记机关的",
        { Use: not ContentType.LookupTick } => "签名密钥不允许签发核验回执",
        var key when !key.Certificate.IsValidAt(Root.Time) => "签名时证书不在有效期内",
        var key => Problem(key.Key),
    };

    /// <summary>Says what is wrong, or "" when the receipt holds under certificates that lead to a trusted root.</summary>
    public string Problem(ReceiptTrust trust) => trust.Signer(SignedRoot.KeyId, Root.Time, out var problem) is { } signer ? Problem(signer.PublicKey) : problem;

    /// <summary>What is wrong under a key that is trusted: signature, then path, then facts.</summary>
    private string Problem(Sm2PublicKey key)
    {
        if (!SignedRoot.Verify(key))
        {
            return "账本签名与内容不符，回执被改动过或系伪造";
        }

        if (!MerkleTree.Verify(MerkleTree.Leaf(recordBytes), Index, Root.Count, path, Root.Root))
        {
            return "核验记录不在所签的账本中";
        }

        return Facts.Digest().AsSpan().SequenceEqual(Record.FactsDigest) ? "" : "所示内容与核验记录的摘要不符";
    }

    /// <summary>Bytes of a receipt with parts of these lengths.</summary>
    public static int Size(int record, int facts, int index, int count, int path, int signedRoot) =>
        2 + Part(record) + Part(facts) + CborHead.Size((uint)index) + CborHead.Size((uint)count)
        + CborHead.Size((uint)(path / Sm3.Size)) + path / Sm3.Size * Part(Sm3.Size) + Part(signedRoot);

    /// <summary>Puts a receipt together from finished parts.</summary>
    /// <param name="destination">At least <see cref="Size"/> bytes.</param>
    /// <param name="record">Encoded <see cref="LookupRecord"/>.</param>
    /// <param name="facts">Encoded <see cref="ReceiptFacts"/>, the ones whose digest stands in the record.</param>
    /// <param name="index">Place in the tick.</param>
    /// <param name="count">Count of the tick.</param>
    /// <param name="path">Hashes from the bottom, one after the other.</param>
    /// <param name="signedRoot">Encoded envelope.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(Span<byte> destination, ReadOnlySpan<byte> record, ReadOnlySpan<byte> facts, int index, int count, ReadOnlySpan<byte> path, ReadOnlySpan<byte> signedRoot)
    {
        var rest = CborHead.Write(destination, CborHead.Array, Fields);
        rest = CborHead.Write(rest, CborHead.Unsigned, Form);
        rest = CborHead.WriteBytes(rest, record);
        rest = CborHead.WriteBytes(rest, facts);
        rest = CborHead.Write(rest, CborHead.Unsigned, (uint)index);
        rest = CborHead.Write(rest, CborHead.Unsigned, (uint)count);
        rest = CborHead.Write(rest, CborHead.Array, (uint)(path.Length / Sm3.Size));
        for (; path.Length > 0; path = path[Sm3.Size..])
        {
            rest = CborHead.WriteBytes(rest, path[..Sm3.Size]);
        }

        rest = CborHead.WriteBytes(rest, signedRoot);
        return destination.Length - rest.Length;
    }

    private static int Part(int length) => CborHead.Size((uint)length) + length;
}
