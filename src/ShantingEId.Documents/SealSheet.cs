using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ShantingEId.Seals;
using SkiaSharp;

namespace ShantingEId.Documents;

/// <summary>
/// A drawing sheet of one kind of seal: millimetres, origin in the middle, y downwards. A dot has ink or has none, as on
/// paper: sixteen greys at the edges were measured at over twice the bytes, 28 to 42 KB where 20 is the limit.
/// </summary>
internal sealed unsafe class SealSheet : IDisposable
{
    /// <summary>Dots per inch of a seal; SES_ESPictureInfo carries millimetres, the PNG carries this.</summary>
    public const int Fine = 600;

    /// <summary>Dots per inch where the fine picture would be too many bytes.</summary>
    public const int Coarse = 400;

    /// <summary>Dots per inch of a seal that every document carries.</summary>
    public const int Compact = 300;

    // The red of seal paste. Paper has it too: a viewer that blends before it scales shows no foreign fringe.
    private static readonly byte[] Palette = [0xD7, 0x00, 0x0F, 0xD7, 0x00, 0x0F];

    private static readonly Vector256<byte> Reversed = Vector256.Create(
        (byte)7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8, 23, 22, 21, 20, 19, 18, 17, 16, 31, 30, 29, 28, 27, 26, 25, 24);

    private readonly byte* dots;
    private readonly SKSurface surface;
    private readonly SKPaint ink = new() { Color = SKColors.Black };
    private readonly SKMatrix scale;

    public SealSheet(SealKind kind, int dotsPerInch)
    {
        var (width, height) = SealPicture.SizeOf(kind);
        DotsPerInch = dotsPerInch;
        Width = (int)Math.Round(width * dotsPerInch / 25.4);
        Height = (int)Math.Round(height * dotsPerInch / 25.4);
        Stride = (Width + 31) & ~31;
        dots = (byte*)NativeMemory.AllocZeroed((nuint)(Stride * Height));
        surface = SKSurface.Create(new SKImageInfo(Width, Height, SKColorType.Alpha8, SKAlphaType.Premul), (nint)dots, Stride)
            ?? throw new InvalidOperationException("alpha surface refused");
        // The size on paper is met exactly: 945 dots are 40 mm, not 40.005 mm, so that no edge is cut.
        var perMillimetre = Width / (float)width;
        scale = SKMatrix.CreateScaleTranslation(perMillimetre, perMillimetre, Width / 2f, Height / 2f);
        surface.Canvas.SetMatrix(scale);
    }

    /// <summary>Resolution.</summary>
    public int DotsPerInch { get; }

    /// <summary>Dots across.</summary>
    public int Width { get; }

    /// <summary>Dots down.</summary>
    public int Height { get; }

    /// <summary>Bytes from row to row: padded with blanks, so that rows are read 32 dots at a time.</summary>
    public int Stride { get; }

    /// <summary>One byte for each dot, 0 or 255, row by row.</summary>
    public Span<byte> Coverage => new(dots, Stride * Height);

    /// <summary>Starts from a prepared background.</summary>
    public void Begin(ReadOnlySpan<byte> background) => background.CopyTo(Coverage);

    /// <summary>Fills a shape given in millimetres.</summary>
    public void Fill(SKPath shape) => surface.Canvas.DrawPath(shape, ink);

    /// <summary>Draws a closed line of even width along the middle of a border.</summary>
    public void Frame(SKRect middle, float width, bool round)
    {
        using var line = new SKPaint { Color = SKColors.Black, IsStroke = true, StrokeWidth = width };
        if (round)
        {
            surface.Canvas.DrawOval(middle, line);
        }
        else
        {
            surface.Canvas.DrawRect(middle, line);
        }
    }

    /// <summary>Puts the middle of a glyph at a place, turned clockwise, with its own scale along and across the line.</summary>
    /// <param name="glyph">What to put.</param>
    /// <param name="middleY">Which height of the glyph is its middle, in glyph units.</param>
    /// <param name="x">Place, millimetres.</param>
    /// <param name="y">Place, millimetres.</param>
    /// <param name="sine">Sine of the turn.</param>
    /// <param name="cosine">Cosine of the turn.</param>
    /// <param name="scaleX">Millimetres per glyph unit along the line.</param>
    /// <param name="scaleY">Millimetres per glyph unit across the line.</param>
    public void Put(SealGlyph glyph, float middleY, float x, float y, float sine, float cosine, float scaleX, float scaleY)
    {
        var turned = new SKMatrix(
            cosine * scaleX, -sine * scaleY, x - (cosine * scaleX * glyph.MiddleX) + (sine * scaleY * middleY),
            sine * scaleX, cosine * scaleY, y - (sine * scaleX * glyph.MiddleX) - (cosine * scaleY * middleY),
            0, 0, 1);
        surface.Canvas.SetMatrix(scale.PreConcat(turned));
        surface.Canvas.DrawPath(glyph.Outline, ink);
        surface.Canvas.SetMatrix(scale);
    }

    /// <summary>The picture: red ink on nothing, with its size on paper.</summary>
    /// <param name="smallest">Whether bytes count more than time.</param>
    public byte[] ToPng(bool smallest = false)
    {
        var bytes = (Width + 7) / 8;
        // Room for the filter byte in front of each row, and for the last 32 dots written past the end of the last row.
        var rows = ArrayPool<byte>.Shared.Rent(((1 + bytes) * Height) + 4);
        try
        {
            for (var y = 0; y < Height; y++)
            {
                // The filter byte goes in after the row before it, whose padding it takes the place of.
                var row = rows.AsSpan(y * (1 + bytes));
                row[0] = 0;
                Pack(Coverage.Slice(y * Stride, Stride), row[1..]);
            }

            return OneBitPng.Write(Width, Height, rows.AsSpan(0, (1 + bytes) * Height), Palette, [0, 255], DotsPerInch, smallest);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rows);
        }
    }

    public void Dispose()
    {
        ink.Dispose();
        surface.Dispose();
        NativeMemory.Free(dots);
    }

    // The first dot of eight is the highest bit (PNG 7.2); the vector gives the first the lowest, so eights are reversed.
    private static void Pack(ReadOnlySpan<byte> dots, Span<byte> packed)
    {
        for (var i = 0; i < dots.Length; i += 32)
        {
            var eights = Vector256.Shuffle(Vector256.Create(dots[i..]), Reversed);
            BinaryPrimitives.WriteUInt32LittleEndian(packed[(i / 8)..], eights.ExtractMostSignificantBits());
        }
    }
}
