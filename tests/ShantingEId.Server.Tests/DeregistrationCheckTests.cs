using ShantingEId.Server.Storage;
using ShantingEId.V1;
using Impediment = ShantingEId.V1.Deregistration.Types.Impediment;

namespace ShantingEId.Server.Tests;

/// <summary>fsck over proceedings: sound ones are sound, and one that was altered behind the server's back is named.</summary>
public sealed class DeregistrationCheckTests(DeregistrationFixture server) : IClassFixture<DeregistrationFixture>
{
    private const string It = "(SELECT id FROM deregistration WHERE number = @it)";

    private static readonly string[] Faults =
    [
        "UPDATE deregistration SET state = 6 WHERE number = @it",
        "UPDATE deregistration SET revision = revision + 1 WHERE number = @it",
        "UPDATE deregistration SET period_end = applied_time WHERE number = @it",
        "UPDATE deregistration SET position = position - 1 WHERE number = @it",
        "UPDATE deregistration SET commitment_digest = x'00' WHERE number = @it",
        "UPDATE deregistration SET credit_code = '91370406MA3ABC127Q' WHERE number = @it",
        $"DELETE FROM deregistration_event WHERE act = 2 AND deregistration_id = {It}",
        $"UPDATE deregistration_event SET act = 4 WHERE act = 2 AND deregistration_id = {It}",
        $"UPDATE deregistration_event SET recorded_time = recorded_time + 99 WHERE act = 1 AND deregistration_id = {It}",
        $"UPDATE objection SET withdrawn_time = 0 WHERE number = 1 AND deregistration_id = {It}",
        $"UPDATE objection SET raised_time = raised_time + 9000000000 WHERE number = 1 AND deregistration_id = {It}",
        $"DELETE FROM objection WHERE number = 1 AND deregistration_id = {It}",
        $"DELETE FROM reply WHERE request_id = (SELECT request_id FROM deregistration_event WHERE act = 1 AND deregistration_id = {It})",
        $"UPDATE reply SET position = position + 1 WHERE request_id = (SELECT request_id FROM deregistration_event WHERE act = 1 AND deregistration_id = {It})",
    ];

    [Fact]
    public async Task Every_proceeding_that_was_tampered_with_is_named_and_no_other()
    {
        var (staff, tax) = (server.As("staff"), server.As("tax-bureau"));
        var all = new List<Deregistration>();
        for (var i = 0; i < Faults.Length + 2; i++)
        {
            all.Add(await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(await server.FoundAsync(), itself: i >= Faults.Length)));
            var objection = await tax.RaiseObjectionAsync(new RaiseObjectionRequest { RequestId = ServerFixture.NewRequestId(), Name = all[i].Name, Ground = Impediment.TaxesOutstanding, Reason = "样例：尚有欠税" });
            await tax.WithdrawObjectionAsync(new WithdrawObjectionRequest { RequestId = ServerFixture.NewRequestId(), Name = objection.Name, Reason = "样例：已经结清" });
        }

        var returned = await staff.ReturnDeregistrationAsync(new ReturnDeregistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = all[^1].Name, ToMend = "样例：漏填日期" });
        server.PassDay(all[^1].LastDayToObject);
        await server.DoDueAsync(); // The last but one is cancelled, the last waits to be mended.
        Assert.Equal(Deregistration.Types.State.Cancelled, (await staff.GetDeregistrationAsync(new GetDeregistrationRequest { Name = all[^2].Name })).State);
        Assert.Empty(RegisterCheck.Run(server.Options()));

        using var register = server.OpenRegister();
        foreach (var (i, fault) in Faults.Index())
        {
            Assert.Equal(1, register.Execute(fault, ("@it", Number(all[i]))));
        }

        var named = RegisterCheck.Run(server.Options()).Select(problem => problem.Subject).ToHashSet();
        Assert.Equal([], Faults.Index().Where(each => !named.Contains(Number(all[each.Index]))).Select(each => each.Item));
        Assert.DoesNotContain(Number(all[^2]), named);
        Assert.DoesNotContain(Number(returned), named);

        // A proceeding that says it cancelled while the set goes on; numbers and places that nobody gave away.
        register.Execute("UPDATE feed SET state = 4 WHERE position = (SELECT position FROM deregistration_event WHERE act = 8)");
        register.Execute("UPDATE counter SET next = 2 WHERE name = 'deregistration'");
        register.Execute("UPDATE feed_head SET position = 1");
        var worse = RegisterCheck.Run(server.Options());
        Assert.Contains(worse, each => each == new RegisterProblem(Number(all[^2]), "已注销的简易注销没有同时终止执照"));
        Assert.Contains(worse, each => each == new RegisterProblem(Number(all[^1]), "简易注销的编号超出已预留的号段"));
        Assert.Contains(worse, each => each.Problem == "简易注销的序号超出已记的最新序号");
    }

    private static string Number(Deregistration one) => one.Name.Split('/')[1];
}

/// <summary>The same rules in the words of PostgreSQL: a sound register is sound there too.</summary>
public sealed class PostgresDeregistrationCheckTests(PostgresServerFixture server) : IClassFixture<PostgresServerFixture>
{
    [Fact]
    public async Task A_register_with_proceedings_is_sound_and_one_that_was_altered_is_not()
    {
        var needed = server.Needed;
        var set = await needed.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var staff = new DeregistrationService.DeregistrationServiceClient(needed.Channel("staff"));
        var tax = new DeregistrationService.DeregistrationServiceClient(needed.Channel("tax-bureau"));
        var filed = await staff.ApplyDeregistrationAsync(DeregistrationFixture.Application(set));
        await tax.RaiseObjectionAsync(new RaiseObjectionRequest { RequestId = ServerFixture.NewRequestId(), Name = filed.Name, Ground = Impediment.TaxesOutstanding, Reason = "样例：尚有欠税" });
        await staff.ReturnDeregistrationAsync(new ReturnDeregistrationRequest { RequestId = ServerFixture.NewRequestId(), Name = filed.Name, ToMend = "样例：漏填日期" });
        Assert.Empty(RegisterCheck.Run(needed.Options()));

        using var register = needed.OpenRegister();
        register.Execute("UPDATE deregistration SET state = 1");

        Assert.Equal(filed.Name.Split('/')[1], Assert.Single(RegisterCheck.Run(needed.Options())).Subject);
    }
}
