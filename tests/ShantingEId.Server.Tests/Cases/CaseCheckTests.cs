using ShantingEId.Server.Storage;
using ShantingEId.V1;
using Kind = ShantingEId.V1.Step.Types.Kind;

namespace ShantingEId.Server.Tests.Cases;

public sealed class SqliteCaseCheckTests(ServerFixture server) : CaseCheckContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresCaseCheckTests(PostgresServerFixture server) : CaseCheckContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary><c>eid fsck</c> over cases, in both stores, and steps that are late.</summary>
public abstract class CaseCheckContract(ServerFixture server)
{
    private const string It = "(SELECT id FROM case_file WHERE case_id = @it)";

    private static readonly string[] Faults =
    [
        "UPDATE case_file SET version = version + 1 WHERE case_id = @it",
        "UPDATE case_file SET state = 1 WHERE case_id = @it",
        "UPDATE case_file SET license_id = '' WHERE case_id = @it",
        "UPDATE case_file SET license_id = license_id || 'X' WHERE case_id = @it",
        "UPDATE case_file SET facts = '{}' WHERE case_id = @it",
        $"UPDATE case_event SET newest = 0 WHERE case_row = {It} AND kind = 3 AND newest = 1",
        $"UPDATE case_event SET state = 7 WHERE case_row = {It} AND kind = 3 AND state = 3",
        $"UPDATE case_event SET state_time = state_time + 999999 WHERE case_row = {It} AND kind = 3 AND state = 3",
        $"DELETE FROM case_event WHERE case_row = {It} AND kind = 3 AND state = 3",
        "UPDATE case_event SET position = position + 1000000 WHERE position = (SELECT max(position) FROM case_event e JOIN case_file c ON c.id = e.case_row WHERE c.case_id = @it)",
    ];

    [Fact]
    public async Task Every_case_that_was_tampered_with_is_found_and_no_other()
    {
        var cases = new List<Case>();
        for (var i = 0; i <= Faults.Length; i++)
        {
            cases.Add(await CompletedAsync());
        }

        Assert.Empty(RegisterCheck.Run(server.Options()));
        using var register = server.OpenRegister();
        foreach (var (i, fault) in Faults.Index())
        {
            Assert.Equal(1, register.Execute(fault, ("@it", cases[i].Name[6..])));
        }

        var problems = RegisterCheck.Run(server.Options());
        foreach (var (i, fault) in Faults.Index())
        {
            Assert.True(problems.Any(problem => problem.Subject == cases[i].Name[6..] || (fault.Contains("1000000", StringComparison.Ordinal) && problem.Subject.StartsWith("feed 1", StringComparison.Ordinal))), fault);
        }

        Assert.DoesNotContain(problems, problem => problem.Subject == cases[^1].Name[6..]);
    }

    [Fact]
    public async Task A_reply_that_belongs_to_nothing_is_found()
    {
        await CompletedAsync();
        using var register = server.OpenRegister();
        register.Execute("INSERT INTO reply (actor, request_id, content_digest, reply, position) SELECT actor, 'orphan-request-id', content_digest, content_digest, 0 FROM reply WHERE id = (SELECT max(id) FROM reply)");
        try
        {
            Assert.Contains(RegisterCheck.Run(server.Options()), problem => problem is { Subject: "orphan-request-id", Problem: "答复没有对应的操作" });
        }
        finally
        {
            register.Execute("DELETE FROM reply WHERE request_id = 'orphan-request-id'");
        }
    }

    [Fact]
    public async Task What_is_late_is_listed_for_staff_and_for_who_holds_it()
    {
        var staff = new CaseService.CaseServiceClient(server.Channel("staff"));
        var late = await staff.OpenCaseAsync(SampleCases.Application(Kind.Tax, Kind.HousingFund));
        var done = await CompletedAsync();
        Assert.DoesNotContain((await staff.ListStepsAsync(new ListStepsRequest { IsOverdue = true, PageSize = 500 })).Changes, change => change.Step.StartsWith(late.Name, StringComparison.Ordinal));
        using var register = server.OpenRegister();
        foreach (var each in (Case[])[late, done])
        {
            register.Execute($"UPDATE case_event SET deadline = deadline - 30 WHERE deadline > 0 AND case_row = {It}", ("@it", each.Name[6..]));
        }

        string[] Names(ListStepsResponse list) => [.. list.Changes.Select(change => change.Step).Where(step => step.StartsWith(late.Name, StringComparison.Ordinal) || step.StartsWith(done.Name, StringComparison.Ordinal)).Order()];
        Assert.Equal([late.Name + "/steps/HOUSING_FUND", late.Name + "/steps/TAX"], Names(await staff.ListStepsAsync(new ListStepsRequest { IsOverdue = true, PageSize = 500 })));
        Assert.Equal([late.Name + "/steps/TAX"], Names(await new CaseService.CaseServiceClient(server.Channel("tax-bureau")).ListStepsAsync(new ListStepsRequest { IsOverdue = true, PageSize = 500 })));
        Assert.Equal([false, true, true], (await staff.GetCaseAsync(new GetCaseRequest { Name = late.Name })).Steps.Select(step => step.IsOverdue));
        Assert.DoesNotContain((await staff.GetCaseAsync(new GetCaseRequest { Name = done.Name })).Steps, step => step.IsOverdue);
        register.Execute($"UPDATE case_event SET deadline = deadline + 30 WHERE deadline > 0 AND case_row = {It}", ("@it", late.Name[6..]));
    }

    private async Task<Case> CompletedAsync()
    {
        var opened = await new CaseService.CaseServiceClient(server.Channel("staff")).OpenCaseAsync(SampleCases.Application(Kind.Tax));
        var tax = new CaseService.CaseServiceClient(server.Channel("tax-bureau"));
        foreach (var report in (ReportStepRequest.Types.Report[])[ReportStepRequest.Types.Report.Accept, ReportStepRequest.Types.Report.Complete])
        {
            await tax.ReportStepAsync(new ReportStepRequest
            {
                RequestId = ServerFixture.NewRequestId(), Name = opened.Name + "/steps/TAX", Report = report,
                Evidence = report == ReportStepRequest.Types.Report.Complete ? new Evidence { Text = "样例已办" } : null,
            });
        }

        return opened;
    }
}
