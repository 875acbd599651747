using ShantingEId.V1;
using Kind = ShantingEId.V1.Step.Types.Kind;
using Report = ShantingEId.V1.ReportStepRequest.Types.Report;

namespace ShantingEId.Server.Tests.Cases;

/// <summary>What tests of the one window do again and again.</summary>
public abstract class CaseContract(ServerFixture server)
{
    protected ServerFixture Server => server;

    protected CaseService.CaseServiceClient Staff => Client("staff");

    protected CaseService.CaseServiceClient Tax => Client("tax-bureau");

    protected CaseService.CaseServiceClient Client(string caller) => new(server.Channel(caller));

    protected static Task<Step> Do(CaseService.CaseServiceClient department, Case subject, Kind kind, Report report, string reason = "") =>
        department.ReportStepAsync(Reporting(subject, kind, report, reason)).ResponseAsync;

    protected static ReportStepRequest Reporting(Case subject, Kind kind, Report report, string reason = "") => new()
    {
        RequestId = ServerFixture.NewRequestId(), Name = NameOf(subject, kind), Report = report, Reason = reason,
        Evidence = report == Report.Complete ? new Evidence { Text = "样例已办", Reference = "样例-1" } : null,
    };

    protected static string NameOf(Case subject, Kind kind) => $"{subject.Name}/steps/{ShantingEId.Cases.StepKinds.WireName((ShantingEId.Cases.StepKind)kind)}";
}
