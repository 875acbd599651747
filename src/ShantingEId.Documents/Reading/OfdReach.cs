using System.Collections.Frozen;

namespace ShantingEId.Documents.Reading;

/// <summary>
/// Which files of a package can be reached from OFD.xml. What cannot is 夹带文件 (GM/T 0099-2020): no reader shows it, but it
/// travels with the document.
/// </summary>
internal static class OfdReach
{
    // Elements and attributes that hold an ST_Loc, over GB/T 33190-2016 7 to 20. FileRef is left out: to be signed is not to be shown.
    private static readonly FrozenSet<string> Pointers = FrozenSet.Create<string>(
    [
        "DocRoot", "Signatures", "Versions", "Cover", "PublicRes", "DocumentRes", "PageRes", "Annotations", "CustomTags", "Attachments", "Extensions", "BaseLoc",
        "FileLoc", "MediaFile", "FontFile", "Profile", "SchemaLoc", "ExtendData", "ImageLoc", "SignedValue", "Src",
    ]);

    /// <summary>Whether the element or attribute of this name holds a path.</summary>
    public static bool IsPointer(string name) => Pointers.Contains(name);

    /// <summary>Paths from the root.</summary>
    public static HashSet<string> From(OfdPackage package)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal) { OfdSignatures.Root };
        var open = new Queue<string>(reached);
        while (open.TryDequeue(out var path))
        {
            if (!package.Pointers.TryGetValue(path, out var pointers))
            {
                continue;
            }

            // A resource file may name a folder first, and its files relative to that.
            var folders = pointers.Where(pointer => pointer.Name == "BaseLoc").Select(pointer => pointer.Text.TrimEnd('/') + "/").Take(16).ToList();
            var found = pointers.SelectMany(pointer => new[] { pointer.Text }.Concat(pointer.Name is "MediaFile" or "FontFile" or "Profile" ? folders.Select(folder => folder + pointer.Text) : []))
                .Select(location => OfdPath.Resolve(location, path));
            foreach (var file in found)
            {
                if (file is not null && package.Files.ContainsKey(file) && reached.Add(file))
                {
                    open.Enqueue(file);
                }
            }
        }

        return reached;
    }
}
