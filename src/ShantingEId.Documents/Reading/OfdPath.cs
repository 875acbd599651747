namespace ShantingEId.Documents.Reading;

/// <summary>ST_Loc (GB/T 33190-2016 7.3): '/' begins at the root, anything else beside the file that says it; '.' and '..' as usual.</summary>
internal static class OfdPath
{
    /// <summary>Path from the root without a leading '/'; null when it leads outside or is none.</summary>
    /// <param name="location">As written.</param>
    /// <param name="file">The file that says it, from the root.</param>
    public static string? Resolve(string location, string file)
    {
        var parts = location.StartsWith('/') ? [] : file.Split('/').SkipLast(1).ToList();
        foreach (var part in location.Split('/'))
        {
            switch (part)
            {
                case "" or ".":
                    break;
                case ".." when parts.Count == 0:
                    return null;
                case "..":
                    parts.RemoveAt(parts.Count - 1);
                    break;
                default:
                    parts.Add(part);
                    break;
            }
        }

        return parts.Count == 0 ? null : string.Join('/', parts);
    }
}
