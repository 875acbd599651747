using System.Buffers.Text;
using QRCoder;
using ShantingEId.Codes;

namespace ShantingEId.Tool.Bench.Symbols;

/// <summary>A way to put the same signed bytes into a symbol.</summary>
/// <param name="Name">For figures, e.g. <c>ours</c>.</param>
/// <param name="Description">For people.</param>
/// <param name="Level">Error correction.</param>
/// <param name="Spell">The text of the symbol, from our own and the address in front of it.</param>
internal sealed record SymbolSetting(string Name, string Description, QRCodeGenerator.ECCLevel Level, Func<string, string, string> Spell)
{
    /// <summary>Ours first, then those of peers: the EU certificate's level, PixelPass's level, and an ordinary web address with Base64url (KSeF).</summary>
    public static IReadOnlyList<SymbolSetting> All { get; } =
    [
        new("ours", "alphanumeric, level M (ours)", QRCodeGenerator.ECCLevel.M, (text, _) => text),
        new("level_q", "alphanumeric, level Q (EU certificate)", QRCodeGenerator.ECCLevel.Q, (text, _) => text),
        new("level_l", "alphanumeric, level L (PixelPass)", QRCodeGenerator.ECCLevel.L, (text, _) => text),
        new("byte_mode", "web address with Base64url, level M (KSeF)", QRCodeGenerator.ECCLevel.M, (text, prefix) => prefix.ToLowerInvariant() + "1" + Base64Url.EncodeToString(Base32.Decode(text.AsSpan(prefix.Length + 1)))),
    ];

    /// <summary>The symbol of a code, with its quiet zone of four modules.</summary>
    public (string Text, QRCodeData Symbol) Encode(string code, string prefix)
    {
        var text = Spell(code, prefix);
        return (text, QRCodeGenerator.GenerateQrCode(text, Level));
    }
}
