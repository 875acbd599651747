using ShantingEId.Server.Storage;
using ShantingEId.V1;
using Act = ShantingEId.V1.Incident.Types.Act;
using Deed = ShantingEId.V1.Incident.Types.Event.Types.Deed;
using Incident = ShantingEId.V1.Incident;
using State = ShantingEId.V1.Incident.Types.State;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests.Incidents;

public sealed class IncidentRunTests(IncidentFixture server) : IncidentRunContract(server), IClassFixture<IncidentFixture>;

public sealed class PostgresIncidentRunTests(PostgresIncidentFixture server) : IncidentRunContract(server.Needed), IClassFixture<PostgresIncidentFixture>;

/// <summary>How incidents are worked on: held and continued, by one replica after the other, or by two at once, each set once.</summary>
public abstract class IncidentRunContract(ServerFixture server)
{
    private readonly IncidentClient incidents = new(server);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pause_holds_it_until_it_is_continued_and_a_stop_for_good()
    {
        var sets = await incidents.FoundAsync(150);
        var started = await incidents.StartAsync(IncidentClient.Prepare(Act.Revoke, sets));
        await incidents.UntilAsync(started.Name, one => one.DoneCount > 0);
        var pause = new PauseIncidentRequest { RequestId = ServerFixture.NewRequestId(), Name = started.Name, Remark = "样例：先停一下" };
        var paused = await incidents.Desk.PauseIncidentAsync(pause);
        Assert.Equal((State.Paused, "样例：先停一下"), (paused.State, paused.Remark));

        // What was under way is finished, and counted; then nothing happens any more.
        var held = await StillAsync(started.Name);
        Assert.InRange(held.DoneCount, 1, 149);
        Assert.Equal((State.Paused, 0), (held.State, held.SetsPerSecond));
        Assert.Equal(held.DoneCount, await RevokedAsync(sets));

        await incidents.Desk.ContinueIncidentAsync(new ContinueIncidentRequest { RequestId = ServerFixture.NewRequestId(), Name = started.Name });
        var on = await incidents.UntilAsync(started.Name, one => one.DoneCount > held.DoneCount);
        Assert.True(on.State == State.Completed || (on.SetsPerSecond > 0 && on.RemainingSeconds > 0));
        await incidents.Supervisor.StopIncidentAsync(new StopIncidentRequest { RequestId = ServerFixture.NewRequestId(), Name = started.Name });
        var stopped = await StillAsync(started.Name);

        Assert.Equal(State.Stopped, stopped.State);
        Assert.InRange(stopped.DoneCount, held.DoneCount, 149);
        Assert.Equal(stopped.DoneCount, await RevokedAsync(sets));
        Assert.Equal([Deed.Prepare, Deed.Approve, Deed.Pause, Deed.Continue, Deed.Stop], stopped.Events.Select(one => one.Deed));
        Assert.Equal("INCIDENT_NOT_ALLOWED", (await Refusal.Of(incidents.Desk.ContinueIncidentAsync(new ContinueIncidentRequest { RequestId = ServerFixture.NewRequestId(), Name = started.Name }))).Reason);
        Assert.Empty(RegisterCheck.Run(server.Options()));
    }

    [Fact]
    public async Task Two_replicas_and_a_restart_do_each_set_once()
    {
        var sets = await incidents.FoundAsync(150);
        var second = await incidents.StartReplicaAsync();
        var started = await incidents.StartAsync(IncidentClient.Prepare(Act.Revoke, sets));
        await incidents.UntilAsync(started.Name, one => one.DoneCount > 0);
        using var register = server.OpenRegister();
        var first = Worker();

        // Nobody takes what is being worked on, however often the other looks; whoever stops in order hands it over at once.
        for (var clock = System.Diagnostics.Stopwatch.StartNew(); clock.Elapsed < 2 * Slowly.Terms.Lease;)
        {
            Assert.Equal(first, Worker());
            await Task.Delay(10, Cancel);
        }

        await second.StopAsync(Cancel);
        await second.DisposeAsync();
        await server.StopAsync();
        await server.StartAsync();
        var again = new IncidentClient(server);
        var done = await again.EndAsync(started.Name);

        Assert.Equal((State.Completed, 150, 0, 0), (done.State, done.DoneCount, done.SkippedCount, done.FailedCount));
        Assert.Equal(150, register.Number("SELECT count(*) FROM act WHERE deed = 'RevokeSet' AND request_id LIKE @number", ("@number", started.Name["incidents/".Length..] + "-%")));
        Assert.Empty(RegisterCheck.Run(server.Options()));

        string Worker() => (string)register.Rows("SELECT worker FROM incident WHERE number = @number", ("@number", started.Name["incidents/".Length..])).Single()[0];
    }

    [Fact]
    public async Task A_worker_that_gives_no_sign_is_followed_and_what_it_did_is_not_done_again()
    {
        var sets = await incidents.FoundAsync(8);
        using var register = server.OpenRegister();
        var prepared = await incidents.Desk.PrepareIncidentAsync(IncidentClient.Prepare(Act.Reissue, sets));
        var number = prepared.Name["incidents/".Length..];
        await incidents.Supervisor.ApproveIncidentAsync(IncidentClient.Approve(prepared));
        await incidents.EndAsync(prepared.Name);

        // As a process leaves it that did everything and died before it could say so.
        register.Execute("UPDATE incident SET state = 2, next = 0, done = 0, ended_time = 0, worker = 'gone', beat = 7 WHERE number = @number", ("@number", number));
        var before = register.Number("SELECT count(*) FROM issued_set");
        await Task.Delay(Slowly.Terms.Lease / 2, Cancel);
        Assert.Equal(1, register.Number("SELECT count(*) FROM incident WHERE worker = 'gone'"));
        var done = await incidents.EndAsync(prepared.Name);

        Assert.Equal((State.Completed, 8, 0), (done.State, done.DoneCount, done.SkippedCount));
        Assert.Equal(before, register.Number("SELECT count(*) FROM issued_set"));
        Assert.Empty(RegisterCheck.Run(server.Options()));
    }

