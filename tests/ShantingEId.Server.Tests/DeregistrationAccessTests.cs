using System.Net;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using Filter = ShantingEId.V1.ListDeregistrationsRequest.Types.Filter;
using Impediment = ShantingEId.V1.Deregistration.Types.Impediment;
using State = ShantingEId.V1.Deregistration.Types.State;

namespace ShantingEId.Server.Tests;

/// <summary>Who may know of a proceeding and do what in it; what is refused; the same over JSON; the same request twice.</summary>
public sealed class DeregistrationAccessTests(DeregistrationFixture server) : IClassFixture<DeregistrationFixture>
{
    private readonly DeregistrationService.DeregistrationServiceClient staff = server.As("staff");

    [Fact]
    public async Task A_companys_app_knows_only_what_it_filed_itself()
    {
        var (mine, theirs) = (await server.FoundAsync(), await server.FoundAsync());
        var (app, other) = (server.As("holder-app"), server.As("stranger"));
        var filed = await app.ApplyDeregistrationAsync(DeregistrationFixture.Application(mine));
        var staffs = await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(theirs));
        Assert.Equal(filed.Name, (await app.GetDeregistrationAsync(new GetDeregistrationRequest { Name = filed.Name })).Name);

        foreach (var (caller, name) in new[] { (other, filed.Name), (app, staffs.Name), (app, "deregistrations/JZ209900000001"), (app, "样例") })
        {
            var id = ServerFixture.NewRequestId();
            Refusal[] refusals =
            [
                await Refusal.Of(caller.GetDeregistrationAsync(new GetDeregistrationRequest { Name = name })),
                await Refusal.Of(caller.ConfirmDeregistrationAsync(new ConfirmDeregistrationRequest { RequestId = id, Name = name })),
                await Refusal.Of(caller.ResubmitDeregistrationAsync(new ResubmitDeregistrationRequest { RequestId = id, Name = name })),
                await Refusal.Of(caller.WithdrawDeregistrationAsync(new WithdrawDeregistrationRequest { RequestId = id, Name = name })),
            ];

            // Somebody else's and one that does not exist look the same.
            Assert.All(refusals, refusal => Assert.Equal((StatusCode.NotFound, "DEREGISTRATION_NOT_FOUND", refusals[0].Message), (refusal.Status, refusal.Reason, refusal.Message)));
        }

