using System.Net;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Rpc;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using Kind = ShantingEId.V1.Step.Types.Kind;

namespace ShantingEId.Server.Tests.Cases;

/// <summary>A deployment with a catalogue of its own: the tax bureau of this district alone, a bank that may not see credit codes, and no engraver.</summary>
public sealed class CaseDeploymentFixture : DeskFixture
{
    protected override void Change()
    {
        CallerNode("tax-bureau")["regions"] = new JsonArray("370406");
        CallerNode("holder-app")["regions"] = new JsonArray("370406");
        CallerNode("auditor")["quota"] = new JsonObject { ["misses_per_minute"] = 5 };
        CallerNode("social-security")["quota"] = new JsonObject { ["misses_per_minute"] = 5 };
        Grant("bank", "NAME_ONLY", ["name"], []);
        System.IO.File.WriteAllText(Path.Combine(Certificates, CaseWiring.FileName),
            """
            [
              { "kind": "LICENSE", "title": "营业执照", "department": "", "purpose": "", "working_days": 3, "after": [] },
              { "kind": "TAX", "title": "税务登记", "department": "tax-bureau", "purpose": "TAX_REGISTRATION", "working_days": 5, "after": ["LICENSE"] },
              { "kind": "BANK_APPOINTMENT", "title": "银行开户", "department": "bank", "purpose": "NAME_ONLY", "working_days": 2, "after": ["LICENSE"] }
            ]
            """);
    }
}

/// <summary>Who may know of which step, where the deployment says so; and the same over JSON.</summary>
public sealed class CaseAccessTests(CaseDeploymentFixture server) : IClassFixture<CaseDeploymentFixture>
{
    private CaseService.CaseServiceClient Staff => new(server.Channel("staff"));

    [Fact]
    public async Task A_kind_that_the_deployment_does_not_hold_is_not_offered()
    {
        var refused = await Refusal.Of(Staff.OpenCaseAsync(SampleCases.Application(Kind.Tax, Kind.SealEngraving)));
        refused.IsField(StatusCode.FailedPrecondition, "STEP_NOT_OFFERED", "steps[1]");
        var opened = await Staff.OpenCaseAsync(SampleCases.Application(Kind.Tax));
        (await Refusal.Of(Staff.AddStepsAsync(new AddStepsRequest { RequestId = ServerFixture.NewRequestId(), Name = opened.Name, Steps = { Kind.HousingFund } })))
            .IsField(StatusCode.FailedPrecondition, "STEP_NOT_OFFERED", "steps[0]");
        (await Refusal.Of(new CaseService.CaseServiceClient(server.Channel("housing-fund")).ListStepsAsync(new ListStepsRequest())))
            .IsField(StatusCode.InvalidArgument, "FILTER_INVALID", "kinds");
    }

    [Fact]
    public async Task Steps_of_companies_outside_a_departments_regions_do_not_exist_for_it()
    {
        var tax = new CaseService.CaseServiceClient(server.Channel("tax-bureau"));
        var there = SampleCases.Application(Kind.Tax);
        there.Enterprise.CreditCode = SampleCompanies.CreditCode(SampleCompanies.Next(), "370502");
        var opened = await Staff.OpenCaseAsync(there);
        var name = opened.Name + "/steps/TAX";

        var get = await Refusal.Of(tax.GetStepAsync(new GetStepRequest { Name = name }));
        var missing = await Refusal.Of(tax.GetStepAsync(new GetStepRequest { Name = "cases/abcdefghijklmnopqrst/steps/TAX" }));
        var report = await Refusal.Of(tax.ReportStepAsync(new ReportStepRequest { RequestId = ServerFixture.NewRequestId(), Name = name, Report = ReportStepRequest.Types.Report.Accept }));

        Assert.Equal((missing.Status, missing.Reason, missing.Message), (get.Status, get.Reason, get.Message));
        Assert.Equal("STEP_NOT_FOUND", report.Reason);
        Assert.DoesNotContain((await tax.ListStepsAsync(new ListStepsRequest { PageSize = 500 })).Changes, change => change.Step == name);
        Assert.Contains((await Staff.ListStepsAsync(new ListStepsRequest { PageSize = 500 })).Changes, change => change.Step == name);

        // So is the case for the app of another district.
        var app = new CaseService.CaseServiceClient(server.Channel("holder-app"));
        foreach (var known in (string[])[opened.Name, "cases/" + there.Enterprise.CreditCode])
        {
            Assert.Equal("CASE_NOT_FOUND", (await Refusal.Of(app.GetCaseAsync(new GetCaseRequest { Name = known }))).Reason);
            Assert.Equal("CASE_NOT_FOUND", (await Refusal.Of(async () => await app.WatchCase(new WatchCaseRequest { Name = known }).ResponseStream.MoveNext(CancellationToken.None))).Reason);
        }
    }