    [Fact]
    public async Task A_list_that_was_changed_after_the_approval_is_not_worked_on()
    {
        var sets = await incidents.FoundAsync(2);
        var prepared = await incidents.Desk.PrepareIncidentAsync(IncidentClient.Prepare(Act.Revoke, sets[0]));
        using var register = server.OpenRegister();
        register.Execute("UPDATE incident_page SET licences = @other WHERE licences = @it", ("@other", sets[1].License.LicenseId), ("@it", sets[0].License.LicenseId));
        await incidents.Supervisor.ApproveIncidentAsync(IncidentClient.Approve(prepared));

        var held = await incidents.UntilAsync(prepared.Name, one => one.State == State.Paused);

        Assert.Equal((0, "登记系统"), (held.DoneCount, held.Events[^1].ActorTitle));
        Assert.Contains("摘要不符", held.Remark, StringComparison.Ordinal);
        Assert.Equal(Verdict.Valid, (await incidents.Life.AskAsync(sets[1].LicenseCode)).Verdict);
        Assert.Contains(RegisterCheck.Run(server.Options()), problem => problem.Subject == prepared.Name["incidents/".Length..]);
        register.Execute("UPDATE incident_page SET licences = @it WHERE licences = @other", ("@other", sets[1].License.LicenseId), ("@it", sets[0].License.LicenseId));
        await incidents.Desk.StopIncidentAsync(new StopIncidentRequest { RequestId = ServerFixture.NewRequestId(), Name = prepared.Name });
    }

    [Fact]
    public async Task Whatever_was_changed_behind_the_servers_back_is_found()
    {
        var done = await incidents.EndAsync((await incidents.StartAsync(IncidentClient.Prepare(Act.Revoke, await incidents.FoundAsync(2)))).Name);
        var number = done.Name["incidents/".Length..];
        using var register = server.OpenRegister();
        Assert.Empty(RegisterCheck.Run(server.Options()));
        (string Fault, string Back)[] faults =
        [
            ("UPDATE incident SET done = done - 1 WHERE number = @it", "UPDATE incident SET done = done + 1 WHERE number = @it"),
            ("UPDATE incident SET approved_by = prepared_by WHERE number = @it", "UPDATE incident SET approved_by = 'supervisor' WHERE number = @it"),
            ("UPDATE incident_event SET actor = 'staff' WHERE deed = 2 AND incident_row = (SELECT id FROM incident WHERE number = @it)",
                "UPDATE incident_event SET actor = 'supervisor' WHERE deed = 2 AND incident_row = (SELECT id FROM incident WHERE number = @it)"),
            ("UPDATE incident SET state = 3 WHERE number = @it", "UPDATE incident SET state = 4 WHERE number = @it"),
            ("UPDATE incident SET act = 2 WHERE number = @it", "UPDATE incident SET act = 1 WHERE number = @it"),
            ("UPDATE incident SET revision = 3 WHERE number = @it", "UPDATE incident SET revision = 2 WHERE number = @it"),
            ("UPDATE incident SET reason = 'x' || reason WHERE number = @it", "UPDATE incident SET reason = substr(reason, 2) WHERE number = @it"),
        ];
        foreach (var (fault, back) in faults)
        {
            Assert.Equal(1, register.Execute(fault, ("@it", number)));
            var named = RegisterCheck.Run(server.Options()).Select(problem => problem.Subject).ToArray();
            Assert.Equal(1, register.Execute(back, ("@it", number)));
            Assert.True(named.Contains(number), fault);
        }

        // An act in the name of an incident that nobody approved.
        var other = await incidents.Life.FoundAsync();
        await incidents.Life.DoAsync("Revoke", other);
        const string Its = "WHERE deed = 'RevokeSet' AND set_id = (SELECT id FROM issued_set WHERE license_id = @it)";
        register.Execute($"UPDATE act SET actor = '#incidents', request_id = 'PL200000000001-' || request_id {Its}", ("@it", other.License.LicenseId));
        Assert.Contains(RegisterCheck.Run(server.Options()), problem => problem.Subject == other.License.LicenseId && problem.Problem.Contains("批量处置", StringComparison.Ordinal));
        register.Execute($"UPDATE act SET actor = 'staff', request_id = substr(request_id, 16) {Its}", ("@it", other.License.LicenseId));
        Assert.Empty(RegisterCheck.Run(server.Options()));
    }

    // As it stays: twice the same within much more time than a stretch takes.
    private async Task<Incident> StillAsync(string name)
    {
        for (var before = await incidents.GetAsync(name); ;)
        {
            await Task.Delay(1500, Cancel);
            var now = await incidents.GetAsync(name);
            if (now.DoneCount == before.DoneCount)
            {
                return now;
            }

            before = now;
        }
    }

    private async Task<long> RevokedAsync(List<IssuedSet> sets)
    {
        var count = 0L;
        foreach (var set in sets)
        {
            count += (await incidents.Life.AskAsync(set.LicenseCode)).Verdict == Verdict.Revoked ? 1 : 0;
        }

        return count;
    }
}
