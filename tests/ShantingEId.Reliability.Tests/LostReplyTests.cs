using System.Text;
using Grpc.Core;
using ShantingEId.Reliability.Tests.Bench;
using ShantingEId.TestSupport;
using ShantingEId.V1;

namespace ShantingEId.Reliability.Tests;

/// <summary>Two replicas.</summary>
public sealed class PairCluster() : SharedCluster(2);

/// <summary>
/// I4: when the link to PostgreSQL breaks at the commit, before or after it has arrived, nobody is told "not done" or "done";
/// asking again with the same id settles it, on any replica. EID_CUTS is the number of cuts of each kind (10). A campaign:
/// <c>EID_CUTS=500 artifacts/bin/ShantingEId.Reliability.Tests/release/ShantingEId.Reliability.Tests -class ShantingEId.Reliability.Tests.LostReplyTests</c>
/// </summary>
public sealed class LostReplyTests(PairCluster shared) : IClassFixture<PairCluster>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Theory, InlineData(CutMoment.BeforeForwarding), InlineData(CutMoment.BeforeReply)]
    public async Task A_commit_whose_fate_is_unknown_is_told_so_and_settled_by_asking_again(CutMoment moment)
    {
        var cluster = await shared.GetAsync();
        var cuts = Figures.Count("EID_CUTS", 10);
        var way = cluster[0].ToPostgres!;
        await cluster.IssueAsync(); // Sets running numbers aside, so that the commits below are the sets' own.
        var (told, acks, storedBefore) = (new List<string>(), new List<Ack>(), 0);
        for (var turn = 0; turn < cuts; turn++)
        {
            // Every other one ends a set instead.
            var write = turn % 2 == 0 ? Write.Issue() : Write.Revoke(await cluster.IssueAsync(on: 1));

            // 1. Its statements are prepared when they were used before, and then COMMIT no longer stands on the wire: fresh connections.
            way.Cut();
            var cut = way.CutAt(Flow.ToServer, "COMMIT"u8, moment, first: Encoding.ASCII.GetBytes(write.RequestId));

            // 2. The answer that could not come.
            var refusal = await Assert.ThrowsAsync<RpcException>(() => SendAsync(cluster[0].Client, write));
            await cut.WaitAsync(Patience);
            told.Add($"{refusal.StatusCode} {EidClient.Reason(refusal)}");
            using (var audit = cluster.Audit())
            {
                var stored = audit.CountReplies([write.RequestId]);
                Assert.Equal(moment == CutMoment.BeforeReply ? 1 : 0, stored);
                storedBefore += stored;
            }

            // 3. The same id again, here or elsewhere, twice.
            var first = await SettleAsync(cluster[turn], write);
            var second = await SettleAsync(cluster[turn + 1], write);
            Assert.Equal(first, second);
            acks.Add(new Ack(write.Deed, write.RequestId, first.License.LicenseId, Convert.ToHexStringLower(first.ManifestDigest.Span)));
        }

        using var whole = cluster.Audit();
        var problems = whole.Check(acks, afterRow: 0, whole: true);
        var name = moment == CutMoment.BeforeReply ? "cut_after_commit" : "cut_before_commit";
        Figures.Print($"{name}_cuts", cuts, "cuts", ">= 10");
        Figures.Print($"{name}_stored_before_retry", storedBefore, "sets", moment == CutMoment.BeforeReply ? $"== {cuts}" : "== 0");
        Figures.Print($"{name}_wrong", problems.Count, "sets", "<= 0");
        // The client of the database cannot tell the two apart: its answer was on its way, or lost.
        Assert.Equal(["Unavailable OUTCOME_UNKNOWN"], told.Distinct());
        Assert.Empty(problems);
    }

    private static async Task<IssuedSet> SendAsync(EidClient client, Write write) => write.Message is IssueSetRequest issue
        ? await client.Staff.IssueSetAsync(issue, deadline: EidClient.In(20)) : await client.Staff.RevokeSetAsync((RevokeSetRequest)write.Message, deadline: EidClient.In(20));

    // As the rule for UNAVAILABLE is: again, with the same id.
    private static async Task<IssuedSet> SettleAsync(Replica replica, Write write)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await SendAsync(replica.Client, write);
            }
            catch (RpcException error) when (error.StatusCode == StatusCode.Unavailable && attempt < 20)
            {
                await Task.Delay(50);
            }
        }
    }
}
