namespace ShantingEId.Interop.Tests;

/// <summary>The command as people start it, in a process of its own; results and messages come back together.</summary>
internal static class Eid
{
    // Built with these tests, in the same configuration.
    public static readonly string Program = Path.Combine(
        Foreign.Root, "artifacts", "bin", "ShantingEId.Tool", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "eid.dll");

    public static (int Exit, string Output) Run(params string[] arguments) => Foreign.Run("dotnet", [Program, .. arguments], folder: Path.GetTempPath());
}
