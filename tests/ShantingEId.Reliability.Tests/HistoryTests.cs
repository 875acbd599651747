using System.Collections.Concurrent;
using System.Diagnostics;
using Grpc.Core;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.TestSupport;
using ShantingEId.V1;

namespace ShantingEId.Reliability.Tests;

/// <summary>Two replicas, one of which is killed now and then.</summary>
public sealed class HistoryCluster() : SharedCluster(2);

/// <summary>
/// I18: what is told of a company is linearizable. Three clients at each of two replicas found, rename, pause, resume, revoke and look up a few
/// companies at random while one replica is killed and comes back, and while another is cut off from database and cache; then every answer is held
/// against the order of the feed (<see cref="History"/>). EID_HISTORY_OPS operations (600), EID_HISTORY_KILLS kills and as many cuts (1), spread evenly
/// over them. A campaign:
/// <c>EID_HISTORY_OPS=10000 EID_HISTORY_KILLS=10 artifacts/bin/ShantingEId.Reliability.Tests/release/ShantingEId.Reliability.Tests -class ShantingEId.Reliability.Tests.HistoryTests</c>
/// </summary>
public sealed class HistoryTests(HistoryCluster shared) : IClassFixture<HistoryCluster>
{
    private const int Companies = 6;
    private const int ClientsPerReplica = 3;

