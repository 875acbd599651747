using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using ShantingEId.Server.Journal;
using ShantingEId.Server.Storage;
using ShantingEId.TestSupport;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>What the clients of a kill loop do, and how it is looked for afterwards.</summary>
/// <param name="First">A client's first write, or its next one when nothing is left to do.</param>
/// <param name="Next">What follows a write and its answer.</param>
/// <param name="Check">Compares a register with acknowledgements, from a row on or as a whole; gives what is wrong.</param>
internal sealed record KillWork(
    Func<Dice, Write> First, Func<Write, IMessage, Dice, Write> Next, Func<RegisterAudit, IReadOnlyCollection<Ack>, long, bool, IReadOnlyList<string>> Check)
{
    /// <summary>How long a process lives at most, in milliseconds from its first answer.</summary>
    public int Life { get; init; } = 800;
}

/// <summary>
/// A server process that is killed under load and started again, many times on one register. EID_KILL_SEED makes other kills (1), EID_KILL_MINUTES
/// ends a campaign early.
/// </summary>
internal sealed class KillLoop
{
    private const int Writers = 20;

    // Of what was acknowledged before a kill, so much is asked for again after it.
    private const int Repeats = 30;

    // Reading every row of a register that grows costs more each time; what is new is read in every cycle, all of it in some.
    private const int CyclesPerWholeCheck = 25;

    private readonly Folders folders;
    private readonly ReplicaSettings settings;
    private readonly Func<RegisterAudit> open;
    private readonly KillWork work;
    private readonly string ackFile;
    private List<Write> unacked = [];
    private ConcurrentBag<(Write Write, IMessage Reply)> acked = [];
    private long checkedRow;
    private int checkedAcks;

    private KillLoop(Folders folders, ReplicaSettings settings, Func<RegisterAudit> open, KillWork work) =>
        (this.folders, this.settings, this.open, this.work, ackFile) = (folders, settings, open, work, folders.Other("acks"));

    private ConcurrentBag<string> Problems { get; } = [];

    private int Acked { get; set; }

    private int Retried { get; set; }

    private int StoredBeforeRetry { get; set; }

    private TimeSpan SlowestRestart { get; set; }

    /// <summary>Kills so many times, and finds nothing lost or doubled.</summary>
    public static async Task RunAsync(Folders folders, ReplicaSettings settings, Func<RegisterAudit> audit, KillWork work, string name, int cycles)
    {
        var dice = new Dice((ulong)Figures.Count("EID_KILL_SEED", 1));
        var run = new KillLoop(folders, settings, audit, work);
        var all = Stopwatch.StartNew();
        var limit = TimeSpan.FromMinutes(Figures.Count("EID_KILL_MINUTES", 24 * 60));
        for (var cycle = 1; cycle <= cycles; cycle++)
        {
            if (all.Elapsed > limit)
            {
                cycles = cycle - 1;
                break;
            }

            // In every other cycle the retries themselves run into the next kill.
            await run.CycleAsync(dice, killAfter: TimeSpan.FromMilliseconds(dice.Next(work.Life)), retryFirst: cycle % 2 == 0, whole: cycle % CyclesPerWholeCheck == 0);
        }

        await run.FinishAsync(name);

        Figures.Print($"{name}_cycles", cycles, "cycles", "> 0");
        Figures.Print($"{name}_cycle_time", all.Elapsed.TotalSeconds / cycles, "s", string.Create(CultureInfo.InvariantCulture, $"<= {1.1 + (work.Life / 2000.0)}"));
        Figures.Print($"{name}_acked", run.Acked, "acks", "> 0");
        Figures.Print($"{name}_unacked_retried", run.Retried, "requests", "> 0");
        Figures.Print($"{name}_unacked_but_stored", run.StoredBeforeRetry, "requests", ">= 0");
        Figures.Print($"{name}_lost", run.Problems.Count, "writes", "<= 0");
        Figures.Print($"{name}_restart_max", run.SlowestRestart.TotalSeconds, "s", "<= 3");
        Assert.True(run.Problems.IsEmpty, string.Join('\n', run.Problems.Take(20)));
        Assert.True(run.Acked > cycles, "the load was too small to mean anything");
        Assert.True(run.Retried > cycles / 2, "kills never struck a request in flight");
    }

