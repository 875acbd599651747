using System.Diagnostics;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.V1;

namespace ShantingEId.Reliability.Tests;

/// <summary>Three replicas; the wall clock of the last one can be set.</summary>
public sealed class RevocationCluster() : SharedCluster(3, (number, settings) =>
{
    if (number < 2)
    {
        return settings;
    }

    var clock = Path.Combine(settings.Data, "clock");
    File.WriteAllText(clock, "+0");
    return settings with { ClockFile = clock };
});

/// <summary>What is wrong while sets are being revoked.</summary>
public enum Trouble
{
    None,
    RedisKilled,
    RedisStopped,
    RedisFlushed,
    RedisSmall,
    RedisPartitioned,
    ClockAhead,
    ClockBehind,
}

/// <summary>
/// I21 and I22: a verification that begins after a revocation was acknowledged never says VALID, on any replica, whatever
/// Redis and the clocks do; and the acknowledgement is quick. EID_REVOKES is the number of revocations for each kind of trouble (30),
/// EID_READERS the number of clients that ask each replica at once (3), EID_WARMUP the number of revocations before anything is
/// counted (6): figures of time need some hundred, or they show how a process starts. A campaign:
/// <c>EID_REVOKES=1500 EID_READERS=8 EID_WARMUP=200 artifacts/bin/ShantingEId.Reliability.Tests/release/ShantingEId.Reliability.Tests -class ShantingEId.Reliability.Tests.RevocationTests</c>
/// </summary>
public sealed class RevocationTests(RevocationCluster shared) : IClassFixture<RevocationCluster>
{
    private static readonly TimeSpan Before = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan After = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    [Theory, InlineData(Trouble.None), InlineData(Trouble.RedisKilled), InlineData(Trouble.RedisStopped), InlineData(Trouble.RedisFlushed), InlineData(Trouble.RedisSmall),
        InlineData(Trouble.RedisPartitioned), InlineData(Trouble.ClockAhead), InlineData(Trouble.ClockBehind)]
    public async Task Nobody_is_told_valid_after_a_revocation_was_acknowledged(Trouble trouble)
    {
        var cluster = await shared.GetAsync();
        var revokes = Figures.Count("EID_REVOKES", 30);
        var tally = new Tally();
        // The first acts of a process are slow and say nothing about the others.
        for (var i = 0; i < Figures.Count("EID_WARMUP", 6); i++)
        {
            await RevokeAsync(cluster, i, Trouble.None, new Tally());
        }

        await using (await TroubleMaker.StartAsync(cluster, trouble))
        {
            for (var i = 0; i < revokes; i++)
            {
                await RevokeAsync(cluster, i, trouble, tally);
            }
        }

        var name = "revoke_" + (trouble == Trouble.None ? "redis_up" : string.Concat(trouble.ToString().Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : "_") + char.ToLowerInvariant(c) : $"{c}")));
        var goal = trouble is Trouble.RedisKilled or Trouble.RedisStopped or Trouble.RedisPartitioned ? "<= 1200" : "<= 50";
        Figures.Print($"{name}_ack_p50", tally.Acks.Milliseconds(0.5), "ms", ">= 0");
        Figures.Print($"{name}_ack_p99", tally.Acks.Milliseconds(0.99), "ms", goal);
        Figures.Print($"{name}_ack_max", tally.Acks.Milliseconds(1), "ms", ">= 0");
        Figures.Print($"{name}_answers", tally.Answers, "answers", "> 0");
        Figures.Print($"{name}_valid_before", tally.ValidBefore, "answers", "> 0");
        Figures.Print($"{name}_seen_after_ack_max", tally.Seen.Milliseconds(1), "ms", "<= 0");
        Figures.Print($"{name}_stale_valid_after_ack", tally.Stale.Count, "answers", "<= 0");
        Figures.Print($"{name}_failed", tally.Errors.Count, "answers", "<= 0");
        Assert.Empty(tally.Stale);
        Assert.Empty(tally.Errors.GroupBy(error => error).Select(group => $"{group.Count()} x {group.Key}"));
        // Each replica must have said VALID before and REVOKED after, each time, or nothing was tried.
        Assert.Equal(revokes * cluster.Replicas.Count, tally.ReplicasThatChanged);
        Assert.True(tally.Acks.Milliseconds(0.99) < 1200, "the acknowledgement waited for something that was away");
    }

    private static async Task RevokeAsync(Cluster cluster, int turn, Trouble trouble, Tally tally)
    {
        // The one with a wrong clock must not sign, so it may not be the writer then.
        var writers = trouble is Trouble.ClockAhead or Trouble.ClockBehind ? cluster.Replicas.Count - 1 : cluster.Replicas.Count;
        var set = await cluster.IssueAsync(on: (turn + 1) % writers);
        // Three ways to the same entry, each with a key of its own in every cache.
        string[] names = [set.LicenseCode, set.TypedCode, set.License.Enterprise.CreditCode];
        var observers = Observers.Start(cluster.Replicas, Figures.Count("EID_READERS", 3), Pause,
            (client, asker, count) => (asker + count) % 3 == 2 ? client.LookupAsync(names[2]) : client.AskAsync(names[(asker + count) % 3]));
        await Task.Delay(Before);
        // On a busy machine some replica is asked late; what it has never called valid it cannot be caught calling valid still.
        await observers.EachSaysAsync(one => one.IsValid, Patience);
        var began = Stopwatch.GetTimestamp();
        await cluster[turn % writers].Client.Staff.RevokeSetAsync(Samples.Revoke(set.Name), deadline: EidClient.In(20));
        var acked = Stopwatch.GetTimestamp();
        var ackedAt = TimeProvider.System.GetUtcNow();
        await Task.Delay(After);
        await observers.EachSaysAsync(one => one.Answer?.Verdict == Verification.Types.Verdict.Revoked, Patience);
        tally.Add(await observers.StopAsync(), Stopwatch.GetElapsedTime(began, acked), acked, ackedAt);
    }

    private sealed class Tally
    {
        public List<TimeSpan> Acks { get; } = [];

        public List<TimeSpan> Seen { get; } = [];

        public List<string> Stale { get; } = [];

        public List<string> Errors { get; } = [];

        public int Answers { get; private set; }

        public int ValidBefore { get; private set; }

        public int ReplicasThatChanged { get; private set; }

        public void Add(List<Observation> heard, TimeSpan ack, long acked, DateTimeOffset ackedAt)
        {
            Acks.Add(ack);
            Answers += heard.Count;
            ValidBefore += heard.Count(one => one.IsValid);
            Errors.AddRange(heard.Where(one => one.Error.Length > 0).Select(one => one.Error));
            foreach (var replica in heard.GroupBy(one => one.Replica))
            {
                ReplicasThatChanged += replica.Any(one => one.IsValid) && replica.Any(one => one.Answer?.Verdict == Verification.Types.Verdict.Revoked) ? 1 : 0;
                Seen.Add(replica.Where(one => one.IsValid && one.Began > acked).Select(one => Stopwatch.GetElapsedTime(acked, one.Began)).DefaultIfEmpty().Max());
            }

            Stale.AddRange(heard.Where(one => one.IsValid && one.Began > acked).Select(one => $"replica {one.Replica} said VALID {Stopwatch.GetElapsedTime(acked, one.Began)} after the acknowledgement"));
            // A state that was true may be told late, but never as of a time at which it no longer was.
            Stale.AddRange(heard.Where(one => one.IsValid && one.Answer!.StatusAsOfTime.ToDateTimeOffset() > ackedAt)
                .Select(one => $"replica {one.Replica} said VALID as of {one.Answer!.StatusAsOfTime}, after the acknowledgement"));
        }
    }
}
