using Google.Protobuf.WellKnownTypes;
using Google.Type;
using Grpc.Core;
using ShantingEId.Calendar;
using ShantingEId.Client;
using ShantingEId.Licenses;
using ShantingEId.Server.Storage;
using ShantingEId.Server.Tests.Life;
using ShantingEId.V1;
using Act = ShantingEId.V1.ChangePermitRequest.Types.Act;
using PermitState = ShantingEId.V1.Permit.Types.State;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests.Trades;

public sealed class TradeLicenseTests(ServerFixture server) : TradeLicenseContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresTradeLicenseTests(PostgresServerFixture server) : TradeLicenseContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary>一业一证 over the wire: one code for several permits, each with its own state and term.</summary>
public abstract class TradeLicenseContract(ServerFixture server)
{
    private readonly LifeClient life = LifeClient.Of(server);
    private readonly TradeService.TradeServiceClient trades = new(server.Channel("staff"));

    private static DateOnly Today => WorkCalendar.DayOf(TimeProvider.System.GetUtcNow());

    [Fact]
    public async Task One_code_carries_all_permits_and_names_the_one_that_is_suspended()
    {
        var (company, set) = await IssueAsync();

        Assert.Equal(("CONVENIENCE_STORE", company.License.Enterprise.Address), (set.License.Trade.Code, set.License.Trade.Premises));
        Assert.Empty(set.Seals);
        Assert.True(LicenseId.Parse(set.License.LicenseId).IsTradeLicense);
        var valid = await life.AskAsync(set.LicenseCode);
        Assert.Equal(Verdict.Valid, valid.Verdict);
        Assert.Contains("所列许可均有效", valid.Explanation, StringComparison.Ordinal);
        Assert.Equal(["FOOD_BUSINESS", "TOBACCO_RETAIL", "DEVICE_CLASS_2"], valid.Permits.Select(permit => permit.Code));
        Assert.All(valid.Permits, permit => Assert.True(permit.IsInForce));
        // Where the law sets a term, its last day stands there; where it sets none, none.
        Assert.Equal(Today.AddYears(5).AddDays(-1), Day(valid.Permits[0].ExpireDate));
        Assert.Null(valid.Permits[2].ExpireDate);

        var until = TimeProvider.System.GetUtcNow().AddDays(30);
        await ChangeAsync(set, "JY1", Act.Suspend, until);

        foreach (var code in new[] { set.LicenseCode, set.TypedCode })
        {
            var answer = await life.AskAsync(code);
            Assert.Equal(Verdict.Valid, answer.Verdict);
            Assert.Contains("食品经营许可暂停至", answer.Explanation, StringComparison.Ordinal);
            Assert.Equal((PermitState.Suspended, false, "样例理由"), (answer.Permits[0].State, answer.Permits[0].IsInForce, answer.Permits[0].StateReason));
            Assert.Equal(until.ToUnixTimeMilliseconds(), answer.Permits[0].StateUntilTime.ToDateTimeOffset().ToUnixTimeMilliseconds());
            Assert.All(answer.Permits.Skip(1), permit => Assert.True(permit.IsInForce));
        }

        // The company's business licence knows nothing of it and stays what its credit code leads to.
        var business = await life.LookUpAsync(company);
        Assert.Equal((Verdict.Valid, company.License.LicenseId, 0), (business.Verdict, business.License.LicenseId, business.Permits.Count));
        Assert.DoesNotContain(RegisterCheck.Run(server.Options()), problem => problem.Subject == set.License.LicenseId);
    }

    [Fact]
    public async Task A_permit_answers_for_every_past_instant()
    {
        var (_, set) = await IssueAsync();
        var granted = set.StateEffectiveTime.ToDateTimeOffset();
        var suspended = (await ChangeAsync(set, "JY1", Act.Suspend)).Permits[0].StateEffectiveTime.ToDateTimeOffset();
        await Task.Delay(10, TestContext.Current.CancellationToken);
        var resumed = (await ChangeAsync(set, "JY1", Act.Resume)).Permits[0].StateEffectiveTime.ToDateTimeOffset();
        await Task.Delay(10, TestContext.Current.CancellationToken);
        var revoked = (await ChangeAsync(set, "JY1", Act.Revoke)).Permits[0].StateEffectiveTime.ToDateTimeOffset();

        foreach (var (time, state) in new[] { (granted, PermitState.Active), (suspended, PermitState.Suspended), (resumed, PermitState.Active) })
        {
            Assert.Equal(state, (await life.AskAsync(set.LicenseCode, time)).Permits[0].State);
        }

        Assert.Equal(PermitState.Active, (await life.AskAsync(set.LicenseCode, suspended.AddMilliseconds(-1))).Permits[0].State);
        Assert.Equal(PermitState.Active, (await life.AskAsync(set.LicenseCode, revoked.AddMilliseconds(-1))).Permits[0].State);
        Assert.Equal(PermitState.Revoked, (await life.AskAsync(set.LicenseCode)).Permits[0].State);
    }

