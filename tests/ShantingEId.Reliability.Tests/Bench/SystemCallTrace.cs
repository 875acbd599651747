using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>What a traced call did, as far as durability is concerned.</summary>
public enum CallKind
{
    /// <summary>Bytes went into the write-ahead log (into the page cache, so far).</summary>
    LogWrite,

    /// <summary>The write-ahead log was flushed to disk.</summary>
    LogFlush,

    /// <summary>Bytes left for a client.</summary>
    Send,

    /// <summary>Bytes went into the register's journal.</summary>
    JournalWrite,

    /// <summary>The register's journal was flushed to disk.</summary>
    JournalFlush,

    /// <summary>Bytes left for PostgreSQL.</summary>
    Statement,
}

/// <summary>A finished system call.</summary>
/// <param name="Kind">What it did.</param>
/// <param name="Began">Seconds since 1970 at its entry.</param>
/// <param name="Entry">Line of the trace at which it was entered.</param>
/// <param name="Exit">Line at which it had returned.</param>
public sealed record TracedCall(CallKind Kind, double Began, int Entry, int Exit);

/// <summary>Runs strace in front of a server, and reads what it wrote.</summary>
public static partial class SystemCallTrace
{
    private const string Program = "strace";

    // Only these calls stop the process (seccomp), so a traced server is nearly as quick as another.
    private const string Calls = "fsync,fdatasync,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg";

    /// <summary>Why tracing is not possible here; "" when it is.</summary>
    public static string Obstacle()
    {
        try
        {
            using var probe = Process.Start(new ProcessStartInfo(Program, ["-f", "-o", "/dev/null", "true"]) { RedirectStandardError = true })!;
            var said = probe.StandardError.ReadToEnd();
            probe.WaitForExit();
            return probe.ExitCode == 0 ? "" : "tracing is not permitted here: " + said.Trim();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "strace is not installed";
        }
    }

    /// <summary>The command that traces into a file: all threads, wall-clock times, descriptors with their paths and addresses.</summary>
    public static string[] Command(string file) => [Program, "-f", "--seccomp-bpf", "-ttt", "-yy", "-s", "0", "-e", "trace=" + Calls, "-e", "signal=none", "-o", file];

    /// <summary>The command that joins a running process, traces it into a file, and holds back every thread for a moment after each call.</summary>
    /// <param name="process">The process.</param>
    /// <param name="file">The trace; a call stands there before its thread goes on.</param>
    /// <param name="pause">How long a thread is held back.</param>
    public static string[] SlowCommand(int process, string file, TimeSpan pause) =>
    [
        Program, "-f", "-ttt", "-yy", "-s", "0", "-e", "trace=" + Calls, "-e", "signal=none", "-o", file,
        "-e", string.Create(CultureInfo.InvariantCulture, $"inject={Calls}:delay_exit={pause.TotalMicroseconds:0}"), "-p", process.ToString(CultureInfo.InvariantCulture),
    ];

    /// <summary>The calls of interest, by entry.</summary>
    /// <param name="file">The trace.</param>
    /// <param name="port">The server's port: other sockets are not clients.</param>
    public static List<TracedCall> Read(string file, int port) =>
        Read(file, "/register.db-wal", target => target.StartsWith("TCP", StringComparison.Ordinal) && target.Contains($":{port}->", StringComparison.Ordinal));

    /// <summary>The calls of interest, by entry.</summary>
    /// <param name="file">The trace.</param>
    /// <param name="log">How the path of the log ends.</param>
    /// <param name="isClient">Whether bytes written to this descriptor reach somebody who was promised something.</param>
    public static List<TracedCall> Read(string file, string log, Func<string, bool> isClient) => Read(file, (call, target) => call switch
    {
        "fsync" or "fdatasync" => target.EndsWith(log, StringComparison.Ordinal) ? CallKind.LogFlush : null,
        _ when target.EndsWith(log, StringComparison.Ordinal) => CallKind.LogWrite,
        _ when isClient(target) => CallKind.Send,
        _ => null,
    });

    /// <summary>The calls of interest, by entry.</summary>
    /// <param name="file">The trace.</param>
    /// <param name="classify">What a call with this name on this descriptor does; null when it is of no interest.</param>
    public static List<TracedCall> Read(string file, Func<string, string, CallKind?> classify)
    {
        var calls = new List<TracedCall>();
        var open = new Dictionary<string, (CallKind Kind, double Began, int Entry)>();
        var number = 0;
        foreach (var text in File.ReadLines(file))
        {
            number++;
            if (Line().Match(text) is not { Success: true } line)
            {
                continue;
            }

            var thread = line.Groups["thread"].Value;
            if (line.Groups["resumed"].Success)
            {
                if (open.Remove(thread, out var began) && !Failed(text))
                {
                    calls.Add(new TracedCall(began.Kind, began.Began, began.Entry, number));
                }
            }
            else if (classify(line.Groups["call"].Value, line.Groups["target"].Value) is { } kind)
            {
                var time = double.Parse(line.Groups["time"].Value, CultureInfo.InvariantCulture);
                if (text.EndsWith("<unfinished ...>", StringComparison.Ordinal))
                {
                    open[thread] = (kind, time, number);
                }
                else if (!Failed(text))
                {
                    calls.Add(new TracedCall(kind, time, number, number));
                }
            }
        }

        return [.. calls.OrderBy(call => call.Entry)];
    }

    // Without a result it is not finished: its line is still being written, or the process was killed in it.
    private static bool Failed(string text) =>
        !text.Contains(") = ", StringComparison.Ordinal) || text.Contains(") = -1 ", StringComparison.Ordinal) || text.Contains(") = ?", StringComparison.Ordinal);

    [GeneratedRegex(@"^(?<thread>\d+)\s+(?<time>\d+\.\d+) (?:(?<resumed><\.\.\. )|(?<call>[a-z0-9]+)\(\d+<(?<target>.*?)>[,)\s])")]
    private static partial Regex Line();
}
