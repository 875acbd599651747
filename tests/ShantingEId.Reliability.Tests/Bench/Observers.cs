using System.Collections.Concurrent;
using System.Diagnostics;
using Grpc.Core;
using ShantingEId.V1;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>One question and what came of it, by the clients' own monotonic clock.</summary>
/// <param name="Replica">Who was asked.</param>
/// <param name="Began">Before the question was sent.</param>
/// <param name="Ended">After the answer had arrived.</param>
/// <param name="Answer">The answer; null for an error.</param>
/// <param name="Error">Status and reason of an error; "" for an answer.</param>
public sealed record Observation(int Replica, long Began, long Ended, Verification? Answer, string Error)
{
    public bool IsValid => Answer?.Verdict == Verification.Types.Verdict.Valid;

    public TimeSpan Took => Stopwatch.GetElapsedTime(Began, Ended);
}

/// <summary>Clients that ask every replica without end, and write down what they hear.</summary>
public sealed class Observers
{
    private readonly ConcurrentBag<Observation> heard = [];
    private readonly Task[] all;
    private volatile bool stopped;

    private readonly int replicas;

    private Observers(int replicas, IEnumerable<Func<Observers, Task>> loops) => (this.replicas, all) = (replicas, [.. loops.Select(loop => Task.Run(() => loop(this)))]);

    /// <summary>Starts them.</summary>
    /// <param name="replicas">Whom they ask, with the number under which answers are filed.</param>
    /// <param name="each">How many ask each replica at once.</param>
    /// <param name="pause">Between an answer and the next question.</param>
    /// <param name="ask">Puts a question; is given the asker's number and a count.</param>
    public static Observers Start(IReadOnlyList<Replica> replicas, int each, TimeSpan pause, Func<EidClient, int, int, Task<Verification>> ask) => new(replicas.Count,
        from pair in replicas.Select((replica, number) => (replica, number)) from asker in Enumerable.Range(0, each)
        select (Func<Observers, Task>)(async observers =>
        {
            for (var turn = 0; !observers.stopped; turn++)
            {
                observers.heard.Add(await AskAsync(pair.number, () => ask(pair.replica.Client, asker, turn)));
                await Task.Delay(pause);
            }
        }));

    /// <summary>Puts one question.</summary>
    public static async Task<Observation> AskAsync(int replica, Func<Task<Verification>> ask)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            var answer = await ask();
            return new Observation(replica, began, Stopwatch.GetTimestamp(), answer, "");
        }
        catch (RpcException error)
        {
            return new Observation(replica, began, Stopwatch.GetTimestamp(), null, $"{error.StatusCode} {EidClient.Reason(error)}");
        }
    }

    /// <summary>Returns when each replica has been heard to say this, or when the time is over: what was heard tells which.</summary>
    public async Task EachSaysAsync(Func<Observation, bool> what, TimeSpan atMost)
    {
        var began = Stopwatch.GetTimestamp();
        while (heard.Where(what).Select(one => one.Replica).Distinct().Count() < replicas && Stopwatch.GetElapsedTime(began) < atMost)
        {
            await Task.Delay(1);
        }
    }

    /// <summary>Stops them and returns what they heard.</summary>
    public async Task<List<Observation>> StopAsync()
    {
        stopped = true;
        await Task.WhenAll(all);
        return [.. heard];
    }
}

/// <summary>Order statistics.</summary>
public static class Quantiles
{
    /// <summary>The smallest time that this share of all times does not exceed, in milliseconds; 0 of none.</summary>
    public static double Milliseconds(this IEnumerable<TimeSpan> times, double share)
    {
        var sorted = times.Order().ToArray();
        return sorted.Length == 0 ? 0 : sorted[Math.Max(0, (int)Math.Ceiling(sorted.Length * share) - 1)].TotalMilliseconds;
    }
}
