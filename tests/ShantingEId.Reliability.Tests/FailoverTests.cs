using System.Collections.Concurrent;
using System.Diagnostics;
using Grpc.Core;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.TestSupport;

namespace ShantingEId.Reliability.Tests;

/// <summary>
/// I15: when the primary of PostgreSQL dies under load and its synchronous standby takes over, everything acknowledged is there.
/// EID_FAILOVERS is the number of failovers (2). A campaign:
/// <c>EID_FAILOVERS=50 artifacts/bin/ShantingEId.Reliability.Tests/release/ShantingEId.Reliability.Tests -class ShantingEId.Reliability.Tests.FailoverTests</c>
/// </summary>
public sealed class FailoverTests
{
    private const int Writers = 8;
    private const string StandbyName = "standby";

    [Fact]
    public async Task Nothing_acknowledged_is_lost_when_the_standby_takes_over()
    {
        Cluster.RequirePostgres();
        var (failovers, problems, acked, retried) = (Figures.Count("EID_FAILOVERS", 2), new ConcurrentBag<string>(), 0, 0);
        var (unreplicated, slowest) = (0, TimeSpan.Zero);
        for (var turn = 0; turn < failovers; turn++)
        {
            // 1. A primary that acknowledges nothing its standby has not flushed, and a replica in front of it.
            await using var primary = await PostgresServer.StartAsync();
            await using var replication = FaultProxy.Start(primary.Port);
            await using var standby = await primary.StartStandbyAsync(replication.Port, StandbyName);
            await primary.RunAsync($"ALTER SYSTEM SET synchronous_standby_names = '{StandbyName}'");
            await primary.RunAsync("SELECT pg_reload_conf()");
            await UntilAsync(async () => Equals(await primary.RunAsync("SELECT sync_state FROM pg_stat_replication"), "sync"));
            await using var way = FaultProxy.Start(primary.Port);
            using var folders = new Folders();
            await using var server = await ServerProcess.StartAsync(new ReplicaSettings(folders.Certificates, folders.Data) { Postgres = primary.ConnectionString(way.Port) });
            using var client = new EidClient(server, folders);
            await client.WaitUntilItAnswersAsync();

            // 2. Load, and in the middle of it replication stops for a moment: what is acknowledged now is not on the standby.
            var unacked = new ConcurrentBag<Write>();
            var stop = false;
            using (var acks = new AckLog(folders.Other("acks")))
            {
                var writers = Enumerable.Range(0, Writers).Select(_ => WriteAsync()).ToArray();
                await UntilAsync(() => Task.FromResult(AckLog.Read(folders.Other("acks")).Count > 4 * Writers));
                replication.Freeze();
                await Task.Delay(100); // What was on its way has been acknowledged.
                var before = AckLog.Read(folders.Other("acks")).Count;
                await Task.Delay(400);
                unreplicated += AckLog.Read(folders.Other("acks")).Count - before;

                // 3. The primary dies, the standby takes over, the address leads to it.
                var watch = Stopwatch.StartNew();
                await primary.CrashAsync();
                replication.Cut();
                await standby.RunAsync("SELECT pg_promote()");
                way.Target = standby.Port;
                way.Cut();
                Volatile.Write(ref stop, true);
                await Task.WhenAll(writers);

                // 4. What was in flight is asked again with its own ids, until it is settled.
                retried += unacked.Count;
                await Task.WhenAll(unacked.Select(write => SettleAsync(client, write, acks)));
                slowest = watch.Elapsed > slowest ? watch.Elapsed : slowest;
                await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => SettleAsync(client, Write.Issue(), acks)));

                async Task WriteAsync()
                {
                    var write = Write.Issue();
                    while (!Volatile.Read(ref stop))
                    {
                        try
                        {
                            var set = await write.SendAsync(client, acks);
                            write = write.Deed == "IssueSet" ? Write.Revoke(set) : Write.Issue();
                        }
                        catch (RpcException error)
                        {
                            if (error.StatusCode is not (StatusCode.Unavailable or StatusCode.DeadlineExceeded))
                            {
                                problems.Add($"{write.Deed}: {error.Status}");
                            }

                            await Task.Delay(20);
                        }
                    }

                    unacked.Add(write);
                }
            }

            // 5. The new primary has all of it, once.
            var told = AckLog.Read(folders.Other("acks"));
            acked += told.Count;
            foreach (var problem in RegisterAudit.CheckAll(standby.Connect(), told))
            {
                problems.Add(problem);
            }
        }

        Figures.Print("failovers", failovers, "failovers", ">= 2");
        Figures.Print("failover_acked", acked, "acks", "> 0");
        Figures.Print("failover_retried", retried, "requests", "> 0");
        Figures.Print("failover_acked_without_standby", unreplicated, "acks", ">= 0");
        Figures.Print("failover_lost", problems.Count, "sets", "<= 0");
        Figures.Print("failover_settled_max", slowest.TotalSeconds, "s", "<= 15");
        Assert.Empty(problems);
        Assert.True(retried > 0, "nothing was in flight when the primary died");
    }

    [Theory, InlineData("synchronous_commit", "off"), InlineData("synchronous_commit", "local"), InlineData("synchronous_commit", "remote_write")]
    public async Task A_server_does_not_start_on_a_database_that_acknowledges_too_early(string setting, string value)
    {
        Cluster.RequirePostgres();
        var postgres = await PostgresServer.Shared;
        var database = await postgres.CreateDatabaseAsync();
        await postgres.RunAsync($"ALTER DATABASE {database} SET {setting} = {value}");
        using var folders = new Folders();
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await using var server = await ServerProcess.StartAsync(new ReplicaSettings(folders.Certificates, folders.Data) { Postgres = postgres.ConnectionString(0, database) });
        });
        Assert.Contains($"{setting} 为 {value}", refusal.Message, StringComparison.Ordinal);
    }

    // As the rule for UNAVAILABLE is: again, with the same id.
    private static async Task SettleAsync(EidClient client, Write write, AckLog acks)
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(50))
        {
            try
            {
                await write.SendAsync(client, acks);
                return;
            }
            catch (RpcException error) when (error.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded && watch.Elapsed < TimeSpan.FromSeconds(30))
            {
                // It is asked again.
            }
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var watch = Stopwatch.StartNew(); !await holds(); await Task.Delay(20))
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), "it did not come to that");
        }
    }
}