    private async Task CycleAsync(Dice dice, TimeSpan killAfter, bool retryFirst, bool whole)
    {
        await using var server = await RestartAsync();
        using var client = new EidClient(server, folders);
        using var acks = new AckLog(ackFile);
        Check(whole);
        await RepeatAsync(client);
        Retried += unacked.Count;
        if (retryFirst)
        {
            await RetryAsync(client, acks);
        }

        await LoadAsync(server, client, acks, dice, killAfter);
    }

    private async Task FinishAsync(string name)
    {
        await using (var server = await RestartAsync())
        {
            using var client = new EidClient(server, folders);
            using var acks = new AckLog(ackFile);
            Retried += unacked.Count;
            await RetryAsync(client, acks);
        }

        (checkedRow, checkedAcks) = (0, 0);
        Check(whole: true);
        // A second reader, with the keys: every signature of every set.
        var watch = Stopwatch.StartNew();
        foreach (var problem in RegisterCheck.Run(settings.ToOptions()).Concat(JournalAudit.Run(settings.ToOptions()).Problems))
        {
            Problems.Add(problem.ToString());
        }

        using var audit = open();
        Figures.Print($"{name}_register_check_rate", audit.Sets / watch.Elapsed.TotalSeconds, "sets/s", ">= 833");
        Acked = AckLog.Read(ackFile).Count;
    }

    private async Task<ServerProcess> RestartAsync()
    {
        var watch = Stopwatch.StartNew();
        var server = await ServerProcess.StartAsync(settings);
        using var client = new EidClient(server, folders);
        await client.WaitUntilItAnswersAsync();
        SlowestRestart = watch.Elapsed > SlowestRestart ? watch.Elapsed : SlowestRestart;
        return server;
    }

    private void Check(bool whole)
    {
        using var audit = open();
        var acks = File.Exists(ackFile) ? AckLog.Read(ackFile) : [];
        foreach (var problem in work.Check(audit, [.. acks.Skip(whole ? 0 : checkedAcks)], whole ? 0 : checkedRow, whole))
        {
            Problems.Add(problem);
        }

        StoredBeforeRetry += audit.CountReplies(unacked.Select(write => write.RequestId));
        (checkedRow, checkedAcks) = (audit.NewestRow, acks.Count);
    }

    // What was done before the kill: who asks again hears the same.
    private async Task RepeatAsync(EidClient client)
    {
        await Task.WhenAll(acked.Take(Repeats).Select(async each =>
        {
            try
            {
                if (!(await each.Write.AskAsync(client)).Equals(each.Reply))
                {
                    Problems.Add($"{each.Write.Deed} asked for again was answered in another way");
                }
            }
            catch (RpcException error)
            {
                Problems.Add($"{each.Write.Deed} asked for again: {error.Status}");
            }
        }));
        acked = [];
    }

    // What was in flight when the process died was done or not done; asking again with the same id must settle it.
    private async Task RetryAsync(EidClient client, AckLog acks)
    {
        await Task.WhenAll(unacked.Select(async write =>
        {
            try
            {
                await write.AnySendAsync(client, acks);
            }
            catch (RpcException error)
            {
                Problems.Add($"retry of {write.Deed}: {error.Status}");
            }
        }));
        unacked = [];
    }

    private async Task LoadAsync(ServerProcess server, EidClient client, AckLog acks, Dice dice, TimeSpan killAfter)
    {
        var inFlight = new ConcurrentBag<Write>();
        var killed = false;
        var left = new Queue<Write>(unacked);
        var writers = Enumerable.Range(0, Writers)
            .Select(_ => WriteAsync(left.TryDequeue(out var write) ? write : null, new Dice((ulong)dice.Next(int.MaxValue)))).ToArray();
        await Task.Delay(killAfter);
        Volatile.Write(ref killed, true);
        await server.KillAsync();
        await Task.WhenAll(writers);
        unacked = [.. inFlight];

        async Task WriteAsync(Write? next, Dice mine)
        {
            var write = next ?? work.First(mine);
            while (true)
            {
                try
                {
                    var reply = await write.AnySendAsync(client, acks);
                    acked.Add((write, reply));
                    write = work.Next(write, reply, mine);
                }
                catch (RpcException error)
                {
                    inFlight.Add(write);
                    if (!Volatile.Read(ref killed) || error.StatusCode is not (StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled))
                    {
                        Problems.Add($"{write.Deed}: {error.Status}");
                    }

                    return;
                }
            }
        }
    }
}
