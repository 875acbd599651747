using Grpc.Core;
using ShantingEId.Server.Storage;
using ShantingEId.Server.Tests.Life;
using ShantingEId.V1;
using Act = ShantingEId.V1.ChangePermitRequest.Types.Act;
using PermitState = ShantingEId.V1.Permit.Types.State;

namespace ShantingEId.Server.Tests.Trades;

public sealed class TradeRaceTests(ServerFixture server) : TradeRaceContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresTradeRaceTests(PostgresServerFixture server) : TradeRaceContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary>Two clerks' offices at two servers over one register that deal with the same comprehensive licences at the same moment.</summary>
public abstract class TradeRaceContract(ServerFixture server)
{
    private const int Companies = 10;
    private const string Conflict = "VERSION_CONFLICT";

    [Fact]
    public async Task Of_two_offices_at_once_each_hears_what_became_of_its_act_and_nothing_is_done_twice_or_lost()
    {
        await using var second = EidServer.Build(server.Options() with { LedgerDirectory = Path.Combine(server.Data, "second-ledger") });
        await second.StartAsync(TestContext.Current.CancellationToken);
        TradeService.TradeServiceClient[] offices = [new(server.Channel("staff")), new(server.Channel(server.Certificate("staff"), EidServer.Address(second)))];
        var life = LifeClient.Of(server);
        await Parallel.ForAsync(0, Companies, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken }, async (_, cancel) =>
        {
            var company = await life.FoundAsync();

            // 1. The same trade twice: one licence. Another trade at the same moment is refused for that moment alone.
            var issued = await RaceAsync(offices, office => office.IssueTradeLicenseAsync(Issue(company, "CONVENIENCE_STORE", "FOOD_BUSINESS", "JY1")));
            var set = Assert.Single(issued, each => each.Set is not null).Set!;
            Assert.Contains(Assert.Single(issued, each => each.Set is null).Reason, (string[])["LICENSE_EXISTS", Conflict]);
            var others = await Task.WhenAll(TryAsync(() => offices[0].IssueTradeLicenseAsync(Issue(company, "BEAUTY_SALON", "PUBLIC_PLACE_HYGIENE", "WS1"))), TryAsync(() => offices[1].IssueTradeLicenseAsync(Issue(company, "HOTEL", "HOTEL_SECURITY", "TH1"))));
            Assert.All(others, each => Assert.True(each.Set is not null || each.Reason == Conflict, each.Reason));
            Assert.Contains(others, each => each.Set is not null);

            // 2. One permit paused twice: once.
            var paused = await RaceAsync(offices, office => office.ChangePermitAsync(Change(set, Act.Suspend)));
            Assert.Single(paused, each => each.Set is not null);
            Assert.Contains(Assert.Single(paused, each => each.Set is null).Reason, (string[])["TRANSITION_NOT_ALLOWED", Conflict]);

            // 3. Revoked at one, while the licence is replaced at the other: what was acknowledged holds for the version that is there in the end.
            var (revoked, replaced) = (TryAsync(() => offices[0].ChangePermitAsync(Change(set, Act.Revoke))), TryAsync(() => offices[1].ChangeTradeLicenseAsync(Elsewhere(set))));
            var (end, next) = (await revoked, await replaced);
            Assert.True(end.Set is not null || next.Set is not null, $"{end.Reason} {next.Reason}");
            Assert.All([end, next], each => Assert.True(each.Set is not null || each.Reason is Conflict or "TRANSITION_NOT_ALLOWED", each.Reason));
            var now = Assert.Single((await offices[0].ListTradeLicensesAsync(new ListTradeLicensesRequest { CreditCode = company.License.Enterprise.CreditCode }, cancellationToken: cancel)).IssuedSets, one => one.License.Trade.Code == "CONVENIENCE_STORE");
            Assert.Equal((next.Set is null ? 1 : 2, end.Set is null ? PermitState.Suspended : PermitState.Revoked), (now.License.Version, now.Permits.Single(permit => permit.Number == "JY1").State));
            Assert.Equal(now.Permits.Select(permit => permit.State), (await life.AskAsync(now.LicenseCode)).Permits.Select(permit => permit.State));
        });
        await second.StopAsync(TestContext.Current.CancellationToken);

        Assert.Empty(RegisterCheck.Run(server.Options()));
    }

    private static Task<(IssuedSet? Set, string Reason)[]> RaceAsync(TradeService.TradeServiceClient[] offices, Func<TradeService.TradeServiceClient, AsyncUnaryCall<IssuedSet>> ask) =>
        Task.WhenAll(offices.Select(office => TryAsync(() => ask(office))));

    private static async Task<(IssuedSet? Set, string Reason)> TryAsync(Func<AsyncUnaryCall<IssuedSet>> ask)
    {
        try
        {
            return (await ask(), "");
        }
        catch (RpcException error)
        {
            return (null, (await Refusal.Of(() => Task.FromException(error))).Reason);
        }
    }

    private static IssueTradeLicenseRequest Issue(IssuedSet company, string trade, string permit, string number) => new()
    {
        RequestId = ServerFixture.NewRequestId(), CreditCode = company.License.Enterprise.CreditCode, Trade = trade, Permits = { new PermitGrant { Code = permit, Number = number } },
    };

    private static ChangePermitRequest Change(IssuedSet set, Act act) => new()
    {
        RequestId = ServerFixture.NewRequestId(), Name = set.Name, Number = "JY1", Act = act, Reason = "样例理由", Authority = LifeClient.Authority,
    };

    private static ChangeTradeLicenseRequest Elsewhere(IssuedSet set) => new()
    {
        RequestId = ServerFixture.NewRequestId(), Name = set.Name, Premises = "枣庄市山亭区样例路9号", Reason = "样例：迁址", Authority = LifeClient.Authority,
    };
}
