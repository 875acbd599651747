namespace ShantingEId.Server.Hot;

/// <summary>
/// A <c>VerifyCodeRequest</c> read in place: the everyday form alone (code, purpose, with_receipt, reference in plain ASCII, each once at most).
/// Every other form, valid or not, is not simple and is read by the protobuf library.
/// </summary>
internal ref struct SimpleRequest
{
    private const int MaxReference = 64;

    /// <summary>Field 1.</summary>
    public ReadOnlySpan<byte> Code { get; private set; }

    /// <summary>Field 2.</summary>
    public ReadOnlySpan<byte> Purpose { get; private set; }

    /// <summary>Field 3.</summary>
    public bool WithReceipt { get; private set; }

    /// <summary>Field 4; empty when absent.</summary>
    public ReadOnlySpan<byte> Reference { get; private set; }

    /// <summary>Reads a message; false when it is not simple.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, out SimpleRequest request)
    {
        request = default;
        var seen = 0;
        while (message.Length > 0)
        {
            var tag = message[0];
            var field = tag >> 3;
            if (field is < 1 or > 4 || (seen & (1 << field)) != 0)
            {
                return false;
            }

            seen |= 1 << field;
            if (tag == ((3 << 3) | 0))
            {
                if (message.Length < 2 || message[1] > 1)
                {
                    return false;
                }

                request.WithReceipt = message[1] == 1;
                message = message[2..];
                continue;
            }

            if ((tag & 7) != 2 || field == 3 || !TryReadLength(message[1..], out var length, out var prefix) || message.Length < 1 + prefix + length)
            {
                return false;
            }

            var value = message.Slice(1 + prefix, length);
            switch (field)
            {
                case 1:
                    request.Code = value;
                    break;
                case 2:
                    request.Purpose = value;
                    break;
                default:
                    request.Reference = value;
                    break;
            }

            message = message[(1 + prefix + length)..];
        }

        return request.Reference.Length <= MaxReference && !request.Reference.ContainsAnyExceptInRange((byte)' ', (byte)'~');
    }

    // Lengths of up to two bytes; longer ones are not simple.
    private static bool TryReadLength(ReadOnlySpan<byte> input, out int length, out int prefix)
    {
        (length, prefix) = (0, 0);
        if (input.Length >= 1 && input[0] < 0x80)
        {
            (length, prefix) = (input[0], 1);
            return true;
        }

        if (input.Length >= 2 && input[1] < 0x80)
        {
            (length, prefix) = ((input[0] & 0x7F) | (input[1] << 7), 2);
            return true;
        }

        return false;
    }
}
