using Google.Protobuf;
using Grpc.Core;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

public sealed class TwoServersTests(ServerFixture server) : TwoServersContract(server), IClassFixture<ServerFixture>
{
    private readonly ServerFixture server = server;

    [Fact]
    public async Task A_server_that_stopped_in_order_leaves_one_file()
    {
        await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());

        await server.StopAsync();

        // Closed properly: the last connection to a register folds the write-ahead log into it and takes it away.
        Assert.False(File.Exists(server.RegisterPath + "-wal"));
        await server.StartAsync();
    }
}

public sealed class PostgresTwoServersTests(PostgresServerFixture server) : TwoServersContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary>In a database where no other server was ever ended without order.</summary>
public sealed class PostgresStopTests(PostgresServerFixture server) : IClassFixture<PostgresServerFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_stopped_in_order_leaves_no_member_and_no_connection()
    {
        using var register = server.Needed.OpenRegister();
        const string Connections = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'eid'";
        for (var turn = 0; turn < 5; turn++)
        {
            var set = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
            Assert.True(register.Number(Connections) > 0);
            Assert.Equal(1, register.Number("SELECT count(*) FROM member"));
            // Callers who give up at once, so that readings are still under way, or just being begun, when the server is told to stop.
            var hasty = Task.WhenAll(Enumerable.Range(0, 40).Select(_ => server.Tax().VerifyCodeAsync(
                new VerifyCodeRequest { Code = set.LicenseCode, Purpose = "TAX_REGISTRATION", MaxStateAge = new() }, deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(40)).ResponseAsync));
            await Task.Delay(10 * turn, Cancel);

            await server.StopAsync();

            await hasty.ContinueWith(calls => calls.Exception, Cancel, TaskContinuationOptions.None, TaskScheduler.Default); // How they ended is no matter.
            // A backend takes a moment to notice that its client has gone.
            for (var i = 0; i < 50 && register.Number(Connections) > 0; i++)
            {
                await Task.Delay(100, Cancel);
            }

            Assert.Empty(register.Rows("SELECT state, query FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'eid'").Select(row => string.Join(' ', row)));
            Assert.Equal(0, register.Number("SELECT count(*) FROM member"));
            await server.StartAsync();
        }
    }
}

/// <summary>Two clerks' offices, two servers, one register.</summary>
public abstract class TwoServersContract(ServerFixture server)
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
        await server.StartAsync();

        for (var i = 0; i < requests.Length; i++)
        {
            Assert.Equal(before[i], (await server.Staff().IssueSetAsync(requests[i])).ToByteString());
        }

        // Numbers go on after a restart; none is given again.
        await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        using var register = server.OpenRegister();
        register.AssertWhole();
    }

    [Fact]
    public async Task Two_servers_that_issue_the_same_companies_give_each_exactly_one_set()
    {
        const int Companies = 60, Threads = 16;
        await using var second = EidServer.Build(server.Options() with { LedgerDirectory = Path.Combine(server.Data, "second-ledger") });
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

        await second.StopAsync(TestContext.Current.CancellationToken);
        using var register = server.OpenRegister();
        register.AssertWhole();
        Assert.Equal(0, register.Number("SELECT count(*) FROM (SELECT 1 FROM issued_set WHERE state = 1 GROUP BY credit_code HAVING count(*) > 1) AS twice"));
    }

    [Fact]
    public async Task The_same_id_at_two_servers_gives_the_same_bytes()
    {
        await using var second = EidServer.Build(server.Options() with { LedgerDirectory = Path.Combine(server.Data, "second-ledger") });
        await second.StartAsync(TestContext.Current.CancellationToken);
        var (one, other) = (server.Staff(), new IssuanceService.IssuanceServiceClient(server.Channel(server.Certificate("staff"), EidServer.Address(second))));
        for (var i = 0; i < 10; i++)
        {
            var request = ServerFixture.ValidRequest();
            var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(async () => (await (n % 2 == 0 ? one : other).IssueSetAsync(request)).ToByteString())));

            Assert.Single(replies.Distinct());
        }

        await second.StopAsync(TestContext.Current.CancellationToken);
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
