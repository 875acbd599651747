using System.Diagnostics;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>Programs that are run to their end.</summary>
internal static class Programs
{
    /// <summary>Where the repository is.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The command eid of this version, built with these tests.</summary>
    public static string Eid { get; } = Path.Combine(
        Root, "artifacts", "bin", "ShantingEId.Tool", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "eid.dll");

    /// <summary>Runs one; its exit code, and what it printed. Processes that it leaves behind are not waited for.</summary>
    public static async Task<(int Code, string Output)> RunAsync(IReadOnlyDictionary<string, string>? environment, params string[] command)
    {
        // Into a file: a compiler that stays for the next build would keep a pipe open.
        var log = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo("bash", ["-c", "exec \"$@\" >\"$0\" 2>&1 </dev/null", log, .. command]) { WorkingDirectory = Root };
            foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            {
                start.Environment[name] = value;
            }

            using var process = Process.Start(start)!;
            await process.WaitForExitAsync();
            return (process.ExitCode, await File.ReadAllTextAsync(log));
        }
        finally
        {
            File.Delete(log);
        }
    }

    /// <summary>Runs one that must succeed.</summary>
    public static async Task DoAsync(params string[] command)
    {
        var (code, output) = await RunAsync(null, command);
        Assert.True(code == 0, $"{string.Join(' ', command)}: {output}");
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "ShantingEId.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("ShantingEId.sln is not above the tests");
        }

        return folder.FullName;
    }
}
