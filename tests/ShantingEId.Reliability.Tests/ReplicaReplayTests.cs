using Google.Protobuf;
using Grpc.Core;
using ShantingEId.Reliability.Tests.Bench;

namespace ShantingEId.Reliability.Tests;

/// <summary>
/// I5 over PostgreSQL: one request id has one answer, byte for byte, from every replica and after every death. EID_REPLAY_IDS is
/// the number of ids (20). A campaign:
/// <c>EID_REPLAY_IDS=10000 artifacts/bin/ShantingEId.Reliability.Tests/release/ShantingEId.Reliability.Tests -class ShantingEId.Reliability.Tests.ReplicaReplayTests</c>
/// </summary>
public sealed class ReplicaReplayTests(PairCluster shared) : IClassFixture<PairCluster>
{
    private const int Duplicates = 32;

    [Fact]
    public async Task One_request_on_two_replicas_at_once_has_one_answer_and_keeps_it_after_a_kill()
    {
        var cluster = await shared.GetAsync();
        var ids = Figures.Count("EID_REPLAY_IDS", 20);
        long before;
        using (var audit = cluster.Audit())
        {
            before = audit.Sets;
        }

        // 1. At once, on both. Those who come in the middle of a failing twin are told to ask again; nobody gets another answer.
        var told = new List<(byte[] Request, byte[] Answer)>();
        var different = 0;
        for (var i = 0; i < ids; i++)
        {
            var request = Samples.Issue(Samples.NextCompany()).ToByteArray();
            var answers = await Task.WhenAll(Enumerable.Range(0, Duplicates).Select(n => IssueAsync(cluster[n], request)));
            different += answers.Count(answer => !answer.AsSpan().SequenceEqual(answers[0]));
            told.Add((request, answers[0]));
        }

        // 2. After kill -9 of one, from both.
        await cluster[0].RestartAsync();
        foreach (var (request, answer) in told)
        {
            foreach (var replica in cluster.Replicas)
            {
                var again = await IssueAsync(replica, request);
                different += answer.AsSpan().SequenceEqual(again) ? 0 : 1;
            }
        }

        // 3. With another content, refused by both.
        foreach (var replica in cluster.Replicas)
        {
            var changed = V1.IssueSetRequest.Parser.ParseFrom(told[0].Request);
            changed.Enterprise.Representative = "另一样例人";
            var refusal = await Assert.ThrowsAsync<RpcException>(async () => await replica.Client.Staff.IssueSetAsync(changed));
            Assert.Equal((StatusCode.FailedPrecondition, "REQUEST_ID_REUSED"), (refusal.StatusCode, EidClient.Reason(refusal)));
        }

        using var after = cluster.Audit();
        Figures.Print("replica_replay_ids", ids, "ids", ">= 20");
        Figures.Print("replica_replay_different", different, "replies", "<= 0");
        Figures.Print("replica_replay_extra_sets", after.Sets - before - ids, "sets", "<= 0");
        Assert.Equal((0, ids), (different, after.Sets - before));
        Assert.Empty(after.Check([], afterRow: 0, whole: true));
    }

    // As the rule for UNAVAILABLE is: again, with the same id.
    private static async Task<byte[]> IssueAsync(Replica replica, byte[] request)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await replica.Client.IssueRawAsync(request);
            }
            catch (RpcException error) when (error.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded && attempt < 20)
            {
                await Task.Delay(50);
            }
        }
    }
}
