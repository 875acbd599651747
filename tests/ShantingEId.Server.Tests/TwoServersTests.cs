using Google.Protobuf;
using Grpc.Core;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

/// <summary>Two clerks' offices, two servers, one register file.</summary>
public sealed class TwoServersTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Answers_outlive_a_restart_byte_for_byte()
    {
        var requests = Enumerable.Range(0, 5).Select(_ => ServerFixture.ValidRequest()).ToArray();
        var before = new List<ByteString>();
        foreach (var request in requests)
        {
            before.Add((await server.Staff().IssueSetAsync(request)).ToByteString());
        }

        await server.StopAsync();
        // Closed properly: the last connection to a register folds the write-ahead log into it and takes it away.
        Assert.False(File.Exists(server.RegisterPath + "-wal"));
        await server.StartAsync();

        for (var i = 0; i < requests.Length; i++)
        {
            Assert.Equal(before[i], (await server.Staff().IssueSetAsync(requests[i])).ToByteString());
        }

        // Numbers go on after a restart; none is given again.
        await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        using var register = new RegisterFile(server.RegisterPath);
        register.AssertWhole();
    }

    [Fact]
    public async Task Two_servers_that_issue_the_same_companies_give_each_exactly_one_set()
    {
        const int Companies = 60, Threads = 16;
        await using var second = EidServer.Build(server.Options());
        await second.StartAsync(TestContext.Current.CancellationToken);
        IssuanceService.IssuanceServiceClient[] offices =
            [server.Staff(), new(server.Channel(server.Certificate("staff"), EidServer.Address(second)))];
        var companies = Enumerable.Range(0, Companies).Select(_ => ServerFixture.ValidRequest()).ToArray();

        // Each office has every company once, under ids of its own, in the same order: they meet at every company.
        var results = await Task.WhenAll(offices.Select(office => Race(office, companies, Threads)));

        for (var i = 0; i < Companies; i++)
        {
            var (first, other) = (results[0][i], results[1][i]);
            var winner = first.Set ?? other.Set;
            Assert.True(first.Set is null != other.Set is null, $"company {i}: {first.Refusal?.Reason} / {other.Refusal?.Reason}");
            var loser = (first.Refusal ?? other.Refusal)!;
            Assert.Equal((StatusCode.AlreadyExists, "LICENSE_EXISTS"), (loser.Status, loser.Reason));
            Assert.Equal(winner!.License.LicenseId, loser.Info.Metadata["license_id"]);
        }

        using var register = new RegisterFile(server.RegisterPath);
        register.AssertWhole();
        Assert.Equal(0, register.Number("SELECT count(*) FROM (SELECT 1 FROM issued_set WHERE state = 1 GROUP BY credit_code HAVING count(*) > 1)"));
    }

    [Fact]
    public async Task The_same_id_at_two_servers_gives_the_same_bytes()
    {
        await using var second = EidServer.Build(server.Options());
        await second.StartAsync(TestContext.Current.CancellationToken);
        var (one, other) = (server.Staff(), new IssuanceService.IssuanceServiceClient(server.Channel(server.Certificate("staff"), EidServer.Address(second))));
        for (var i = 0; i < 10; i++)
        {
            var request = ServerFixture.ValidRequest();
            var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(async () => (await (n % 2 == 0 ? one : other).IssueSetAsync(request)).ToByteString())));

            Assert.Single(replies.Distinct());
        }
    }

    private static async Task<(IssuedSet? Set, Refusal? Refusal)[]> Race(IssuanceService.IssuanceServiceClient office, IssueSetRequest[] companies, int threads)
    {
        var results = new (IssuedSet?, Refusal?)[companies.Length];
        await Parallel.ForAsync(0, companies.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, async (i, cancel) =>
        {
            var request = companies[i].Clone();
            request.RequestId = ServerFixture.NewRequestId();
            try
            {
                results[i] = (await office.IssueSetAsync(request, cancellationToken: cancel), null);
            }
            catch (RpcException error)
            {
                results[i] = (null, await Refusal.Of(() => throw error));
            }
        });
        return results;
    }
}
