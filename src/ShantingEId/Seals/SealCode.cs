using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ShantingEId.Seals;

/// <summary>印章编码: 14 digits, six of the division and eight of a sequence; equals the SESeal's esID and the certificate's CN.</summary>
public sealed record SealCode
{
    private SealCode(string value) => Value = value;

    /// <summary>The 14 digits.</summary>
    public string Value { get; }

    /// <summary>Makes the code of a sequence number.</summary>
    /// <param name="division">Six digits of GB/T 2260.</param>
    /// <param name="sequence">1 to 99,999,999.</param>
    public static SealCode Create(string division, long sequence)
    {
        if (division.Length != 6 || !division.All(char.IsAsciiDigit) || sequence is < 1 or > 99_999_999)
        {
            throw new EidException(ErrorReason.SealCodeInvalid, "印章编码应为六位区划码加八位流水号");
        }

        return new SealCode(division + sequence.ToString("D8", CultureInfo.InvariantCulture));
    }

    /// <summary>Parses strictly.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out SealCode? code)
    {
        code = text is { Length: 14 } && text.All(char.IsAsciiDigit) && !text.EndsWith("00000000", StringComparison.Ordinal) ? new SealCode(text) : null;
        return code is not null;
    }

    /// <summary>Parses or throws <see cref="ErrorReason.SealCodeInvalid"/>.</summary>
    public static SealCode Parse(string? text) =>
        TryParse(text, out var code) ? code : throw new EidException(ErrorReason.SealCodeInvalid, "印章编码应为 14 位数字");

    /// <summary>Six-digit division out of a seal's esID; null for seals whose esID is no such code.</summary>
    public static string? DivisionOf(string sealId) => TryParse(sealId, out var code) ? code.Value[..6] : null;

    /// <inheritdoc/>
    public override string ToString() => Value;
}
