using System.Formats.Asn1;

namespace ShantingEId.Crypto;

/// <summary>
/// Looks at the skeleton of DER from others before anything recurses into it: definite, minimal lengths that lie inside the
/// input, one outer element and nothing after it, at most 32 levels. Costs one pass and no memory.
/// </summary>
public static class DerLimits
{
    /// <summary>Deepest nesting that is read; real seals have 11 levels, certificates 10.</summary>
    public const int MaxDepth = 32;

    /// <summary>Refuses what is not one DER element within the limits.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.Asn1Invalid"/> or <see cref="ErrorReason.Asn1Limits"/>.</exception>
    public static void Require(ReadOnlySpan<byte> der)
    {
        Span<int> ends = stackalloc int[MaxDepth];
        var depth = 0;
        var at = 0;
        do
        {
            // 1. Leave the levels that end here.
            while (depth > 0 && ends[depth - 1] == at)
            {
                depth--;
            }

            if (depth == 0 && at > 0)
            {
                break;
            }

            // 2. One head, within its level.
            var end = depth == 0 ? der.Length : ends[depth - 1];
            if (!TryReadHead(der[at..end], out var headLength, out var length, out var constructed))
            {
                throw new EidException(ErrorReason.Asn1Invalid, $"第 {at} 字节处不是合规的 DER");
            }

            // 3. Into it, or past it.
            at += headLength;
            if (!constructed)
            {
                at += length;
            }
            else if (depth == MaxDepth)
            {
                throw new EidException(ErrorReason.Asn1Limits, $"DER 嵌套超过 {MaxDepth} 层");
            }
            else
            {
                ends[depth++] = at + length;
            }
        }
        while (true);

        if (at != der.Length)
        {
            throw new EidException(ErrorReason.Asn1Invalid, "DER 之后还有多余的字节");
        }
    }

    private static bool TryReadHead(ReadOnlySpan<byte> bytes, out int headLength, out int length, out bool constructed)
    {
        headLength = length = 0;
        constructed = false;
        if (!Asn1Tag.TryDecode(bytes, out var tag, out var tagLength)
            || !AsnDecoder.TryDecodeLength(bytes[tagLength..], AsnEncodingRules.DER, out var decoded, out var lengthLength)
            || decoded is not { } known || known > bytes.Length - tagLength - lengthLength)
        {
            return false;
        }

        (headLength, length, constructed) = (tagLength + lengthLength, known, tag.IsConstructed);
        return true;
    }
}
