using System.Diagnostics;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.V1;

namespace ShantingEId.Reliability.Tests;

/// <summary>Three replicas.</summary>
public sealed class TrioCluster() : SharedCluster(3);

/// <summary>
/// I24: a replica that stood still, or lost the database, does not answer from the past, and a revocation waits for it no longer
/// than the bound. EID_PAUSES is the number of pauses (3), EID_PAUSE_MS their length (1800). A campaign:
/// <c>EID_PAUSES=500 EID_PAUSE_MS=30000 artifacts/bin/ShantingEId.Reliability.Tests/release/ShantingEId.Reliability.Tests -class ShantingEId.Reliability.Tests.PausedReplicaTests</c>
/// </summary>
public sealed class PausedReplicaTests(TrioCluster shared) : IClassFixture<TrioCluster>
{
    private const int Questions = 24;
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Ceiling = TimeSpan.FromSeconds(2); // of a verification, whatever happens

    [Fact]
    public async Task A_replica_that_was_stopped_across_a_revocation_does_not_answer_from_before_it()
    {
        var cluster = await shared.GetAsync();
        var (pauses, length) = (Figures.Count("EID_PAUSES", 3), TimeSpan.FromMilliseconds(Figures.Count("EID_PAUSE_MS", 1800)));
        var healthy = await HealthyAckAsync(cluster);
        var (acks, firsts, right, stale) = (new List<TimeSpan>(), 0, 0, new List<string>());
        for (var turn = 0; turn < pauses; turn++)
        {
            var (writer, sleeper) = (cluster[turn], cluster[turn + 1]);
            var set = await cluster.IssueAsync(on: turn);
            await WarmAsync(sleeper, set);
            var watch = Stopwatch.StartNew();
            sleeper.Server.Pause();
            try
            {
                var began = Stopwatch.GetTimestamp();
                await writer.Client.Staff.RevokeSetAsync(Samples.Revoke(set.Name), deadline: EidClient.In(20));
                acks.Add(Stopwatch.GetElapsedTime(began));

                // Asked after the acknowledgement, while it stands still: these are the first it works on.
                var asked = Enumerable.Range(0, Questions).Select(i => Observers.AskAsync(1, () => i % 2 == 0 ? sleeper.Client.AskAsync(set.TypedCode) : sleeper.Client.AskAsync(set.LicenseCode))).ToArray();
                await Task.Delay(length - watch.Elapsed is { Ticks: > 0 } rest ? rest : TimeSpan.Zero);
                sleeper.Server.Resume();
                var heard = await Task.WhenAll(asked);
                firsts += heard.Length;
                // A call may have lost its time while nobody worked on it; that is an error and no answer.
                right += heard.Count(one => one.Answer?.Verdict == Verification.Types.Verdict.Revoked);
                stale.AddRange(heard.Where(one => one.Answer is { Verdict: not Verification.Types.Verdict.Revoked }).Select(one => $"pause {turn}: {one.Answer!.Verdict}"));
            }
            finally
            {
                sleeper.Server.Resume();
            }

            // Back to full speed: a member again, so that nobody waits for its bound.
            await AssertQuickAsync(cluster, turn);
        }

        Figures.Print("pause_ack_max", acks.Milliseconds(1), "ms", $"<= {(cluster[0].Settings.Bound + Grace).TotalMilliseconds}");
        Figures.Print("pause_first_answers", firsts, "answers", "> 0");
        Figures.Print("pause_right", right, "answers", "> 0");
        Figures.Print("pause_stale", stale.Count, "answers", "<= 0");
        Assert.True(right >= pauses, "too few answers to mean anything");
        Assert.Empty(stale);
        Assert.All(acks, ack => Assert.InRange(ack, TimeSpan.Zero, cluster[0].Settings.Bound + Grace + healthy));
        // Were it not a member that caches, no writer would wait for it, and this test would show nothing.
        Assert.All(acks, ack => Assert.True(ack > cluster[0].Settings.Bound / 2, $"acknowledged after {ack}: nobody waited for the replica that stood still"));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_replica_without_the_database_is_unavailable_after_the_bound_and_never_answers_from_before(bool lossy)
    {
        var cluster = await shared.GetAsync();
        var (writer, lonely) = (cluster[0], cluster[1]);
        var set = await cluster.IssueAsync();
        var other = await cluster.IssueAsync();
        var healthy = await HealthyAckAsync(cluster);
        await WarmAsync(lonely, set);
        await WarmAsync(lonely, other);
        var bound = lonely.Settings.Bound;

        // 1. The way to PostgreSQL is gone without a word.
        if (lossy)
        {
            lonely.ToPostgres!.Blackhole();
        }
        else
        {
            lonely.ToPostgres!.Freeze();
        }

        var gone = Stopwatch.GetTimestamp();
        var observers = Observers.Start([lonely], 4, TimeSpan.FromMilliseconds(5), (client, asker, turn) => client.AskAsync(asker % 2 == 0 ? set.TypedCode : other.LicenseCode));
        var began = Stopwatch.GetTimestamp();
        await writer.Client.Staff.RevokeSetAsync(Samples.Revoke(set.Name), deadline: EidClient.In(20));
        var (acked, ack) = (Stopwatch.GetTimestamp(), Stopwatch.GetElapsedTime(began));
        await Task.Delay(bound + Ceiling * 2);

        // 2. The way is back.
        lonely.ToPostgres.Pass();
        if (lossy)
        {
            lonely.ToPostgres.Cut();
        }

        var back = Stopwatch.GetTimestamp();
        var recovered = await UntilAsync(async () => (await Observers.AskAsync(1, () => lonely.Client.AskAsync(set.TypedCode))).Answer?.Verdict == Verification.Types.Verdict.Revoked);
        var heard = await observers.StopAsync();
        var late = heard.Where(one => Stopwatch.GetElapsedTime(gone, one.Began) > bound && one.Ended < back).ToList();
        var name = lossy ? "partition_lossy" : "partition_frozen";
        Figures.Print($"{name}_ack", ack.TotalMilliseconds, "ms", $"<= {(bound + Grace).TotalMilliseconds}");
        Figures.Print($"{name}_answers_in_the_bound", heard.Count(one => one.IsValid && one.Ended < back), "answers", "> 0");
        Figures.Print($"{name}_unavailable", late.Count(one => one.Error.Length > 0), "answers", "> 0");
        Figures.Print($"{name}_longest_wait", late.Select(one => one.Took).Milliseconds(1), "ms", "<= 2200");
        Figures.Print($"{name}_stale", heard.Count(one => one.IsValid && one.Began > acked && one.Ended < back), "answers", "<= 0");
        Figures.Print($"{name}_recovery", recovered.TotalMilliseconds, "ms", "<= 5000");
        Assert.True(ack < bound + Grace + healthy, $"acknowledged after {ack}, where {healthy} is the slowest with all well");
        Assert.NotEmpty(late);
        Assert.Equal(["Unavailable STORE_UNAVAILABLE"], late.Select(one => one.Error).Distinct());
        Assert.DoesNotContain(heard, one => one.IsValid && one.Began > acked && one.Ended < back);
        Assert.True(recovered < TimeSpan.FromSeconds(5), $"recovered after {recovered}");
        await AssertQuickAsync(cluster, 0);
    }

    // What a revocation takes with all replicas well, at its slowest: the wait for one that is not comes on top.
    private static async Task<TimeSpan> HealthyAckAsync(Cluster cluster)
    {
        var acks = new List<TimeSpan>();
        for (var turn = 0; turn < 6; turn++)
        {
            var set = await cluster.IssueAsync(turn);
            var watch = Stopwatch.StartNew();
            await cluster[turn].Client.Staff.RevokeSetAsync(Samples.Revoke(set.Name), deadline: EidClient.In(20));
            acks.Add(watch.Elapsed);
        }

        Figures.Print("healthy_ack_max", acks.Milliseconds(1), "ms", ">= 0");
        return acks.Max();
    }

    private static async Task WarmAsync(Replica replica, IssuedSet set)
    {
        foreach (var code in new[] { set.TypedCode, set.LicenseCode, set.TypedCode, set.LicenseCode })
        {
            Assert.Equal(Verification.Types.Verdict.Valid, (await replica.Client.AskPatientlyAsync(code)).Verdict);
        }
    }

    private static async Task AssertQuickAsync(Cluster cluster, int on)
    {
        var took = TimeSpan.MaxValue;
        await UntilAsync(async () =>
        {
            var set = await cluster.IssueAsync(on);
            var watch = Stopwatch.StartNew();
            await cluster[on].Client.Staff.RevokeSetAsync(Samples.Revoke(set.Name), deadline: EidClient.In(20));
            took = watch.Elapsed;
            return took < cluster[on].Settings.Bound / 2;
        });
        Assert.True(took < cluster[on].Settings.Bound / 2, $"revocations still wait: {took}");
    }

    private static async Task<TimeSpan> UntilAsync(Func<Task<bool>> holds)
    {
        var watch = Stopwatch.StartNew();
        while (!await holds() && watch.Elapsed < TimeSpan.FromSeconds(10))
        {
            await Task.Delay(20);
        }

        return watch.Elapsed;
    }
}
