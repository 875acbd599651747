using ShantingEId.TestSupport;
using ShantingEId.V1;
using Impediment = ShantingEId.V1.Deregistration.Types.Impediment;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>Invented companies.</summary>
public static class Samples
{
    /// <summary>A number no other company of this run has.</summary>
    public static int NextCompany() => SampleCompanies.Next();

    public static string NewRequestId() => SampleCompanies.NewRequestId();

    public static IssueSetRequest Issue(int company) => SampleCompanies.IssueRequest(company);

    /// <summary>The same company and facts, asked for anew.</summary>
    public static IssueSetRequest Issue(IssueSetRequest before) => new(before) { RequestId = NewRequestId() };

    /// <summary>Another name for the newest set of a company.</summary>
    public static ChangeRegistrationRequest Rename(IssuedSet set, string name) => new()
    {
        RequestId = NewRequestId(), Name = "issuedSets/" + set.License.Enterprise.CreditCode, Enterprise = new Enterprise { Name = name },
        UpdateMask = new Google.Protobuf.WellKnownTypes.FieldMask { Paths = { "name" } }, Reason = "样例：变更名称", Authority = "样例机关",
    };

    /// <summary>An application of a company founded on this day, for a licence and a step of the tax office.</summary>
    public static OpenCaseRequest Application(DateOnly today)
    {
        var request = Issue(NextCompany());
        request.Enterprise.EstablishDate = new Google.Type.Date { Year = today.Year, Month = today.Month, Day = today.Day };
        return new OpenCaseRequest { RequestId = request.RequestId, Enterprise = request.Enterprise, Steps = { Step.Types.Kind.Tax } };
    }

    public static ApplyDeregistrationRequest Deregister(string creditCode) => new()
    {
        RequestId = NewRequestId(), CreditCode = creditCode,
        Commitment = new Commitment { Digest = Google.Protobuf.ByteString.CopyFrom(new byte[32]), Reference = "样例承诺书1号", Investors = 2 },
        DeclaredAbsent = { Enum.GetValues<Impediment>().Where(each => each is >= Impediment.AbnormalOperations and <= Impediment.ListedCompany) },
    };

    /// <summary>The permit of a comprehensive licence that is paused, goes on and ends here.</summary>
    public const string Permit = "JY1";

    public static IssueTradeLicenseRequest IssueTrade(string creditCode) => new()
    {
        RequestId = NewRequestId(), CreditCode = creditCode, Trade = "CONVENIENCE_STORE",
        Permits =
        {
            new PermitGrant { Code = "FOOD_BUSINESS", Number = Permit }, new PermitGrant { Code = "TOBACCO_RETAIL", Number = "YC1" }, new PermitGrant { Code = "DEVICE_CLASS_2", Number = "QX1" },
        },
    };

    public static ChangeTradeLicenseRequest ChangeTrade(string name) => new()
    {
        RequestId = NewRequestId(), Name = name, Drops = { "DEVICE_CLASS_2" }, Grants = { new PermitGrant { Code = "TOBACCO_RETAIL", Number = "YC2" } }, Reason = "样例：换证", Authority = "样例机关",
    };

    public static ChangePermitRequest ChangePermit(string name, ChangePermitRequest.Types.Act act) => new()
    {
        RequestId = NewRequestId(), Name = name, Number = Permit, Act = act, Reason = "样例理由", Authority = "样例机关",
    };

    public static RevokeSetRequest Revoke(string name) => new() { RequestId = NewRequestId(), Name = name, Reason = "样例：违法经营", Authority = "样例机关" };
}
