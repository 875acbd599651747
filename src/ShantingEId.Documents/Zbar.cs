using System.Runtime.InteropServices;

namespace ShantingEId.Documents;

/// <summary>The few functions of libzbar (Debian package libzbar0) that reading QR symbols takes; names are zbar.h's.</summary>
internal static unsafe partial class Zbar
{
    private const string Library = "libzbar.so.0";

    /// <summary>All kinds of symbol.</summary>
    public const int AnySymbol = 0;

    /// <summary>ZBAR_QRCODE.</summary>
    public const int QrSymbol = 64;

    /// <summary>ZBAR_CFG_ENABLE.</summary>
    public const int Enable = 0;

    /// <summary>Grey of eight bits, the only format the scanner takes: 'Y800', first letter lowest.</summary>
    public const uint Grey = 'Y' | ('8' << 8) | ('0' << 16) | ('0' << 24);

    [LibraryImport(Library, EntryPoint = "zbar_image_scanner_create")]
    public static partial nint CreateScanner();

    [LibraryImport(Library, EntryPoint = "zbar_image_scanner_destroy")]
    public static partial void DestroyScanner(nint scanner);

    [LibraryImport(Library, EntryPoint = "zbar_image_scanner_set_config")]
    public static partial int SetConfig(nint scanner, int symbology, int config, int value);

    [LibraryImport(Library, EntryPoint = "zbar_image_create")]
    public static partial nint CreateImage();

    [LibraryImport(Library, EntryPoint = "zbar_image_destroy")]
    public static partial void DestroyImage(nint image);

    [LibraryImport(Library, EntryPoint = "zbar_image_set_format")]
    public static partial void SetFormat(nint image, CULong format);

    [LibraryImport(Library, EntryPoint = "zbar_image_set_size")]
    public static partial void SetSize(nint image, uint width, uint height);

    /// <summary>Lends the dots to the image; with no clean-up function they stay ours to free.</summary>
    [LibraryImport(Library, EntryPoint = "zbar_image_set_data")]
    public static partial void SetData(nint image, byte* data, CULong length, nint cleanup);

    [LibraryImport(Library, EntryPoint = "zbar_scan_image")]
    public static partial int Scan(nint scanner, nint image);

    [LibraryImport(Library, EntryPoint = "zbar_image_first_symbol")]
    public static partial nint FirstSymbol(nint image);

    [LibraryImport(Library, EntryPoint = "zbar_symbol_next")]
    public static partial nint NextSymbol(nint symbol);

    [LibraryImport(Library, EntryPoint = "zbar_symbol_get_data")]
    public static partial byte* Data(nint symbol);

    [LibraryImport(Library, EntryPoint = "zbar_symbol_get_data_length")]
    public static partial uint DataLength(nint symbol);
}
