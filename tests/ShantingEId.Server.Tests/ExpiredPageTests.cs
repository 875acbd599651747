using ShantingEId.Calendar;
using ShantingEId.Server.Tests.Life;
using ShantingEId.Server.Tests.Presenting;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

/// <summary>What time alone ends on the public page: a permit with a term. A licence has none, whatever operating term was filed (docs/decisions.md).</summary>
public sealed class ExpiredPageTests(PresentFixture server) : IClassFixture<PresentFixture>
{
    [Fact]
    public async Task A_permit_whose_term_is_over_has_expired_and_its_licence_goes_on()
    {
        using var browser = server.Browser();
        var last = WorkCalendar.DayOf(TimeProvider.System.GetUtcNow()).AddDays(2);
        var life = LifeClient.Of(server);
        var company = await life.FoundAsync();
        await life.ChangeAsync(FilingContract.Filing(company, (FiledItem.Types.Kind.OperatingTerm, $"{last.AddYears(-1):yyyy-MM-dd} 至 {last:yyyy-MM-dd}")));
        var set = await new TradeService.TradeServiceClient(server.Channel("staff")).IssueTradeLicenseAsync(new IssueTradeLicenseRequest
        {
            RequestId = ServerFixture.NewRequestId(), CreditCode = company.License.Enterprise.CreditCode, Trade = "CONVENIENCE_STORE",
            Permits =
            {
                new PermitGrant { Code = "FOOD_BUSINESS", Number = "JY1", ExpireDate = new Google.Type.Date { Year = last.Year, Month = last.Month, Day = last.Day } },
                new PermitGrant { Code = "TOBACCO_RETAIL", Number = "YC1" },
            },
        });
        Assert.Contains("<li>✔ 食品经营许可：有效</li>", await browser.GetStringAsync("/?code=" + set.TypedCode, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        server.Wall.Shift = TimeSpan.FromDays(4);
        try
        {
            var over = await browser.GetStringAsync("/?code=" + set.TypedCode, TestContext.Current.CancellationToken);
            Assert.All((string[])["<h1 id=\"verdict\">有效</h1>", "class=\"verdict wait\"", "<li>✘ 食品经营许可：已过有效期</li><li>✔ 烟草专卖零售许可：有效</li>"], part => Assert.Contains(part, over, StringComparison.Ordinal));
            Assert.Contains("<li>✘ 食品经营许可: expired</li>", await browser.GetStringAsync($"/?code={set.TypedCode}&lang=en", TestContext.Current.CancellationToken), StringComparison.Ordinal);
            var business = await browser.GetStringAsync("/?code=" + company.TypedCode, TestContext.Current.CancellationToken);
            Assert.All((string[])["<h1 id=\"verdict\">有效</h1>", "class=\"verdict ok\""], part => Assert.Contains(part, business, StringComparison.Ordinal));
        }
        finally
        {
            server.Wall.Shift = TimeSpan.Zero;
        }
    }
}
