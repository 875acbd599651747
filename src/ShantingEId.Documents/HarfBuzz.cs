using System.Runtime.InteropServices;

namespace ShantingEId.Documents;

/// <summary>The few functions of HarfBuzz (Debian package libharfbuzz-subset0) that cutting a font down takes; names are hb-subset.h's.</summary>
internal static unsafe partial class HarfBuzz
{
    private const string Library = "libharfbuzz.so.0";
    private const string SubsetLibrary = "libharfbuzz-subset.so.0";

    /// <summary>HB_SUBSET_SETS_DROP_TABLE_TAG.</summary>
    public const int DropTables = 3;

    /// <summary>HB_SUBSET_SETS_NAME_ID.</summary>
    public const int NameIds = 4;

    /// <summary>HB_SUBSET_SETS_LAYOUT_FEATURE_TAG.</summary>
    public const int LayoutFeatures = 6;

    /// <summary>HB_SUBSET_FLAGS_NO_HINTING.</summary>
    public const uint NoHinting = 1;

    /// <summary>HB_SUBSET_FLAGS_DESUBROUTINIZE.</summary>
    public const uint Desubroutinize = 4;

    [LibraryImport(Library, EntryPoint = "hb_blob_create_from_file_or_fail", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint OpenFile(string path);

    [LibraryImport(Library, EntryPoint = "hb_blob_destroy")]
    public static partial void DestroyBlob(nint blob);

    [LibraryImport(Library, EntryPoint = "hb_blob_get_data")]
    public static partial byte* Data(nint blob, out uint length);

    [LibraryImport(Library, EntryPoint = "hb_face_create")]
    public static partial nint CreateFace(nint blob, uint index);

    [LibraryImport(Library, EntryPoint = "hb_face_destroy")]
    public static partial void DestroyFace(nint face);

    [LibraryImport(Library, EntryPoint = "hb_face_reference_blob")]
    public static partial nint ReferenceBlob(nint face);

    [LibraryImport(Library, EntryPoint = "hb_set_add")]
    public static partial void Add(nint set, uint value);

    [LibraryImport(Library, EntryPoint = "hb_set_clear")]
    public static partial void Clear(nint set);

    [LibraryImport(SubsetLibrary, EntryPoint = "hb_subset_input_create_or_fail")]
    public static partial nint CreateInput();

    [LibraryImport(SubsetLibrary, EntryPoint = "hb_subset_input_destroy")]
    public static partial void DestroyInput(nint input);

    [LibraryImport(SubsetLibrary, EntryPoint = "hb_subset_input_unicode_set")]
    public static partial nint Unicodes(nint input);

    [LibraryImport(SubsetLibrary, EntryPoint = "hb_subset_input_set")]
    public static partial nint Set(nint input, int which);

    [LibraryImport(SubsetLibrary, EntryPoint = "hb_subset_input_set_flags")]
    public static partial void SetFlags(nint input, uint flags);

    /// <summary>A new face with what the input asks for; 0 when it cannot.</summary>
    [LibraryImport(SubsetLibrary, EntryPoint = "hb_subset_or_fail")]
    public static partial nint Subset(nint face, nint input);
}
