using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ShantingEId.V1;
using Kind = ShantingEId.V1.Change.Types.Kind;
using State = ShantingEId.V1.IssuedSet.Types.State;
using Verdict = ShantingEId.V1.Verification.Types.Verdict;

namespace ShantingEId.Server.Tests.Life;

public sealed class StateTests(ServerFixture server) : StateContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresStateTests(PostgresServerFixture server) : StateContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary>Pausing, resuming, ending, rescinding and restoring over the wire.</summary>
public abstract class StateContract(ServerFixture server)
{
    // The law's table, written out once more by hand: state, and what may be done in it.
    private static readonly Dictionary<State, string[]> Allowed = new()
    {
        [State.Active] = ["Suspend", "Revoke", "Rescind", "Cancel", "Change"],
        [State.Suspended] = ["Resume", "Revoke", "Rescind", "Cancel"],
        [State.Revoked] = ["Rescind", "Cancel"],
        [State.Cancelled] = ["Rescind"],
        [State.Rescinded] = ["Restore"],
        [State.Superseded] = [],
    };

    private static readonly string[] Deeds = ["Suspend", "Resume", "Revoke", "Rescind", "Restore", "Cancel", "Change"];
    private readonly LifeClient life = LifeClient.Of(server);

    public static TheoryData<string, string, string, string> Transitions => new()
    {
        { "Suspend", "Suspended", "Suspended", "SUSPENDED" },
        { "Suspend Resume", "Active", "Valid", "" },
        { "Revoke", "Revoked", "Revoked", "REVOKED" },
        { "Suspend Revoke", "Revoked", "Revoked", "REVOKED" },
        { "Cancel", "Cancelled", "Cancelled", "CANCELLED" },
        { "Revoke Cancel", "Cancelled", "Cancelled", "CANCELLED" },
        { "Rescind", "Rescinded", "Revoked", "RESCINDED" },
        { "Rescind Restore", "Active", "Valid", "" },
        { "Suspend Rescind Restore", "Suspended", "Suspended", "SUSPENDED" },
        { "Revoke Rescind Restore", "Revoked", "Revoked", "REVOKED" },
        { "Cancel Rescind Restore", "Cancelled", "Cancelled", "CANCELLED" },
        { "Suspend Resume Suspend Resume", "Active", "Valid", "" },
    };

    [Theory, MemberData(nameof(Transitions))]
    public async Task Every_code_and_all_four_seals_follow_the_state(string deeds, string state, string verdict, string reason)
    {
        var set = await life.FoundAsync();
        Assert.Equal(Verdict.Valid, (await life.AskAsync(set.LicenseCode)).Verdict);
        var answer = set;
        foreach (var deed in deeds.Split(' '))
        {
            answer = await life.DoAsync(deed, set);
            // Twice, so that every cache has it when the next deed comes.
            Assert.Equal((await life.AskAsync(set.LicenseCode)).StateEffectiveTime, answer.StateEffectiveTime);
            Assert.Equal((await life.AskAsync(set.LicenseCode)).Verdict, (await life.LookUpAsync(set)).Verdict);
        }

        Assert.Equal(state, answer.State.ToString());
        Verification[] all = [await life.AskAsync(set.LicenseCode), await life.AskAsync(set.TypedCode), await life.LookUpAsync(set), .. await Task.WhenAll(set.Seals.Select(seal => life.SealAsync(seal)))];
        Assert.Equal(7, all.Length);
        Assert.All(all, one => Assert.Equal((verdict, reason, "样例理由"), (one.Verdict.ToString(), one.Reason, one.StateReason)));
        Assert.All(all, one => Assert.Equal(answer.StateEffectiveTime, one.StateEffectiveTime));
        Assert.Equal(state, (await life.Staff.GetIssuedSetAsync(new GetIssuedSetRequest { Name = set.Name })).State.ToString());
    }

    [Theory, InlineData("", "Active"), InlineData("Suspend", "Suspended"), InlineData("Revoke", "Revoked"), InlineData("Cancel", "Cancelled"), InlineData("Rescind", "Rescinded"), InlineData("Change", "Superseded")]
    public async Task What_the_table_does_not_allow_is_refused_by_reason_and_says_what_is_allowed(string before, string state)
    {
        foreach (var deed in Deeds)
        {
            var set = await life.FoundAsync();
            if (before.Length > 0)
            {
                await DoAsync(before, set);
            }

            if (Allowed[System.Enum.Parse<State>(state)].Contains(deed))
            {
                await DoAsync(deed, set);
                continue;
            }

            var refusal = await Refusal.Of(() => DoAsync(deed, set));
            Assert.Equal(StatusCode.FailedPrecondition, refusal.Status);
            if (state == "Revoked" && deed == "Revoke")
            {
                Assert.Equal("ALREADY_REVOKED", refusal.Reason);
                continue;
            }

            Assert.Equal(("TRANSITION_NOT_ALLOWED", state.ToUpperInvariant()), (refusal.Reason, refusal.Info.Metadata["state"]));
            Assert.Equal(Allowed[System.Enum.Parse<State>(state)].Select(one => one == "Change" ? "SUPERSEDE" : one.ToUpperInvariant()).Order(),
                refusal.Info.Metadata["allowed"].Split(',', StringSplitOptions.RemoveEmptyEntries).Order());
        }
    }

