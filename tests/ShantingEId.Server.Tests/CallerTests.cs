using System.Text.Json.Nodes;
using Google.Protobuf.Reflection;
using Grpc.Core;
using ShantingEId.Server.Callers;
using ShantingEId.Server.Rpc;
using ShantingEId.TestSupport;
using ShantingEId.V1;

namespace ShantingEId.Server.Tests;

/// <summary>A deployment with a purpose for every single field, one for none, and a clerk who may only look.</summary>
public sealed class FieldMatrixFixture : ServerFixture
{
    protected override void Prepare()
    {
        var path = Path.Combine(Certificates, CallerDirectory.FileName);
        var file = JsonNode.Parse(File.ReadAllText(path))!;
        var bank = file["callers"]!.AsArray().Single(each => (string?)each!["name"] == "bank")!;
        foreach (var field in FieldMask.Known)
        {
            file["purposes"]!["ONLY_" + field] = new JsonObject { ["title"] = "样例", ["fields"] = new JsonArray(field) };
            bank["purposes"]!.AsArray().Add("ONLY_" + field);
        }

        file["purposes"]!["NOTHING"] = new JsonObject { ["title"] = "样例", ["fields"] = new JsonArray() };
        bank["purposes"]!.AsArray().Add("NOTHING");

        // A careless administrator grants more than the role may have; and cuts a method of another caller.
        bank["methods"]!.AsArray().Add("IssuanceService/IssueSet");
        file["callers"]!.AsArray().Single(each => (string?)each!["name"] == "auditor")!["methods"] = new JsonArray("VerificationService/VerifyCode");
        File.WriteAllText(path, file.ToJsonString());
    }
}

/// <summary>Deny by default (I45): method, role, caller's own list, purpose, field.</summary>
public sealed class CallerTests(ServerFixture server, FieldMatrixFixture matrix) : IClassFixture<ServerFixture>, IClassFixture<FieldMatrixFixture>
{
    private static readonly string[] Department = ["ListSteps", "WatchSteps", "GetStep", "ReportStep", "GetProgress"];
    private static readonly string[] Brought = ["DownloadLicenseCopy", "VerifyDocument", "VerifyStamp"];
    private static readonly string[] SealLog = ["ListSealUseGrants", "ListSealUses"];
    private static readonly string[] Incidents = ["PrepareIncident", "ApproveIncident", "GetIncident", "ListIncidents", "ListIncidentSets", "PauseIncident", "ContinueIncident", "StopIncident"];

    // Who may call what in a development deployment, written out once more by hand: a change of the rules must be meant twice.
    internal static readonly Dictionary<string, string[]> Granted = new()
    {
        ["staff"] = ["IssueSet", "ImportSets", "GetIssuedSet", "ChangeRegistration", "WithdrawChange", "SuspendSet", "ResumeSet", "RevokeSet", "RescindSet", "RestoreSet", "CancelSet", "VerifyCode", "LookupLicense", "VerifySeal", "AskQuestions", "VerifyCodes", "ListLookups", "WatchChanges", "ListChanges", "ListNotices", "RaiseObjection", "WithdrawObjection", "ApplyDeregistration", "GetDeregistration", "ResubmitDeregistration", "WithdrawDeregistration", "ConfirmDeregistration", "ListDeregistrations", "ReturnDeregistration", "TerminateDeregistration",
            "OpenCase", "AddSteps", "DecideStep", "GetCase", "WatchCase", "GetProgress", "ListSteps", "WatchSteps",
            "ListTrades", "IssueTradeLicense", "ChangeTradeLicense", "ChangePermit", "ListTradeLicenses", "ListDuePermits", "GetCompanyTimeline", "SearchCompanies", .. Incidents, "GrantSealUse", "WithdrawSealUse", "Stamp", .. SealLog, "GetLicenseDocument", "CreateLicenseCopy", "ListLicenseCopies", "VerifyDocument", "VerifyStamp"],
        ["supervisor"] = ["GetIssuedSet", .. Incidents],
        ["tax-bureau"] = ["VerifyCode", "LookupLicense", "VerifySeal", "AskQuestions", "VerifyCodes", "WatchChanges", "ListChanges", "ListNotices", "RaiseObjection", "WithdrawObjection", .. Department, .. Brought],
        ["social-security"] = ["VerifyCode", "LookupLicense", "VerifySeal", "AskQuestions", "VerifyCodes", "WatchChanges", "ListChanges", "ListNotices", "RaiseObjection", "WithdrawObjection", .. Department, .. Brought],
        ["bank"] = ["VerifyCode", "LookupLicense", "VerifySeal", "AskQuestions", "VerifyCodes", "WatchChanges", "ListChanges", "ListNotices", "RaiseObjection", "WithdrawObjection", .. Department, .. Brought],
        ["housing-fund"] = ["VerifyCode", "LookupLicense", "VerifySeal", "AskQuestions", "VerifyCodes", "WatchChanges", "ListChanges", "ListNotices", "RaiseObjection", "WithdrawObjection", .. Department, .. Brought],
        ["engraver"] = Department,
        ["holder-app"] = ["VerifyCode", "ListLookups", "ListNotices", "ApplyDeregistration", "GetDeregistration", "ResubmitDeregistration", "WithdrawDeregistration", "ConfirmDeregistration", "GetCase", "WatchCase", "GetProgress",
            "GetLicenseDocument", "CreateLicenseCopy", "ListLicenseCopies", "Stamp", .. SealLog, "OpenSession", "EndSession", "CreatePresentation", "WatchPresentation", "ListPresentations"],
        ["auditor"] = ["GetIssuedSet", "VerifyCode", "LookupLicense", "VerifySeal", "AskQuestions", "VerifyCodes", "ListLookups", "WatchChanges", "ListChanges", "ListNotices", "GetDeregistration", "ListDeregistrations",
            "GetCase", "WatchCase", "GetProgress", "ListSteps", "WatchSteps", "ListTrades", "ListTradeLicenses", "ListDuePermits", "GetCompanyTimeline", "SearchCompanies", "GetIncident", "ListIncidents", "ListIncidentSets",
            "GetLicenseDocument", "ListLicenseCopies", "VerifyDocument", "VerifyStamp", .. SealLog, "ListPresentations"],
        ["stranger"] = [],
    };

