namespace ShantingEId.Tests;

/// <summary>
/// Finds public test input that is not copied into the project: under EID_SHARED_DATA when that is set, else in the
/// folder <c>shared/data</c> beside the one that holds the solution.
/// </summary>
internal static class SharedData
{
    /// <summary>Full path of a file, or null when the data are not there.</summary>
    public static string? Find(string relative)
    {
        if (Environment.GetEnvironmentVariable("EID_SHARED_DATA") is { Length: > 0 } set)
        {
            return Existing(Path.Combine(set, relative));
        }

        return SolutionFolder() is { } folder ? Existing(Path.GetFullPath(Path.Combine(folder, "..", "shared", "data", relative))) : null;
    }

    /// <summary>Full path of a file, or a skipped test with the reason.</summary>
    public static string Require(string relative)
    {
        var path = Find(relative);
        Assert.SkipWhen(path is null, $"shared data file {relative} is not there (set EID_SHARED_DATA)");
        return path!;
    }

    /// <summary>The folder that holds the solution, for tests about the sources; null when run from a copy.</summary>
    public static string? SolutionFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ShantingEId.sln")))
            {
                return folder.FullName;
            }
        }

        return null;
    }

    private static string? Existing(string path) => File.Exists(path) ? path : null;
}
