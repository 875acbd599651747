using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ShantingEId.Crypto;

namespace ShantingEId.Receipts;

/// <summary>
/// SM3 (GB/T 32905-2016) of many short messages at once: the lanes of a vector register each carry one message, so sixteen
/// cost little more than one. Only messages of the same number of blocks go together.
/// </summary>
public static partial class Sm3Lanes
{
    private const int Block = 64;
    private const int Words = 16;

    /// <summary>How many messages the widest registers of this machine carry: 16, 8 or 1.</summary>
    public static int Width { get; } = Vector512.IsHardwareAccelerated ? 16 : Vector256.IsHardwareAccelerated ? 8 : 1;

    /// <summary>Digests of messages that lie in one buffer, each with the same byte in front (RFC 6962 tells leaves from nodes so).</summary>
    /// <param name="prefix">The byte in front of every message.</param>
    /// <param name="data">Holds the messages.</param>
    /// <param name="messages">Where each begins and how long it is.</param>
    /// <param name="digests">Takes 32 bytes for each.</param>
    public static void Hash(byte prefix, ReadOnlySpan<byte> data, ReadOnlySpan<(int Offset, int Length)> messages, Span<byte> digests) =>
        Hash(prefix, data, messages, digests, Width);

    /// <summary>As above, with a width to test.</summary>
    internal static void Hash(byte prefix, ReadOnlySpan<byte> data, ReadOnlySpan<(int Offset, int Length)> messages, Span<byte> digests, int width)
    {
        if (width == 1 || messages.Length < 4)
        {
            for (var i = 0; i < messages.Length; i++)
            {
                HashOne(prefix, data.Slice(messages[i].Offset, messages[i].Length), digests.Slice(i * Sm3.Size, Sm3.Size));
            }

            return;
        }

        // A group is filled in order with messages of one size; records of a tick are of three or four blocks, nodes of two.
        Span<int> group = stackalloc int[width];
        var rest = messages.Length <= 1024 ? stackalloc int[messages.Length] : new int[messages.Length];
        for (var i = 0; i < rest.Length; i++)
        {
            rest[i] = i;
        }

        while (rest.Length > 0)
        {
            var blocks = Blocks(messages[rest[0]].Length);
            int held = 0, kept = 0;
            for (var i = 0; i < rest.Length; i++)
            {
                var message = rest[i];
                if (Blocks(messages[message].Length) != blocks)
                {
                    rest[kept++] = message;
                    continue;
                }

                group[held++] = message;
                if (held == width)
                {
                    HashGroup(prefix, data, messages, group, blocks, digests, width);
                    held = 0;
                }
            }

            HashGroup(prefix, data, messages, group[..held], blocks, digests, width);
            rest = rest[..kept];
        }
    }

    /// <summary>Blocks of a message with its prefix, the 0x80 and the length.</summary>
    private static int Blocks(int length) => (length + 1 + 9 + Block - 1) / Block;

    private static void HashOne(byte prefix, ReadOnlySpan<byte> message, Span<byte> digest)
    {
        Span<(int, int)> one = [(0, message.Length)];
        Run<Lane1>(prefix, message, one, [0], Blocks(message.Length), digest);
    }

    private static void HashGroup(byte prefix, ReadOnlySpan<byte> data, ReadOnlySpan<(int Offset, int Length)> messages, ReadOnlySpan<int> group, int blocks, Span<byte> digests, int width)
    {
        // Few lanes cost as much as all: below a quarter, one after the other is quicker.
        if (group.Length < Math.Max(2, width / 4))
        {
            foreach (var message in group)
            {
                HashOne(prefix, data.Slice(messages[message].Offset, messages[message].Length), digests.Slice(message * Sm3.Size, Sm3.Size));
            }
        }
        else if (width == 16 && group.Length > 8)
        {
            Run<Lanes16>(prefix, data, messages, group, blocks, digests);
        }
        else
        {
            Run<Lanes8>(prefix, data, messages, group[..Math.Min(8, group.Length)], blocks, digests);
        }
    }

