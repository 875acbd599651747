using Google.Protobuf;
using Grpc.Core;
using ShantingEId.Codes;
using ShantingEId.Seals;
using ShantingEId.Server.Storage;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using Decision = ShantingEId.V1.DecideStepRequest.Types.Decision;
using Kind = ShantingEId.V1.Step.Types.Kind;
using Report = ShantingEId.V1.ReportStepRequest.Types.Report;
using State = ShantingEId.V1.Step.Types.State;

namespace ShantingEId.Server.Tests.Cases;

public sealed class CaseServiceTests(ServerFixture server) : CaseServiceContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresCaseServiceTests(PostgresServerFixture server) : CaseServiceContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary>The one window as its users see it, over gRPC with a real server.</summary>
public abstract class CaseServiceContract(ServerFixture server) : CaseContract(server)
{
    private static readonly Kind[] Everything = [Kind.SealEngraving, Kind.Tax, Kind.SocialSecurity, Kind.MedicalInsurance, Kind.HousingFund, Kind.BankAppointment, Kind.Employment];

    // 即报即得, and from there each department does its part in order.
    [Fact]
    public async Task A_founding_goes_from_the_application_to_the_bank_and_everyone_sees_it()
    {
        // 1. Issued in the same call; all but the bank is open.
        var request = SampleCases.Application(Everything);
        var opened = await Staff.OpenCaseAsync(request);
        Assert.Equal(request.Enterprise, opened.Enterprise);
        Assert.Empty(opened.Findings);
        Assert.Equal([(Kind.License, State.Done), .. Everything.Select(kind => (kind, kind == Kind.BankAppointment ? State.Waiting : State.Open))], opened.Steps.Select(step => (step.Kind, step.State)));
        Assert.Equal([Kind.SealEngraving], opened.Steps.Single(step => step.Kind == Kind.BankAppointment).WaitsFor);
        Assert.Equal(["枣庄市山亭区行政审批服务局（开发样例）", "公章刻制单位", "税务局"], opened.Steps.Take(3).Select(step => step.DepartmentTitle));
        var set = await Server.Staff().GetIssuedSetAsync(new GetIssuedSetRequest { Name = opened.IssuedSet });
        Assert.Equal((request.Enterprise, IssuedSet.Types.State.Active), (set.License.Enterprise, set.State));

        // 2. The engraver receives the four codes and the imprints of the electronic seals.
        var engraver = Client("engraver");
        var order = await engraver.GetStepAsync(new GetStepRequest { Name = NameOf(opened, Kind.SealEngraving) });
        var full = await Server.Staff().GetIssuedSetAsync(new GetIssuedSetRequest { Name = opened.IssuedSet, View = GetIssuedSetRequest.Types.View.Full });
        Assert.Equal(full.Seals.Select(seal => (seal.Kind, seal.SealCode)), order.Imprints.Select(imprint => (imprint.Kind, imprint.SealCode)));
        Assert.Equal(full.Seals.Select(seal => ByteString.CopyFrom(SesSeal.Parse(seal.SesSeal.Memory).Info.Picture)), order.Imprints.Select(imprint => imprint.Png));
        Assert.Equal([(40, 40), (38, 38), (40, 30), (20, 20)], order.Imprints.Select(imprint => (imprint.WidthMm, imprint.HeightMm)));

        // 3. Engraved; the bank is told.
        await Do(engraver, opened, Kind.SealEngraving, Report.Accept);
        var engraved = await Do(engraver, opened, Kind.SealEngraving, Report.Complete);
        Assert.Equal((State.Done, "样例已办", "样例-1"), (engraved.State, engraved.Evidence.Text, engraved.Evidence.Reference));
        var bank = Client("bank");
        Assert.Contains((await bank.ListStepsAsync(new ListStepsRequest { PageSize = 500 })).Changes, change => change.Step == NameOf(opened, Kind.BankAppointment) && change.State == State.Open);

        // 4. Everyone else, and the case is completed.
        foreach (var (department, kind) in ((string, Kind)[])[("tax-bureau", Kind.Tax), ("social-security", Kind.SocialSecurity), ("social-security", Kind.MedicalInsurance),
            ("housing-fund", Kind.HousingFund), ("bank", Kind.BankAppointment), ("social-security", Kind.Employment)])
        {
            await Do(Client(department), opened, kind, Report.Accept);
            await Do(Client(department), opened, kind, Report.Complete);
        }

        var end = await Staff.GetCaseAsync(new GetCaseRequest { Name = opened.Name });
        Assert.Equal(Case.Types.State.Completed, end.State);
        Assert.Equal(end, await Staff.GetCaseAsync(new GetCaseRequest { Name = "cases/" + request.Enterprise.CreditCode }));
        Assert.Equal(8 + 7 + 14 + 1, end.Events.Count); // Asked for; licensed and all but the bank opened; two reports each; the bank opened.
        Assert.Equal(end.Events.Select(each => each.Time.ToDateTimeOffset()).Order(), end.Events.Select(each => each.Time.ToDateTimeOffset()));
        Assert.Empty(RegisterCheck.Run(Server.Options()));
    }

