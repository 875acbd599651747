using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ShantingEId.Crypto;

namespace ShantingEId.Receipts;

/// <content>Messages of any lengths: a lane that has come to the end of its message takes the next.</content>
public static partial class Sm3Lanes
{
    /// <summary>Digests of messages, 32 bytes each, in their order.</summary>
    public static byte[][] HashEach(IReadOnlyList<ReadOnlyMemory<byte>> messages) => HashEach(messages, Width);

    /// <summary>As above, with a width to test.</summary>
    internal static byte[][] HashEach(IReadOnlyList<ReadOnlyMemory<byte>> messages, int width)
    {
        var digests = new byte[messages.Count][];
        // The longest first, so that lanes run empty together at the end. As many lanes as would be busy until then: the wide ones take longer.
        var order = Enumerable.Range(0, messages.Count).OrderByDescending(i => messages[i].Length).ToArray();
        var open = width < 8 || messages.Count < 3 ? []
            : width >= 16 && messages.Sum(message => (long)message.Length) > 8L * messages[order[0]].Length ? RunEach<Lanes16>(messages, order, digests) : RunEach<Lanes8>(messages, order, digests);
        foreach (var i in order.Where(i => digests[i] is null && !open.Exists(lane => lane.Message == i)))
        {
            digests[i] = Sm3.Hash(messages[i].Span);
        }

        foreach (var lane in open)
        {
            digests[lane.Message] = Finish(lane, messages[lane.Message].Span);
        }

        return digests;
    }

    /// <summary>Where a lane is in its message.</summary>
    private sealed class OpenLane
    {
        public int Message { get; set; } = -1;

        public int Block { get; set; }

        public uint[] State { get; } = new uint[8];
    }

    // Goes on while two lanes have something to do: a round takes as long as its operations wait for each other, however many lanes they have.
    // The last one is handed back.
    private static List<OpenLane> RunEach<T>(IReadOnlyList<ReadOnlyMemory<byte>> messages, int[] order, byte[][] digests)
        where T : unmanaged, ILanes<T>
    {
        Span<byte> padded = stackalloc byte[Block];
        Span<uint> words = stackalloc uint[Words * T.Count];
        Span<T> state = stackalloc T[8];
        Span<T> schedule = stackalloc T[68];
        var numbers = MemoryMarshal.Cast<T, uint>(state);
        var lanes = new OpenLane[T.Count];
        var (next, busy) = (0, 0);
        for (var lane = 0; lane < T.Count; lane++)
        {
            lanes[lane] = new OpenLane();
            Take(lane, numbers);
        }

        while (busy >= 2)
        {
            for (var lane = 0; lane < T.Count; lane++)
            {
                if (lanes[lane].Message is >= 0 and var message)
                {
                    Scatter(PlainBlock(messages[message].Span, lanes[lane].Block, padded), words[lane..], T.Count);
                }
            }

            for (var word = 0; word < Words; word++)
            {
                schedule[word] = T.Load(ref words[word * T.Count]);
            }

            Compress(state, schedule);
            for (var lane = 0; lane < T.Count; lane++)
            {
                if (lanes[lane].Message is >= 0 and var message && ++lanes[lane].Block == PlainBlocks(messages[message].Length))
                {
                    Keep(lane, numbers);
                    digests[message] = Digest(lanes[lane].State);
                    busy--;
                    Take(lane, numbers);
                }
            }
        }

        for (var lane = 0; lane < T.Count; lane++)
        {
            Keep(lane, numbers);
        }

        return [.. lanes.Where(lane => lane.Message >= 0)];

        void Take(int lane, Span<uint> numbers)
        {
            (lanes[lane].Message, lanes[lane].Block) = (next < order.Length ? order[next++] : -1, 0);
            busy += lanes[lane].Message >= 0 ? 1 : 0;
            for (var word = 0; word < 8; word++)
            {
                numbers[(word * T.Count) + lane] = Iv[word];
            }
        }

        void Keep(int lane, Span<uint> numbers)
        {
            for (var word = 0; word < 8; word++)
            {
                lanes[lane].State[word] = numbers[(word * T.Count) + lane];
            }
        }
    }

    private static byte[] Finish(OpenLane lane, ReadOnlySpan<byte> message)
    {
        Span<byte> padded = stackalloc byte[Block];
        Span<Lane1> state = stackalloc Lane1[8];
        Span<Lane1> schedule = stackalloc Lane1[68];
        lane.State.CopyTo(MemoryMarshal.Cast<Lane1, uint>(state));
        for (var blocks = PlainBlocks(message.Length); lane.Block < blocks; lane.Block++)
        {
            Scatter(PlainBlock(message, lane.Block, padded), MemoryMarshal.Cast<Lane1, uint>(schedule), 1);
            Compress(state, schedule);
        }

        return Digest(MemoryMarshal.Cast<Lane1, uint>(state));
    }

    private static byte[] Digest(ReadOnlySpan<uint> state)
    {
        var digest = new byte[Sm3.Size];
        for (var word = 0; word < 8; word++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(digest.AsSpan(4 * word), state[word]);
        }

        return digest;
    }

    private static int PlainBlocks(int length) => (length + 9 + Block - 1) / Block;

    // Block n of message ‖ 0x80 ‖ zeros ‖ bit length (clause 5.2). Inside the message it is used where it lies.
    private static ReadOnlySpan<byte> PlainBlock(ReadOnlySpan<byte> message, int block, Span<byte> padded)
    {
        var start = block * Block;
        if (start + Block <= message.Length)
        {
            return message.Slice(start, Block);
        }

        padded.Clear();
        if (start <= message.Length)
        {
            message[start..].CopyTo(padded);
            padded[message.Length - start] = 0x80;
        }

        if (block == PlainBlocks(message.Length) - 1)
        {
            BinaryPrimitives.WriteUInt64BigEndian(padded[(Block - 8)..], (ulong)message.Length * 8);
        }

        return padded;
    }
}