    [Fact]
    public async Task A_suspension_ends_by_itself_and_an_earlier_end_does_not_undo_a_later_act()
    {
        var (_, set) = await IssueAsync();
        var end = TimeProvider.System.GetUtcNow().AddSeconds(3);
        await ChangeAsync(set, "JY1", Act.Suspend, end);
        await ChangeAsync(set, "YC1", Act.Suspend, end);
        await ChangeAsync(set, "YC1", Act.Revoke);
        var before = await life.AskAsync(set.LicenseCode);
        // A machine that took three seconds over this shows nothing of what was before, and must not be blamed for it.
        Assert.True(before.Permits[0].State == PermitState.Suspended || before.StatusAsOfTime.ToDateTimeOffset() >= end);

        while (TimeProvider.System.GetUtcNow() <= end)
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        var answer = await life.AskAsync(set.LicenseCode);
        Assert.Equal((PermitState.Active, "暂停期满"), (answer.Permits[0].State, answer.Permits[0].StateReason));
        Assert.Equal(PermitState.Revoked, answer.Permits[1].State);
    }

    [Fact]
    public async Task A_commitment_is_followed_up_until_it_was_found_kept()
    {
        var (_, set) = await IssueAsync("HOTEL", new PermitGrant { Code = "HOTEL_SECURITY", Number = "TH1" }, new PermitGrant { Code = "PUBLIC_PLACE_HYGIENE", Number = "WS1", OnCommitment = true });
        var permit = set.Permits.Single(one => one.Number == "WS1");
        Assert.True(permit.OnCommitment);
        Assert.Equal(Today.AddDays(60), Day(permit.CheckByDate));
        Assert.DoesNotContain(await DueAsync(Today.AddDays(59)), due => due.IssuedSet == set.Name);
        Assert.Equal("WS1", Assert.Single(await DueAsync(Today.AddDays(60)), due => due.IssuedSet == set.Name).Number);

        // Not kept: that permit is suspended, and no other.
        var stopped = await ChangeAsync(set, "WS1", Act.Suspend);
        Assert.Equal((PermitState.Active, PermitState.Suspended), (stopped.Permits[0].State, stopped.Permits[1].State));
        Assert.Contains(await DueAsync(Today.AddDays(60)), due => due.IssuedSet == set.Name);

        // Mended and found kept; a later suspension and its end leave that as it is.
        await ChangeAsync(set, "WS1", Act.Resume);
        Assert.Equal(PermitState.Confirmed, (await ChangeAsync(set, "WS1", Act.Confirm)).Permits[1].State);
        Assert.DoesNotContain(await DueAsync(Today.AddDays(60)), due => due.IssuedSet == set.Name);
        await ChangeAsync(set, "WS1", Act.Suspend);
        Assert.Equal(PermitState.Confirmed, (await ChangeAsync(set, "WS1", Act.Resume)).Permits[1].State);
        Assert.Equal("TRANSITION_NOT_ALLOWED", (await Refusal.Of(trades.ChangePermitAsync(Request(set, "TH1", Act.Confirm)))).Reason);
    }

