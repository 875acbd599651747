using System.Numerics;
using ShantingEId.Crypto;
using ShantingEId.Receipts;
using ShantingEId.Tests.Crypto;

namespace ShantingEId.Tests.Receipts;

/// <summary>The tree is that of RFC 6962 §2.1, written here a second time the way the RFC says it: from the top down.</summary>
public sealed class MerkleTreeTests
{
    public static TheoryData<int> Sizes => [.. Enumerable.Range(0, 36), 63, 64, 65, 127, 128, 129, 1000];

    [Theory, MemberData(nameof(Sizes))]
    public void Root_and_paths_are_those_of_the_rfc(int count)
    {
        var records = Records(count);
        var tree = Tree(records);

        Assert.Equal(Root(records), tree.Root.ToArray());
        foreach (var index in Enumerable.Range(0, count).Where(index => count < 200 || index % 37 == 0 || index == count - 1))
        {
            var path = Path(tree, index);
            Assert.Equal(Path(index, records), path);
            Assert.True(MerkleTree.Verify(MerkleTree.Leaf(records[index]), index, count, path, tree.Root));
        }
    }

    [Theory, MemberData(nameof(Sizes))]
    public void Another_place_count_leaf_path_or_root_does_not_hold(int count)
    {
        var records = Records(count);
        var tree = Tree(records);
        for (var index = 0; index < Math.Min(count, 40); index++)
        {
            var (leaf, path, root) = (MerkleTree.Leaf(records[index]), Path(tree, index), tree.Root.ToArray());
            for (var other = 0; other < Math.Min(count, 40); other++)
            {
                Assert.Equal(other == index, MerkleTree.Verify(leaf, other, count, path, root));
            }

            Assert.False(MerkleTree.Verify(leaf, -1, count, path, root));
            Assert.False(MerkleTree.Verify(leaf, count, count, path, root));
            Assert.False(MerkleTree.Verify(leaf, index, count, [.. path, .. new byte[Sm3.Size]], root));
            Assert.False(MerkleTree.Verify(Changed(leaf), index, count, path, root));
            Assert.False(MerkleTree.Verify(leaf, index, count, path, Changed(root)));
            for (var at = 0; at < path.Length; at += Sm3.Size)
            {
                Assert.False(MerkleTree.Verify(leaf, index, count, Changed(path, at), root));
                Assert.False(MerkleTree.Verify(leaf, index, count, path.AsSpan(Sm3.Size), root));
            }
        }
    }

    [Fact]
    public void A_node_is_never_taken_for_a_record()
    {
        var records = Records(2);
        var tree = Tree(records);
        byte[] children = [.. MerkleTree.Leaf(records[0]), .. MerkleTree.Leaf(records[1])];

        // Without the bytes in front, the two leaves as one record would have the root of the two.
        Assert.NotEqual(tree.Root.ToArray(), Tree([children]).Root.ToArray());
    }

    private static byte[][] Records(int count)
    {
        var random = new TestRandom("records");
        return [.. Enumerable.Range(0, count).Select(i => random.Bytes(i % 3 == 0 ? 170 : random.Below(250)))];
    }

    private static MerkleTree Tree(byte[][] records)
    {
        var places = new (int, int)[records.Length];
        var offset = 0;
        for (var i = 0; i < records.Length; i++)
        {
            places[i] = (offset, records[i].Length);
            offset += records[i].Length;
        }

        return MerkleTree.Of(records.SelectMany(record => record).ToArray(), places);
    }

    private static byte[] Path(MerkleTree tree, int index)
    {
        var path = new byte[MerkleTree.PathLength(index, tree.Count) * Sm3.Size];
        Assert.Equal(path.Length, tree.WritePath(index, path));
        return path;
    }

    // RFC 6962 §2.1: k is the largest power of two smaller than n.
    private static int Split(int count) => 1 << BitOperations.Log2((uint)count - 1);

    private static byte[] Root(ReadOnlySpan<byte[]> records) => records.Length switch
    {
        0 => Sm3.Hash([]),
        1 => Sm3.Hash([0, .. records[0]]),
        var count => Sm3.Hash([1, .. Root(records[..Split(count)]), .. Root(records[Split(count)..])]),
    };

    // RFC 6962 §2.1.1.
    private static byte[] Path(int index, ReadOnlySpan<byte[]> records) => records.Length switch
    {
        1 => [],
        var count when index < Split(count) => [.. Path(index, records[..Split(count)]), .. Root(records[Split(count)..])],
        var count => [.. Path(index - Split(count), records[Split(count)..]), .. Root(records[..Split(count)])],
    };

    private static byte[] Changed(byte[] bytes, int at = 0)
    {
        var changed = bytes.ToArray();
        changed[at] ^= 0x10;
        return changed;
    }
}