    [Fact]
    public async Task Every_answer_fits_one_order_of_what_was_done()
    {
        var cluster = await shared.GetAsync();
        var founded = new List<IssuedSet>();
        for (var i = 0; i < Companies; i++)
        {
            founded.Add(await cluster.IssueAsync(on: i));
        }

        var histories = founded.ToDictionary(set => set.License.Enterprise.CreditCode, _ => new History());
        var (left, busy) = (Figures.Count("EID_HISTORY_OPS", 600), new ConcurrentDictionary<string, int>());
        var (all, kills, over) = (left, Figures.Count("EID_HISTORY_KILLS", 1), false);
        var workers = Enumerable.Range(0, cluster.Replicas.Count * ClientsPerReplica).Select(worker => Task.Run(async () =>
        {
            var dice = new Dice((ulong)worker + 1);
            // Nobody leaves before the last trouble is over: it has to meet somebody.
            while (Interlocked.Decrement(ref left) >= 0 || !Volatile.Read(ref over))
            {
                var set = founded[dice.Next(Companies)];
                var outcome = await DoAsync(cluster[worker], set, dice, histories[set.License.Enterprise.CreditCode]);
                busy.AddOrUpdate(outcome, 1, (_, count) => count + 1);
            }
        })).ToArray();
        // In the middle of the load, or it was no trouble: each waits for its share of the operations.
        for (var trouble = 0; trouble < 2 * kills; trouble++)
        {
            while (Volatile.Read(ref left) > (long)all * ((2 * kills) - trouble) / ((2 * kills) + 1))
            {
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }

            await (trouble % 2 == 0 ? cluster[1].RestartAsync() : CutOffAsync(cluster[0]));
        }

        Volatile.Write(ref over, true);
        await Task.WhenAll(workers);
        foreach (var change in await ReadFeedAsync(cluster))
        {
            if (histories.TryGetValue(change.CreditCode, out var history))
            {
                history.Committed(change);
            }
        }

        var wrong = histories.SelectMany(each => each.Value.Problems().Select(problem => $"{each.Key}: {problem}")).ToArray();
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join("  ", busy.Select(each => $"{each.Key} {each.Value}").Order()));
        Figures.Print("history_operations", busy.Values.Sum(), "operations", $">= {Figures.Count("EID_HISTORY_OPS", 600)}");
        Figures.Print("history_lost_answers", busy.GetValueOrDefault("away") + busy.GetValueOrDefault("unknown"), "answers", "> 0");
        Figures.Print("history_illegal", wrong.Length, "answers", "<= 0");
        Assert.Empty(wrong.Take(5));
        Assert.True(busy.GetValueOrDefault("away") + busy.GetValueOrDefault("unknown") > 0, "nobody felt a kill");
        // Of everything something must have happened, or nothing was shown.
        Assert.All((string[])["read", "rename", "suspend", "resume", "revoke", "issue", "refused"], kind => Assert.True(busy.GetValueOrDefault(kind) > 0, $"no {kind} at all"));
    }

    [Fact]
    public void A_stale_answer_a_lost_write_and_writes_out_of_order_are_found()
    {
        History Sound()
        {
            var history = new History();
            history.Wrote(1, 2, "1 ACTIVE 0");
            history.Wrote(5, 6, "1 SUSPENDED 1");
            history.Committed("1 ACTIVE 0");
            history.Committed("1 SUSPENDED 1");
            return history;
        }

        var sound = Sound();
        sound.Read(3, 4, "1 ACTIVE");
        sound.Read(3, 9, "1 SUSPENDED");
        sound.Read(5, 7, "1 ACTIVE");
        Assert.Empty(sound.Problems());

        var stale = Sound();
        stale.Read(7, 8, "1 ACTIVE");
        Assert.Single(stale.Problems());

        var early = Sound();
        early.Read(3, 4, "1 SUSPENDED");
        Assert.Single(early.Problems());

        var back = Sound();
        back.Read(5, 5, "1 SUSPENDED");
        back.Read(6, 6, "1 ACTIVE");
        Assert.Single(back.Problems());

        var lost = Sound();
        lost.Wrote(9, 10, "2 ACTIVE 7");
        Assert.Single(lost.Problems());

        var swapped = new History();
        swapped.Wrote(1, 2, "1 ACTIVE 0");
        swapped.Wrote(5, 6, "1 SUSPENDED 1");
        swapped.Committed("1 SUSPENDED 1");
        swapped.Committed("1 ACTIVE 0");
        Assert.NotEmpty(swapped.Problems());
    }

    // A partition: for more than a second one replica reaches neither database nor cache, and is reached by its clients all the while.
    private static async Task CutOffAsync(Replica replica)
    {
        FaultProxy[] ways = [replica.ToPostgres!, replica.ToRedis!];
        Array.ForEach(ways, way => way.Blackhole());
        await Task.Delay(1500);
        Array.ForEach(ways, way => way.Pass());
        Array.ForEach(ways, way => way.Cut());
    }

    private static async Task<string> DoAsync(Replica replica, IssuedSet set, Dice dice, History history)
    {
        if (replica.Client is not { } client)
        {
            await Task.Delay(100); // Killed, and not back yet.
            return "away";
        }

        var (name, began) = ("issuedSets/" + set.License.Enterprise.CreditCode, Stopwatch.GetTimestamp());
        var deed = dice.Next(20) switch { < 11 => "read", < 14 => "rename", < 16 => "suspend", < 18 => "resume", 18 => "revoke", _ => "issue" };
        try
        {
            if (deed == "read")
            {
                var answer = await client.LookupAsync(set.License.Enterprise.CreditCode);
                history.Read(began, Stopwatch.GetTimestamp(), $"{answer.License.Version} {Word(answer.Verdict)}");
                return deed;
            }

            const string Reason = "样例理由";
            const string Authority = "样例机关";
            var (id, deadline) = (Samples.NewRequestId(), EidClient.In(15));
            var done = deed switch
            {
                "rename" => (await client.Staff.ChangeRegistrationAsync(Samples.Rename(set, $"枣庄市山亭区样例{(char)('一' + dice.Next(2000))}号有限公司"), deadline: deadline)).IssuedSet,
                "suspend" => await client.Staff.SuspendSetAsync(new SuspendSetRequest { RequestId = id, Name = name, Reason = Reason, Authority = Authority }, deadline: deadline),
                "resume" => await client.Staff.ResumeSetAsync(new ResumeSetRequest { RequestId = id, Name = name, Reason = Reason, Authority = Authority }, deadline: deadline),
                "revoke" => await client.Staff.RevokeSetAsync(new RevokeSetRequest { RequestId = id, Name = name, Reason = Reason, Authority = Authority }, deadline: deadline),
                _ => await client.Staff.IssueSetAsync(new IssueSetRequest { RequestId = id, Enterprise = set.License.Enterprise }, deadline: deadline),
            };
            history.Wrote(began, Stopwatch.GetTimestamp(), History.Entry(done.License.Version, done.State, done.StateEffectiveTime));
            return deed;
        }
        catch (RpcException error) when (error.StatusCode is StatusCode.FailedPrecondition or StatusCode.AlreadyExists or StatusCode.Aborted or StatusCode.InvalidArgument)
        {
            return "refused"; // By the law's table, or somebody was faster: nothing was done.
        }
        catch (Exception error) when (error is RpcException or ObjectDisposedException)
        {
            await Task.Delay(200); // So that what is left to do is not used up on a process that was killed.
            return "unknown"; // Done or not done; the feed knows.
        }
    }

    private static string Word(Verification.Types.Verdict verdict) => verdict switch
    {
        Verification.Types.Verdict.Valid => "ACTIVE",
        Verification.Types.Verdict.Suspended => "SUSPENDED",
        Verification.Types.Verdict.Revoked => "REVOKED",
        _ => verdict.ToString(),
    };

    private static async Task<IReadOnlyList<Change>> ReadFeedAsync(Cluster cluster)
    {
        var changes = new List<Change>();
        for (long after = 0; ;)
        {
            var page = await cluster[0].Client.Changes.ListChangesAsync(new ListChangesRequest { AfterMark = after, PageSize = 500 }, deadline: EidClient.In(20));
            changes.AddRange(page.Changes);
            after = page.Mark;
            if (page.IsCurrent)
            {
                return changes;
            }
        }
    }
}
