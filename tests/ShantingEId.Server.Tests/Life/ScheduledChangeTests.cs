using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ShantingEId.V1;
using State = ShantingEId.V1.IssuedSet.Types.State;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests.Life;

public sealed class ScheduledChangeTests(ServerFixture server) : ScheduledChangeContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresScheduledChangeTests(PostgresServerFixture server) : ScheduledChangeContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary>Changes prepared for a later time: sealed off until then, flipping at one instant, and taken back before it.</summary>
public abstract class ScheduledChangeContract(ServerFixture server)
{
    private const string NewName = "枣庄市山亭区样例明日食品有限公司";
    private readonly LifeClient life = LifeClient.Of(server);

    [Fact]
    public async Task A_prepared_change_shows_nothing_before_its_time_and_everything_from_it_on()
    {
        var old = await life.FoundAsync();
        var time = TimeProvider.System.GetUtcNow().AddSeconds(3);
        var request = LifeClient.Rename(old, NewName);
        request.EffectiveTime = time.ToTimestamp();

        var change = await life.ChangeAsync(request);

        var flip = change.IssuedSet.StateEffectiveTime.ToDateTimeOffset();
        Assert.Equal(time.ToUnixTimeMilliseconds(), flip.ToUnixTimeMilliseconds());
        Assert.True(change.IssuedSet.StateRecordedTime.ToDateTimeOffset() < flip);
        var pending = await life.Staff.GetIssuedSetAsync(new GetIssuedSetRequest { Name = old.Name });
        Assert.Equal((State.Active, change.IssuedSet.StateEffectiveTime), (pending.State, pending.StateUntilTime));
        Assert.Equal(State.Scheduled, (await life.Staff.GetIssuedSetAsync(new GetIssuedSetRequest { Name = change.IssuedSet.Name })).State);

        // Asked without pause from before to after: no answer mixes the two, and each fits its own time.
        var (before, after) = (0, 0);
        while (after < 5 && TimeProvider.System.GetUtcNow() < flip.AddSeconds(30))
        {
            var asked = TimeProvider.System.GetUtcNow();
            Verification[] answers = [await life.AskAsync(old.LicenseCode), await life.AskAsync(old.TypedCode), await life.LookUpAsync(old), await life.SealAsync(old.Seals[0]), await life.AskAsync(change.IssuedSet.LicenseCode)];
            if (TimeProvider.System.GetUtcNow() < flip)
            {
                before++;
                Assert.All(answers[..4], answer => Assert.Equal((Verdict.Valid, old.License.Enterprise.Name), (answer.Verdict, answer.License.Enterprise.Name)));
                Assert.Equal((Verdict.NotFound, "NOT_YET_EFFECTIVE"), (answers[4].Verdict, answers[4].Reason));
                Assert.Null(answers[4].License);
                Assert.DoesNotContain(NewName, string.Concat(answers.Select(answer => answer.ToString())), StringComparison.Ordinal);
            }
            else if (asked >= flip)
            {
                after++;
                Assert.Equal([Verdict.Superseded, Verdict.Superseded, Verdict.Valid, Verdict.Superseded, Verdict.Valid], answers.Select(answer => answer.Verdict));
                Assert.Equal(NewName, answers[2].License.Enterprise.Name);
                Assert.Equal(NewName, answers[0].Succession.CurrentName);
            }
        }

        Assert.True(before > 0 && after == 5, $"{before} rounds before, {after} after");
        Assert.Equal(Verdict.Valid, (await life.AskAsync(old.LicenseCode, flip.AddMilliseconds(-1))).Verdict);
        Assert.Equal(Verdict.Superseded, (await life.AskAsync(old.LicenseCode, flip)).Verdict);
    }

    [Fact]
    public async Task While_a_change_waits_nothing_else_is_done_and_taken_back_it_leaves_no_trace_in_verdicts()
    {
        var old = await life.FoundAsync();
        var request = LifeClient.Rename(old, NewName);
        request.EffectiveTime = TimeProvider.System.GetUtcNow().AddDays(3).ToTimestamp();
        var prepared = (await life.ChangeAsync(request)).IssuedSet;
        Assert.Equal("CHANGE_PENDING", (await Refusal.Of(() => life.DoAsync("Revoke", old))).Reason);
        Assert.Equal("CHANGE_PENDING", (await Refusal.Of(() => life.ChangeAsync(LifeClient.Rename(old, "枣庄市山亭区样例另名食品有限公司")))).Reason);
        Assert.Equal(Verdict.Valid, (await life.AskAsync(old.LicenseCode)).Verdict);

        var withdraw = new WithdrawChangeRequest { RequestId = ServerFixture.NewRequestId(), Name = old.Name, Reason = "样例：申请人撤回", Authority = LifeClient.Authority };
        var stays = await life.Staff.WithdrawChangeAsync(withdraw);

        Assert.Equal((State.Active, old.Name, old.StateEffectiveTime), (stays.State, stays.Name, stays.StateEffectiveTime));
        Assert.Null(stays.StateUntilTime);
        Assert.Equal(stays, await life.Staff.WithdrawChangeAsync(withdraw));
        Assert.Equal(Verdict.Valid, (await life.AskAsync(old.LicenseCode)).Verdict);
        Assert.All(await Task.WhenAll(old.Seals.Select(seal => life.SealAsync(seal))), answer => Assert.Equal(Verdict.Valid, answer.Verdict));
        var gone = await life.AskAsync(prepared.LicenseCode);
        Assert.Equal((Verdict.Revoked, "WITHDRAWN"), (gone.Verdict, gone.Reason));
        Assert.Null(gone.License);
        Assert.Equal("NO_CHANGE_PENDING", (await Refusal.Of(life.Staff.WithdrawChangeAsync(new WithdrawChangeRequest(withdraw) { RequestId = ServerFixture.NewRequestId() }))).Reason);

        // The number of what was taken back is not used again.
        var next = (await life.ChangeAsync(LifeClient.Rename(old, NewName))).IssuedSet;
        Assert.Equal(3, next.License.Version);
        Assert.Equal(3, (await life.LookUpAsync(old)).License.Version);
        // Replaced by what came, not by what was taken back.
        var seal = await life.SealAsync(old.Seals[0]);
        Assert.Equal((Verdict.Superseded, next.License.LicenseId), (seal.Verdict, seal.Succession.LicenseId));
        Assert.Equal(next.License.LicenseId, (await life.AskAsync(old.LicenseCode)).Succession.LicenseId);
    }

    [Fact]
    public async Task A_change_that_is_about_to_take_force_is_not_taken_back()
    {
        var old = await life.FoundAsync();
        var request = LifeClient.Rename(old, NewName);
        request.EffectiveTime = TimeProvider.System.GetUtcNow().AddSeconds(8).ToTimestamp();
        await life.ChangeAsync(request);

        var refusal = await Refusal.Of(life.Staff.WithdrawChangeAsync(new WithdrawChangeRequest { RequestId = ServerFixture.NewRequestId(), Name = old.Name, Reason = "样例：申请人撤回", Authority = LifeClient.Authority }));

        Assert.Equal((StatusCode.FailedPrecondition, "NO_CHANGE_PENDING"), (refusal.Status, refusal.Reason));
    }
}
