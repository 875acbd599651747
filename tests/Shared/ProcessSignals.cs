using System.Runtime.InteropServices;

namespace ShantingEId.TestSupport;

/// <summary>What can be done to a process from outside.</summary>
public static class ProcessSignals
{
    /// <summary>kill -9.</summary>
    public static void Kill(int process) => Send(process, 9);

    /// <summary>SIGTERM.</summary>
    public static void Terminate(int process) => Send(process, 15);

    /// <summary>SIGSTOP: it stands still and keeps everything, its connections too.</summary>
    public static void Pause(int process) => Send(process, 19);

    /// <summary>SIGCONT.</summary>
    public static void Resume(int process) => Send(process, 18);

    /// <summary>SIGQUIT: to PostgreSQL, stop at once as in a crash.</summary>
    public static void Quit(int process) => Send(process, 3);

    private static void Send(int process, int signal)
    {
        // 0 and negative numbers would be whole groups of processes.
        ArgumentOutOfRangeException.ThrowIfLessThan(process, 2);
        _ = Signal(process, signal);
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int process, int signal);
}
