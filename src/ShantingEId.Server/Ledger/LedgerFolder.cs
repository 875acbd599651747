using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace ShantingEId.Server.Ledger;

/// <summary>A ledger's folder: its name, its lock, its segments.</summary>
internal sealed class LedgerFolder : IDisposable
{
    private const string NameFile = "ledger.id";
    private const string LockFile = "ledger.lock";
    private const string Extension = ".ledger";
    private readonly FileStream held;

    private LedgerFolder(string path, string name, FileStream held)
    {
        Path = path;
        Name = name;
        this.held = held;
    }

    /// <summary>Where.</summary>
    public string Path { get; }

    /// <summary>Name of the ledger: random, made once, unlike that of any other replica.</summary>
    public string Name { get; }

    /// <summary>Opens a folder for one process alone, and makes what is missing.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.AuditUnavailable"/>: in use, or segments without their name.</exception>
    public static LedgerFolder Open(string path)
    {
        Directory.CreateDirectory(path);
        FileStream held;
        try
        {
            held = new FileStream(System.IO.Path.Combine(path, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
        {
            throw new EidException(ErrorReason.AuditUnavailable, $"查询账本 {path} 正被另一个进程使用，或无法加锁", error);
        }

        try
        {
            return new LedgerFolder(path, ReadName(path) ?? MakeName(path), held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>The name of the ledger in a folder; null when there is none.</summary>
    public static string? ReadName(string path)
    {
        var file = System.IO.Path.Combine(path, NameFile);
        return File.Exists(file) && File.ReadAllText(file).Trim() is { Length: > 0 } name ? name : null;
    }

    /// <summary>Numbers and paths of the segments, in order.</summary>
    public static List<(int Number, string Path)> Segments(string path) =>
        [.. Directory.EnumerateFiles(path, "*" + Extension)
            .Select(file => (Parsed: int.TryParse(System.IO.Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out var number), number, file))
            .Where(found => found.Parsed).Select(found => (found.number, found.file)).OrderBy(found => found.number)];

    /// <summary>Path of a segment.</summary>
    public static string SegmentPath(string folder, int number) => System.IO.Path.Combine(folder, number.ToString("D8", CultureInfo.InvariantCulture) + Extension);

    /// <summary>Makes names of files in a folder durable; a flushed file may else be gone with its name.</summary>
    public static void FlushNames(string folder)
    {
        const int readOnly = 0;
        if (OperatingSystem.IsWindows())
        {
            return; // NTFS keeps names in its journal, and folders cannot be flushed.
        }

        var descriptor = OpenFile(Encoding.UTF8.GetBytes(folder + '\0'), readOnly);
        if (descriptor < 0)
        {
            throw new IOException($"cannot open {folder}: error {Marshal.GetLastPInvokeError()}");
        }

        var failed = FlushFile(descriptor) != 0;
        var error = Marshal.GetLastPInvokeError();
        _ = CloseFile(descriptor);
        if (failed)
        {
            throw new IOException($"cannot flush {folder}: error {error}", error);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => held.Dispose();

    private static string MakeName(string path)
    {
        if (Segments(path).Count > 0)
        {
            throw new EidException(ErrorReason.AuditUnavailable, $"查询账本 {path} 中有账页但缺少 {NameFile}；请从备份恢复该文件，或移走整个目录");
        }

        var name = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        using (var file = File.OpenHandle(System.IO.Path.Combine(path, NameFile), FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(file, Encoding.ASCII.GetBytes(name + "\n"), 0);
            RandomAccess.FlushToDisk(file);
        }

        FlushNames(path);
        return name;
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int OpenFile(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FlushFile(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int CloseFile(int descriptor);
}