    [Fact]
    public void Every_method_of_every_service_has_a_rule_and_every_rule_a_method()
    {
        Assert.Equal(Methods().Select(PathOf).Order(), MethodRule.All.Keys.Order());
        Assert.All(MethodRule.All.Values, rule => Assert.True(rule.Roles.Length > 0 && rule.Ceiling > TimeSpan.Zero));
    }

    // The list of services is written by hand too; a service class that is served and not listed would have no rules checked.
    [Fact]
    public void Every_service_this_server_implements_is_listed()
    {
        var served = typeof(EidServer).Assembly.GetTypes()
            .Where(type => !type.IsAbstract)
            .Select(type => type.BaseType?.GetCustomAttributes(typeof(BindServiceMethodAttribute), inherit: false).OfType<BindServiceMethodAttribute>().FirstOrDefault()?.BindType)
            .OfType<Type>()
            .Select(type => (ServiceDescriptor)type.GetProperty("Descriptor")!.GetValue(null)!);

        Assert.Equal(served.Select(service => service.FullName).Order(), MethodRule.Services.Select(service => service.FullName).Order());
    }

    // The interceptor maps errors of calls of every shape but this one; it would go through unmapped.
    [Fact]
    public void Every_method_is_of_a_shape_the_interceptor_covers() =>
        Assert.All(Methods(), method => Assert.False(method.IsClientStreaming && !method.IsServerStreaming));

    [Fact]
    public void Whatever_changes_the_register_is_a_write() =>
        Assert.Equal(["AddSteps", "ApplyDeregistration", "ApproveIncident", "CancelSet", "ChangePermit", "ChangeRegistration", "ChangeTradeLicense", "ConfirmDeregistration", "ContinueIncident", "CreateLicenseCopy", "CreatePresentation", "DecideStep", "DownloadLicenseCopy", "EndSession", "GrantSealUse", "ImportSets", "IssueSet", "IssueTradeLicense", "OpenCase", "OpenSession", "PauseIncident", "PrepareIncident", "RaiseObjection", "ReportStep", "RescindSet", "RestoreSet", "ResubmitDeregistration", "ResumeSet", "ReturnDeregistration", "RevokeSet", "Stamp", "StopIncident", "SuspendSet", "TerminateDeregistration", "WithdrawChange", "WithdrawDeregistration", "WithdrawObjection", "WithdrawSealUse"], Methods().Where(method => MethodRule.All[PathOf(method)].IsWrite).Select(method => method.Name).Order());

    public static TheoryData<string, string> EveryCallerAndMethod() =>
        [.. from caller in DevCertificates.Callers from method in Methods() select (caller, PathOf(method))];

    // Over the wire with an empty body: a call that is let in gets as far as its frame, any other not.
    [Theory]
    [MemberData(nameof(EveryCallerAndMethod))]
    public async Task A_caller_may_call_what_it_is_granted_and_nothing_else(string caller, string path)
    {
        var answer = await RawCall.As(server, caller).Post(path, []);

        if (Granted[caller].Contains(path.Split('/')[^1]))
        {
            Assert.NotEqual("ACCESS_DENIED", answer.Reason);
            Assert.NotEqual(StatusCode.PermissionDenied, answer.Status);
        }
        else
        {
            Assert.Equal((StatusCode.PermissionDenied, "ACCESS_DENIED"), (answer.Status!.Value, answer.Reason));
        }
    }

    [Fact]
    public void The_table_above_covers_every_caller() => Assert.Equal(DevCertificates.Callers.Order(), Granted.Keys.Order());