        Assert.Equal(State.Published, (await staff.GetDeregistrationAsync(new GetDeregistrationRequest { Name = filed.Name })).State);
    }

    [Fact]
    public async Task A_department_of_another_region_neither_sees_nor_objects()
    {
        var filed = await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(await server.FoundAsync()));
        var bank = server.As("bank");

        Assert.DoesNotContain(filed.Name, (await bank.ListNoticesAsync(new ListNoticesRequest { PageSize = 500 })).Notices.Select(each => each.Name));
        Assert.Contains(filed.Name, (await server.As("tax-bureau").ListNoticesAsync(new ListNoticesRequest { PageSize = 500, Regions = { "3704" } })).Notices.Select(each => each.Name));
        Assert.Empty((await server.As("tax-bureau").ListNoticesAsync(new ListNoticesRequest { PageSize = 500, Regions = { "3701" } })).Notices);
        Assert.Equal("DEREGISTRATION_NOT_FOUND", (await Refusal.Of(bank.RaiseObjectionAsync(Object(filed)))).Reason);
        (await Refusal.Of(bank.ListNoticesAsync(new ListNoticesRequest { Regions = { "3704" } }))).IsField(StatusCode.InvalidArgument, "FILTER_INVALID", "regions");
    }

    [Fact]
    public async Task Nobody_withdraws_the_objection_of_another()
    {
        var filed = await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(await server.FoundAsync()));
        var objection = await server.As("tax-bureau").RaiseObjectionAsync(Object(filed));
        foreach (var caller in (string[])["staff", "social-security"])
        {
            var refusal = await Refusal.Of(server.As(caller).WithdrawObjectionAsync(new WithdrawObjectionRequest { RequestId = ServerFixture.NewRequestId(), Name = objection.Name, Reason = "样例：已经结清" }));
            Assert.Equal((StatusCode.NotFound, "OBJECTION_NOT_FOUND"), (refusal.Status, refusal.Reason));
        }

        Assert.Equal(State.Objected, (await staff.GetDeregistrationAsync(new GetDeregistrationRequest { Name = filed.Name })).State);
    }

    [Fact]
    public async Task Staff_objects_in_the_name_of_a_creditor_and_a_department_in_its_own()
    {
        var filed = await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(await server.FoundAsync()));

        (await Refusal.Of(staff.RaiseObjectionAsync(Object(filed)))).IsField(StatusCode.InvalidArgument, "TEXT_INVALID", "objector");
        (await Refusal.Of(server.As("tax-bureau").RaiseObjectionAsync(Object(filed, "样例债权人")))).IsField(StatusCode.InvalidArgument, "TEXT_INVALID", "objector");
        Assert.Equal("样例债权人", (await staff.RaiseObjectionAsync(Object(filed, "样例债权人"))).Objector);
        Assert.EndsWith("/objections/2", (await staff.RaiseObjectionAsync(Object(filed, "另一样例债权人"))).Name, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> WrongApplications() => new()
    {
        { "credit_code", "USCC_INVALID", "credit_code" }, { "unknown", "LICENSE_NOT_FOUND", "" }, { "declared", "DECLARATION_INCOMPLETE", "declared_absent" },
        { "enum", "ENUM_INVALID", "declared_absent" }, { "commitment", "COMMITMENT_INVALID", "commitment" }, { "digest", "COMMITMENT_INVALID", "commitment.digest" },
        { "reference", "COMMITMENT_INVALID", "commitment.reference" }, { "investors", "COMMITMENT_INVALID", "commitment.investors" }, { "request_id", "REQUEST_ID_INVALID", "request_id" },
    };

    [Theory]
    [MemberData(nameof(WrongApplications))]
    public async Task A_wrong_application_is_refused_by_reason(string what, string reason, string field)
    {
        var request = DeregistrationFixture.Application(await server.FoundAsync());
        switch (what)
        {
            case "credit_code": request.CreditCode = "91370406"; break;
            case "unknown": request.CreditCode = SampleCompanies.CreditCode(SampleCompanies.Next()); break;
            case "declared": request.DeclaredAbsent.Remove(Impediment.BranchesRemain); break;
            case "enum": request.DeclaredAbsent.Add((Impediment)77); break;
            case "commitment": request.Commitment = null; break;
            case "digest": request.Commitment.Digest = ByteString.CopyFrom(new byte[31]); break;
            case "reference": request.Commitment.Reference = ""; break;
            case "investors": request.Commitment.Investors = 0; break;
            default: request.RequestId = "short"; break;
        }

        var refusal = await Refusal.Of(staff.ApplyDeregistrationAsync(request));

        Assert.Equal(reason, refusal.Reason);
        Assert.Equal(field.Length == 0 ? [] : [$"{field} {reason}"], refusal.Fields);
        if (what == "declared")
        {
            Assert.Contains("分支机构尚未办理注销登记", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_the_register_knows_bars_an_application()
    {
        var (suspended, pending, revoked) = (await server.FoundAsync(), await server.FoundAsync(), await server.FoundAsync());
        var sets = server.Staff();
        await sets.SuspendSetAsync(new SuspendSetRequest { RequestId = ServerFixture.NewRequestId(), Name = suspended.Name, Reason = "样例：歇业", Authority = "样例机关" });
        await sets.RevokeSetAsync(new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = revoked.Name, Reason = "样例：违法经营", Authority = "样例机关" });
        var change = new ChangeRegistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = pending.Name, Reason = "样例：变更名称", Authority = "样例机关" };
        (change.Enterprise, change.UpdateMask) = (new Enterprise { Name = "枣庄市山亭区样例新名食品有限公司" }, new FieldMask { Paths = { "name" } });
        change.EffectiveTime = server.Time.GetUtcNow().AddDays(3).ToTimestamp();
        await sets.ChangeRegistrationAsync(change);

        foreach (var (set, impediment, text) in new[] { (suspended, "NOT_IN_FORCE", "不在有效状态"), (revoked, "REVOKED_OR_CLOSED", "吊销"), (pending, "CHANGE_PENDING", "尚未生效的变更") })
        {
            var refusal = await Refusal.Of(staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(set)));
            Assert.Equal((StatusCode.FailedPrecondition, "DEREGISTRATION_BARRED", impediment), (refusal.Status, refusal.Reason, refusal.Info.Metadata["impediments"]));
            Assert.Contains(text, refusal.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(17)]
    [InlineData(20)]
    [InlineData(99)]
    public async Task An_objection_needs_a_ground_of_the_law(int ground)
    {
        var filed = await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(await server.FoundAsync()));
        var objection = Object(filed);
        objection.Ground = (Impediment)ground;

        (await Refusal.Of(server.As("tax-bureau").RaiseObjectionAsync(objection))).IsField(StatusCode.InvalidArgument, "OBJECTION_GROUND_INVALID", "ground");
    }

    [Fact]
    public async Task A_text_that_is_left_out_is_asked_for()
    {
        var filed = await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(await server.FoundAsync()));
        var (id, objection) = (ServerFixture.NewRequestId(), Object(filed));
        objection.Reason = "";

        (await Refusal.Of(server.As("tax-bureau").RaiseObjectionAsync(objection))).IsField(StatusCode.InvalidArgument, "REASON_REQUIRED", "reason");
        (await Refusal.Of(staff.ReturnDeregistrationAsync(new ReturnDeregistrationRequest { RequestId = id, Name = filed.Name }))).IsField(StatusCode.InvalidArgument, "REASON_REQUIRED", "to_mend");
        (await Refusal.Of(staff.TerminateDeregistrationAsync(new TerminateDeregistrationRequest { RequestId = id, Name = filed.Name }))).IsField(StatusCode.InvalidArgument, "REASON_REQUIRED", "reason");
        (await Refusal.Of(staff.WithdrawObjectionAsync(new WithdrawObjectionRequest { RequestId = id, Name = filed.Name + "/objections/1" }))).IsField(StatusCode.InvalidArgument, "REASON_REQUIRED", "reason");
    }

    [Fact]
    public async Task Lists_are_paged_and_their_parameters_checked()
    {
        var set = await server.FoundAsync();
        var first = await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(set));
        await staff.WithdrawDeregistrationAsync(new WithdrawDeregistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = first.Name });
        var second = await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(set));
        var ask = new ListDeregistrationsRequest { CreditCode = set.License.Enterprise.CreditCode, PageSize = 1 };

        var page = await server.As("auditor").ListDeregistrationsAsync(ask);
        Assert.Equal((first.Name, 0), (Assert.Single(page.Deregistrations).Name, page.Deregistrations[0].Events.Count));
        ask.PageToken = page.NextPageToken;
        Assert.Equal(second.Name, Assert.Single((await staff.ListDeregistrationsAsync(ask)).Deregistrations).Name);
        ask.Filter = Filter.Open;
        ask.PageToken = "";
        Assert.Equal(second.Name, Assert.Single((await staff.ListDeregistrationsAsync(ask)).Deregistrations).Name);

        (await Refusal.Of(staff.ListDeregistrationsAsync(new ListDeregistrationsRequest { PageToken = "JZ1" }))).IsField(StatusCode.InvalidArgument, "PAGE_TOKEN_INVALID", "page_token");
        (await Refusal.Of(staff.ListDeregistrationsAsync(new ListDeregistrationsRequest { PageSize = 201 }))).IsField(StatusCode.InvalidArgument, "PAGE_SIZE_INVALID", "page_size");
        (await Refusal.Of(staff.ListDeregistrationsAsync(new ListDeregistrationsRequest { Filter = (Filter)9 }))).IsField(StatusCode.InvalidArgument, "ENUM_INVALID", "filter");
        (await Refusal.Of(staff.ListDeregistrationsAsync(new ListDeregistrationsRequest { CreditCode = "9137" }))).IsField(StatusCode.InvalidArgument, "USCC_INVALID", "credit_code");
        (await Refusal.Of(staff.ListNoticesAsync(new ListNoticesRequest { AfterMark = -1 }))).IsField(StatusCode.InvalidArgument, "MARK_INVALID", "after_mark");
        (await Refusal.Of(staff.ListNoticesAsync(new ListNoticesRequest { AfterMark = long.MaxValue }))).IsField(StatusCode.InvalidArgument, "MARK_INVALID", "after_mark");
    }

    // A department that goes on from its mark hears of every proceeding, and of its end.
    [Fact]
    public async Task Notices_read_on_from_a_mark_tell_beginning_and_end_with_little_data()
    {
        var tax = server.As("tax-bureau");
        var mark = (await tax.ListNoticesAsync(new ListNoticesRequest { PageSize = 500 })).Mark;
        var set = await server.FoundAsync();
        var filed = await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(set));
        var begun = await tax.ListNoticesAsync(new ListNoticesRequest { AfterMark = mark });
        var notice = Assert.Single(begun.Notices);
        Assert.Equal(
            new DeregistrationNotice
            {
                Name = filed.Name, CreditCode = filed.CreditCode, CompanyName = set.License.Enterprise.Name, From = filed.ApplyDate, To = filed.LastDayToObject, State = State.Published, Published = true,
            }, notice);
        Assert.True(begun.IsCurrent);
        Assert.Empty((await tax.ListNoticesAsync(new ListNoticesRequest { AfterMark = begun.Mark })).Notices);

        await staff.WithdrawDeregistrationAsync(new WithdrawDeregistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = filed.Name });
        var ended = await tax.ListNoticesAsync(new ListNoticesRequest { AfterMark = begun.Mark });

        Assert.Equal((filed.Name, State.Withdrawn), (Assert.Single(ended.Notices).Name, ended.Notices[0].State));
        Assert.True(ended.Mark > begun.Mark);
        Assert.Empty((await tax.ListNoticesAsync(new ListNoticesRequest { AfterMark = begun.Mark, OpenOnly = true })).Notices);
        var pages = new List<string>();
        for (var page = new ListNoticesResponse(); !page.IsCurrent; pages.AddRange(page.Notices.Select(each => each.Name)))
        {
            page = await tax.ListNoticesAsync(new ListNoticesRequest { AfterMark = page.Mark, PageSize = 1 });
        }

        Assert.Equal((await tax.ListNoticesAsync(new ListNoticesRequest { PageSize = 500 })).Notices.Select(each => each.Name), pages);
    }

    [Fact]
    public async Task The_same_request_gives_the_same_bytes_and_with_other_content_is_refused()
    {
        var set = await server.FoundAsync();
        var application = DeregistrationFixture.Application(set);
        var filed = await staff.ApplyDeregistrationAsync(application);
        Assert.Equal(filed, await staff.ApplyDeregistrationAsync(application));
        var other = application.Clone();
        other.ConfirmsItself = true;
        Assert.Equal("REQUEST_ID_REUSED", (await Refusal.Of(staff.ApplyDeregistrationAsync(other))).Reason);

        var tax = server.As("tax-bureau");
        var objection = Object(filed);
        Assert.Equal(await tax.RaiseObjectionAsync(objection), await tax.RaiseObjectionAsync(objection));
        objection.Reason += "甲";
        Assert.Equal("REQUEST_ID_REUSED", (await Refusal.Of(tax.RaiseObjectionAsync(objection))).Reason);
        var withdraw = new WithdrawObjectionRequest { RequestId = ServerFixture.NewRequestId(), Name = filed.Name + "/objections/1", Reason = "样例：已经结清" };
        Assert.Equal(await tax.WithdrawObjectionAsync(withdraw), await tax.WithdrawObjectionAsync(withdraw));
        var giveBack = new ReturnDeregistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = filed.Name, ToMend = "样例：漏填日期" };
        Assert.Equal(await staff.ReturnDeregistrationAsync(giveBack), await staff.ReturnDeregistrationAsync(giveBack));
        var again = new ResubmitDeregistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = filed.Name };
        Assert.Equal(await staff.ResubmitDeregistrationAsync(again), await staff.ResubmitDeregistrationAsync(again));
        Assert.Equal("REQUEST_ID_REUSED", (await Refusal.Of(staff.ConfirmDeregistrationAsync(new ConfirmDeregistrationRequest { RequestId = again.RequestId, Name = filed.Name }))).Reason);

        server.PassDay(filed.LastDayToObject);
        var confirm = new ConfirmDeregistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = filed.Name };
        var replies = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () => (await staff.ConfirmDeregistrationAsync(confirm)).ToByteString())));
        Assert.Single(replies.Distinct());
        Assert.Equal(replies[0], (await staff.ConfirmDeregistrationAsync(confirm)).ToByteString());
        Assert.Equal(filed, await staff.ApplyDeregistrationAsync(application));
        // Seven acts, each once, whoever asked how often.
        Assert.Equal([1, 2, 3, 4, 5, 8], (await staff.GetDeregistrationAsync(new GetDeregistrationRequest { Name = filed.Name })).Events.Select(each => (int)each.Act));
    }

    [Fact]
    public async Task Eight_clerks_at_once_open_one_and_confirm_one()
    {
        var set = await server.FoundAsync();
        var ends = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => EndOf(() => staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(set)))));
        var filed = Assert.Single(ends, end => end.Done is not null).Done!;
        Assert.All(ends.Where(end => end.Done is null), end => Assert.Equal("DEREGISTRATION_OPEN", end.Reason));

        server.PassDay(filed.LastDayToObject);
        ends = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => EndOf(() => staff.ConfirmDeregistrationAsync(new ConfirmDeregistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = filed.Name }))));

        Assert.Equal(State.Cancelled, Assert.Single(ends, end => end.Done is not null).Done!.State);
        Assert.All(ends.Where(end => end.Done is null), end => Assert.Contains(end.Reason, (string[])["VERSION_CONFLICT", "DEREGISTRATION_NOT_ALLOWED"]));
    }

    [Fact]
    public async Task The_whole_way_over_json()
    {
        var json = JsonCall.As(server, "staff");
        var methods = DeregistrationService.Descriptor.Methods.ToDictionary(method => method.Name);
        async Task<T> Ask<T>(string method, IMessage request, JsonCall? by = null)
            where T : IMessage, new()
        {
            var answer = await (by ?? json).Ask(methods[method], request);
            Assert.True(answer.Http == HttpStatusCode.OK, $"{method}: {answer.Http} {answer.Reason}");
            return JsonParser.Default.Parse<T>(answer.Text);
        }

        var filed = await Ask<Deregistration>("ApplyDeregistration", DeregistrationFixture.Application(await server.FoundAsync()));
        var tax = JsonCall.As(server, "tax-bureau");
        var objection = await Ask<Objection>("RaiseObjection", Object(filed), tax);
        await Ask<Objection>("WithdrawObjection", new WithdrawObjectionRequest { RequestId = ServerFixture.NewRequestId(), Name = objection.Name, Reason = "样例：已经结清" }, tax);
        await Ask<Deregistration>("ReturnDeregistration", new ReturnDeregistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = filed.Name, ToMend = "样例：漏填日期" });
        await Ask<Deregistration>("ResubmitDeregistration", new ResubmitDeregistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = filed.Name });
        Assert.Contains(filed.Name, (await Ask<ListNoticesResponse>("ListNotices", new ListNoticesRequest { PageSize = 500 }, tax)).Notices.Select(each => each.Name));
        Assert.Equal(filed.Name, Assert.Single((await Ask<ListDeregistrationsResponse>("ListDeregistrations", new ListDeregistrationsRequest { CreditCode = filed.CreditCode })).Deregistrations).Name);
        var early = await json.Ask(methods["ConfirmDeregistration"], new ConfirmDeregistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = filed.Name });
        Assert.Equal((HttpStatusCode.BadRequest, "PUBLICATION_NOT_OVER"), (early.Http, early.Reason));
        var taken = await Ask<Deregistration>("WithdrawDeregistration", new WithdrawDeregistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = filed.Name });
        Assert.Equal(State.Withdrawn, taken.State);
        Assert.Equal(taken, await Ask<Deregistration>("GetDeregistration", new GetDeregistrationRequest { Name = filed.Name }));
        var terminate = await json.Ask(methods["TerminateDeregistration"], new TerminateDeregistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = filed.Name, Reason = "样例理由" });
        Assert.Equal((HttpStatusCode.BadRequest, "DEREGISTRATION_NOT_ALLOWED"), (terminate.Http, terminate.Reason));
    }

    private static RaiseObjectionRequest Object(Deregistration one, string objector = "") => new()
    {
        RequestId = ServerFixture.NewRequestId(), Name = one.Name, Ground = Impediment.DebtsOutstanding, Reason = "样例：尚欠货款", Objector = objector,
    };

    private static async Task<(Deregistration? Done, string Reason)> EndOf(Func<AsyncUnaryCall<Deregistration>> call)
    {
        try
        {
            return (await call(), "");
        }
        catch (RpcException error)
        {
            return (null, Refusal.Of(error.GetRpcStatus()!, error.StatusCode).Reason);
        }
    }
}
