using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Threading.Tasks.Sources;
using ShantingEId.Receipts;

namespace ShantingEId.Server.Ledger;

/// <summary>
/// The records that become durable together, and those who wait for it. Filled under the ledger's lock, then closed and given to the
/// writer. Everything that waits shares this one object: an append allocates nothing of its own.
/// </summary>
internal sealed class LedgerTick : IValueTaskSource<LedgerPlace>
{
    /// <summary>A tick takes no more records; the token of a waiter is its place.</summary>
    public const int MaxRecords = ushort.MaxValue;

    /// <summary>A tick takes no more bytes.</summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    // Below the large object heap, which only full collections clean up.
    private const int LargestChunk = 64 * 1024;
    private const int FirstChunk = 1024;
    private const int FirstWaiters = 8;

    // Answers go on in slices, so that all cores take part and the writer is not held up by any of them.
    private const int Slice = 16;

    private readonly List<(byte[] Bytes, int Used, int FirstRecord)> chunks = [];

    // Never moved once made: whoever awaits works on his own element while others are added. Block n holds 8 · 2ⁿ.
    private readonly ManualResetValueTaskSourceCore<bool>[]?[] waiters = new ManualResetValueTaskSourceCore<bool>[14][];
    private (int Offset, int Length)[] places = new (int, int)[FirstWaiters];
    private byte[] chunk = [];
    private int used;
    private int settled;
    private string failure = "";
    private byte[] nodes = [];
    private MerkleTree? tree;
    private byte[]? signedRoot;

    /// <summary>How many records.</summary>
    public int Count { get; private set; }

    /// <summary>Their bytes in the file, with their lengths.</summary>
    public int Bytes { get; private set; }

    /// <summary>Whether somebody waits for a signed root.</summary>
    public bool WantsReceipt { get; set; }

    /// <summary>What the tick came down to; known when it is durable.</summary>
    public LedgerRoot? Root { get; private set; }

    /// <summary>Takes a record in; the caller holds the ledger's lock.</summary>
    /// <returns>Its place and where its copy lies; -1 when the tick is full.</returns>
    public int Add(ReadOnlySpan<byte> record, out Span<byte> copy)
    {
        var size = LedgerFrame.RecordHead + record.Length;
        if (Count == MaxRecords || Bytes + size > MaxBytes)
        {
            copy = default;
            return -1;
        }

        if (used + size > chunk.Length)
        {
            CloseChunk();
            chunk = ArrayPool<byte>.Shared.Rent(Math.Max(size, chunks.Count < 3 ? FirstChunk << (2 * chunks.Count) : LargestChunk));
            used = 0;
            chunks.Add((chunk, 0, Count));
        }

        if (Count == places.Length)
        {
            Array.Resize(ref places, 2 * Count);
        }

        BinaryPrimitives.WriteUInt16BigEndian(chunk.AsSpan(used), (ushort)record.Length);
        copy = chunk.AsSpan(used + LedgerFrame.RecordHead, record.Length);
        record.CopyTo(copy);
        places[Count] = (used + LedgerFrame.RecordHead, record.Length);
        used += size;
        Bytes += size;
        var (block, _) = Waiter(Count);
        waiters[block] ??= new ManualResetValueTaskSourceCore<bool>[FirstWaiters << block];
        return Count++;
    }

    /// <summary>The tree over the records.</summary>
    public MerkleTree BuildTree()
    {
        CloseChunk();
        var size = MerkleTree.NodeCount(Count) * Crypto.Sm3.Size;
        // Receipts keep the tree and nobody knows how long.
        nodes = WantsReceipt ? new byte[size] : ArrayPool<byte>.Shared.Rent(size);
        for (var i = 0; i < chunks.Count; i++)
        {
            var (bytes, _, first) = chunks[i];
            var count = (i + 1 < chunks.Count ? chunks[i + 1].FirstRecord : Count) - first;
            MerkleTree.HashLeaves(bytes, places.AsSpan(first, count), nodes.AsSpan(first * Crypto.Sm3.Size, count * Crypto.Sm3.Size));
        }

        return tree = MerkleTree.OfLeaves(nodes, Count);
    }

    /// <summary>The records as they go into the file.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Content => chunks.Select(part => new ReadOnlyMemory<byte>(part.Bytes, 0, part.Used));

    /// <summary>Lets everybody go on: the records are on disk.</summary>
    public void Complete(LedgerRoot root, byte[]? signed)
    {
        Root = root;
        signedRoot = signed;
        if (!WantsReceipt)
        {
            foreach (var (bytes, _, _) in chunks)
            {
                ArrayPool<byte>.Shared.Return(bytes);
            }

            ArrayPool<byte>.Shared.Return(nodes);
            chunks.Clear();
        }

        Settle("");
    }

    /// <summary>Tells everybody that the records are not, or may not be, on disk.</summary>
    public void Fail(string why) => Settle(why);

    /// <summary>Name of an entry.</summary>
    public string NameOf(int index) => Receipts.Receipt.EntryName(Root!.Ledger, Root.Tick, index);

    /// <summary>Bytes of the receipt of a place.</summary>
    public int ReceiptSize(int index, int facts) =>
        Receipts.Receipt.Size(places[index].Length, facts, index, Count, MerkleTree.PathLength(index, Count) * Crypto.Sm3.Size, SignedRoot.Length);

    /// <summary>The receipt of a place.</summary>
    public int WriteReceipt(int index, ReadOnlySpan<byte> facts, Span<byte> destination)
    {
        var (offset, length) = places[index];
        var holding = chunks.FindLast(part => part.FirstRecord <= index);
        Span<byte> path = stackalloc byte[32 * Crypto.Sm3.Size];
        path = path[..tree!.WritePath(index, path)];
        return Receipts.Receipt.Write(destination, holding.Bytes.AsSpan(offset, length), facts, index, Count, path, SignedRoot);
    }

    LedgerPlace IValueTaskSource<LedgerPlace>.GetResult(short token)
    {
        Core(token).GetResult(0);
        return failure.Length == 0 ? new LedgerPlace(this, (ushort)token) : throw LookupLedger.Unavailable(failure);
    }

    ValueTaskSourceStatus IValueTaskSource<LedgerPlace>.GetStatus(short token) => Core(token).GetStatus(0);

    void IValueTaskSource<LedgerPlace>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        Core(token).OnCompleted(continuation, state, 0, flags);

    private byte[] SignedRoot => signedRoot ?? throw new InvalidOperationException("no receipt was asked for");

    // Once: a flush that took too long may still end well after its waiters were sent away.
    private void Settle(string why)
    {
        if (Interlocked.Exchange(ref settled, 1) != 0)
        {
            return;
        }

        failure = why;
        for (var from = 0; from < Count; from += Slice)
        {
            ThreadPool.UnsafeQueueUserWorkItem(new Answers(this, from, Math.Min(Count, from + Slice)), preferLocal: false);
        }
    }

    private ref ManualResetValueTaskSourceCore<bool> Core(short token)
    {
        var (block, place) = Waiter((ushort)token);
        return ref waiters[block]![place];
    }

    private static (int Block, int Place) Waiter(int index)
    {
        var block = BitOperations.Log2((uint)(index / FirstWaiters) + 1);
        return (block, index - FirstWaiters * ((1 << block) - 1));
    }

    private void CloseChunk()
    {
        if (chunks.Count > 0)
        {
            chunks[^1] = chunks[^1] with { Used = used };
        }
    }

    private sealed class Answers(LedgerTick tick, int from, int to) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            for (var i = from; i < to; i++)
            {
                tick.Core((short)i).SetResult(true);
            }
        }
    }
}
