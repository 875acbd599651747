using System.Security.Cryptography;
using ShantingEId.Calendar;
using ShantingEId.Cases;
using ShantingEId.Codes;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server.Rpc;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using Google.Type;

namespace ShantingEId.Server.Tests.Cases;

/// <summary>Applications and cases of invented companies.</summary>
internal static class SampleCases
{
    public static CaseRules Rules { get; } = new(StepCatalogue.BuiltIn, WorkCalendar.Announced);

    public static DateTimeOffset Now => DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>An application that passes every automatic check: founded today.</summary>
    public static OpenCaseRequest Application(params Step.Types.Kind[] steps)
    {
        var today = WorkCalendar.DayOf(Now);
        var request = SampleCompanies.IssueRequest();
        request.Enterprise.EstablishDate = new Date { Year = today.Year, Month = today.Month, Day = today.Day };
        return new OpenCaseRequest { RequestId = request.RequestId, Enterprise = request.Enterprise, Steps = { steps } };
    }

    /// <summary>One that a person must look at.</summary>
    public static OpenCaseRequest Doubtful(params Step.Types.Kind[] steps)
    {
        var request = Application(steps);
        request.Enterprise.Name = "中国样例食品有限公司";
        return request;
    }

    /// <summary>A case that is being issued, of a fresh company or of this one, as a store would be given it.</summary>
    public static CaseFile Opened(CreditCode? holder = null, params StepKind[] kinds)
    {
        var input = Wire.ToInput(Application().Enterprise);
        var facts = EnterpriseFacts.Parse(holder is null ? input : input with { CreditCode = holder.Value }, WorkCalendar.DayOf(Now));
        return Rules.Open(
            new CaseFile
            {
                Id = CaseId.New(), Progress = ProgressCode.Generate(), OpenedBy = "staff", OpenRequest = RequestId.Parse(SampleCompanies.NewRequestId()),
                ContentDigest = RandomNumberGenerator.GetBytes(32), Facts = facts, FactsRevision = 1, OpenTime = Now, Findings = [], Events = [],
            }, kinds);
    }

    public static WriteRequest RequestOf(CaseFile subject) => new(subject.OpenedBy, subject.OpenRequest, subject.ContentDigest, RandomNumberGenerator.GetBytes(100));

    public static LicenseId LicenseOf(CaseFile subject) => LicenseId.ForBusinessLicense(CreditCode.Parse("11370406MB9TE5T085"), subject.Facts.CreditCode, 1);
}