    // Unused lanes repeat the last message; their result is not taken.
    private static void Run<T>(byte prefix, ReadOnlySpan<byte> data, ReadOnlySpan<(int Offset, int Length)> messages, ReadOnlySpan<int> group, int blocks, Span<byte> digests)
        where T : unmanaged, ILanes<T>
    {
        Span<byte> padded = stackalloc byte[2 * Block];
        Span<uint> words = stackalloc uint[Words * T.Count];
        Span<T> state = stackalloc T[8];
        Span<T> schedule = stackalloc T[68];
        for (var i = 0; i < 8; i++)
        {
            state[i] = T.Same(Iv[i]);
        }

        for (var block = 0; block < blocks; block++)
        {
            for (var lane = 0; lane < group.Length; lane++)
            {
                var (offset, length) = messages[group[lane]];
                Scatter(BlockOf(prefix, data.Slice(offset, length), block, padded), words[lane..], T.Count);
            }

            for (var word = 0; word < Words; word++)
            {
                schedule[word] = T.Load(ref words[word * T.Count]);
            }

            Compress(state, schedule);
        }

        for (var word = 0; word < 8; word++)
        {
            state[word].Store(ref words[word * T.Count]);
        }

        for (var lane = 0; lane < group.Length; lane++)
        {
            var digest = digests.Slice(group[lane] * Sm3.Size, Sm3.Size);
            for (var word = 0; word < 8; word++)
            {
                BinaryPrimitives.WriteUInt32BigEndian(digest[(4 * word)..], words[word * T.Count + lane]);
            }
        }
    }

