using ShantingEId.Server.Tests.Life;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests.Trades;

/// <summary>A comprehensive licence with three permits, for tests of what is made of one.</summary>
public static class TradeSamples
{
    /// <summary>A convenience store's: food JY1, tobacco YC1, devices QX1.</summary>
    public static async Task<IssuedSet> IssueAsync(ServerFixture server, IssuedSet company) => await Trades(server).IssueTradeLicenseAsync(new IssueTradeLicenseRequest
    {
        RequestId = ServerFixture.NewRequestId(), CreditCode = company.License.Enterprise.CreditCode, Trade = "CONVENIENCE_STORE",
        Permits =
        {
            new PermitGrant { Code = "FOOD_BUSINESS", Number = "JY1" }, new PermitGrant { Code = "TOBACCO_RETAIL", Number = "YC1" }, new PermitGrant { Code = "DEVICE_CLASS_2", Number = "QX1" },
        },
    });

    /// <summary>Suspends one of its permits.</summary>
    public static async Task<IssuedSet> SuspendAsync(ServerFixture server, IssuedSet set, string number) => await Trades(server).ChangePermitAsync(new ChangePermitRequest
    {
        RequestId = ServerFixture.NewRequestId(), Name = set.Name, Number = number, Act = ChangePermitRequest.Types.Act.Suspend, Reason = "样例理由", Authority = LifeClient.Authority,
    });

    private static TradeService.TradeServiceClient Trades(ServerFixture server) => new(server.Channel("staff"));
}
