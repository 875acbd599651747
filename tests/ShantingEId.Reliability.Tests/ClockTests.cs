using Grpc.Core;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.V1;

namespace ShantingEId.Reliability.Tests;

/// <summary>Two replicas whose wall clocks can be set apart.</summary>
public sealed class ClockCluster() : SharedCluster(2, (_, settings) =>
{
    var clock = Path.Combine(settings.Data, "clock");
    File.WriteAllText(clock, "+0");
    return settings with { ClockFile = clock };
});

/// <summary>I48: a wall clock that is wrong is noticed before anything is signed by it, and makes no answer wrong.</summary>
public sealed class ClockTests(ClockCluster shared) : IClassFixture<ClockCluster>
{
    [Theory, InlineData(600), InlineData(-600), InlineData(-3000)]
    public async Task A_replica_far_off_signs_nothing_and_answers_rightly(int seconds)
    {
        var cluster = await shared.GetAsync();
        var (sound, skewed) = (cluster[0], cluster[1]);
        var set = await cluster.IssueAsync();
        await skewed.SetClockAsync(TimeSpan.FromSeconds(seconds));
        try
        {
            // 1. Nothing is signed, and nothing ended, with a date that is wrong for ever.
            foreach (var write in new[] { Write.Issue(), Write.Revoke(set) })
            {
                Assert.Equal("FailedPrecondition CLOCK_SKEW", await RefusalAsync(skewed, write));
            }

            // 2. Answers are right, and as of the true time.
            var answer = await skewed.Client.AskAsync(set.LicenseCode);
            Assert.Equal(Verification.Types.Verdict.Valid, answer.Verdict);
            Near(answer.StatusAsOfTime.ToDateTimeOffset());
            answer = await skewed.Client.Tax.VerifyCodeAsync(new VerifyCodeRequest { Code = set.TypedCode, Purpose = "TAX_REGISTRATION", MaxStateAge = new Google.Protobuf.WellKnownTypes.Duration() });
            Assert.Equal(Verification.Types.Verdict.Valid, answer.Verdict);
            Near(answer.StatusAsOfTime.ToDateTimeOffset());
            await sound.Client.Staff.RevokeSetAsync(Samples.Revoke(set.Name));
            answer = await skewed.Client.AskAsync(set.LicenseCode);
            Assert.Equal(Verification.Types.Verdict.Revoked, answer.Verdict);
            Near(answer.StatusAsOfTime.ToDateTimeOffset());

            // 3. Its log says so.
            Assert.True(skewed.LogLines("clock of this machine") > 0, "nothing in the log");
        }
        finally
        {
            await skewed.SetClockAsync(TimeSpan.Zero);
        }

        // 4. Set right, it signs again without a restart.
        await cluster.IssueAsync(on: 1);
    }

    [Fact]
    public async Task A_replica_that_starts_with_a_wrong_clock_signs_nothing_from_its_first_moment()
    {
        var cluster = await shared.GetAsync();
        var skewed = cluster[1];
        var set = await cluster.IssueAsync();
        await skewed.SetClockAsync(TimeSpan.FromMinutes(10));
        try
        {
            for (var i = 0; i < 3; i++)
            {
                await skewed.KillAsync();
                // The database is far away, so that the first calls come before anybody could have looked at its clock in passing.
                skewed.ToPostgres!.Delay(TimeSpan.FromMilliseconds(30));
                await using var server = await ServerProcess.StartAsync(skewed.Settings);
                using var client = new EidClient(server, cluster.Folders);
                // Together with its first readings of the database's clock.
                var first = await Task.WhenAll(Enumerable.Range(0, 8).Select(async n =>
                {
                    if (n % 2 == 0)
                    {
                        var answer = await client.AskPatientlyAsync(set.TypedCode);
                        Near(answer.StatusAsOfTime.ToDateTimeOffset());
                        return "answered";
                    }

                    var refusal = await Assert.ThrowsAsync<RpcException>(async () => await client.Staff.IssueSetAsync(Samples.Issue(Samples.NextCompany())));
                    return $"{refusal.StatusCode} {EidClient.Reason(refusal)}";
                }));
                Assert.Equal(["answered", "FailedPrecondition CLOCK_SKEW"], first.Distinct());
            }
        }
        finally
        {
            skewed.ToPostgres!.Pass();
            await skewed.SetClockAsync(TimeSpan.Zero);
            await skewed.RestartAsync();
        }
    }

    // Less than 5 s is not corrected, less than 60 s is; both sign.
    [Theory, InlineData(4, -4), InlineData(-4, 4), InlineData(40, -40)]
    public async Task Recorded_times_of_a_licence_never_go_back_when_replicas_differ_a_little(int one, int two)
    {
        var cluster = await shared.GetAsync();
        int[] offsets = [one, two];
        await Task.WhenAll(offsets.Select((offset, i) => cluster[i].SetClockAsync(TimeSpan.FromSeconds(offset))));
        try
        {
            for (var turn = 0; turn < 6; turn++)
            {
                // Issued by one and ended by the other at once, then issued again by the first.
                var request = Samples.Issue(Samples.NextCompany());
                var set = await cluster[turn].Client.Staff.IssueSetAsync(request);
                var ended = await cluster[turn + 1].Client.Staff.RevokeSetAsync(Samples.Revoke(set.Name));
                var next = await cluster[turn].Client.Staff.IssueSetAsync(Samples.Issue(request));
                Assert.True(ended.StateEffectiveTime.ToDateTimeOffset() >= set.License.IssueTime.ToDateTimeOffset(), "ended before it was issued");
                Assert.True(next.License.IssueTime.ToDateTimeOffset() >= set.License.IssueTime.ToDateTimeOffset(), "the next version was issued before the first");
                Near(next.License.IssueTime.ToDateTimeOffset());
            }

            using var audit = cluster.Audit();
            Assert.Empty(audit.TimesThatGoBack());
        }
        finally
        {
            await Task.WhenAll(cluster.Replicas.Select(replica => replica.SetClockAsync(TimeSpan.Zero)));
        }
    }

    private static async Task<string> RefusalAsync(Replica replica, Write write)
    {
        try
        {
            _ = write.Message is IssueSetRequest issue ? await replica.Client.Staff.IssueSetAsync(issue) : await replica.Client.Staff.RevokeSetAsync((RevokeSetRequest)write.Message);
            return "done";
        }
        catch (RpcException error)
        {
            return $"{error.StatusCode} {EidClient.Reason(error)}";
        }
    }

    private static void Near(DateTimeOffset time) =>
        Assert.InRange(time, TimeProvider.System.GetUtcNow().AddSeconds(-7), TimeProvider.System.GetUtcNow().AddSeconds(7));
}