    [Fact]
    public async Task The_tax_bureau_cannot_issue()
    {
        var request = ServerFixture.ValidRequest();
        var tax = new IssuanceService.IssuanceServiceClient(server.Channel("tax-bureau"));

        Assert.Equal("ACCESS_DENIED", (await Refusal.Of(tax.IssueSetAsync(request))).Reason);
        Assert.Equal("ACCESS_DENIED", (await Refusal.Of(() => Import.Run(tax, new ImportSetsRequest { Request = request }))).Reason);
        var lookup = await server.Tax().LookupLicenseAsync(new LookupLicenseRequest { CreditCode = request.Enterprise.CreditCode, Purpose = "TAX_REGISTRATION" });
        Assert.Equal(Verification.Types.Verdict.NotFound, lookup.Verdict);
    }

    [Fact]
    public async Task A_method_listed_for_a_caller_of_another_role_stays_denied()
    {
        var bank = new IssuanceService.IssuanceServiceClient(matrix.Channel("bank"));

        Assert.Equal("ACCESS_DENIED", (await Refusal.Of(bank.IssueSetAsync(ServerFixture.ValidRequest()))).Reason);
    }

    [Fact]
    public async Task A_method_cut_from_a_callers_list_is_denied_although_its_role_may_have_it()
    {
        var auditor = matrix.Channel("auditor");
        var issuance = new IssuanceService.IssuanceServiceClient(auditor);
        var verification = new VerificationService.VerificationServiceClient(auditor);
        var lookup = new LookupLicenseRequest { CreditCode = SampleCompanies.CreditCode(SampleCompanies.Next()), Purpose = "AUDIT" };

        Assert.Equal("ACCESS_DENIED", (await Refusal.Of(issuance.GetIssuedSetAsync(new GetIssuedSetRequest { Name = "issuedSets/" + SampleCompanies.CreditCode(SampleCompanies.Next()) }))).Reason);
        Assert.Equal("ACCESS_DENIED", (await Refusal.Of(verification.LookupLicenseAsync(lookup))).Reason);
        Assert.Equal(Verification.Types.Verdict.NotOurs, (await verification.VerifyCodeAsync(new VerifyCodeRequest { Code = "样例", Purpose = "AUDIT" })).Verdict);
    }

    // Every purpose of the file against every field of the message: what is granted is there, what is not is not sent.
    [Fact]
    public async Task Each_purpose_shows_its_own_fields_and_no_other()
    {
        var request = ServerFixture.ValidRequest();
        var issued = await matrix.Staff().IssueSetAsync(request);
        var file = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(matrix.Certificates, CallerDirectory.FileName), TestContext.Current.CancellationToken))!;
        var cells = 0;
        foreach (var caller in file["callers"]!.AsArray().Where(caller => (string?)caller!["name"] is not "stranger"))
        {
            var client = new VerificationService.VerificationServiceClient(matrix.Channel((string)caller!["name"]!));
            if (!caller["methods"]!.AsArray().Any(method => (string?)method == "VerificationService/VerifyCode"))
            {
                continue;
            }

            foreach (var purpose in caller["purposes"]!.AsArray().Select(name => (string)name!))
            {
                var fields = file["purposes"]![purpose]!["fields"]!.AsArray().Select(field => (string)field!).ToHashSet();
                var answer = await client.VerifyCodeAsync(new VerifyCodeRequest { Code = issued.LicenseCode, Purpose = purpose });

                Assert.Equal(Verification.Types.Verdict.Valid, answer.Verdict);
                // The order of declaration decides which names exist; the set of the server is written by hand.
                Assert.Equal(Enterprise.Descriptor.Fields.InDeclarationOrder().Select(each => each.Name).Append("seals").Order(), FieldMask.Known.Order());
                foreach (var field in Enterprise.Descriptor.Fields.InDeclarationOrder())
                {
                    var shown = field.Accessor.GetValue(answer.License.Enterprise);
                    Assert.Equal(field.Accessor.GetValue(fields.Contains(field.Name) ? request.Enterprise : new Enterprise()), shown);
                    cells++;
                }

                Assert.Equal(fields.Contains("seals") ? 4 : 0, answer.Seals.Count);
                Assert.All(answer.Seals, seal => Assert.Equal((0, 0), (seal.SesSeal.Length, seal.Certificate.Length)));
                // Nothing else gives away a code that is not granted: the identifier holds it too.
                Assert.Equal(fields.Contains("credit_code"), answer.ToString().Contains(request.Enterprise.CreditCode, StringComparison.Ordinal));
            }
        }

        Assert.True(cells >= 17 * 9, $"{cells} cells");
    }

    private static IEnumerable<MethodDescriptor> Methods() => MethodRule.Services.SelectMany(service => service.Methods);

    private static string PathOf(MethodDescriptor method) => $"/{method.Service.FullName}/{method.Name}";
}