    [Fact]
    public async Task A_purpose_without_credit_code_gives_none_away()
    {
        var opened = await Staff.OpenCaseAsync(SampleCases.Application(Kind.BankAppointment));
        var bank = new CaseService.CaseServiceClient(server.Channel("bank"));

        var change = Assert.Single((await bank.ListStepsAsync(new ListStepsRequest { PageSize = 500 })).Changes, change => change.Step.StartsWith(opened.Name, StringComparison.Ordinal));
        var order = await bank.GetStepAsync(new GetStepRequest { Name = change.Step });

        Assert.Equal(opened.Enterprise.Name, order.Company.License.Enterprise.Name);
        Assert.All([change.ToString(), order.ToString()], text => Assert.DoesNotContain(opened.Enterprise.CreditCode, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Whoever_tries_codes_or_names_of_steps_is_stopped()
    {
        var refusals = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            refusals.Add((await Refusal.Of(new CaseService.CaseServiceClient(server.Channel("auditor")).GetProgressAsync(new GetProgressRequest { Code = Codes.ProgressCode.Generate().Value }))).Reason);
        }

        Assert.Equal(("CASE_NOT_FOUND", "RATE_LIMITED"), (refusals[0], refusals[^1]));
        refusals.Clear();
        for (var i = 0; i < 7; i++)
        {
            refusals.Add((await Refusal.Of(new CaseService.CaseServiceClient(server.Channel("social-security")).GetStepAsync(new GetStepRequest { Name = $"cases/{ShantingEId.Cases.CaseId.New()}/steps/BANK_APPOINTMENT" }))).Reason);
        }

        Assert.Equal(("STEP_NOT_FOUND", "RATE_LIMITED"), (refusals[0], refusals[^1]));
    }

    // The whole way over JSON: same messages, same refusals.
    [Fact]
    public async Task The_same_over_json()
    {
        var staff = JsonCall.As(server, "staff");
        var application = SampleCases.Application(Kind.Tax);
        var opened = Read<Case>(await staff.Ask(Method("OpenCase"), application));
        Assert.Equal(await Staff.GetCaseAsync(new GetCaseRequest { Name = opened.Name }), Read<Case>(await staff.Ask(Method("GetCase"), new GetCaseRequest { Name = opened.Name })));
        var added = Read<Case>(await staff.Ask(Method("AddSteps"), new AddStepsRequest { RequestId = ServerFixture.NewRequestId(), Name = opened.Name, Steps = { Kind.BankAppointment } }));
        Assert.Equal(3, added.Steps.Count);

        var tax = JsonCall.As(server, "tax-bureau");
        var name = opened.Name + "/steps/TAX";
        Assert.Equal(Verification.Types.Verdict.Valid, Read<StepOrder>(await tax.Ask(Method("GetStep"), new GetStepRequest { Name = name })).Company.Verdict);
        var report = new ReportStepRequest { RequestId = ServerFixture.NewRequestId(), Name = name, Report = ReportStepRequest.Types.Report.Accept };
        Assert.Equal(Step.Types.State.Accepted, Read<Step>(await tax.Ask(Method("ReportStep"), report)).State);
        Assert.Equal((HttpStatusCode.NotFound, "STEP_NOT_FOUND"), Of(await JsonCall.As(server, "bank").Ask(Method("ReportStep"), report)));
        Assert.NotEmpty(Read<ListStepsResponse>(await tax.Ask(Method("ListSteps"), new ListStepsRequest { PageSize = 500 })).Changes);

        var progress = Read<Progress>(await JsonCall.As(server, "holder-app").Get("/v1/progress/" + opened.ProgressCode));
        Assert.Equal(["营业执照", "税务登记", "银行开户"], progress.Steps.Select(step => step.Title));
        var withdraw = new DecideStepRequest { RequestId = ServerFixture.NewRequestId(), Name = name, Decision = DecideStepRequest.Types.Decision.Withdraw, Reason = "样例：申请人撤回" };
        Assert.Equal(Step.Types.State.Withdrawn, Read<Case>(await staff.Ask(Method("DecideStep"), withdraw)).Steps[1].State);
        Assert.Equal((HttpStatusCode.BadRequest, "TRANSITION_NOT_ALLOWED"), Of(await tax.Ask(Method("ReportStep"), new ReportStepRequest(report) { RequestId = ServerFixture.NewRequestId() })));
        Assert.Equal((HttpStatusCode.BadRequest, "MALFORMED_REQUEST"), Of(await staff.Post("/v1/cases", """{"requestId":"0123456789abcdef","surprise":1}""")));

        // A stream: a line for each message.
        Assert.Contains("\"case\"", (await staff.Get($"/v1/{opened.Name}:watch", ("grpc-timeout", "1S"))).Text, StringComparison.Ordinal);
    }

    private static (HttpStatusCode, string?) Of(RawAnswer answer) => (answer.Http, answer.Reason);

    private static T Read<T>(RawAnswer answer)
        where T : IMessage<T>, new()
    {
        Assert.True(answer.Http == HttpStatusCode.OK, answer.Text);
        return JsonParser.Default.Parse<T>(answer.Text);
    }

    private static MethodDescriptor Method(string name) => CaseService.Descriptor.Methods.Single(method => method.Name == name);
}

/// <summary>The catalogue of steps against the callers: what does not fit keeps the server from starting.</summary>
public sealed class CaseConfigurationTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("eid-steps-").FullName;

    public CaseConfigurationTests() => DevCertificates.Create(folder, TimeProvider.System);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Without_a_file_every_kind_is_offered_that_a_department_here_holds()
    {
        Assert.Equal(ShantingEId.Cases.StepKinds.All, Load("none").Plans.Select(plan => plan.Kind));

        Change(callers => callers.Remove(callers.Single(caller => (string?)caller!["name"] == "engraver")));
        Assert.Null(Load("none").Find(ShantingEId.Cases.StepKind.SealEngraving));
        Change(callers => callers.Single(caller => (string?)caller!["name"] == "bank")!["methods"] = new JsonArray("CaseService/GetStep"));
        Assert.Null(Load("none").Find(ShantingEId.Cases.StepKind.BankAppointment));
        Change(callers => callers.Single(caller => (string?)caller!["name"] == "social-security")!["purposes"] = new JsonArray("SOCIAL_SECURITY_REGISTRATION"));
        Assert.Equal(["LICENSE", "TAX", "SOCIAL_SECURITY", "HOUSING_FUND"], Load("none").Plans.Select(plan => ShantingEId.Cases.StepKinds.WireName(plan.Kind)));
    }

    [Theory]
    [InlineData("tax-bureau", "ACCOUNT_OPENING")]
    [InlineData("nobody", "TAX_REGISTRATION")]
    [InlineData("staff", "COUNTER_CHECK")]
    public void A_file_that_gives_a_step_to_who_cannot_hold_it_is_refused(string department, string purpose)
    {
        var error = Refused($$"""
            [{ "kind": "LICENSE", "title": "营业执照", "department": "", "purpose": "", "working_days": 3, "after": [] },
             { "kind": "TAX", "title": "税务登记", "department": "{{department}}", "purpose": "{{purpose}}", "working_days": 5, "after": ["LICENSE"] }]
            """);

        Assert.Contains("TAX", error.Message, StringComparison.Ordinal);
        Assert.Contains(department, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    public void So_is_one_that_cannot_be_read(string text) => Assert.Contains(CaseWiring.FileName, Refused(text).Message, StringComparison.Ordinal);

    private EidException Refused(string text)
    {
        File.WriteAllText(Path.Combine(folder, CaseWiring.FileName), text);
        return Assert.Throws<EidException>(() => EidServer.Build(new EidServerOptions { CertificatesDirectory = folder, DataDirectory = Path.Combine(folder, "data"), Environment = "Development" }));
    }

    private ShantingEId.Cases.StepCatalogue Load(string file) => CaseWiring.LoadCatalogue(Path.Combine(folder, file), CallerDirectory.Load(Path.Combine(folder, CallerDirectory.FileName)));

    private void Change(Action<JsonArray> change)
    {
        var path = Path.Combine(folder, CallerDirectory.FileName);
        var file = JsonNode.Parse(File.ReadAllText(path))!;
        change(file["callers"]!.AsArray());
        File.WriteAllText(path, file.ToJsonString());
    }
}
