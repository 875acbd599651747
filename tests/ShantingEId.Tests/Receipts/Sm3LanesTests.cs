using ShantingEId.Crypto;
using ShantingEId.Receipts;
using ShantingEId.Tests.Crypto;

namespace ShantingEId.Tests.Receipts;

/// <summary>Many messages at once give what one after the other gives, on every width that runs here.</summary>
public sealed class Sm3LanesTests
{
    public static TheoryData<int> Widths => [.. new[] { 1, 8, 16 }.Where(width => width <= Sm3Lanes.Width)];

    [Theory, MemberData(nameof(Widths))]
    public void Every_length_up_to_300_alone_and_among_others(int width)
    {
        var random = new TestRandom("lengths");
        var data = random.Bytes(1000);
        var lengths = Enumerable.Range(0, 301).ToArray();
        var messages = lengths.Select(length => (random.Below(data.Length - length), length)).ToArray();

        Check(0x00, data, messages, width);
        foreach (var message in messages)
        {
            // A full register of one length, so that no message goes the scalar way.
            Check(0x01, data, [.. Enumerable.Repeat(message, 16)], width);
            Check(0xFF, data, [message], width);
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Batches_of_any_size_and_mixture(int width)
    {
        var random = new TestRandom("batches");
        var data = random.Bytes(5000);
        foreach (var count in Enumerable.Range(0, 70).Append(1100))
        {
            var most = 1 + random.Below(400);
            Check((byte)count, data, [.. Enumerable.Range(0, count).Select(_ => (random.Below(4000), random.Below(most)))], width);
        }
    }

    private static void Check(byte prefix, byte[] data, (int Offset, int Length)[] messages, int width)
    {
        var digests = new byte[messages.Length * Sm3.Size];
        Sm3Lanes.Hash(prefix, data, messages, digests, width);

        for (var i = 0; i < messages.Length; i++)
        {
            byte[] alone = [prefix, .. data.AsSpan(messages[i].Offset, messages[i].Length)];
            Assert.True(Sm3.Hash(alone).AsSpan().SequenceEqual(digests.AsSpan(i * Sm3.Size, Sm3.Size)), $"message {i} of {messages.Length}, {messages[i].Length} bytes, width {width}");
        }
    }

    // Lengths around every edge of a block, and of lanes that end at different times; more of them than lanes, and fewer.
    [Theory]
    [MemberData(nameof(Widths))]
    public void Messages_of_any_lengths_have_the_digests_they_have_alone(int width)
    {
        foreach (var count in (int[])[0, 1, 2, 3, 7, 8, 9, 16, 17, 60, 120])
        {
            var messages = Enumerable.Range(0, count).Select(i =>
            {
                // Every length up to 140 comes, and some of many blocks; the bytes are those of a digest, over and over.
                var message = new byte[i % 4 == 0 ? (i * 397) + count : ((i * 37) + count) % 141];
                var pattern = Sm3.Hash([(byte)i, (byte)count]);
                for (var at = 0; at < message.Length; at++)
                {
                    message[at] = pattern[at % pattern.Length];
                }

                return (ReadOnlyMemory<byte>)message;
            }).ToArray();
            Assert.Equal(messages.Select(message => Sm3.Hash(message.Span)), Sm3Lanes.HashEach(messages, width));
        }
    }
}
