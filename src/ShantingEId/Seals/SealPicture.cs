using System.Buffers.Binary;
using ShantingEId.Licenses;

namespace ShantingEId.Seals;

/// <summary>What a seal's picture is drawn from.</summary>
/// <param name="Kind">Which of the four.</param>
/// <param name="Name">Registered name of the enterprise, 2 to 60 characters.</param>
/// <param name="CreditCode">Taxpayer number on the invoice seal.</param>
/// <param name="Representative">Name on the square seal.</param>
/// <param name="SealCode">Engraved at the lower edge where the kind carries it.</param>
public sealed record SealDesign(SealKind Kind, string Name, CreditCode CreditCode, string Representative, SealCode SealCode);

/// <summary>Draws one seal; implemented by the documents library, so that this one needs no drawing code.</summary>
/// <exception cref="EidException"><see cref="ErrorReason.TextInvalid"/> naming a character the seal font lacks.</exception>
public delegate SealPicture DrawSeal(SealDesign design);

/// <summary>A seal picture as it goes into SES_ESPictureInfo: a PNG and its size on paper.</summary>
public sealed record SealPicture
{
    /// <summary>Most bytes a picture may have; four of them are hashed, stored and sent with every set.</summary>
    public const int MaxBytes = 20 * 1024;

    private SealPicture(byte[] png, int widthMillimetres, int heightMillimetres)
    {
        Png = png;
        WidthMillimetres = widthMillimetres;
        HeightMillimetres = heightMillimetres;
    }

    /// <summary>PNG bytes: palette with transparency, physical size stated.</summary>
    public byte[] Png { get; }

    /// <summary>Width on paper, whole millimetres (GB/T 38540 SES_ESPictureInfo.width).</summary>
    public int WidthMillimetres { get; }

    /// <summary>Height on paper, whole millimetres.</summary>
    public int HeightMillimetres { get; }

    /// <summary>Size on paper of each kind (standards §6.2; 1999 rule §14: a 公章 is at most 45 mm).</summary>
    public static (int Width, int Height) SizeOf(SealKind kind) => kind switch
    {
        SealKind.Official => (40, 40),
        SealKind.Finance => (38, 38),
        SealKind.Invoice => (40, 30),
        SealKind.LegalRepresentative => (20, 20),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>Accepts a drawn picture after checking type, size on paper and resolution against its kind.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.SealImageInvalid"/>.</exception>
    public static SealPicture Create(SealKind kind, byte[] png)
    {
        var (width, height) = SizeOf(kind);
        if (png.Length is < 57 or > MaxBytes || !png.AsSpan(0, 8).SequenceEqual(PngSignature))
        {
            throw new EidException(ErrorReason.SealImageInvalid, $"印章图片应为不超过 {MaxBytes / 1024} KB 的 PNG");
        }

        var pixelWidth = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16));
        var pixelHeight = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20));
        var colourType = png[25];
        // 300 to 600 dpi, and the same scale on both axes to within a pixel.
        var perMillimetre = pixelWidth / (double)width;
        if (perMillimetre is < 11.8 or > 23.7 || Math.Abs(pixelHeight - (perMillimetre * height)) > 1 || colourType != 3)
        {
            throw new EidException(ErrorReason.SealImageInvalid, $"{kind.ChineseName()}图片应为 {width}×{height} 毫米、300 至 600 dpi 的调色板 PNG");
        }

        return new SealPicture(png, width, height);
    }

    private static ReadOnlySpan<byte> PngSignature => [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];
}
