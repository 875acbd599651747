using System.Collections;
using System.Globalization;
using System.Net;
using System.Text;
using QRCoder;
using QRCoder.Exceptions;

namespace ShantingEId.Documents;

/// <summary>
/// The QR symbol of a text (GB/T 18284, ISO/IEC 18004), error correction level M, always with its quiet zone of four
/// modules and never with anything laid over it. A text of capitals, digits and <c>$%*+-./:</c> is packed in
/// alphanumeric mode, which is what keeps a licence code small.
/// </summary>
public sealed class CodeSymbol
{
    private const int QuietZone = 4;

    private readonly List<BitArray> modules;

    private CodeSymbol(string text, QRCodeData data)
    {
        Text = text;
        Version = data.Version;
        modules = data.ModuleMatrix;
        ModuleCount = modules.Count - (2 * QuietZone);
    }

    /// <summary>What the symbol says.</summary>
    public string Text { get; }

    /// <summary>Version 1 to 40.</summary>
    public int Version { get; }

    /// <summary>Modules along a side, without the quiet zone: 17 + 4 × version.</summary>
    public int ModuleCount { get; }

    /// <summary>Modules along a side with the quiet zone: what <see cref="ToPath"/> is drawn on.</summary>
    public int Side => modules.Count;

    /// <summary>Makes the symbol in the smallest version that holds the text.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.QrTextInvalid"/>: empty, or too long for version 40.</exception>
    public static CodeSymbol Create(string text)
    {
        if (string.IsNullOrEmpty(text))
        {
            throw new EidException(ErrorReason.QrTextInvalid, "二维码内容为空");
        }

        try
        {
            return new CodeSymbol(text, QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.M));
        }
        catch (DataTooLongException tooLong)
        {
            throw new EidException(ErrorReason.QrTextInvalid, $"内容 {text.Length} 字，超出二维码容量", tooLong);
        }
    }

    /// <summary>One path of dark runs over a white ground, sharp at any size; the unit is a module.</summary>
    public string ToSvg() => $"""
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Side} {Side}" shape-rendering="crispEdges" role="img"><title>{WebUtility.HtmlEncode(Text)}</title><path fill="#fff" d="M0 0h{Side}v{Side}H0z"/><path d="{ToPath()}"/></svg>
        """;

    /// <summary>The dark runs as the data of an SVG path, for who draws the rest.</summary>
    public string ToPath()
    {
        var path = new StringBuilder();
        for (var y = 0; y < Side; y++)
        {
            for (var x = 0; x < Side; x++)
            {
                var from = x;
                while (x < Side && modules[y][x])
                {
                    x++;
                }

                if (x > from)
                {
                    path.Append(CultureInfo.InvariantCulture, $"M{from} {y}h{x - from}v1h-{x - from}z");
                }
            }
        }

        return path.ToString();
    }

    /// <summary>Black on white PNG of one bit a dot.</summary>
    /// <param name="pixelsPerModule">1 to 64; a printed module should not be under 0.3 mm.</param>
    public byte[] ToPng(int pixelsPerModule = 8)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pixelsPerModule, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pixelsPerModule, 64);
        var side = Side * pixelsPerModule;
        var stride = 1 + ((side + 7) / 8);
        var rows = new byte[stride * side];
        for (var y = 0; y < side; y++)
        {
            var row = rows.AsSpan(y * stride, stride);
            if (y % pixelsPerModule != 0)
            {
                rows.AsSpan((y - 1) * stride, stride).CopyTo(row);
                continue;
            }

            // Palette number 0 is white, so only dark dots are set.
            for (var x = 0; x < side; x++)
            {
                row[1 + (x / 8)] |= (byte)(modules[y / pixelsPerModule][x / pixelsPerModule] ? 0x80 >> (x % 8) : 0);
            }
        }

        return OneBitPng.Write(side, side, rows, [0xFF, 0xFF, 0xFF, 0, 0, 0], [], 0);
    }

    /// <summary>
    /// Half blocks, two rows of modules to a line, dark on light whatever the terminal's colours are, because many readers
    /// do not know a symbol in reverse. The colours are ANSI sequences, taken back at the end of each line.
    /// </summary>
    public string ToTerminal()
    {
        var lines = new StringBuilder();
        for (var y = 0; y < Side; y += 2)
        {
            lines.Append("\u001b[38;5;16;48;5;231m");
            for (var x = 0; x < Side; x++)
            {
                lines.Append((modules[y][x], y + 1 < Side && modules[y + 1][x]) switch
                {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    _ => ' ',
                });
            }

            lines.Append("\u001b[0m\n");
        }

        return lines.ToString();
    }
}
