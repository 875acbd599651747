using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using ShantingEId.V1;
using Report = ShantingEId.V1.ReportStepRequest.Types.Report;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>A write that was sent; kept by the client until it is acknowledged.</summary>
/// <param name="Deed">Name of the method.</param>
/// <param name="Message">The request as sent.</param>
public sealed record Write(string Deed, IMessage Message)
{
    public string RequestId => (string)Message.Descriptor.FindFieldByName("request_id").Accessor.GetValue(Message);

    public static Write Issue() => new("IssueSet", Samples.Issue(Samples.NextCompany()));

    public static Write Revoke(IssuedSet set) => new("RevokeSet", Samples.Revoke(set.Name));

    public static Write Rename(IssuedSet set) => new("ChangeRegistration", Samples.Rename(set, $"枣庄市山亭区样例{set.License.Version + 1}次定名食品有限公司"));

    /// <summary>A new name from a later time on.</summary>
    public static Write Prepare(IssuedSet set, string name, DateTimeOffset time)
    {
        var request = Samples.Rename(set, name);
        request.EffectiveTime = Timestamp.FromDateTimeOffset(time);
        return new Write("ChangeRegistration", request);
    }

    /// <summary>Takes back what was prepared for a company.</summary>
    public static Write WithdrawChange(IssuedSet set) => new("WithdrawChange", new WithdrawChangeRequest
    {
        RequestId = Samples.NewRequestId(), Name = "issuedSets/" + set.License.Enterprise.CreditCode, Reason = "样例：申请人撤回", Authority = "样例机关",
    });

    /// <summary>A case that is granted at once, with a step for the tax office.</summary>
    /// <param name="today">The day on which the company is founded.</param>
    public static Write OpenCase(DateOnly today) => new("OpenCase", Samples.Application(today));

    public static Write ReportTax(string caseName, Report report) => new("ReportStep", new ReportStepRequest
    {
        RequestId = Samples.NewRequestId(), Name = caseName + "/steps/TAX", Report = report, Evidence = report == Report.Complete ? new Evidence { Text = "样例：已登记" } : null,
    });

    public static Write ApplyDeregistration(string creditCode) => new("ApplyDeregistration", Samples.Deregister(creditCode));

    public static Write ConfirmDeregistration(string name) => new("ConfirmDeregistration", new ConfirmDeregistrationRequest { RequestId = Samples.NewRequestId(), Name = name });

    public static Write WithdrawDeregistration(string name) => new("WithdrawDeregistration", new WithdrawDeregistrationRequest { RequestId = Samples.NewRequestId(), Name = name });

    /// <summary>A comprehensive licence with three permits, for a company in force.</summary>
    public static Write IssueTrade(IssuedSet company) => new("IssueTradeLicense", Samples.IssueTrade(company.License.Enterprise.CreditCode));

    /// <summary>Its next version: a permit goes, another is granted anew, the third stays as it is.</summary>
    public static Write ChangeTrade(IssuedSet set) => new("ChangeTradeLicense", Samples.ChangeTrade(set.Name));

    /// <summary>Does this to the permit that stays (<see cref="Samples.Permit"/>); named as the log names it.</summary>
    public static Write ChangePermit(IssuedSet set, ChangePermitRequest.Types.Act act) => new(act + "Permit", Samples.ChangePermit(set.Name, act));

    /// <summary>The set in an answer; null where it has none.</summary>
    public static IssuedSet? SetOf(IMessage reply) => reply as IssuedSet ?? (reply as ChangeRegistrationResponse)?.IssuedSet;

    /// <summary>Sends what makes or changes a set, and writes the acknowledgement down.</summary>
    public async Task<IssuedSet> SendAsync(EidClient client, AckLog acks) => SetOf(await AnySendAsync(client, acks))!;

    /// <summary>Sends it, and writes the acknowledgement down.</summary>
    public async Task<IMessage> AnySendAsync(EidClient client, AckLog acks)
    {
        var reply = await AskAsync(client);
        acks.Add(this, reply);
        return reply;
    }

    /// <summary>Sends it, whoever may have sent it before.</summary>
    public async Task<IMessage> AskAsync(EidClient client) => Message switch
    {
        IssueSetRequest issue => await client.Staff.IssueSetAsync(issue),
        ChangeRegistrationRequest change => await client.Staff.ChangeRegistrationAsync(change),
        RevokeSetRequest revoke => await client.Staff.RevokeSetAsync(revoke),
        IssueTradeLicenseRequest issue => await client.Trades.IssueTradeLicenseAsync(issue),
        ChangeTradeLicenseRequest change => await client.Trades.ChangeTradeLicenseAsync(change),
        ChangePermitRequest change => await client.Trades.ChangePermitAsync(change),
        WithdrawChangeRequest withdraw => await client.Staff.WithdrawChangeAsync(withdraw),
        WithdrawDeregistrationRequest withdraw => await client.Deregistrations.WithdrawDeregistrationAsync(withdraw),
        OpenCaseRequest open => await client.Cases.OpenCaseAsync(open),
        ReportStepRequest report => await client.TaxSteps.ReportStepAsync(report),
        ApplyDeregistrationRequest apply => await client.Deregistrations.ApplyDeregistrationAsync(apply),
        ConfirmDeregistrationRequest confirm => await client.Deregistrations.ConfirmDeregistrationAsync(confirm),
        _ => throw new InvalidOperationException(Deed),
    };
}
