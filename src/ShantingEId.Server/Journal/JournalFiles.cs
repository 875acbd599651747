using System.Globalization;
using Microsoft.Win32.SafeHandles;
using ShantingEId.Crypto;

namespace ShantingEId.Server.Journal;

/// <summary>Where a whole frame lies.</summary>
/// <param name="Frame">What it says of itself; its statements are not read yet.</param>
/// <param name="Path">File.</param>
/// <param name="Offset">First byte in the file.</param>
/// <param name="Size">Bytes with its mark.</param>
/// <param name="IsMarked">Whether its transaction is known to be committed.</param>
internal sealed record FoundFrame(JournalFrame Frame, string Path, long Offset, int Size, bool IsMarked)
{
    /// <summary>Reads it with its statements; null when its bytes are not as the authority wrote them.</summary>
    public IReadOnlyList<JournalStatement>? Read(byte[] key)
    {
        using var file = File.OpenHandle(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[Size];
        return JournalFiles.ReadFully(file, bytes, Offset) ? JournalFrame.Read(bytes, key) : null;
    }
}

/// <summary>
/// The folder of a journal, which all replicas of a register share: each writes files of its own. While one is written its name is
/// <c>FIRST-WRITER.open</c>; finished, <c>FIRST-LAST-WRITER.journal</c>, by the positions of its first and last frame.
/// </summary>
internal static class JournalFiles
{
    public const string Open = ".open";
    public const string Finished = ".journal";

    /// <summary>Name of a file that is being written.</summary>
    public static string OpenPath(string folder, long first, string writer) => Path.Combine(folder, $"{first:D12}-{writer}{Open}");

    /// <summary>Name of a finished file.</summary>
    public static string FinishedPath(string folder, long first, long last, string writer) => Path.Combine(folder, $"{first:D12}-{last:D12}-{writer}{Finished}");

    /// <summary>Every whole frame from a position on, by position; several may claim one.</summary>
    public static List<FoundFrame> Frames(string folder, long from) =>
        [.. Paths(folder).Where(path => LastOf(path) is not { } last || last >= from).SelectMany(Walk).Where(found => found.Frame.Position >= from).OrderBy(found => found.Frame.Position)];

    /// <summary>Where the newest frames are: of the finished files only those that reach furthest are read.</summary>
    public static List<FoundFrame> Newest(string folder)
    {
        var paths = Paths(folder).ToArray();
        var furthest = paths.Max(LastOf);
        return [.. paths.Where(path => LastOf(path) is not { } last || last == furthest).SelectMany(Walk)];
    }

    /// <summary>Reads until the buffer is full; false when the file ends before.</summary>
    public static bool ReadFully(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        while (!buffer.IsEmpty)
        {
            var read = RandomAccess.Read(file, buffer, offset);
            if (read == 0)
            {
                return false;
            }

            buffer = buffer[read..];
            offset += read;
        }

        return true;
    }

    private static IEnumerable<string> Paths(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder).Where(path => path.EndsWith(Open, StringComparison.Ordinal) || path.EndsWith(Finished, StringComparison.Ordinal)) : [];

    private static long? LastOf(string path) => path.EndsWith(Finished, StringComparison.Ordinal)
        && long.TryParse(Path.GetFileName(path).Split('-')[1], NumberStyles.None, CultureInfo.InvariantCulture, out var last) ? last : null;

    // From head to head; what was not written to its end stands last, and is no frame.
    private static IEnumerable<FoundFrame> Walk(string path)
    {
        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (FileNotFoundException)
        {
            yield break; // Finished a moment ago under another name: then it was ours to see before.
        }

        using (file)
        {
            var length = RandomAccess.GetLength(file);
            var head = new byte[JournalFrame.PeekSize];
            var tail = new byte[Sm3.Size + 1];
            for (var offset = 0L; ReadFully(file, head, offset);)
            {
                var size = JournalFrame.SizeOf(head);
                if (size == 0 || offset + size > length || !ReadFully(file, tail, offset + size - tail.Length))
                {
                    yield break;
                }

                yield return new FoundFrame(JournalFrame.Peek(head, tail.AsSpan(0, Sm3.Size)), path, offset, size, tail[^1] == 1);
                offset += size;
            }
        }
    }
}