    // Block n of prefix ‖ message ‖ 0x80 ‖ zeros ‖ bit length (clause 5.2). Inside the message it is used where it lies.
    private static ReadOnlySpan<byte> BlockOf(byte prefix, ReadOnlySpan<byte> message, int block, Span<byte> padded)
    {
        var start = block * Block - 1;
        if (start >= 0 && start + Block <= message.Length)
        {
            return message.Slice(start, Block);
        }

        var into = padded[..Block];
        into.Clear();
        if (start < 0)
        {
            into[0] = prefix;
            message[..Math.Min(Block - 1, message.Length)].CopyTo(into[1..]);
        }
        else if (start < message.Length)
        {
            message[start..].CopyTo(into);
        }

        var end = message.Length - start;
        if (end is >= 0 and < Block)
        {
            into[end] = 0x80;
        }

        if (block == Blocks(message.Length) - 1)
        {
            BinaryPrimitives.WriteUInt64BigEndian(into[(Block - 8)..], (ulong)(message.Length + 1) * 8);
        }

        return into;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scatter(ReadOnlySpan<byte> block, Span<uint> words, int count)
    {
        ref var from = ref MemoryMarshal.GetReference(block);
        ref var to = ref MemoryMarshal.GetReference(words);
        for (var word = 0; word < Words; word++)
        {
            Unsafe.Add(ref to, word * count) = BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref from, 4 * word)));
        }
    }

    private static readonly uint[] Iv = [0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E];

    // T of clause 4.2, already turned by the number of its round.
    private static readonly uint[] Turned = [.. Enumerable.Range(0, 64).Select(round => BitOperations.RotateLeft(round < 16 ? 0x79CC4519u : 0x7A879D8Au, round))];

    // Clause 5.3: message extension, then 64 rounds. W' is W[j] ^ W[j+4] and needs no array of its own.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Compress<T>(Span<T> state, Span<T> w)
        where T : unmanaged, ILanes<T>
    {
        for (var j = Words; j < 68; j++)
        {
            var x = w[j - 16] ^ w[j - 9] ^ T.Rotate(w[j - 3], 15);
            w[j] = x ^ T.Rotate(x, 15) ^ T.Rotate(x, 23) ^ T.Rotate(w[j - 13], 7) ^ w[j - 6];
        }

        T a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
        for (var j = 0; j < 64; j++)
        {
            var a12 = T.Rotate(a, 12);
            var ss1 = T.Rotate(a12 + e + T.Same(Turned[j]), 7);
            var ff = j < 16 ? a ^ b ^ c : T.Choose(a ^ b, c, a);
            var gg = j < 16 ? e ^ f ^ g : T.Choose(e, f, g);
            var tt1 = ff + d + (ss1 ^ a12) + (w[j] ^ w[j + 4]);
            var tt2 = gg + h + ss1 + w[j];
            (d, c, b, a) = (c, T.Rotate(b, 9), a, tt1);
            (h, g, f, e) = (g, T.Rotate(f, 19), e, tt2 ^ T.Rotate(tt2, 9) ^ T.Rotate(tt2, 17));
        }

        state[0] ^= a;
        state[1] ^= b;
        state[2] ^= c;
        state[3] ^= d;
        state[4] ^= e;
        state[5] ^= f;
        state[6] ^= g;
        state[7] ^= h;
    }

    /// <summary>32-bit words side by side.</summary>
    private interface ILanes<T>
        where T : unmanaged, ILanes<T>
    {
        static abstract int Count { get; }

        static abstract T Same(uint word);

        static abstract T Load(ref uint from);

        static abstract T Rotate(T value, [ConstantExpected] byte by);

        /// <summary>Bits of <paramref name="yes"/> where the mask has ones, else of <paramref name="no"/>.</summary>
        static abstract T Choose(T mask, T yes, T no);

        static abstract T operator ^(T left, T right);

        static abstract T operator +(T left, T right);

        void Store(ref uint to);
    }

    private readonly struct Lane1(uint value) : ILanes<Lane1>
    {
        private readonly uint value = value;

        public static int Count => 1;

        public static Lane1 Same(uint word) => new(word);

        public static Lane1 Load(ref uint from) => new(from);

        public static Lane1 Rotate(Lane1 value, [ConstantExpected] byte by) => new(BitOperations.RotateLeft(value.value, by));

        public static Lane1 Choose(Lane1 mask, Lane1 yes, Lane1 no) => new((mask.value & yes.value) | (~mask.value & no.value));

        public static Lane1 operator ^(Lane1 left, Lane1 right) => new(left.value ^ right.value);

        public static Lane1 operator +(Lane1 left, Lane1 right) => new(left.value + right.value);

        public void Store(ref uint to) => to = value;
    }

    private readonly struct Lanes8(Vector256<uint> value) : ILanes<Lanes8>
    {
        private readonly Vector256<uint> value = value;

        public static int Count => 8;

        public static Lanes8 Same(uint word) => new(Vector256.Create(word));

        public static Lanes8 Load(ref uint from) => new(Vector256.LoadUnsafe(ref from));

        public static Lanes8 Rotate(Lanes8 value, [ConstantExpected] byte by) => new(
            Avx512F.VL.IsSupported ? Avx512F.VL.RotateLeft(value.value, by) : (value.value << by) | (value.value >>> (32 - by)));

        public static Lanes8 Choose(Lanes8 mask, Lanes8 yes, Lanes8 no) => new(Vector256.ConditionalSelect(mask.value, yes.value, no.value));

        public static Lanes8 operator ^(Lanes8 left, Lanes8 right) => new(left.value ^ right.value);

        public static Lanes8 operator +(Lanes8 left, Lanes8 right) => new(left.value + right.value);

        public void Store(ref uint to) => value.StoreUnsafe(ref to);
    }

    private readonly struct Lanes16(Vector512<uint> value) : ILanes<Lanes16>
    {
        private readonly Vector512<uint> value = value;

        public static int Count => 16;

        public static Lanes16 Same(uint word) => new(Vector512.Create(word));

        public static Lanes16 Load(ref uint from) => new(Vector512.LoadUnsafe(ref from));

        public static Lanes16 Rotate(Lanes16 value, [ConstantExpected] byte by) => new(
            Avx512F.IsSupported ? Avx512F.RotateLeft(value.value, by) : (value.value << by) | (value.value >>> (32 - by)));

        public static Lanes16 Choose(Lanes16 mask, Lanes16 yes, Lanes16 no) => new(Vector512.ConditionalSelect(mask.value, yes.value, no.value));

        public static Lanes16 operator ^(Lanes16 left, Lanes16 right) => new(left.value ^ right.value);

        public static Lanes16 operator +(Lanes16 left, Lanes16 right) => new(left.value + right.value);

        public void Store(ref uint to) => value.StoreUnsafe(ref to);
    }
}
