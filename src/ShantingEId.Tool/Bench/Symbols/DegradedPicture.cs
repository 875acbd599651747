using QRCoder;
using SkiaSharp;

namespace ShantingEId.Tool.Bench.Symbols;

/// <summary>How a camera sees a symbol. The same values give the same picture.</summary>
/// <param name="Group">What is wrong with it, for figures.</param>
internal sealed record Degradation(string Group)
{
    /// <summary>Degrees.</summary>
    public float Turn { get; init; }

    /// <summary>Degrees by which the paper leans away, about its upright and its level axis.</summary>
    public (float Upright, float Level) Lean { get; init; }

    /// <summary>Standard deviation of the blur, dots of the camera.</summary>
    public float Blur { get; init; }

    /// <summary>Share of the contrast that is left, up to 1.</summary>
    public float Contrast { get; init; } = 1;

    /// <summary>Share of the symbol that something lies on, and on which of four places clear of the finder patterns.</summary>
    public (float Share, int Place) Cover { get; init; }

    /// <summary>
    /// The whole series. Cover stays within what level M restores: a blot of a tenth of the modules spoils some 15 of 100 code words,
    /// because it touches words that lie partly outside.
    /// </summary>
    public static IReadOnlyList<Degradation> Series { get; } =
    [
        .. Enumerable.Range(0, 13).Select(i => new Degradation("rotation") { Turn = 7.5f * i }),
        .. Enumerable.Range(1, 12).Select(i => new Degradation("perspective") { Lean = i % 2 == 0 ? (5f * i, 0) : (3f * i, 3f * i) }),
        .. Enumerable.Range(1, 12).Select(i => new Degradation("blur") { Blur = 0.25f * i }),
        .. Enumerable.Range(0, 12).Select(i => new Degradation("contrast") { Contrast = MathF.Pow(0.75f, i) }),
        .. Enumerable.Range(0, 12).Select(i => new Degradation("cover") { Cover = (0.01f + (0.09f * i / 11), i % 4) }),
        .. Enumerable.Range(0, 24).Select(i => new Degradation("mixed")
        {
            Turn = 15f * i, Lean = (5f * (i % 5), 5f * (i % 4)), Blur = 0.4f * (i % 4), Contrast = 1 - (0.2f * (i % 3)), Cover = (0.01f * (i % 3), i % 4),
        }),
    ];
}

/// <summary>Pictures of symbols as a phone's preview gives them: 640 by 480 dots, the symbol with its quiet zone in half of their height and more.</summary>
internal static class DegradedPicture
{
    private const int Width = 640;
    private const int Height = 480;
    private const int Side = 300;
    private const int DotsPerModule = 12;
    private const float Distance = 900;

    /// <summary>A PNG.</summary>
    public static byte[] Take(QRCodeData symbol, Degradation how)
    {
        using var print = Print(symbol, how.Cover);
        using var paint = new SKPaint { IsAntialias = true };
        if (how.Blur > 0)
        {
            paint.ImageFilter = SKImageFilter.CreateBlur(how.Blur, how.Blur);
        }

        using var surface = SKSurface.Create(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Premul));
        surface.Canvas.Clear(new SKColor(238, 236, 230));

        // 1. The paper, turned and leaning, is seen sharp; blur and contrast are the camera's, over the whole picture.
        using (var scene = SKSurface.Create(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Premul)))
        {
            scene.Canvas.Clear(new SKColor(238, 236, 230));
            scene.Canvas.SetMatrix(Seen(how, print.Width));
            using var image = SKImage.FromBitmap(print);
            scene.Canvas.DrawImage(image, 0, 0, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
            using var seen = scene.Snapshot();
            surface.Canvas.DrawImage(seen, 0, 0, SKSamplingOptions.Default, paint);
        }

        // 2. What is left of the contrast, about a middle grey.
        using var sharp = surface.Snapshot();
        using var picture = SKSurface.Create(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Premul));
        var (keep, lift) = (how.Contrast, 0.55f * (1 - how.Contrast));
        using var dull = new SKPaint { ColorFilter = SKColorFilter.CreateColorMatrix([keep, 0, 0, 0, lift, 0, keep, 0, 0, lift, 0, 0, keep, 0, lift, 0, 0, 0, 1, 0]) };
        picture.Canvas.DrawImage(sharp, 0, 0, SKSamplingOptions.Default, dull);
        using var taken = picture.Snapshot();
        return taken.Encode(SKEncodedImageFormat.Png, 100).ToArray();
    }

    // The print itself, with something lying on it.
    private static SKBitmap Print(QRCodeData symbol, (float Share, int Place) cover)
    {
        var side = symbol.ModuleMatrix.Count * DotsPerModule;
        var bitmap = new SKBitmap(new SKImageInfo(side, side, SKColorType.Rgba8888, SKAlphaType.Premul));
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(SKColors.White);
        using var ink = new SKPaint { Color = new SKColor(25, 25, 28) };
        for (var y = 0; y < symbol.ModuleMatrix.Count; y++)
        {
            for (var x = 0; x < symbol.ModuleMatrix.Count; x++)
            {
                if (symbol.ModuleMatrix[y][x])
                {
                    canvas.DrawRect(x * DotsPerModule, y * DotsPerModule, DotsPerModule, DotsPerModule, ink);
                }
            }
        }

        if (cover.Share > 0)
        {
            using var blot = new SKPaint { Color = new SKColor(150, 120, 100), IsAntialias = true };
            var modules = side - (8 * DotsPerModule);
            var radius = modules * MathF.Sqrt(cover.Share / MathF.PI);
            var (x, y) = cover.Place switch { 0 => (0.5f, 0.5f), 1 => (0.72f, 0.5f), 2 => (0.5f, 0.72f), _ => (0.68f, 0.68f) };
            canvas.DrawCircle((4 * DotsPerModule) + (x * modules), (4 * DotsPerModule) + (y * modules), radius, blot);
        }

        return bitmap;
    }

    // From the print's dots to the picture's: to the middle, turned, leaning away, seen from a point in front of it.
    private static SKMatrix Seen(Degradation how, float side)
    {
        var (upright, level) = (how.Lean.Upright * MathF.PI / 180, how.Lean.Level * MathF.PI / 180);
        var scale = Side / side;
        var toMiddle = SKMatrix.CreateScale(scale, scale).PreConcat(SKMatrix.CreateTranslation(-side / 2, -side / 2));
        var turned = SKMatrix.CreateRotationDegrees(how.Turn).PreConcat(toMiddle);
        // A point (x, y, 0) about the upright, then the level axis; its depth divides.
        var lean = new SKMatrix(
            MathF.Cos(upright), 0, 0, MathF.Sin(upright) * MathF.Sin(level), MathF.Cos(level), 0,
            MathF.Sin(upright) * MathF.Cos(level) / Distance, -MathF.Sin(level) / Distance, 1);
        return SKMatrix.CreateTranslation(Width / 2f, Height / 2f).PreConcat(lean).PreConcat(turned);
    }
}