    [Fact]
    public async Task A_change_raises_the_version_and_states_of_permits_that_stay_go_on()
    {
        var (_, set) = await IssueAsync();
        await ChangeAsync(set, "JY1", Act.Suspend);

        var changed = await trades.ChangeTradeLicenseAsync(new ChangeTradeLicenseRequest
        {
            RequestId = ServerFixture.NewRequestId(), Name = set.Name, Drops = { "DEVICE_CLASS_2" }, Grants = { new PermitGrant { Code = "TOBACCO_RETAIL", Number = "YC2" } },
            Premises = "枣庄市山亭区样例路9号", Reason = "样例：换证", Authority = LifeClient.Authority,
        });

        Assert.Equal((2, "枣庄市山亭区样例路9号"), (changed.License.Version, changed.License.Trade.Premises));
        Assert.Equal([("JY1", PermitState.Suspended), ("YC2", PermitState.Active)], changed.Permits.Select(permit => (permit.Number, permit.State)));
        var old = await life.AskAsync(set.LicenseCode);
        Assert.Equal((Verdict.Superseded, changed.License.LicenseId), (old.Verdict, old.Succession.LicenseId));
        Assert.Contains("综合许可证真实，但已换发新证", old.Explanation, StringComparison.Ordinal);
        var now = await life.AskAsync(changed.LicenseCode);
        Assert.Equal((Verdict.Valid, PermitState.Suspended), (now.Verdict, now.Permits[0].State));

        // What was ended under a number stays ended.
        await ChangeAsync(changed, "YC2", Act.Revoke);
        var again = new ChangeTradeLicenseRequest
        {
            RequestId = ServerFixture.NewRequestId(), Name = changed.Name, Grants = { new PermitGrant { Code = "TOBACCO_RETAIL", Number = "YC2" } }, Reason = "样例", Authority = LifeClient.Authority,
        };
        again.Reason = "样例：重新取得";
        Assert.Equal("PERMIT_INVALID", (await Refusal.Of(trades.ChangeTradeLicenseAsync(again))).Reason);
        again.Grants[0].Number = "YC3";
        Assert.Equal(3, (await trades.ChangeTradeLicenseAsync(again)).License.Version);
        Assert.Equal(3, Assert.Single((await trades.ListTradeLicensesAsync(new ListTradeLicensesRequest { CreditCode = set.License.Enterprise.CreditCode })).IssuedSets).License.Version);
        Assert.DoesNotContain(RegisterCheck.Run(server.Options()), problem => problem.Subject.Contains(set.License.Enterprise.CreditCode, StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_is_worth_no_more_than_the_business_licence()
    {
        var (company, set) = await IssueAsync();
        var renamed = await life.ChangeAsync(LifeClient.Rename(company, "枣庄市山亭区样例新名便利店有限公司"));
        var answer = await life.AskAsync(set.LicenseCode);
        Assert.Equal((Verdict.Valid, "枣庄市山亭区样例新名便利店有限公司"), (answer.Verdict, answer.HolderName));

        // Brought up to date it says so itself.
        var current = await trades.ChangeTradeLicenseAsync(new ChangeTradeLicenseRequest { RequestId = ServerFixture.NewRequestId(), Name = set.Name, Reason = "样例：随名称变更换证", Authority = LifeClient.Authority });
        Assert.Equal(("枣庄市山亭区样例新名便利店有限公司", ""), ((await life.AskAsync(current.LicenseCode)).License.Enterprise.Name, (await life.AskAsync(current.LicenseCode)).HolderName));

        await life.DoAsync("Suspend", renamed.IssuedSet);
        Assert.Equal((Verdict.Suspended, "HOLDER_NOT_IN_FORCE"), (await life.AskAsync(current.LicenseCode)) is var paused ? (paused.Verdict, paused.Reason) : default);
        Assert.Equal("HOLDER_NOT_IN_FORCE", (await Refusal.Of(trades.IssueTradeLicenseAsync(Issue(company, "BEAUTY_SALON", new PermitGrant { Code = "PUBLIC_PLACE_HYGIENE", Number = "WS2" })))).Reason);
        await life.DoAsync("Resume", renamed.IssuedSet);
        Assert.Equal(Verdict.Valid, (await life.AskAsync(current.LicenseCode)).Verdict);
        var before = TimeProvider.System.GetUtcNow();
        await Task.Delay(10, TestContext.Current.CancellationToken);
        await life.DoAsync("Cancel", renamed.IssuedSet);
        Assert.Equal((Verdict.Cancelled, "HOLDER_NOT_IN_FORCE"), (await life.AskAsync(current.LicenseCode)) is var ended ? (ended.Verdict, ended.Reason) : default);
        Assert.Equal(Verdict.Valid, (await life.AskAsync(current.LicenseCode, before)).Verdict);
    }

    [Fact]
    public async Task The_whole_is_paused_and_ended_like_every_set()
    {
        var (_, set) = await IssueAsync();
        await life.DoAsync("Suspend", set);
        var paused = await life.AskAsync(set.LicenseCode);
        Assert.Equal((Verdict.Suspended, "综合许可证真实，但目前处于暂停状态。"), (paused.Verdict, paused.Explanation));
        await life.DoAsync("Resume", set);
        await life.DoAsync("Cancel", set);
        Assert.Equal(Verdict.Cancelled, (await life.AskAsync(set.LicenseCode)).Verdict);
        Assert.Equal("TRANSITION_NOT_ALLOWED", (await Refusal.Of(trades.ChangePermitAsync(Request(set, "JY1", Act.Suspend)))).Reason);
    }

    [Fact]
    public async Task Asked_again_it_is_done_once_and_one_trade_at_one_place_has_one_licence()
    {
        var company = await life.FoundAsync();
        var request = Issue(company);
        var first = await trades.IssueTradeLicenseAsync(request);
        Assert.Equal(first, await trades.IssueTradeLicenseAsync(request));
        Assert.Equal("LICENSE_EXISTS", (await Refusal.Of(trades.IssueTradeLicenseAsync(Issue(company)))).Reason);
        var elsewhere = Issue(company);
        elsewhere.Premises = "枣庄市山亭区样例路3号";
        var second = await trades.IssueTradeLicenseAsync(elsewhere);
        Assert.EndsWith("002", LicenseId.Parse(second.License.LicenseId).Serial, StringComparison.Ordinal);

        var suspend = Request(first, "JY1", Act.Suspend);
        Assert.Equal(await trades.ChangePermitAsync(suspend), await trades.ChangePermitAsync(suspend));
        suspend.Number = "YC1";
        Assert.Equal("REQUEST_ID_REUSED", (await Refusal.Of(trades.ChangePermitAsync(suspend))).Reason);
    }

    [Fact]
    public async Task Of_two_clerks_at_once_one_wins_and_the_other_is_told()
    {
        var (_, set) = await IssueAsync();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            try
            {
                await trades.ChangePermitAsync(Request(set, "JY1", Act.Suspend));
                return "DONE";
            }
            catch (RpcException error)
            {
                return (await Refusal.Of(() => Task.FromException(error))).Reason;
            }
        }));

        Assert.Single(outcomes, "DONE");
        Assert.All(outcomes, outcome => Assert.Contains(outcome, (string[])["DONE", "TRANSITION_NOT_ALLOWED", "VERSION_CONFLICT"]));
    }

