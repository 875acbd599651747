using Grpc.Core;
using ShantingEId.V1;
using Kind = ShantingEId.V1.Step.Types.Kind;
using Report = ShantingEId.V1.ReportStepRequest.Types.Report;
using State = ShantingEId.V1.Step.Types.State;

namespace ShantingEId.Server.Tests.Cases;

public sealed class CaseWatchTests(ServerFixture server) : CaseWatchContract(server), IClassFixture<ServerFixture>;

public sealed class PostgresCaseWatchTests(PostgresServerFixture server) : CaseWatchContract(server.Needed), IClassFixture<PostgresServerFixture>;

/// <summary>Steps and cases as they go on: page by page, and as streams.</summary>
public abstract class CaseWatchContract(ServerFixture server) : CaseContract(server)
{
    [Fact]
    public async Task Pages_of_steps_join_without_gap_and_repetition_and_marks_that_cannot_be_are_refused()
    {
        var start = await HeadAsync();
        for (var i = 0; i < 3; i++)
        {
            await Staff.OpenCaseAsync(SampleCases.Application(Kind.Tax, Kind.HousingFund));
        }

        var whole = (await Staff.ListStepsAsync(new ListStepsRequest { AfterMark = start, PageSize = 500 })).Changes.Take(18).ToArray();
        Assert.Equal(18, whole.Length);
        Assert.Equal(whole.Select(change => change.Mark).Distinct().Order(), whole.Select(change => change.Mark));
        foreach (var size in (int[])[1, 4, 7])
        {
            var (joined, mark) = (new List<StepChange>(), start);
            while (joined.Count < 18)
            {
                var page = await Staff.ListStepsAsync(new ListStepsRequest { AfterMark = mark, PageSize = size });
                Assert.True(page.Changes.Count <= size && page.Mark > mark);
                joined.AddRange(page.Changes);
                mark = page.Mark;
            }

            Assert.Equal(whole, joined.Take(18));
        }

        Assert.Equal(3, (await Staff.ListStepsAsync(new ListStepsRequest { AfterMark = start, States = { State.Open }, Kinds = { Kind.Tax }, PageSize = 500 })).Changes.Take(3).Count(change => change is { State: State.Open, Kind: Kind.Tax }));
        Assert.Equal("MARK_INVALID", (await Refusal.Of(Staff.ListStepsAsync(new ListStepsRequest { AfterMark = -1 }))).Reason);
        Assert.Equal("MARK_INVALID", (await Refusal.Of(Staff.ListStepsAsync(new ListStepsRequest { AfterMark = long.MaxValue }))).Reason);
        Assert.Equal("PAGE_SIZE_INVALID", (await Refusal.Of(Staff.ListStepsAsync(new ListStepsRequest { PageSize = 501 }))).Reason);
        (await Refusal.Of(Staff.ListStepsAsync(new ListStepsRequest { States = { (State)77 } }))).IsField(StatusCode.InvalidArgument, "FILTER_INVALID", "states");
        (await Refusal.Of(Staff.ListStepsAsync(new ListStepsRequest { Kinds = { (Kind)77 } }))).IsField(StatusCode.InvalidArgument, "FILTER_INVALID", "kinds");
    }

    [Fact]
    public async Task A_watcher_of_steps_hears_at_once_and_goes_on_from_its_mark()
    {
        var mark = await HeadAsync();
        var opened = await Staff.OpenCaseAsync(SampleCases.Application(Kind.Tax));
        using (var first = Tax.WatchSteps(new WatchStepsRequest { AfterMark = mark }))
        {
            var change = await NextAsync(first, opened);
            Assert.Equal((State.Open, opened.Enterprise.CreditCode), (change.State, change.CreditCode));
            mark = change.Mark;
        }

        using var second = Tax.WatchSteps(new WatchStepsRequest { AfterMark = mark });
        Assert.True(await second.ResponseStream.MoveNext(CancellationToken.None)); // It listens.
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await Do(Tax, opened, Kind.Tax, Report.Accept);
        Assert.Equal(State.Accepted, (await NextAsync(second, opened)).State);
        // Without the notice it would be the next sign of life.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(3), watch.Elapsed.ToString());
    }

    [Fact]
    public async Task A_watcher_of_a_case_sees_every_state_it_comes_to_and_signs_of_life()
    {
        var opened = await Staff.OpenCaseAsync(SampleCases.Application(Kind.Tax));
        using var call = Client("holder-app").WatchCase(new WatchCaseRequest { Name = opened.Name });
        Assert.Equal(State.Open, (await NextCaseAsync(call)).Steps[1].State);

        var watch = System.Diagnostics.Stopwatch.StartNew();
        await Do(Tax, opened, Kind.Tax, Report.Accept);
        Assert.Equal(State.Accepted, (await NextCaseAsync(call)).Steps[1].State);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(3), watch.Elapsed.ToString());
        await Do(Tax, opened, Kind.Tax, Report.Complete);
        Assert.Equal(Case.Types.State.Completed, (await NextCaseAsync(call)).State);

        watch.Restart();
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Null(call.ResponseStream.Current.Case);
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(8));
    }

    private async Task<long> HeadAsync()
    {
        for (long mark = 0; ;)
        {
            var page = await Staff.ListStepsAsync(new ListStepsRequest { AfterMark = mark, PageSize = 500 });
            mark = page.Mark;
            if (page.IsCurrent)
            {
                return mark;
            }
        }
    }

    private static async Task<StepChange> NextAsync(AsyncServerStreamingCall<WatchStepsResponse> call, Case subject)
    {
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            if (call.ResponseStream.Current.Change is { } change && change.Step.StartsWith(subject.Name, StringComparison.Ordinal))
            {
                return change;
            }
        }

        throw new InvalidOperationException("the stream has ended");
    }

    private static async Task<Case> NextCaseAsync(AsyncServerStreamingCall<WatchCaseResponse> call)
    {
        do
        {
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        }
        while (call.ResponseStream.Current.Case is null);
        return call.ResponseStream.Current.Case;
    }
}
