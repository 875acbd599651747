using System.Buffers;
using ShantingEId.Crypto;

namespace ShantingEId.Receipts;

/// <summary>
/// Hash tree of RFC 6962 §2.1 with SM3: leaf = SM3(00 ‖ record), node = SM3(01 ‖ left ‖ right), a node without a neighbour goes up as
/// it is. The levels stand one behind the other in one buffer, so that whole levels are hashed at once.
/// </summary>
public sealed class MerkleTree
{
    private const byte LeafPrefix = 0;
    private const byte NodePrefix = 1;
    private const int Size = Sm3.Size;
    private readonly byte[] nodes;

    private MerkleTree(byte[] nodes, int count)
    {
        this.nodes = nodes;
        Count = count;
    }

    /// <summary>How many leaves.</summary>
    public int Count { get; }

    /// <summary>The root; that of no leaves is SM3 of nothing.</summary>
    public ReadOnlySpan<byte> Root => Count == 0 ? LookupRecord.NothingShown : nodes.AsSpan((NodeCount(Count) - 1) * Size, Size);

    /// <summary>The tree over records that lie in one buffer.</summary>
    public static MerkleTree Of(ReadOnlySpan<byte> data, ReadOnlySpan<(int Offset, int Length)> records)
    {
        var nodes = new byte[NodeCount(records.Length) * Size];
        HashLeaves(data, records, nodes);
        return OfLeaves(nodes, records.Length);
    }

    /// <summary>Hashes records into leaves.</summary>
    public static void HashLeaves(ReadOnlySpan<byte> data, ReadOnlySpan<(int Offset, int Length)> records, Span<byte> leaves) => Sm3Lanes.Hash(LeafPrefix, data, records, leaves);

    /// <summary>How many nodes all levels together have, leaves included.</summary>
    public static int NodeCount(int count)
    {
        var nodes = count;
        while (count > 1)
        {
            count = (count + 1) / 2;
            nodes += count;
        }

        return nodes;
    }

    /// <summary>Builds the levels over leaves.</summary>
    /// <param name="nodes">At least <see cref="NodeCount"/> times 32 bytes, leaves first; the tree keeps it.</param>
    /// <param name="count">How many leaves.</param>
    public static MerkleTree OfLeaves(byte[] nodes, int count)
    {
        var pairs = ArrayPool<(int, int)>.Shared.Rent(count / 2 + 1);
        for (var i = 0; i < count / 2; i++)
        {
            pairs[i] = (i * 2 * Size, 2 * Size);
        }

        var start = 0;
        for (var level = count; level > 1; level = (level + 1) / 2)
        {
            var children = nodes.AsSpan(start * Size, level * Size);
            var parents = nodes.AsSpan((start + level) * Size, (level + 1) / 2 * Size);
            Sm3Lanes.Hash(NodePrefix, children, pairs.AsSpan(0, level / 2), parents);
            if (level % 2 == 1)
            {
                children[^Size..].CopyTo(parents[^Size..]);
            }

            start += level;
        }

        ArrayPool<(int, int)>.Shared.Return(pairs);
        return new MerkleTree(nodes, count);
    }

    /// <summary>The leaf of a record.</summary>
    public static byte[] Leaf(ReadOnlySpan<byte> record)
    {
        var leaf = new byte[Size];
        HashLeaves(record, [(0, record.Length)], leaf);
        return leaf;
    }

    /// <summary>How many hashes the path of a leaf has.</summary>
    public static int PathLength(long index, long count)
    {
        var length = 0;
        for (; count > 1; index /= 2, count = (count + 1) / 2)
        {
            length += (index ^ 1) < count ? 1 : 0;
        }

        return length;
    }

    /// <summary>Writes the path of a leaf, from the bottom, hash after hash.</summary>
    /// <returns>Bytes written.</returns>
    public int WritePath(int index, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count);
        int start = 0, written = 0;
        for (var level = Count; level > 1; index /= 2, level = (level + 1) / 2)
        {
            if ((index ^ 1) < level)
            {
                nodes.AsSpan((start + (index ^ 1)) * Size, Size).CopyTo(destination[written..]);
                written += Size;
            }

            start += level;
        }

        return written;
    }

    /// <summary>Whether a leaf stands at this place of the tree with this root (RFC 9162 §2.1.3.2).</summary>
    /// <param name="leaf">See <see cref="Leaf"/>.</param>
    /// <param name="index">Its place, from 0.</param>
    /// <param name="count">How many leaves the tree has.</param>
    /// <param name="path">Hashes from the bottom, one after the other.</param>
    /// <param name="root">The root.</param>
    public static bool Verify(ReadOnlySpan<byte> leaf, long index, long count, ReadOnlySpan<byte> path, ReadOnlySpan<byte> root)
    {
        if (index < 0 || index >= count || path.Length != PathLength(index, count) * Size)
        {
            return false;
        }

        Span<byte> pair = stackalloc byte[2 * Size];
        Span<byte> hash = stackalloc byte[Size];
        leaf.CopyTo(hash);
        for (; count > 1; index /= 2, count = (count + 1) / 2)
        {
            if ((index ^ 1) >= count)
            {
                continue; // No neighbour: it goes up as it is.
            }

            var isRight = (index & 1) == 1;
            hash.CopyTo(isRight ? pair[Size..] : pair);
            path[..Size].CopyTo(isRight ? pair : pair[Size..]);
            Sm3Lanes.Hash(NodePrefix, pair, [(0, 2 * Size)], hash);
            path = path[Size..];
        }

        return hash.SequenceEqual(root);
    }
}
