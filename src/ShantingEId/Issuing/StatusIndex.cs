using System.Buffers.Binary;
using ShantingEId.Codes;
using ShantingEId.Crypto;

namespace ShantingEId.Issuing;

/// <summary>
/// Turns a running number into a place in the status lists: a keyed permutation of each list, so a place is never used
/// twice, and neighbouring places say nothing about who was registered after whom.
/// </summary>
public static class StatusIndex
{
    /// <summary>Bits of an index: each list holds 2^20 places.</summary>
    public const int Bits = 20;

    private const int HalfBits = Bits / 2;
    private const int HalfMask = (1 << HalfBits) - 1;
    private const int Rounds = 6;

    /// <summary>The place of a running number (from 1).</summary>
    public static StatusReference Of(long number, byte[] secret)
    {
        var list = checked((int)(number >> Bits));
        var index = (int)(number & ((1 << Bits) - 1));
        int left = index >> HalfBits, right = index & HalfMask;

        // A balanced Feistel network over HMAC-SM3: a permutation whatever the round function.
        Span<byte> input = stackalloc byte[9];
        for (var round = 0; round < Rounds; round++)
        {
            input[0] = (byte)round;
            BinaryPrimitives.WriteInt32BigEndian(input[1..], list);
            BinaryPrimitives.WriteInt32BigEndian(input[5..], right);
            var f = BinaryPrimitives.ReadUInt16BigEndian(Sm3.Hmac(secret, input)) & HalfMask;
            (left, right) = (right, left ^ f);
        }

        return new StatusReference(list, (left << HalfBits) | right);
    }
}
