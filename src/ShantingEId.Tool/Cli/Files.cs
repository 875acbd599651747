namespace ShantingEId.Tool.Cli;

/// <summary>Reading and writing files the careful way.</summary>
internal static class Files
{
    /// <summary>Whether the bytes begin like a PNG, JPEG or WebP picture.</summary>
    public static bool IsPicture(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G'])
        || bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) || bytes.Length > 12 && bytes[..4].SequenceEqual("RIFF"u8) && bytes[8..12].SequenceEqual("WEBP"u8);

    /// <summary>Writes beside the target and renames, so that a reader never finds half a file.</summary>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        var partial = path + ".part";
        File.WriteAllBytes(partial, bytes);
        File.Move(partial, path, overwrite: true);
    }
}