    [Fact]
    public async Task What_ended_stays_verifiable_for_the_time_before_and_never_comes_back_by_a_new_licence()
    {
        var set = await life.FoundAsync();
        var cancelled = await life.DoAsync("Cancel", set);
        var end = cancelled.StateEffectiveTime.ToDateTimeOffset();

        Assert.Equal(Verdict.Valid, (await life.AskAsync(set.LicenseCode, end.AddMilliseconds(-1))).Verdict);
        Assert.Equal(Verdict.Valid, (await life.SealAsync(set.Seals[2], end.AddMilliseconds(-1))).Verdict);
        Assert.Equal(Verdict.Cancelled, (await life.AskAsync(set.LicenseCode, end)).Verdict);
        var again = ServerFixture.ValidRequest();
        again.Enterprise.CreditCode = set.License.Enterprise.CreditCode;
        Assert.Equal("TRANSITION_NOT_ALLOWED", (await Refusal.Of(life.Staff.IssueSetAsync(again))).Reason);
    }

    [Fact]
    public async Task A_pause_recorded_afterwards_holds_from_its_own_time_and_says_when_it_was_recorded()
    {
        var set = await life.FoundAsync();
        await Task.Delay(1200, TestContext.Current.CancellationToken);
        var from = TimeProvider.System.GetUtcNow().AddMilliseconds(-600);

        var paused = await life.DoAsync("Suspend", set, from);

        Assert.Equal(from.ToUnixTimeMilliseconds(), paused.StateEffectiveTime.ToDateTimeOffset().ToUnixTimeMilliseconds());
        var answer = await life.AskAsync(set.LicenseCode, from.AddMilliseconds(100));
        Assert.Equal(Verdict.Suspended, answer.Verdict);
        Assert.True(answer.StateRecordedTime.ToDateTimeOffset() > from.AddMilliseconds(500), "nobody knew of it at that time");
        Assert.Equal(Verdict.Valid, (await life.AskAsync(set.LicenseCode, from.AddMilliseconds(-100))).Verdict);

        // Neither before the state it ends, nor in the future.
        foreach (var wrong in new[] { from.AddMilliseconds(-300), TimeProvider.System.GetUtcNow().AddMinutes(1) })
        {
            (await Refusal.Of(() => life.DoAsync("Resume", set, wrong))).IsField(StatusCode.InvalidArgument, "EFFECTIVE_TIME_INVALID", "effective_time");
        }
    }

    [Fact]
    public async Task The_feed_tells_each_act_by_its_kind_with_the_successor_right_behind()
    {
        var changes = new ChangeService.ChangeServiceClient(server.Channel("bank"));
        var start = (await changes.ListChangesAsync(new ListChangesRequest { AfterMark = 0, PageSize = 500 })).Mark;
        for (var current = false; !current;)
        {
            var page = await changes.ListChangesAsync(new ListChangesRequest { AfterMark = start, PageSize = 500 });
            (start, current) = (page.Mark, page.IsCurrent);
        }

        var set = await life.FoundAsync();
        foreach (var deed in new[] { "Suspend", "Resume", "Change" })
        {
            await DoAsync(deed, set);
        }

        var second = await life.Staff.GetIssuedSetAsync(new GetIssuedSetRequest { Name = "issuedSets/" + set.License.Enterprise.CreditCode });
        foreach (var deed in new[] { "Rescind", "Restore", "Revoke", "Cancel" })
        {
            await DoAsync(deed, second);
        }

        var told = (await changes.ListChangesAsync(new ListChangesRequest { AfterMark = start, PageSize = 500 })).Changes
            .Where(change => change.CreditCode == set.License.Enterprise.CreditCode).ToArray();
        Assert.Equal([Kind.Issued, Kind.Suspended, Kind.Resumed, Kind.Superseded, Kind.Issued, Kind.Rescinded, Kind.Resumed, Kind.Revoked, Kind.Cancelled], told.Select(change => change.Kind));
        Assert.Equal(told[3].Mark + 1, told[4].Mark);
        Assert.Equal((set.Name, second.Name), (told[3].IssuedSet, told[4].IssuedSet));
    }

    [Fact]
    public async Task The_same_request_again_gives_the_same_answer()
    {
        var set = await life.FoundAsync();
        var request = new CancelSetRequest { RequestId = ServerFixture.NewRequestId(), Name = set.Name, Reason = "样例理由", Authority = LifeClient.Authority };
        var first = await life.Staff.CancelSetAsync(request);
        Assert.Equal(first, await life.Staff.CancelSetAsync(request));
        request.Reason = "另一样例理由";
        Assert.Equal("REQUEST_ID_REUSED", (await Refusal.Of(life.Staff.CancelSetAsync(request))).Reason);
    }

    private async Task DoAsync(string deed, IssuedSet set)
    {
        if (deed == "Change")
        {
            var request = LifeClient.Change(set, face => face.Address = "枣庄市山亭区样例路9号", "address");
            request.Name = set.Name;
            await life.ChangeAsync(request);
            return;
        }

        await life.DoAsync(deed, set);
    }
}
