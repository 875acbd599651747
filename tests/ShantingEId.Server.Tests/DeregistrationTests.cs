using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ShantingEId.V1;
using Act = ShantingEId.V1.Deregistration.Types.Event.Types.Act;
using Impediment = ShantingEId.V1.Deregistration.Types.Impediment;
using State = ShantingEId.V1.Deregistration.Types.State;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests;

/// <summary>Simple deregistration from the application to the end of licence and seals, on a clock that the test moves.</summary>
public sealed class DeregistrationTests(DeregistrationFixture server) : IClassFixture<DeregistrationFixture>
{
    private readonly DeregistrationService.DeregistrationServiceClient staff = server.As("staff");

    [Fact]
    public async Task Nobody_objects_and_the_applicant_confirms_then_licence_and_seals_end_in_one_act()
    {
        var set = await server.FoundAsync();
        var app = server.As("holder-app");
        var filed = await app.ApplyDeregistrationAsync(DeregistrationFixture.Application(set));
        Assert.Equal((State.Published, true, false, set.Name), (filed.State, filed.Published, filed.Overdue, filed.IssuedSet));
        var early = await Refusal.Of(app.ConfirmDeregistrationAsync(Confirm(filed)));
        Assert.Equal((StatusCode.FailedPrecondition, "PUBLICATION_NOT_OVER"), (early.Status, early.Reason));
        Assert.Equal($"{filed.LastDayToObject.Year:D4}-{filed.LastDayToObject.Month:D2}-{filed.LastDayToObject.Day:D2}", early.Info.Metadata["last_day"]);

        server.PassDay(filed.LastDayToObject);
        Assert.Equal(State.Confirmable, (await GetAsync(filed)).State);
        Assert.Equal(Verdict.Valid, (await VerifyAsync(set)).Verdict);
        var confirmed = await app.ConfirmDeregistrationAsync(Confirm(filed));

        Assert.Equal(State.Cancelled, confirmed.State);
        Assert.Equal([Act.Apply, Act.Confirm], confirmed.Events.Select(each => each.Act));
        Assert.All(confirmed.Events, each => Assert.Equal("企业应用", each.ActorTitle));
        var ended = await server.Staff().GetIssuedSetAsync(new GetIssuedSetRequest { Name = set.Name });
        Assert.Equal((IssuedSet.Types.State.Cancelled, confirmed.Events[1].Time), (ended.State, ended.StateEffectiveTime));
        var verified = await VerifyAsync(set);
        Assert.Equal((Verdict.Cancelled, ended.StateEffectiveTime), (verified.Verdict, verified.StateEffectiveTime));
        Assert.Contains(filed.Name.Split('/')[1], verified.StateReason, StringComparison.Ordinal);
        // The four seals end at the same instant; a moment before it all five still answer for themselves.
        var before = ended.StateEffectiveTime.ToDateTimeOffset().AddMilliseconds(-1).ToTimestamp();
        foreach (var seal in set.Seals)
        {
            var now = await server.Tax().VerifySealAsync(new VerifySealRequest { SealCode = seal.SealCode, Purpose = "TAX_REGISTRATION" });
            Assert.Equal((Verdict.Cancelled, ended.StateEffectiveTime), (now.Verdict, now.StateEffectiveTime));
            Assert.Equal(Verdict.Valid, (await server.Tax().VerifySealAsync(new VerifySealRequest { SealCode = seal.SealCode, Purpose = "TAX_REGISTRATION", AsOfTime = before })).Verdict);
        }

        Assert.Equal(Verdict.Valid, (await server.Tax().VerifyCodeAsync(new VerifyCodeRequest { Code = set.LicenseCode, Purpose = "TAX_REGISTRATION", AsOfTime = before })).Verdict);
        Assert.Equal((StatusCode.FailedPrecondition, "DEREGISTRATION_NOT_ALLOWED"), await ReasonOf(staff.ConfirmDeregistrationAsync(Confirm(filed))));
        Assert.Equal("NOT_IN_FORCE", (await Refusal.Of(staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(set)))).Info.Metadata["impediments"]);
    }

    [Fact]
    public async Task One_that_confirms_itself_is_cancelled_by_the_register_within_a_minute_of_the_end()
    {
        var set = await server.FoundAsync();
        var filed = await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(set, itself: true));
        server.PassDay(filed.LastDayToObject);
        // A ring that an earlier test caused may come just now.
        Assert.Contains((await GetAsync(filed)).State, (State[])[State.Confirmable, State.Cancelled]);

        server.Time.Advance(TimeSpan.FromMinutes(1)); // Nobody asks for it: the register's own timer rings.
        var ended = await GetAsync(filed);
        for (var patience = 0; ended.State != State.Cancelled && patience < 200; patience++)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
            ended = await GetAsync(filed);
        }

        Assert.Equal((State.Cancelled, "登记系统"), (ended.State, ended.Events[^1].ActorTitle));
        Assert.Equal(Verdict.Cancelled, (await VerifyAsync(set)).Verdict);
        Assert.Equal(0, await server.DoDueAsync());
    }

    [Fact]
    public async Task What_should_have_been_cancelled_by_now_is_listed_as_overdue_until_staff_decides()
    {
        var set = await server.FoundAsync();
        var filed = await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(set, itself: true));
        await server.Staff().RevokeSetAsync(new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = set.Name, Reason = "样例：违法经营", Authority = "样例机关" });
        server.PassDay(filed.LastDayToObject);
        await server.DoDueAsync();
        Assert.Equal(State.Confirmable, (await GetAsync(filed)).State);
        Assert.DoesNotContain(filed.Name, await ListedAsync(ListDeregistrationsRequest.Types.Filter.Overdue));

        server.PassDay(filed.LastDayToCancel);
        await server.DoDueAsync();

        Assert.Contains(filed.Name, await ListedAsync(ListDeregistrationsRequest.Types.Filter.Overdue));
        Assert.True((await GetAsync(filed)).Overdue);
        Assert.Equal("REVOKED_OR_CLOSED", (await Refusal.Of(staff.ConfirmDeregistrationAsync(Confirm(filed)))).Info.Metadata["impediments"]);
        var ended = await staff.TerminateDeregistrationAsync(new TerminateDeregistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = filed.Name, Reason = "样例：已被吊销" });
        Assert.Equal((State.Terminated, "样例：已被吊销"), (ended.State, ended.Remark));
        Assert.DoesNotContain(filed.Name, await ListedAsync(ListDeregistrationsRequest.Types.Filter.Open));
        Assert.Contains(filed.Name, await ListedAsync(ListDeregistrationsRequest.Types.Filter.All));
    }

    [Fact]
    public async Task An_objection_that_stands_ends_it_and_bars_the_next_until_it_is_withdrawn()
    {
        var set = await server.FoundAsync();
        var filed = await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(set));
        var tax = server.As("tax-bureau");
        var objection = await tax.RaiseObjectionAsync(Object(filed));
        Assert.Equal((filed.Name + "/objections/1", "税务局", Impediment.TaxesOutstanding, "样例：尚有欠税"), (objection.Name, objection.Objector, objection.Ground, objection.Reason));
        Assert.Equal((State.Objected, objection), await GetAsync(filed) is var objected ? (objected.State, objected.Objections[0]) : default);
        Assert.Equal((StatusCode.AlreadyExists, "OBJECTION_EXISTS"), await ReasonOf(tax.RaiseObjectionAsync(Object(filed))));
        Assert.Equal((StatusCode.FailedPrecondition, "PUBLICATION_NOT_OVER"), await ReasonOf(staff.ConfirmDeregistrationAsync(Confirm(filed))));

        server.PassDay(filed.LastDayToObject);

        Assert.Equal(State.Terminated, (await GetAsync(filed)).State);
        Assert.Equal((StatusCode.FailedPrecondition, "DEREGISTRATION_NOT_ALLOWED"), await ReasonOf(staff.ConfirmDeregistrationAsync(Confirm(filed))));
        Assert.Equal("EARLIER_OBJECTION", (await Refusal.Of(staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(set)))).Info.Metadata["impediments"]);
        Assert.Equal(Verdict.Valid, (await VerifyAsync(set)).Verdict);
        var withdrawn = await tax.WithdrawObjectionAsync(Withdraw(objection));
        Assert.NotNull(withdrawn.WithdrawnTime);
        Assert.Equal(State.Terminated, (await GetAsync(filed)).State);
        Assert.Equal((StatusCode.FailedPrecondition, "OBJECTION_WITHDRAWN"), await ReasonOf(tax.WithdrawObjectionAsync(Withdraw(objection))));
        Assert.Equal(State.Published, (await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(set))).State);
        Assert.Equal("期满时仍有异议", (await GetAsync(filed)).Remark);
    }

    [Fact]
    public async Task An_objection_withdrawn_in_time_changes_nothing_and_a_late_one_is_refused()
    {
        var filed = await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(await server.FoundAsync()));
        var objection = await staff.RaiseObjectionAsync(Object(filed, "样例债权人"));
        Assert.Equal((StatusCode.NotFound, "OBJECTION_NOT_FOUND"), await ReasonOf(server.As("tax-bureau").WithdrawObjectionAsync(Withdraw(objection))));
        await staff.WithdrawObjectionAsync(Withdraw(objection));
        Assert.Equal(State.Published, (await GetAsync(filed)).State);

        server.PassDay(filed.LastDayToObject);

        var late = await Refusal.Of(server.As("tax-bureau").RaiseObjectionAsync(Object(filed)));
        Assert.Equal((StatusCode.FailedPrecondition, "OBJECTION_PERIOD_OVER"), (late.Status, late.Reason));
        Assert.Equal(State.Cancelled, (await staff.ConfirmDeregistrationAsync(Confirm(filed))).State);
    }

    [Fact]
    public async Task A_defect_is_returned_and_mended_while_the_publication_goes_on()
    {
        var set = await server.FoundAsync();
        var application = DeregistrationFixture.Application(set, itself: true);
        var filed = await server.As("holder-app").ApplyDeregistrationAsync(application);
        var returned = await staff.ReturnDeregistrationAsync(new ReturnDeregistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = filed.Name, ToMend = "样例：承诺书漏填日期" });
        Assert.Equal((State.Returned, "样例：承诺书漏填日期", filed.LastDayToObject), (returned.State, returned.Remark, returned.LastDayToObject));
        server.PassDay(filed.LastDayToObject);
        await server.DoDueAsync();
        Assert.Equal(State.Returned, (await GetAsync(filed)).State);
        Assert.Equal((StatusCode.FailedPrecondition, "DEREGISTRATION_NOT_ALLOWED"), await ReasonOf(staff.ConfirmDeregistrationAsync(Confirm(filed))));

        var mended = application.Commitment.Clone();
        mended.Reference = "样例承诺书2号";
        var again = await server.As("holder-app").ResubmitDeregistrationAsync(new ResubmitDeregistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = filed.Name, Commitment = mended });

        Assert.Equal((State.Confirmable, mended, "", filed.LastDayToObject, false), (again.State, again.Commitment, again.Remark, again.LastDayToObject, again.Overdue));
        await server.DoDueAsync();
        Assert.Equal(State.Cancelled, (await GetAsync(filed)).State);
    }

    [Fact]
    public async Task What_is_neither_confirmed_nor_mended_in_time_lapses_and_the_company_may_apply_anew()
    {
        var (one, two) = (await server.FoundAsync(), await server.FoundAsync());
        var confirm = await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(one));
        var mend = await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(two));
        mend = await staff.ReturnDeregistrationAsync(new ReturnDeregistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = mend.Name, ToMend = "样例：承诺书漏填日期" });
        server.PassDay(confirm.LastDayToConfirm);
        server.PassDay(mend.LastDayToMend);

        Assert.Equal((State.Lapsed, State.Lapsed), ((await GetAsync(confirm)).State, (await GetAsync(mend)).State));
        Assert.Equal(State.Published, (await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(one))).State);
        await server.DoDueAsync();
        Assert.Equal(("期满后逾期未申请注销", "逾期未补正"), ((await GetAsync(confirm)).Remark, (await GetAsync(mend)).Remark));
        Assert.Equal(Act.Expire, (await GetAsync(mend)).Events[^1].Act);
    }

    [Fact]
    public async Task An_individual_business_has_ten_days_no_commitment_and_no_publication()
    {
        var set = await server.FoundAsync(Enterprise.Types.Kind.IndividualBusiness);
        var application = DeregistrationFixture.Application(set);
        application.Commitment = null;
        var filed = await staff.ApplyDeregistrationAsync(application);

        Assert.False(filed.Published);
        var days = Date(filed.LastDayToObject).DayNumber - Date(filed.ApplyDate).DayNumber;
        Assert.InRange(days, 10, 19); // on to a working day at most
        Assert.Contains(filed.Name, (await NoticesAsync("tax-bureau")).Select(each => each.Name));
        Assert.DoesNotContain(filed.Name, (await NoticesAsync("holder-app")).Select(each => each.Name));
        server.PassDay(filed.LastDayToObject);
        Assert.Equal(State.Cancelled, (await staff.ConfirmDeregistrationAsync(Confirm(filed))).State);
    }

    [Fact]
    public async Task The_applicant_takes_it_back_and_may_apply_again()
    {
        var set = await server.FoundAsync();
        var filed = await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(set));
        var open = await Refusal.Of(staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(set)));
        Assert.Equal((StatusCode.AlreadyExists, "DEREGISTRATION_OPEN", filed.Name), (open.Status, open.Reason, open.Info.Metadata["deregistration"]));

        Assert.Equal(State.Withdrawn, (await staff.WithdrawDeregistrationAsync(new WithdrawDeregistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = filed.Name })).State);

        Assert.Equal(State.Published, (await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(set))).State);
        Assert.Equal((StatusCode.FailedPrecondition, "DEREGISTRATION_NOT_ALLOWED"), await ReasonOf(server.As("tax-bureau").RaiseObjectionAsync(Object(filed))));
    }

    // A renewed name was never published.
    [Fact]
    public async Task A_change_of_the_name_after_the_publication_bars_it()
    {
        var set = await server.FoundAsync();
        var filed = await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(set));
        var change = new ChangeRegistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = set.Name, Reason = "样例：变更名称", Authority = "样例机关" };
        (change.Enterprise, change.UpdateMask) = (new Enterprise { Name = "枣庄市山亭区样例新名食品有限公司" }, new Google.Protobuf.WellKnownTypes.FieldMask { Paths = { "name" } });
        await server.Staff().ChangeRegistrationAsync(change);
        server.PassDay(filed.LastDayToObject);

        Assert.Equal("NOTICE_OUTDATED", (await Refusal.Of(staff.ConfirmDeregistrationAsync(Confirm(filed)))).Info.Metadata["impediments"]);
    }

    private static ConfirmDeregistrationRequest Confirm(Deregistration one) => new() { RequestId = ServerFixture.NewRequestId(), Name = one.Name };

    private static RaiseObjectionRequest Object(Deregistration one, string objector = "") => new()
    {
        RequestId = ServerFixture.NewRequestId(), Name = one.Name, Ground = Impediment.TaxesOutstanding, Reason = "样例：尚有欠税", Objector = objector,
    };

    private static WithdrawObjectionRequest Withdraw(Objection one) => new() { RequestId = ServerFixture.NewRequestId(), Name = one.Name, Reason = "样例：已经结清" };

    private static DateOnly Date(Google.Type.Date date) => new(date.Year, date.Month, date.Day);

    private static async Task<(StatusCode, string)> ReasonOf<T>(AsyncUnaryCall<T> call) => await Refusal.Of(call) is var refusal ? (refusal.Status, refusal.Reason) : default;

    private Task<Deregistration> GetAsync(Deregistration one) => staff.GetDeregistrationAsync(new GetDeregistrationRequest { Name = one.Name }).ResponseAsync;

    private async Task<Verification> VerifyAsync(IssuedSet set) => await server.Tax().VerifyCodeAsync(new VerifyCodeRequest { Code = set.LicenseCode, Purpose = "TAX_REGISTRATION" });

    private async Task<IReadOnlyList<DeregistrationNotice>> NoticesAsync(string caller) =>
        (await server.As(caller).ListNoticesAsync(new ListNoticesRequest { PageSize = 500 })).Notices;

    private async Task<IEnumerable<string>> ListedAsync(ListDeregistrationsRequest.Types.Filter filter) =>
        (await staff.ListDeregistrationsAsync(new ListDeregistrationsRequest { Filter = filter, PageSize = 200 })).Deregistrations.Select(each => each.Name);
}
