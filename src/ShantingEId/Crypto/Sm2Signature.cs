using System.Formats.Asn1;
using System.Numerics;

namespace ShantingEId.Crypto;

/// <summary>
/// An SM2 signature (r, s) with both numbers in [1, n-1]. It has exactly one raw form (64 bytes r‖s) and exactly one DER
/// form, so that no second byte string can stand for the same signature.
/// </summary>
public sealed class Sm2Signature
{
    /// <summary>Length of the raw form.</summary>
    public const int RawSize = 64;

    private static readonly BigInteger Order = new(Sm2Curve.Domain.N.ToByteArrayUnsigned(), isUnsigned: true, isBigEndian: true);

    private readonly byte[] raw;

    private Sm2Signature(byte[] raw) => this.raw = raw;

    /// <summary>r‖s, 64 bytes.</summary>
    public ReadOnlySpan<byte> Raw => raw;

    /// <summary>Accepts r‖s; null when the length or a range is wrong.</summary>
    public static Sm2Signature? FromRaw(ReadOnlySpan<byte> bytes) =>
        bytes.Length == RawSize && InRange(bytes[..32]) && InRange(bytes[32..]) ? new Sm2Signature(bytes.ToArray()) : null;

    /// <summary>
    /// Accepts SEQUENCE { r INTEGER, s INTEGER } in DER (GM/T 0009 clause 7.3): minimal lengths, minimal positive integers,
    /// nothing left over. Null otherwise.
    /// </summary>
    public static Sm2Signature? FromDer(ReadOnlyMemory<byte> der)
    {
        try
        {
            var reader = new AsnReader(der, AsnEncodingRules.DER);
            var sequence = reader.ReadSequence();
            reader.ThrowIfNotEmpty();
            var r = sequence.ReadInteger();
            var s = sequence.ReadInteger();
            sequence.ThrowIfNotEmpty();
            if (r.Sign <= 0 || s.Sign <= 0 || r >= Order || s >= Order)
            {
                return null;
            }

            var raw = new byte[RawSize];
            WriteNumber(r, raw.AsSpan(0, 32));
            WriteNumber(s, raw.AsSpan(32));
            return new Sm2Signature(raw);
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    /// <summary>DER form, 70 to 72 bytes as a rule.</summary>
    public byte[] ToDer()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(new BigInteger(raw.AsSpan(0, 32), isUnsigned: true, isBigEndian: true));
            writer.WriteInteger(new BigInteger(raw.AsSpan(32), isUnsigned: true, isBigEndian: true));
        }

        return writer.Encode();
    }

    private static bool InRange(ReadOnlySpan<byte> bytes)
    {
        var number = new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
        return !number.IsZero && number < Order;
    }

    private static void WriteNumber(BigInteger number, Span<byte> target)
    {
        var size = number.GetByteCount(isUnsigned: true);
        number.TryWriteBytes(target[(32 - size)..], out _, isUnsigned: true, isBigEndian: true);
    }
}