    [Fact]
    public async Task What_a_person_must_look_at_waits_with_the_reasons_and_is_issued_once_granted()
    {
        var request = SampleCases.Doubtful(Kind.Tax);
        request.Enterprise.Capital = "9(亿元人民币)";
        var opened = await Staff.OpenCaseAsync(request);
        Assert.Equal(["NAME_RESERVED_WORD", "CAPITAL_LARGE"], opened.Findings.Select(finding => finding.Check));
        Assert.Equal([State.Review, State.Waiting], opened.Steps.Select(step => step.State));
        Assert.Equal("", opened.IssuedSet);
        Assert.Equal(opened, await Staff.OpenCaseAsync(request));
        Assert.Equal("LICENSE_NOT_FOUND", (await Refusal.Of(Server.Staff().GetIssuedSetAsync(new GetIssuedSetRequest { Name = "issuedSets/" + request.Enterprise.CreditCode }))).Reason);

        var grant = Decide(opened, Kind.License, Decision.Grant);
        var granted = await Staff.DecideStepAsync(grant);

        Assert.Equal([State.Done, State.Open], granted.Steps.Select(step => step.State));
        Assert.Equal(opened.Findings, granted.Findings);
        Assert.Equal([("staff", State.Review), ("staff", State.Waiting), ("staff", State.Accepted), ("", State.Done), ("", State.Open)], granted.Events.Select(each => (each.Actor, each.State)));
        Assert.Equal(granted, await Staff.DecideStepAsync(grant));
        var late = await Refusal.Of(Staff.DecideStepAsync(Decide(opened, Kind.License, Decision.Grant)));
        Assert.Equal((StatusCode.FailedPrecondition, "TRANSITION_NOT_ALLOWED", "DONE"), (late.Status, late.Reason, late.Info.Metadata["state"]));
        using var register = Server.OpenRegister();
        Assert.Equal(1, register.Number("SELECT count(*) FROM issued_set WHERE credit_code = @code", ("@code", request.Enterprise.CreditCode)));
    }

