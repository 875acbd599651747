using System.Text;
using SkiaSharp;

namespace ShantingEId.Documents;

/// <summary>Reads the QR symbols in a photo or a scan.</summary>
public static class CodeReader
{
    /// <summary>Most bytes a picture may have.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    /// <summary>Most dots a picture may unfold to, known from its header before anything is unpacked.</summary>
    public const long MaxPixels = 40_000_000;

    /// <summary>Reads all QR symbols of a PNG, JPEG or WebP picture; empty when it shows none.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.PictureUnreadable"/>: not such a picture, damaged or too large.</exception>
    public static IReadOnlyList<string> Read(byte[] picture)
    {
        if (picture.Length is 0 or > MaxBytes)
        {
            throw Unreadable($"图片应为 1 字节至 {MaxBytes / 1024 / 1024} MB");
        }

        using var data = SKData.CreateCopy(picture);
        using var codec = SKCodec.Create(data);
        if (codec?.EncodedFormat is not (SKEncodedImageFormat.Png or SKEncodedImageFormat.Jpeg or SKEncodedImageFormat.Webp))
        {
            throw Unreadable("图片应为 PNG、JPEG 或 WebP");
        }

        // A few kilobytes can claim gigabytes of dots: the header decides before memory is taken.
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        if ((long)width * height > MaxPixels)
        {
            throw Unreadable($"图片为 {width}×{height}，超过 {MaxPixels / 1_000_000} 百万像素");
        }

        return Scan(Grey(codec), width, height);
    }

    // Brightness over white paper: a transparent dot shows the paper, so what the ink lacks in cover is white.
    private static byte[] Grey(SKCodec codec)
    {
        var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Premul);
        using var bitmap = new SKBitmap();
        if (!bitmap.TryAllocPixels(info) || codec.GetPixels(info, bitmap.GetPixels()) != SKCodecResult.Success)
        {
            throw Unreadable("图片不完整或已损坏");
        }

        var dots = bitmap.GetPixelSpan();
        var grey = new byte[info.Width * info.Height];
        for (var i = 0; i < grey.Length; i++)
        {
            var dot = dots.Slice(4 * i, 4);
            // ITU-R BT.601 weights in 256ths.
            grey[i] = (byte)(((77 * dot[0]) + (150 * dot[1]) + (29 * dot[2]) >> 8) + 255 - dot[3]);
        }

        return grey;
    }

    private static unsafe List<string> Scan(byte[] grey, int width, int height)
    {
        nint scanner = 0, image = 0;
        try
        {
            scanner = Zbar.CreateScanner();
            image = Zbar.CreateImage();
            if (Zbar.SetConfig(scanner, Zbar.AnySymbol, Zbar.Enable, 0) != 0 || Zbar.SetConfig(scanner, Zbar.QrSymbol, Zbar.Enable, 1) != 0)
            {
                throw Unreadable("识读程序库不支持二维码");
            }

            Zbar.SetFormat(image, new(Zbar.Grey));
            Zbar.SetSize(image, (uint)width, (uint)height);
            // The image borrows the dots, so it must be gone before they move again: both ends lie inside this block.
            fixed (byte* dots = grey)
            {
                Zbar.SetData(image, dots, new((nuint)grey.Length), 0);
                if (Zbar.Scan(scanner, image) < 0)
                {
                    throw Unreadable("图片无法扫描");
                }

                var texts = new List<string>();
                // Symbols belong to the image; their text is copied out before it goes.
                for (var symbol = Zbar.FirstSymbol(image); symbol != 0; symbol = Zbar.NextSymbol(symbol))
                {
                    texts.Add(Encoding.UTF8.GetString(Zbar.Data(symbol), (int)Zbar.DataLength(symbol)));
                }

                Zbar.DestroyImage(image);
                image = 0;
                return texts;
            }
        }
        catch (DllNotFoundException missing)
        {
            throw new EidException(ErrorReason.PictureUnreadable, "本机缺少识读二维码的程序库：请安装 Debian 软件包 libzbar0", missing);
        }
        finally
        {
            if (image != 0)
            {
                Zbar.DestroyImage(image);
            }

            if (scanner != 0)
            {
                Zbar.DestroyScanner(scanner);
            }
        }
    }

    private static EidException Unreadable(string message) => new(ErrorReason.PictureUnreadable, message);
}
