using System.Collections.Concurrent;
using System.Diagnostics;
using Grpc.Core;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.Server.Storage;
using ShantingEId.TestSupport;

namespace ShantingEId.Reliability.Tests;

/// <summary>
/// I1, I8: what was acknowledged survives the death of the process, a rename whole or not at all, again and again on one register. EID_KILL_CYCLES counts the kills
/// over a file (30), EID_KILL_CYCLES_POSTGRES those over PostgreSQL, which stays up (8). A campaign:
/// <c>EID_KILL_CYCLES=1000 EID_KILL_CYCLES_POSTGRES=1000 artifacts/bin/ShantingEId.Reliability.Tests/release/ShantingEId.Reliability.Tests -class ShantingEId.Reliability.Tests.KillLoopTests</c>
/// </summary>
public sealed class KillLoopTests
{
    private const int Writers = 20;

    // Reading every row of a register that grows costs more each time; what is new is read in every cycle, all of it in some.
    private const int CyclesPerWholeCheck = 25;

    [Fact]
    public async Task No_acknowledged_write_is_lost_or_doubled_when_the_process_is_killed_under_load()
    {
        using var folders = new Folders();
        await LoopAsync(folders, new ReplicaSettings(folders.Certificates, folders.Data), () => new RegisterAudit(folders.Database), "kill", Figures.Count("EID_KILL_CYCLES", 30));
    }

    [Fact]
    public async Task Nor_when_the_register_is_in_postgres()
    {
        Cluster.RequirePostgres();
        var postgres = await PostgresServer.Shared;
        var database = await postgres.CreateDatabaseAsync();
        using var folders = new Folders();
        await LoopAsync(folders, new ReplicaSettings(folders.Certificates, folders.Data) { Postgres = postgres.ConnectionString(0, database) }, () => new RegisterAudit(postgres.Connect(database)),
            "kill_postgres", Figures.Count("EID_KILL_CYCLES_POSTGRES", 8));
    }

    private static async Task LoopAsync(Folders folders, ReplicaSettings settings, Func<RegisterAudit> audit, string name, int cycles)
    {
        var dice = new Dice((ulong)Figures.Count("EID_KILL_SEED", 1));
        var run = new Run(folders, settings, audit);
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
            await run.CycleAsync(dice, killAfter: TimeSpan.FromMilliseconds(dice.Next(800)), retryFirst: cycle % 2 == 0, whole: cycle % CyclesPerWholeCheck == 0);
        }

        await run.FinishAsync(name);

        Figures.Print($"{name}_cycles", cycles, "cycles", "> 0");
        Figures.Print($"{name}_cycle_time", all.Elapsed.TotalSeconds / cycles, "s", "<= 1.5");
        Figures.Print($"{name}_acked", run.Acked, "acks", "> 0");
        Figures.Print($"{name}_unacked_retried", run.Retried, "requests", "> 0");
        Figures.Print($"{name}_unacked_but_stored", run.StoredBeforeRetry, "requests", ">= 0");
        Figures.Print($"{name}_lost", run.Problems.Count, "sets", "<= 0");
        Figures.Print($"{name}_restart_max", run.SlowestRestart.TotalSeconds, "s", "<= 3");
        Assert.Empty(run.Problems.Take(20));
        Assert.True(run.Acked > cycles, "the load was too small to mean anything");
        Assert.True(run.Retried > cycles / 2, "kills never struck a request in flight");
    }

    private sealed class Run(Folders folders, ReplicaSettings settings, Func<RegisterAudit> open)
    {
        private readonly string ackFile = folders.Other("acks");
        private List<Write> unacked = [];
        private long checkedRow;
        private int checkedAcks;

        public ConcurrentBag<string> Problems { get; } = [];

        public int Acked { get; private set; }

        public int Retried { get; private set; }

        public int StoredBeforeRetry { get; private set; }

        public TimeSpan SlowestRestart { get; private set; }

        public async Task CycleAsync(Dice dice, TimeSpan killAfter, bool retryFirst, bool whole)
        {
            await using var server = await RestartAsync();
            using var client = new EidClient(server, folders);
            using var acks = new AckLog(ackFile);
            Check(whole);
            Retried += unacked.Count;
            if (retryFirst)
            {
                await RetryAsync(client, acks);
            }

            await LoadAsync(server, client, acks, dice, killAfter);
        }

        public async Task FinishAsync(string name)
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
            foreach (var problem in RegisterCheck.Run(settings.ToOptions()))
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
            foreach (var problem in audit.Check([.. acks.Skip(whole ? 0 : checkedAcks)], whole ? 0 : checkedRow, whole))
            {
                Problems.Add(problem);
            }

            StoredBeforeRetry += audit.CountReplies(unacked.Select(write => write.RequestId));
            (checkedRow, checkedAcks) = (audit.NewestRow, acks.Count);
        }

        // What was in flight when the process died was done or not done; asking again with the same id must settle it.
        private async Task RetryAsync(EidClient client, AckLog acks)
        {
            await Task.WhenAll(unacked.Select(async write =>
            {
                try
                {
                    await write.SendAsync(client, acks);
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
                .Select(_ => WriteAsync(left.TryDequeue(out var write) ? write : Write.Issue(), new Dice((ulong)dice.Next(int.MaxValue)))).ToArray();
            await Task.Delay(killAfter);
            Volatile.Write(ref killed, true);
            await server.KillAsync();
            await Task.WhenAll(writers);
            unacked = [.. inFlight];

            async Task WriteAsync(Write write, Dice mine)
            {
                while (true)
                {
                    try
                    {
                        var set = await write.SendAsync(client, acks);
                        // One set in four is ended again and one in four replaced under a new name, so that every kind of write is in flight when the kill comes.
                        write = write.Deed == "RevokeSet" ? Write.Issue() : mine.Next(4) switch { 0 => Write.Revoke(set), 1 => Write.Rename(set), _ => Write.Issue() };
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
}