    [Fact]
    public async Task A_company_that_has_a_set_goes_to_a_person_and_a_grant_says_why_it_cannot_be()
    {
        var request = SampleCases.Application();
        var issue = new IssueSetRequest { RequestId = ServerFixture.NewRequestId(), Enterprise = request.Enterprise };
        var set = await Server.Staff().IssueSetAsync(issue);

        var opened = await Staff.OpenCaseAsync(request);
        Assert.Equal(("LICENSE_EXISTS", State.Review), (Assert.Single(opened.Findings).Check, Assert.Single(opened.Events).State));
        var refused = await Refusal.Of(Staff.DecideStepAsync(Decide(opened, Kind.License, Decision.Grant)));
        Assert.Equal((StatusCode.AlreadyExists, "LICENSE_EXISTS"), (refused.Status, refused.Reason));
        var waiting = await Staff.GetCaseAsync(new GetCaseRequest { Name = opened.Name });
        Assert.Equal([State.Review, State.Accepted, State.Review], waiting.Events.Select(each => each.State));
        Assert.Single(waiting.Findings);

        // Once the other has ended, the same case is granted.
        await Server.Staff().RevokeSetAsync(new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = set.Name, Reason = "样例理由", Authority = "样例机关" });
        Assert.Equal(State.Done, Assert.Single((await Staff.DecideStepAsync(Decide(opened, Kind.License, Decision.Grant))).Steps).State);
        Assert.Empty(RegisterCheck.Run(Server.Options()));
    }

    // Nothing was granted, issued or drawn in vain when a check of the issuer says no: the case goes to a person at once.
    [Fact]
    public async Task A_name_that_cannot_be_drawn_goes_to_a_person()
    {
        var request = SampleCases.Application();
        request.Enterprise.Representative = "样\U00030000例";

        var opened = await Staff.OpenCaseAsync(request);

        var finding = Assert.Single(opened.Findings);
        Assert.Equal(("TEXT_INVALID", State.Review), (finding.Check, Assert.Single(opened.Events).State));
        Assert.Contains("U+30000", finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_returned_application_is_mended_and_granted()
    {
        var request = SampleCases.Doubtful();
        var opened = await Staff.OpenCaseAsync(request);
        await Staff.DecideStepAsync(Decide(opened, Kind.License, Decision.Return, "样例：名称须更正"));
        var mended = request.Enterprise.Clone();
        mended.Name = "枣庄市山亭区样例食品有限公司";
        var reopen = Decide(opened, Kind.License, Decision.Reopen);
        reopen.Enterprise = mended;
        var reopened = await Staff.DecideStepAsync(reopen);
        Assert.Equal((mended, 0, State.Review), (reopened.Enterprise, reopened.Findings.Count, reopened.Steps[0].State));

        var granted = await Staff.DecideStepAsync(Decide(opened, Kind.License, Decision.Grant));

        Assert.Equal(mended, (await Server.Staff().GetIssuedSetAsync(new GetIssuedSetRequest { Name = granted.IssuedSet })).License.Enterprise);

        // Of another company, or not with the licence's reopening, facts are not taken.
        reopen.Enterprise.CreditCode = SampleCompanies.CreditCode(SampleCompanies.Next());
        reopen.RequestId = ServerFixture.NewRequestId();
        var second = await Staff.OpenCaseAsync(SampleCases.Doubtful());
        await Staff.DecideStepAsync(Decide(second, Kind.License, Decision.Return, "样例理由"));
        reopen.Name = NameOf(second, Kind.License);
        (await Refusal.Of(Staff.DecideStepAsync(reopen))).IsField(StatusCode.FailedPrecondition, "LINT_FAILED", "enterprise.credit_code");
        reopen.Decision = Decision.Grant;
        (await Refusal.Of(Staff.DecideStepAsync(reopen))).IsField(StatusCode.FailedPrecondition, "LINT_FAILED", "enterprise");
    }

    [Fact]
    public async Task A_refused_licence_ends_the_case_and_the_company_may_apply_anew()
    {
        var request = SampleCases.Doubtful(Kind.Tax, Kind.HousingFund);
        var opened = await Staff.OpenCaseAsync(request);
        var refused = await Staff.DecideStepAsync(Decide(opened, Kind.License, Decision.Refuse, "样例：名称不予登记"));
        Assert.Equal((Case.Types.State.Closed, "样例：名称不予登记"), (refused.State, refused.Steps[0].Reason));
        Assert.Equal([State.Refused, State.Withdrawn, State.Withdrawn], refused.Steps.Select(step => step.State));
        Assert.Equal("CASE_CLOSED", (await Refusal.Of(Staff.AddStepsAsync(Add(opened, Kind.BankAppointment)))).Reason);
        // Their departments never heard of it.
        Assert.DoesNotContain((await Tax.ListStepsAsync(new ListStepsRequest { PageSize = 500 })).Changes, change => change.Step == NameOf(opened, Kind.Tax));

        request.RequestId = ServerFixture.NewRequestId();
        request.Enterprise.Name = "枣庄市山亭区样例食品有限公司";
        Assert.Equal(State.Done, (await Staff.OpenCaseAsync(request)).Steps[0].State);
    }

    [Fact]
    public async Task One_case_goes_on_for_a_company_and_facts_that_cannot_be_are_sent_back_whole()
    {
        var request = SampleCases.Doubtful();
        var opened = await Staff.OpenCaseAsync(request);
        var second = new OpenCaseRequest(request) { RequestId = ServerFixture.NewRequestId() };
        var exists = await Refusal.Of(Staff.OpenCaseAsync(second));
        Assert.Equal((StatusCode.AlreadyExists, "CASE_EXISTS", opened.Name), (exists.Status, exists.Reason, exists.Info.Metadata["case"]));
        request.Enterprise.Address = "枣庄市山亭区样例路2号";
        Assert.Equal("REQUEST_ID_REUSED", (await Refusal.Of(Staff.OpenCaseAsync(request))).Reason);

        var wrong = SampleCases.Application();
        (wrong.Enterprise.Address, wrong.Enterprise.Representative) = ("", "");
        Assert.Equal(["enterprise.representative TEXT_INVALID", "enterprise.address TEXT_INVALID"], (await Refusal.Of(Staff.OpenCaseAsync(wrong))).Fields);
        (await Refusal.Of(Staff.OpenCaseAsync(SampleCases.Application(Kind.Tax, Kind.Tax)))).IsField(StatusCode.InvalidArgument, "ENUM_INVALID", "steps[1]");
    }

    [Fact]
    public async Task Steps_are_asked_for_apart_and_again()
    {
        var opened = await Staff.OpenCaseAsync(SampleCases.Application());
        Assert.Equal(Case.Types.State.Completed, opened.State);
        var add = Add(opened, Kind.Tax, Kind.HousingFund);
        var added = await Staff.AddStepsAsync(add);
        Assert.Equal([State.Done, State.Open, State.Open], added.Steps.Select(step => step.State));
        Assert.Equal(added, await Staff.AddStepsAsync(add));
        var twice = await Refusal.Of(Staff.AddStepsAsync(Add(opened, Kind.Tax)));
        Assert.Equal((StatusCode.AlreadyExists, "STEP_EXISTS", "TAX"), (twice.Status, twice.Reason, twice.Info.Metadata["step"]));
        Assert.Equal("ENUM_INVALID", (await Refusal.Of(Staff.AddStepsAsync(Add(opened)))).Reason);

        await Do(Tax, opened, Kind.Tax, Report.Refuse, "样例：材料不实");
        Assert.Equal(State.Open, (await Staff.AddStepsAsync(Add(opened, Kind.Tax))).Steps.Single(step => step.Kind == Kind.Tax).State);
    }

    [Fact]
    public async Task A_report_is_taken_once_and_nothing_but_the_table_is_allowed()
    {
        var opened = await Staff.OpenCaseAsync(SampleCases.Application(Kind.Tax));
        var complete = Reporting(opened, Kind.Tax, Report.Complete);
        var early = await Refusal.Of(Tax.ReportStepAsync(complete));
        Assert.Equal((StatusCode.FailedPrecondition, "TRANSITION_NOT_ALLOWED", "OPEN"), (early.Status, early.Reason, early.Info.Metadata["state"]));

        var accept = Reporting(opened, Kind.Tax, Report.Accept);
        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Tax.ReportStepAsync(accept).ResponseAsync));
        Assert.Single(replies.Distinct());
        Assert.Equal("TRANSITION_NOT_ALLOWED", (await Refusal.Of(Tax.ReportStepAsync(Reporting(opened, Kind.Tax, Report.Accept)))).Reason);
        accept.Report = Report.Refuse;
        accept.Reason = "样例理由";
        Assert.Equal("REQUEST_ID_REUSED", (await Refusal.Of(Tax.ReportStepAsync(accept))).Reason);

        await Do(Tax, opened, Kind.Tax, Report.Return, "样例：缺章程");
        await Staff.DecideStepAsync(Decide(opened, Kind.Tax, Decision.Reopen));
        await Do(Tax, opened, Kind.Tax, Report.Accept);
        var done = await Tax.ReportStepAsync(complete);
        Assert.Equal(State.Done, done.State);
        Assert.Equal(done, await Tax.ReportStepAsync(complete));
        Assert.Equal([State.Waiting, State.Open, State.Accepted, State.Returned, State.Open, State.Accepted, State.Done],
            (await Staff.GetCaseAsync(new GetCaseRequest { Name = opened.Name })).Events.Where(each => each.Kind == Kind.Tax).Select(each => each.State));
    }

    [Theory]
    [InlineData(Report.Unspecified, "", "", "", "report ENUM_INVALID")]
    [InlineData((Report)9, "", "", "", "report ENUM_INVALID")]
    [InlineData(Report.Return, "", null, null, "reason REASON_REQUIRED")]
    [InlineData(Report.Refuse, "短", null, null, "reason REASON_REQUIRED")]
    [InlineData(Report.Accept, "样例理由", null, null, "reason REASON_REQUIRED")]
    [InlineData(Report.Complete, "", null, null, "evidence EVIDENCE_REQUIRED")]
    [InlineData(Report.Complete, "", "", "", "evidence EVIDENCE_REQUIRED")]
    [InlineData(Report.Accept, "", "样例", "", "evidence EVIDENCE_REQUIRED")]
    [InlineData(Report.Complete, "", "样例\u200B样例", "", "evidence.text TEXT_INVALID")]
    [InlineData(Report.Complete, "", "", "1234567890123456789012345678901234567890123456789012345678901234X", "evidence.reference TEXT_INVALID")]
    public async Task A_report_that_says_too_little_or_too_much_is_refused(Report report, string reason, string? text, string? reference, string field)
    {
        var opened = await Staff.OpenCaseAsync(SampleCases.Application(Kind.Tax));
        var request = new ReportStepRequest { RequestId = ServerFixture.NewRequestId(), Name = NameOf(opened, Kind.Tax), Report = report, Reason = reason };
        if (text is not null)
        {
            request.Evidence = new Evidence { Text = text, Reference = reference };
        }

        Assert.Equal([field], (await Refusal.Of(Tax.ReportStepAsync(request))).Fields);
    }

    // Deny by default: a step of somebody else is for a department like one that does not exist, whatever it asks and however.
    [Fact]
    public async Task A_department_knows_of_its_own_steps_and_of_nothing_else()
    {
        var opened = await Staff.OpenCaseAsync(SampleCases.Application(Everything));
        string[] names = [NameOf(opened, Kind.Tax), NameOf(opened, Kind.License), NameOf(opened, Kind.BankAppointment), "cases/abcdefghijklmnopqrst/steps/HOUSING_FUND", "cases/abcdefghijklmnopqrst/steps/TAX"];
        var fund = Client("housing-fund");
        var refusals = new List<Refusal>();
        foreach (var name in names)
        {
            refusals.Add(await Refusal.Of(fund.GetStepAsync(new GetStepRequest { Name = name })));
            var report = Reporting(opened, Kind.Tax, Report.Accept);
            report.Name = name;
            refusals.Add(await Refusal.Of(fund.ReportStepAsync(report)));
        }

        Assert.Equal((StatusCode.NotFound, "STEP_NOT_FOUND"), (refusals[0].Status, refusals[0].Reason));
        Assert.Single(refusals.Select(refusal => (refusal.Status, refusal.Reason, refusal.Message, refusal.Violations.Count, refusal.Info.Metadata.Count)).Distinct());

        // Its own, that waits for others, does not exist for the bank yet.
        Assert.Equal("STEP_NOT_FOUND", (await Refusal.Of(Client("bank").GetStepAsync(new GetStepRequest { Name = names[2] }))).Reason);
        Assert.Equal("STEP_NOT_FOUND", (await Refusal.Of(Client("bank").ReportStepAsync(new ReportStepRequest(Reporting(opened, Kind.BankAppointment, Report.Accept))))).Reason);

        Assert.All((await fund.ListStepsAsync(new ListStepsRequest { PageSize = 500 })).Changes, change => Assert.Equal(Kind.HousingFund, change.Kind));
        (await Refusal.Of(fund.ListStepsAsync(new ListStepsRequest { Kinds = { Kind.Tax } }))).IsField(StatusCode.InvalidArgument, "FILTER_INVALID", "kinds");
        Assert.Equal([State.Open], (await fund.ListStepsAsync(new ListStepsRequest { PageSize = 500 })).Changes.Where(change => change.Step == NameOf(opened, Kind.HousingFund)).Select(change => change.State));
    }

    // Facts are shared, never more of them than the purpose of the step grants, and every look is recorded.
    [Fact]
    public async Task A_department_sees_what_the_purpose_of_its_step_grants_and_the_company_sees_that_it_looked()
    {
        var request = SampleCases.Application(Everything);
        var opened = await Staff.OpenCaseAsync(request);
        string[] all = [.. Enterprise.Descriptor.Fields.InDeclarationOrder().Select(field => field.Name)];
        foreach (var (department, kind, fields, seals) in ((string, Kind, string[], int)[])[
            ("tax-bureau", Kind.Tax, all, 4), ("engraver", Kind.SealEngraving, ["credit_code", "name", "representative"], 4),
            ("social-security", Kind.MedicalInsurance, ["credit_code", "name", "kind", "establish_date"], 0), ("social-security", Kind.Employment, ["credit_code", "name", "kind", "address"], 0),
            ("housing-fund", Kind.HousingFund, ["credit_code", "name", "kind", "establish_date", "address"], 0)])
        {
            var order = await Client(department).GetStepAsync(new GetStepRequest { Name = NameOf(opened, kind) });

            Assert.Equal((Verification.Types.Verdict.Valid, State.Open, seals, kind == Kind.SealEngraving ? 4 : 0), (order.Company.Verdict, order.Step.State, order.Company.Seals.Count, order.Imprints.Count));
            foreach (var field in Enterprise.Descriptor.Fields.InDeclarationOrder())
            {
                Assert.Equal(field.Accessor.GetValue(fields.Contains(field.Name) ? request.Enterprise : new Enterprise()), field.Accessor.GetValue(order.Company.License.Enterprise));
            }
        }

        var lookups = await LookupsAsync(request.Enterprise.CreditCode, 5);
        Assert.Equal(["housing-fund", "social-security", "social-security", "engraver", "tax-bureau"], lookups.Select(lookup => lookup.Caller));
        Assert.All(lookups, lookup => Assert.Equal("GetStep", lookup.Method));
        Assert.Equal(("TAX_REGISTRATION", NameOf(opened, Kind.Tax)), (lookups[^1].Purpose, lookups[^1].Reference));
    }

    // A company that was ended after its founding: the engraver is told so and given nothing to engrave.
    [Fact]
    public async Task A_set_that_ended_meanwhile_is_not_engraved()
    {
        var opened = await Staff.OpenCaseAsync(SampleCases.Application(Kind.SealEngraving));
        await Server.Staff().RevokeSetAsync(new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = opened.IssuedSet, Reason = "样例理由", Authority = "样例机关" });

        var order = await Client("engraver").GetStepAsync(new GetStepRequest { Name = NameOf(opened, Kind.SealEngraving) });

        Assert.Equal((Verification.Types.Verdict.Revoked, 0), (order.Company.Verdict, order.Imprints.Count));
    }

    [Fact]
    public async Task The_progress_code_shows_how_far_it_is_and_nothing_of_whose_it_is()
    {
        var request = SampleCases.Doubtful(Kind.Tax);
        var opened = await Staff.OpenCaseAsync(request);
        await Staff.DecideStepAsync(Decide(opened, Kind.License, Decision.Grant));
        await Do(Tax, opened, Kind.Tax, Report.Return, "样例人须到场签字");
        foreach (var caller in (string[])["holder-app", "bank", "auditor", "staff"])
        {
            var progress = await Client(caller).GetProgressAsync(new GetProgressRequest { Code = opened.ProgressCode.ToLowerInvariant() });

            Assert.Equal([(Kind.License, "营业执照和电子印章", State.Done), (Kind.Tax, "税务登记", State.Returned)], progress.Steps.Select(step => (step.Kind, step.Title, step.State)));
            Assert.Equal(Case.Types.State.Running, progress.State);
            Assert.All(progress.Steps, step => Assert.NotNull(step.StateDate));
            // Neither whose case it is nor what was said about it, in any field that may be added one day.
            Assert.All([request.Enterprise.Name, request.Enterprise.CreditCode, request.Enterprise.Representative, request.Enterprise.Address, opened.Name[6..], "签字", "NAME_RESERVED", "tax-bureau"],
                secret => Assert.DoesNotContain(secret, progress.ToString(), StringComparison.Ordinal));
        }

        Assert.Equal((StatusCode.NotFound, "CASE_NOT_FOUND"), await RefusedAs(ProgressCode.Generate().ToString()));
        Assert.Equal((StatusCode.InvalidArgument, "PROGRESS_CODE_INVALID"), await RefusedAs(opened.ProgressCode[..^1]));
        Assert.Equal((StatusCode.InvalidArgument, "PROGRESS_CODE_INVALID"), await RefusedAs(""));

        async Task<(StatusCode, string)> RefusedAs(string code)
        {
            var refusal = await Refusal.Of(Client("holder-app").GetProgressAsync(new GetProgressRequest { Code = code }));
            return (refusal.Status, refusal.Reason);
        }
    }

    [Fact]
    public async Task Who_may_see_a_case_sees_what_its_purposes_grant()
    {
        var request = SampleCases.Application(Kind.Tax);
        var opened = await Staff.OpenCaseAsync(request);

        var app = await Client("holder-app").GetCaseAsync(new GetCaseRequest { Name = opened.Name });
        var audit = await Client("auditor").GetCaseAsync(new GetCaseRequest { Name = opened.Name });

        // PUBLIC_SCAN: credit code, name, kind, representative, address.
        Assert.Equal((request.Enterprise.Name, "", null, ""), (app.Enterprise.Name, app.Enterprise.Capital, app.Enterprise.EstablishDate, app.Enterprise.BusinessScope));
        Assert.Equal((opened.ProgressCode, ""), (app.ProgressCode, audit.ProgressCode));
        Assert.Equal(request.Enterprise, audit.Enterprise);
        Assert.Equal("CASE_NOT_FOUND", (await Refusal.Of(Staff.GetCaseAsync(new GetCaseRequest { Name = "cases/abcdefghijklmnopqrst" }))).Reason);
        Assert.Equal("CASE_NOT_FOUND", (await Refusal.Of(Staff.GetCaseAsync(new GetCaseRequest { Name = "cases/" + SampleCompanies.CreditCode(SampleCompanies.Next()) }))).Reason);
        Assert.Equal("CASE_ID_INVALID", (await Refusal.Of(Staff.GetCaseAsync(new GetCaseRequest { Name = "样例" }))).Reason);
    }

    // The ledger takes a moment to arrive in the register.
    private async Task<IReadOnlyList<Lookup>> LookupsAsync(string creditCode, int count)
    {
        var client = new VerificationService.VerificationServiceClient(Server.Channel("staff"));
        for (var i = 0; ; i++)
        {
            var list = await client.ListLookupsAsync(new ListLookupsRequest { CreditCode = creditCode });
            if (list.Lookups.Count >= count || i == 200)
            {
                Assert.Equal(count, list.Lookups.Count);
                return list.Lookups;
            }

            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private static DecideStepRequest Decide(Case subject, Kind kind, Decision decision, string reason = "") =>
        new() { RequestId = ServerFixture.NewRequestId(), Name = NameOf(subject, kind), Decision = decision, Reason = reason };

    private static AddStepsRequest Add(Case subject, params Kind[] kinds) => new() { RequestId = ServerFixture.NewRequestId(), Name = subject.Name, Steps = { kinds } };
}
