using ShantingEId.Tests.Crypto;

namespace ShantingEId.Tests.Documents;

/// <summary>Breaks input the way fuzzers do: blindly, and along the structure of DER and XML. The same seed gives the same inputs.</summary>
internal sealed class Mutator(string seed, IReadOnlyList<byte[]> samples)
{
    private static readonly byte[] Telling = [0x00, 0x01, 0x7F, 0x80, 0x81, 0x82, 0x84, 0xFF, 0x30, 0x31, 0x02, 0x03, 0x04, 0x05, 0x06, 0xA0, (byte)'<', (byte)'>', (byte)'&', (byte)'"', (byte)'/', (byte)'.'];
    private readonly TestRandom random = new(seed);

    /// <summary>A broken input: one to four steps away from a sample.</summary>
    public byte[] Next()
    {
        var bytes = samples[random.Below(samples.Count)];
        for (var steps = 1 + random.Below(4); steps > 0; steps--)
        {
            bytes = bytes.Length == 0 ? random.Bytes(8) : Step(bytes);
        }

        return bytes;
    }

    private byte[] Step(byte[] bytes)
    {
        var at = random.Below(bytes.Length);
        var length = 1 + random.Below(Math.Min(64, bytes.Length - at));
        switch (random.Below(9))
        {
            case 0:
                return Set(bytes, at, (byte)(bytes[at] ^ (1 << random.Below(8))));
            case 1:
                return Set(bytes, at, Telling[random.Below(Telling.Length)]);
            case 2:
                return bytes[..at];
            case 3:
                return [.. bytes[..at], .. bytes[(at + length)..]];
            case 4:
                return [.. bytes[..(at + length)], .. bytes[at..]];
            case 5:
                return [.. bytes[..at], .. random.Bytes(1 + random.Below(8)), .. bytes[at..]];
            case 6:
                var other = samples[random.Below(samples.Count)];
                var from = random.Below(other.Length);
                return [.. bytes[..at], .. other[from..Math.Min(other.Length, from + (4 * length))], .. bytes[at..]];
            case 7:
                return DerStep(bytes);
            default:
                return [.. bytes[..at], .. Enumerable.Repeat(bytes[at..(at + length)], 1 + random.Below(40)).SelectMany(each => each), .. bytes[at..]];
        }
    }

    // Walks into the tree, then changes one element's tag or length, drops it, doubles it or wraps it; lengths above stay as they are
    // half of the time, so that the inside is reached as often as the outside.
    private byte[] DerStep(byte[] bytes)
    {
        var path = new List<(int At, int Head, int Length)>();
        var (at, end) = (0, bytes.Length);
        while (at < end && Head(bytes, at, end) is { } head)
        {
            path.Add((at, head.Head, head.Length));
            var isConstructed = (bytes[at] & 0x20) != 0 && head.Length > 0;
            if (isConstructed && random.Below(4) > 0)
            {
                (at, end) = (at + head.Head, at + head.Head + head.Length);
            }
            else if (random.Below(3) > 0 && at + head.Head + head.Length < end)
            {
                path.RemoveAt(path.Count - 1);
                at += head.Head + head.Length;
            }
            else
            {
                break;
            }
        }

        if (path.Count == 0)
        {
            return Set(bytes, 0, (byte)random.Below(256));
        }

        var (start, headLength, contentLength) = path[^1];
        var element = bytes[start..(start + headLength + contentLength)];
        byte[] changed = random.Below(5) switch
        {
            0 => [Telling[random.Below(Telling.Length)], .. element[1..]],
            1 => [],
            2 => [.. element, .. element],
            3 => [0x30, 0x82, (byte)(element.Length >> 8), (byte)element.Length, .. element],
            _ => [element[0], 0],
        };
        byte[] result = [.. bytes[..start], .. changed, .. bytes[(start + element.Length)..]];
        return random.Below(2) == 0 ? result : Mended(result, path, changed.Length - element.Length);
    }

    // Corrects the two-byte lengths on the way, which is what large elements have.
    private static byte[] Mended(byte[] bytes, List<(int At, int Head, int Length)> path, int difference)
    {
        foreach (var (at, head, length) in path.SkipLast(1))
        {
            if (head == 4 && bytes[at + 1] == 0x82 && length + difference is > 0xFF and <= 0xFFFF)
            {
                (bytes[at + 2], bytes[at + 3]) = ((byte)((length + difference) >> 8), (byte)(length + difference));
            }
        }

        return bytes;
    }

    private static (int Head, int Length)? Head(byte[] bytes, int at, int end)
    {
        if (at + 2 > end)
        {
            return null;
        }

        var (head, length) = (2, (int)bytes[at + 1]);
        if (length >= 0x80)
        {
            var count = length & 0x7F;
            if (count is 0 or > 3 || at + 2 + count > end)
            {
                return null;
            }

            (head, length) = (2 + count, 0);
            for (var i = 0; i < count; i++)
            {
                length = (length << 8) | bytes[at + 2 + i];
            }
        }

        return at + head + length <= end ? (head, length) : null;
    }

    private static byte[] Set(byte[] bytes, int at, byte value)
    {
        var changed = bytes.ToArray();
        changed[at] = value;
        return changed;
    }
}