    [Theory]
    [InlineData("TRADE_UNKNOWN", "NO_SUCH_TRADE", "FOOD_BUSINESS", "JY1", "", false)]
    [InlineData("PERMIT_INVALID", "CONVENIENCE_STORE", "TOBACCO_RETAIL", "YC1", "", false)] // without the permit that makes the trade
    [InlineData("PERMIT_INVALID", "CONVENIENCE_STORE", "DRUG_RETAIL", "YP1", "", false)] // another trade's
    [InlineData("PERMIT_INVALID", "CONVENIENCE_STORE", "FOOD_BUSINESS", "JY1", "2099-01-01", false)] // longer than the law gives
    [InlineData("PERMIT_INVALID", "CONVENIENCE_STORE", "FOOD_BUSINESS", "JY1", "2020-01-01", false)] // over
    [InlineData("PERMIT_INVALID", "CONVENIENCE_STORE", "FOOD_BUSINESS", "JY1", "", true)] // no commitment in the catalogue
    [InlineData("PERMIT_INVALID", "CONVENIENCE_STORE", "FOOD_BUSINESS", "J\u200BY", "", false)]
    public async Task What_cannot_be_right_is_refused_also_in_a_preview(string reason, string trade, string code, string number, string expires, bool onCommitment)
    {
        var company = await life.FoundAsync();
        var grant = new PermitGrant { Code = code, Number = number, OnCommitment = onCommitment, ExpireDate = expires.Length == 0 ? null : ToDate(DateOnly.Parse(expires, null)) };
        foreach (var preview in new[] { true, false })
        {
            var request = Issue(company, trade, grant);
            request.ValidateOnly = preview;
            Assert.Equal(reason, (await Refusal.Of(trades.IssueTradeLicenseAsync(request))).Reason);
        }

        Assert.Empty((await trades.ListTradeLicensesAsync(new ListTradeLicensesRequest { CreditCode = company.License.Enterprise.CreditCode })).IssuedSets);
    }

    [Fact]
    public async Task Business_and_comprehensive_licences_are_not_taken_for_each_other()
    {
        var (company, set) = await IssueAsync();
        Assert.Equal("LICENSE_TYPE_MISMATCH", (await Refusal.Of(trades.ChangePermitAsync(Request(company, "JY1", Act.Suspend)))).Reason);
        var rename = LifeClient.Rename(set, "枣庄市山亭区样例别名有限公司");
        rename.Name = set.Name;
        Assert.Equal("LICENSE_TYPE_MISMATCH", (await Refusal.Of(life.Staff.ChangeRegistrationAsync(rename))).Reason);
        Assert.Equal("PERMIT_NOT_FOUND", (await Refusal.Of(trades.ChangePermitAsync(Request(set, "XX9", Act.Suspend)))).Reason);
    }

