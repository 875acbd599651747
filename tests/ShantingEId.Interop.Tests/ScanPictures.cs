using System.Text;
using SkiaSharp;

namespace ShantingEId.Interop.Tests;

/// <summary>What a camera sees of a symbol: turned, in perspective, out of focus, in bad light.</summary>
internal static class ScanPictures
{
    private const int Width = 640;
    private const int Height = 480;

    /// <summary>One picture, PNG.</summary>
    public static byte[] Photograph(byte[] symbol, float degrees, float tilt, float blur, float light = 0.8f)
    {
        using var image = See(symbol, degrees, tilt, blur, light);
        using var png = image.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }

    /// <summary>A picture with no code in it.</summary>
    public static byte[] Wall() => Photograph(Photograph([], 0, 0, 0), 20, 0.2f, 4);

    /// <summary>A video as Chromium's fake camera takes it (Y4M, I420): a hand that aims; the first frames are too blurred to read.</summary>
    public static byte[] Video(byte[] symbol, int frames = 12)
    {
        using var file = new MemoryStream();
        file.Write(Encoding.ASCII.GetBytes($"YUV4MPEG2 W{Width} H{Height} F8:1 Ip A1:1 C420jpeg\n"));
        var gray = new byte[Width * Height];
        var noColour = Enumerable.Repeat((byte)128, Width * Height / 2).ToArray();
        for (var frame = 0; frame < frames; frame++)
        {
            var aim = (float)frame / frames;
            using var image = See(symbol, 24 - (6 * aim), 0.18f, 7 - (5.6f * Math.Min(1, aim * 2)), 0.75f);
            using var bitmap = SKBitmap.FromImage(image);
            var pixels = bitmap.GetPixelSpan();
            for (var i = 0; i < gray.Length; i++)
            {
                gray[i] = pixels[(i * 4) + 1];
            }

            file.Write("FRAME\n"u8);
            file.Write(gray);
            file.Write(noColour);
        }

        return file.ToArray();
    }

    private static SKImage See(byte[] symbol, float degrees, float tilt, float blur, float light)
    {
        using var surface = SKSurface.Create(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        var canvas = surface.Canvas;
        var shade = (byte)(255 * light);
        canvas.Clear(new SKColor((byte)(shade / 2), (byte)(shade / 2), (byte)(shade / 2)));
        using var paint = new SKPaint { ImageFilter = blur > 0 ? SKImageFilter.CreateBlur(blur / 2, blur / 2) : null };
        canvas.SaveLayer(paint);
        if (symbol.Length > 0)
        {
            using var code = SKImage.FromEncodedData(symbol);
            const float side = 400f;
            canvas.Translate(Width / 2f, Height / 2f);
            // Seen from the left: what is farther right is smaller.
            canvas.Concat(new SKMatrix { ScaleX = 1, ScaleY = 1, Persp0 = tilt / side, Persp2 = 1 });
            canvas.RotateDegrees(degrees);
            using var ink = new SKPaint { ColorFilter = SKColorFilter.CreateColorMatrix([light - 0.2f, 0, 0, 0, 0.2f, 0, light - 0.2f, 0, 0, 0.2f, 0, 0, light - 0.2f, 0, 0.2f, 0, 0, 0, 1, 0]) };
            canvas.DrawImage(code, new SKRect(-side / 2, -side / 2, side / 2, side / 2), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear), ink);
        }

        canvas.Restore();
        return surface.Snapshot();
    }
}
