using SkiaSharp;

namespace ShantingEId.Documents;

/// <summary>Faces in the font collections of this machine.</summary>
internal static class FontFile
{
    private static readonly string[] Directories =
        ["/usr/share/fonts/opentype/noto", "/usr/share/fonts/noto-cjk", "/usr/local/share/fonts/noto"];

    /// <summary>
    /// Finds a face. A collection holds the Japanese, Korean and both Chinese sets of shapes under different indexes, and the
    /// order is not promised between releases: the Simplified Chinese face is found by its family name.
    /// </summary>
    /// <param name="directory">The only place to look; null for the usual ones.</param>
    /// <param name="file">Name of the collection.</param>
    /// <param name="family">Family name of the face.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.SealImageInvalid"/>: it is not there.</exception>
    public static SKTypeface Find(string? directory, string file, string family)
    {
        foreach (var candidate in directory is null ? Directories : [directory])
        {
            var path = Path.Combine(candidate, file);
            for (var index = 0; File.Exists(path) && SKTypeface.FromFile(path, index) is { } face; index++)
            {
                if (face.FamilyName == family)
                {
                    return face;
                }

                face.Dispose();
            }
        }

        throw new EidException(ErrorReason.SealImageInvalid, $"缺少字体 {family}（{file}）：请安装 Debian 软件包 fonts-noto-cjk，或指明字体所在目录");
    }
}
