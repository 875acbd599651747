using System.Diagnostics;

namespace ShantingEId.Interop.Tests;

/// <summary>Runs programs of others; a test skips with a reason when one is not installed, except in CI, where it fails.</summary>
internal static class Foreign
{
    public static string Root { get; } = FindRoot();

    public static string? SharedData(string relative)
    {
        var folder = Environment.GetEnvironmentVariable("EID_SHARED_DATA") ?? Path.Combine(Root, "..", "shared", "data");
        var path = Path.Combine(folder, relative);
        return File.Exists(path) ? path : null;
    }

    public static void Need(string program)
    {
        var found = Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));
        if (!found && Environment.GetEnvironmentVariable("CI") is null)
        {
            Assert.Skip($"{program} is not installed; ./test installs it");
        }

        Assert.True(found, $"{program} is not installed");
    }

    public static (int Exit, string Output) Run(string program, IEnumerable<string> arguments, string? input = null, string? folder = null)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder ?? Root };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        process.WaitForExit();
        return (process.ExitCode, output.Result + errors.Result);
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
