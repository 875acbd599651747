using System.Diagnostics;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>
/// The version before this one, built from the history of the repository. The commit stands in previous-version.txt, which moves forward with each
/// release. What was built is kept in artifacts/previous until another commit is named.
/// </summary>
internal sealed record PreviousVersion(string Folder)
{
    private const string Migrations = "src/ShantingEId.Server/Storage/Migrations";
    private static Task? built;

    /// <summary>Its command eid.</summary>
    public string Eid => Path.Combine(Folder, "artifacts", "bin", "ShantingEId.Tool", "release", "eid.dll");

    /// <summary>Its migrations, and those of this version: path below the folder of all migrations, and content.</summary>
    public (Dictionary<string, string> Before, Dictionary<string, string> Now) Scripts => (ReadScripts(Folder), ReadScripts(Programs.Root));

    /// <summary>Takes its sources out of the history; skips the test where there is no history.</summary>
    public static async Task<PreviousVersion> UnpackAsync()
    {
        var commit = (await File.ReadAllLinesAsync(Path.Combine(Programs.Root, "tests", "ShantingEId.Reliability.Tests", "previous-version.txt"))).Single(line => !line.StartsWith('#'));
        var (code, reason) = await Programs.RunAsync(null, "git", "cat-file", "-e", commit + "^{commit}");
        Assert.SkipWhen(code != 0, $"the version before ({commit}) is not in this copy's history: {reason.Trim()}");

        var all = Path.Combine(Programs.Root, "artifacts", "previous");
        var version = new PreviousVersion(Path.Combine(all, commit));
        if (!File.Exists(version.Unpacked))
        {
            if (Directory.Exists(all))
            {
                Directory.Delete(all, recursive: true);
            }

            Directory.CreateDirectory(version.Folder);
            var archive = Path.Combine(all, "sources.tar");
            await Programs.DoAsync("git", "archive", "--format=tar", "-o", archive, commit);
            await Programs.DoAsync("tar", "-xf", archive, "-C", version.Folder);
            await File.WriteAllTextAsync(version.Unpacked, "");
        }

        return version;
    }

    /// <summary>The same, and builds its command.</summary>
    public static async Task<PreviousVersion> BuildAsync()
    {
        var version = await UnpackAsync();
        await (built ??= BuildAsync(Path.Combine(version.Folder, "src", "ShantingEId.Tool")));
        return version;
    }

    // Nothing to do when it was built by an earlier run. Its packages are those of this version, or were needed once before.
    private static async Task BuildAsync(string project)
    {
        var watch = Stopwatch.StartNew();
        await Programs.DoAsync("dotnet", "build", project, "-c", "Release", "-p:UseSharedCompilation=true", "--nologo", "-v", "q");
        Figures.Print("upgrade_previous_build", watch.Elapsed.TotalSeconds, "s", "<= 60");
    }

    private string Unpacked => Path.Combine(Folder, ".unpacked");

    private static Dictionary<string, string> ReadScripts(string root)
    {
        var folder = Path.Combine(root, Migrations);
        return Directory.EnumerateFiles(folder, "*.sql", SearchOption.AllDirectories).ToDictionary(file => Path.GetRelativePath(folder, file), File.ReadAllText);
    }
}