    [Fact]
    public async Task Who_needs_one_permit_asks_for_it_and_who_follows_the_feed_is_told()
    {
        var (_, set) = await IssueAsync();
        var changes = new ChangeService.ChangeServiceClient(server.Channel("bank"));
        async Task<AskQuestionsResponse.Types.Answer> AskAsync(string permit) => (await life.Bank.AskQuestionsAsync(
            new AskQuestionsRequest { Code = set.LicenseCode, Purpose = "ACCOUNT_OPENING", Questions = { new Question { PermitActive = permit } } })).Answers[0];

        Assert.Equal(AskQuestionsResponse.Types.Answer.Yes, await AskAsync("FOOD_BUSINESS"));
        Assert.Equal(AskQuestionsResponse.Types.Answer.No, await AskAsync("DRUG_RETAIL"));
        await ChangeAsync(set, "JY1", Act.Suspend);
        Assert.Equal(AskQuestionsResponse.Types.Answer.No, await AskAsync("FOOD_BUSINESS"));

        var told = (await changes.ListChangesAsync(new ListChangesRequest { PageSize = 500, Kinds = { Change.Types.Kind.PermitChanged } })).Changes.Single(change => change.IssuedSet == set.Name);
        Assert.Equal(("JY1", PermitState.Suspended, IssuedSet.Types.State.Unspecified), (told.Permit, told.PermitState, told.State));
    }

    [Fact]
    public async Task The_sdk_says_of_each_permit_whether_it_may_be_relied_on_with_a_receipt_that_proves_it()
    {
        var (_, set) = await IssueAsync();
        await ChangeAsync(set, "JY1", Act.Suspend);
        using var bank = EidClient.Connect(new EidClientOptions
        {
            Address = server.Address, Certificate = EidCertificate.FromFolder(server.Certificates, "bank"), Purpose = "ACCOUNT_OPENING", WithReceipt = true, Trust = EidTrust.FromFolder(server.Certificates),
        });

        var answer = await bank.VerifyAsync(set.LicenseCode, cancel: TestContext.Current.CancellationToken);

        Assert.True(answer.IsValid);
        Assert.Equal((false, true, false), (answer.HasPermit("FOOD_BUSINESS"), answer.HasPermit("TOBACCO_RETAIL"), answer.HasPermit("DRUG_RETAIL")));
        Assert.StartsWith("JY1 SUSPENDED ", answer.Receipt!.Facts["permit.FOOD_BUSINESS"], StringComparison.Ordinal);
        Assert.Equal("CONVENIENCE_STORE", answer.Receipt.Facts["trade"]);
    }

    private async Task<(IssuedSet Company, IssuedSet Set)> IssueAsync(string trade = "CONVENIENCE_STORE", params PermitGrant[] grants)
    {
        var company = await life.FoundAsync();
        return (company, await trades.IssueTradeLicenseAsync(Issue(company, trade, grants)));
    }

    private static IssueTradeLicenseRequest Issue(IssuedSet company, string trade = "CONVENIENCE_STORE", params PermitGrant[] grants) => new()
    {
        RequestId = ServerFixture.NewRequestId(), CreditCode = company.License.Enterprise.CreditCode, Trade = trade,
        Permits =
        {
            grants.Length > 0 ? grants :
            [
                new PermitGrant { Code = "DEVICE_CLASS_2", Number = "QX1" }, new PermitGrant { Code = "FOOD_BUSINESS", Number = "JY1" }, new PermitGrant { Code = "TOBACCO_RETAIL", Number = "YC1" },
            ],
        },
    };

    private static ChangePermitRequest Request(IssuedSet set, string number, Act act, DateTimeOffset? until = null) => new()
    {
        RequestId = ServerFixture.NewRequestId(), Name = set.Name, Number = number, Act = act, Reason = "样例理由", Authority = LifeClient.Authority, UntilTime = until?.ToTimestamp(),
    };

    private async Task<IssuedSet> ChangeAsync(IssuedSet set, string number, Act act, DateTimeOffset? until = null) => await trades.ChangePermitAsync(Request(set, number, act, until));

    private async Task<IReadOnlyList<DuePermit>> DueAsync(DateOnly through) =>
        (await trades.ListDuePermitsAsync(new ListDuePermitsRequest { Kind = ListDuePermitsRequest.Types.Kind.FollowUp, ThroughDate = ToDate(through), PageSize = 500 })).Permits;

    private static DateOnly Day(Date date) => new(date.Year, date.Month, date.Day);

    private static Date ToDate(DateOnly day) => new() { Year = day.Year, Month = day.Month, Day = day.Day };
}
