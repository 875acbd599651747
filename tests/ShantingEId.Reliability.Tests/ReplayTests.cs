using Google.Protobuf;
using Grpc.Core;
using ShantingEId.Reliability.Tests.Bench;

namespace ShantingEId.Reliability.Tests;

/// <summary>I5: the same request id gives the same answer, byte for byte, from every process and after every death.</summary>
public sealed class ReplayTests
{
    [Fact]
    public async Task The_same_request_gives_the_same_bytes_after_the_process_was_killed()
    {
        using var folders = new Folders();
        var told = new List<(byte[] Request, byte[] Answer)>();
        await using (var first = await ServerProcess.StartAsync(folders))
        {
            using var client = new EidClient(first, folders);
            for (var i = 0; i < 20; i++)
            {
                var request = Samples.Issue(Samples.NextCompany()).ToByteArray();
                told.Add((request, await client.IssueRawAsync(request)));
            }

            await first.KillAsync();
        }

        await using var second = await ServerProcess.StartAsync(folders);
        using var again = new EidClient(second, folders);
        foreach (var (request, answer) in told)
        {
            Assert.Equal(answer, await again.IssueRawAsync(request));
        }

        using var audit = new RegisterAudit(folders.Database);
        Assert.Equal(told.Count, audit.Sets);
    }

    [Fact]
    public async Task A_request_id_with_other_content_is_refused_also_after_the_process_was_killed()
    {
        using var folders = new Folders();
        var request = Samples.Issue(Samples.NextCompany());
        await using (var first = await ServerProcess.StartAsync(folders))
        {
            using var client = new EidClient(first, folders);
            await client.Staff.IssueSetAsync(request);
            await first.KillAsync();
        }

        await using var second = await ServerProcess.StartAsync(folders);
        using var again = new EidClient(second, folders);
        request.Enterprise.Representative = "另一人";
        var refusal = await Assert.ThrowsAsync<RpcException>(async () => await again.Staff.IssueSetAsync(request));
        Assert.Equal((StatusCode.FailedPrecondition, "REQUEST_ID_REUSED"), (refusal.StatusCode, EidClient.Reason(refusal)));
    }

    [Fact]
    public async Task Duplicates_of_one_request_at_once_on_two_processes_all_receive_the_same_bytes()
    {
        var ids = Figures.Count("EID_REPLAY_IDS", 20);
        using var folders = new Folders();
        await using var one = await ServerProcess.StartAsync(folders);
        await using var two = await ServerProcess.StartAsync(ReplicaSettings.Beside(folders));
        using var clientOne = new EidClient(one, folders);
        using var clientTwo = new EidClient(two, folders);
        var different = 0;
        for (var i = 0; i < ids; i++)
        {
            var request = Samples.Issue(Samples.NextCompany()).ToByteArray();
            var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(n => (n % 2 == 0 ? clientOne : clientTwo).IssueRawAsync(request)));
            different += answers.Count(answer => !answer.AsSpan().SequenceEqual(answers[0]));
        }

        using var audit = new RegisterAudit(folders.Database);
        Figures.Print("replay_ids", ids, "ids", ">= 20");
        Figures.Print("replay_different", different, "replies", "<= 0");
        Figures.Print("replay_extra_sets", audit.Sets - ids, "sets", "<= 0");
        Assert.Equal((0, ids), (different, audit.Sets));
    }
}
