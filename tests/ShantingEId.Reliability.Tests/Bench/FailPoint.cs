using System.Diagnostics;
using ShantingEId.TestSupport;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>
/// A point in the course of an act at which its server dies. A step is a system call by which something leaves the process: a write to its logs, a flush, a
/// statement to the database, bytes to a client. What happens between two of them lives in the process's memory only and dies with it, so a kill after
/// each call is a kill after each step that could leave a trace. Every thread is held back after each call, so the kill comes before the next.
/// </summary>
/// <param name="Marks">Steps taken that come singly: what is written to the journal, flushes, answers. The pages of a log and the statements of a transaction come in rows, of varying length.</param>
/// <param name="Others">Steps of such a row taken since.</param>
public sealed record FailPoint(int Marks, int Others)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(30);

    /// <summary>The point after these steps.</summary>
    public static FailPoint After(IReadOnlyList<CallKind> steps)
    {
        var marks = steps.Count(IsMark);
        return new FailPoint(marks, steps.AsEnumerable().Reverse().TakeWhile(step => !IsMark(step)).Count());
    }

    /// <summary>The points in a course of steps: the beginning, the middle and the end of each row, and so many between.</summary>
    /// <param name="steps">The steps of an act that nobody disturbed; the last sends the answer, after which there is no point.</param>
    /// <param name="every">1 for every step of a row, 2 for every other one; 0 for none.</param>
    public static IEnumerable<FailPoint> In(IReadOnlyList<CallKind> steps, int every) =>
        Enumerable.Range(0, steps.Count).Select(taken => After([.. steps.Take(taken)])).GroupBy(point => point.Marks)
            .SelectMany(row => row.Where(point => point.Others == 0 || point.Others == row.Count() / 2 || point.Others == row.Count() - 1 || (every > 0 && point.Others % every == 0)));

    /// <summary>Whether two courses went the same way as far as the shorter one goes: now and then SQLite begins its log anew in between, with a flush of its own.</summary>
    public static bool IsSameWay(IReadOnlyList<CallKind> one, IReadOnlyList<CallKind> other) =>
        Rows(one).Zip(Rows(other)).All(pair => pair.First.Mark == pair.Second.Mark && Math.Abs(pair.First.Before - pair.Second.Before) <= Math.Max(3, pair.First.Before / 4));

    /// <summary>Does an act at a server that dies at this point.</summary>
    /// <param name="server">The server; with nothing else to do.</param>
    /// <param name="classify">Which system calls are steps.</param>
    /// <param name="act">The act; fails when its server dies.</param>
    /// <param name="trace">File for the trace.</param>
    /// <returns>The steps that were taken, and whether the server lived to answer.</returns>
    public async Task<(IReadOnlyList<CallKind> Steps, bool Answered)> DieAtAsync(ServerProcess server, Func<string, string, CallKind?> classify, Func<Task> act, string trace)
    {
        // 1. The tracer joins; it says so when every thread is held.
        var command = SystemCallTrace.SlowCommand(server.Id, trace, Pause);
        using var tracer = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
        while (await tracer.StandardError.ReadLineAsync() is { } said && !said.Contains("attached", StringComparison.Ordinal))
        {
        }

        var silent = tracer.StandardError.ReadToEndAsync(); // Each new thread is told there.

        // 2. The act goes on its way, and the server dies when the trace shows the point. The first point is before the act.
        var acting = this == new FailPoint(0, 0) ? new TaskCompletionSource().Task : Task.Run(act);
        while (!acting.IsCompleted && !IsPassed(Read()))
        {
            await Task.Delay(5);
        }

        var lives = acting.IsCompleted;
        if (lives)
        {
            ProcessSignals.Terminate(tracer.Id); // It lets go of the server.
        }
        else
        {
            await server.KillAsync();
        }

        await tracer.WaitForExitAsync();
        await silent;
        if (lives)
        {
            await acting; // A living server's refusal is not what was asked for.
        }
        else
        {
            _ = acting.ContinueWith(failed => failed.Exception, TaskScheduler.Default);
        }

        return (Read(), lives);

        IReadOnlyList<CallKind> Read() => [.. SystemCallTrace.Read(trace, classify).Select(call => call.Kind)];
    }

    // Each mark with the number of steps in the row before it.
    private static IEnumerable<(CallKind Mark, int Before)> Rows(IReadOnlyList<CallKind> steps)
    {
        var before = 0;
        foreach (var step in steps)
        {
            if (IsMark(step))
            {
                yield return (step, before);
                before = 0;
            }
            else
            {
                before++;
            }
        }
    }

    private static bool IsMark(CallKind step) => step is not (CallKind.LogWrite or CallKind.Statement);

    private bool IsPassed(IReadOnlyList<CallKind> steps) => After(steps) is var now && (now.Marks > Marks || (now.Marks == Marks && now.Others >= Others));
}
