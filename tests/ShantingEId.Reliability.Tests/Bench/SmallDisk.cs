using System.Diagnostics;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>A small memory-backed file system over a folder; needs the right to mount.</summary>
public sealed class SmallDisk : IDisposable
{
    private readonly string folder;

    private SmallDisk(string folder) => this.folder = folder;

    /// <summary>Mounts one, or says why that is not possible.</summary>
    public static SmallDisk? TryMount(string folder, int megabytes, out string obstacle)
    {
        obstacle = Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m,mode=0700", "eid-test", folder);
        return obstacle.Length == 0 ? new SmallDisk(folder) : null;
    }

    /// <summary>Makes it larger, while in use.</summary>
    public void Grow(int megabytes) => Assert.Equal("", Run("mount", "-o", $"remount,size={megabytes}m", folder));

    /// <summary>Bytes left.</summary>
    public long Free => new DriveInfo(folder).AvailableFreeSpace;

    public void Dispose() => Run("umount", "--lazy", folder);

    private static string Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            var said = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? "" : $"{program}: {said.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            return $"{program}: {error.Message}";
        }
    }
}
