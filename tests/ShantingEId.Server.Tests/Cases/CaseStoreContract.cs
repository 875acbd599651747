using ShantingEId.Cases;
using ShantingEId.Issuing;
using ShantingEId.Server.Tests.Storage;

namespace ShantingEId.Server.Tests.Cases;

public sealed class SqliteCaseStoreTests(SampleSets sets) : CaseStoreContract(sets)
{
    protected override ValueTask<Registers> CreateAsync() => new(new SqliteRegisters());
}

public sealed class PostgresCaseStoreTests(SampleSets sets) : CaseStoreContract(sets)
{
    protected override async ValueTask<Registers> CreateAsync() => await PostgresRegisters.CreateAsync();
}

/// <summary>What <see cref="ICaseStore"/> promises, asked of both stores.</summary>
public abstract class CaseStoreContract(SampleSets sets) : RegisterContract, IClassFixture<SampleSets>
{
    [Fact]
    public async Task A_case_is_found_by_every_key_as_it_was_written()
    {
        var opened = SampleCases.Opened(null, StepKind.Tax, StepKind.BankAppointment, StepKind.SealEngraving) with { Findings = [new Finding("SAMPLE", "样例“引号”与 'SQL'")] };
        await AddAsync(opened);
        await AddAsync(SampleCases.Opened());
        Same(opened, await Find(CaseKey.Of(opened.Id)));

        var issued = SampleCases.Rules.Issue(opened, SampleCases.LicenseOf(opened), SampleCases.Now);
        await ChangeAsync(opened, issued);
        var taken = Act(issued, StepKind.Tax, StepAct.Accept);
        await ChangeAsync(issued, taken);
        var returned = SampleCases.Rules.Act(taken, StepKind.Tax, StepAct.Return, "tax-bureau", SampleCases.Now, "样例：缺章程");
        await ChangeAsync(taken, returned);

        CaseKey[] keys = [CaseKey.Of(opened.Id), CaseKey.Of(opened.Progress), CaseKey.Of(opened.Facts.CreditCode), CaseKey.Of(opened.OpenedBy, opened.OpenRequest)];
        foreach (var key in keys)
        {
            Same(returned, await Registers.Open().FindCaseAsync(key, Cancel));
        }

        foreach (var key in (CaseKey[])[CaseKey.Of(CaseId.New()), CaseKey.Of(Codes.ProgressCode.Generate()), CaseKey.Of("other", opened.OpenRequest), CaseKey.Of(sets.Real.License.Facts.CreditCode)])
        {
            Assert.Null(await Find(key));
        }
    }

    [Fact]
    public async Task Of_a_company_with_several_cases_the_newest_is_meant()
    {
        var first = await CompleteAsync(SampleCases.Opened());
        var second = SampleCases.Opened(first.Facts.CreditCode) with { OpenTime = first.OpenTime.AddDays(1) };
        await AddAsync(second);

        Assert.Equal(second.Id, (await Find(CaseKey.Of(first.Facts.CreditCode)))!.Id);
    }

    // Events of cases and changes of sets draw their places from one row; both lists are complete up to the head they were read with.
    [Fact]
    public async Task Events_stand_in_the_feed_in_commit_order_with_the_sets()
    {
        var opened = SampleCases.Opened(null, StepKind.Tax, StepKind.HousingFund);
        Assert.Equal(3, (await AddAsync(opened)).Position);
        Assert.Equal(4, (await Store.AddSetAsync(sets.Real, SampleSets.Started, SampleSets.Request())).Position);
        Assert.Equal(7, (await ChangeAsync(opened, SampleCases.Rules.Issue(opened, SampleCases.LicenseOf(opened), SampleCases.Now))).Position);

        var page = await Store.ReadStepsAsync(0, 100, Cancel);
        Assert.Equal(7, page.Head);
        Assert.Equal([(1L, StepKind.License, StepState.Accepted), (2, StepKind.Tax, StepState.Waiting), (3, StepKind.HousingFund, StepState.Waiting),
            (5, StepKind.License, StepState.Done), (6, StepKind.Tax, StepState.Open), (7, StepKind.HousingFund, StepState.Open)],
            page.Changes.Select(each => (each.Position, each.Step.Kind, each.Event.Step.State)));
        Assert.All(page.Changes, each => Assert.Equal((opened.Id, opened.Facts.CreditCode), (each.Step.Case, each.Holder)));
        Assert.Equal([5L, 6L], (await Store.ReadStepsAsync(4, 2, Cancel)).Changes.Select(each => each.Position));
        var end = await Store.ReadStepsAsync(7, 100, Cancel);
        Assert.Equal((0, 7L), (end.Changes.Count, end.Head));
        var sets0 = await Store.ReadFeedAsync(null, 0, 100, Cancel);
        Assert.Equal((7L, 4L), (sets0.Head, Assert.Single(sets0.Changes).Position));
    }

    [Fact]
    public async Task The_same_request_again_gives_the_earlier_reply_and_one_without_reply_finds_its_case()
    {
        var opened = SampleCases.Opened();
        var request = SampleCases.RequestOf(opened);
        var first = await Store.WriteCaseAsync(null, opened, request, keepReply: true);
        var again = await Registers.Open().WriteCaseAsync(null, SampleCases.Opened() with { OpenRequest = opened.OpenRequest }, request with { Reply = [1] }, keepReply: true);
        Assert.Equal(request.Reply, again.Earlier!.Reply);
        Assert.Equal(first.Position, again.Position);

        var cut = SampleCases.Opened();
        await AddAsync(cut, keepReply: false);
        Assert.Null(await Store.FindReplyAsync(cut.OpenedBy, cut.OpenRequest, Cancel));
        var error = await Assert.ThrowsAsync<EidException>(async () => await AddAsync(SampleCases.Opened(cut.Facts.CreditCode) with { OpenRequest = cut.OpenRequest }, keepReply: false));
        Assert.Equal(ErrorReason.VersionConflict, error.Reason);
        Assert.Equal(cut.Id, (await Find(CaseKey.Of(cut.OpenedBy, cut.OpenRequest)))!.Id);

        // Also when that case has ended, and the company is another: the request opened its case.
        var ended = await CompleteAsync(cut);
        error = await Assert.ThrowsAsync<EidException>(async () => await AddAsync(SampleCases.Opened(ended.Facts.CreditCode) with { OpenRequest = cut.OpenRequest }, keepReply: false));
        Assert.Equal(ErrorReason.VersionConflict, error.Reason);
        Assert.Equal(2, await Registers.NumberAsync("SELECT count(*) FROM case_file"));
    }

    [Fact]
    public async Task A_request_that_changed_nothing_keeps_its_reply_and_takes_no_place()
    {
        var opened = SampleCases.Opened();
        await AddAsync(opened, keepReply: false);
        var request = SampleSets.Request();

        Assert.Null((await Store.WriteCaseAsync(opened, opened, request, keepReply: true)).Earlier);

        Assert.Equal(request.Reply, (await Store.FindReplyAsync(request.Actor, request.RequestId, Cancel))!.Reply);
        Assert.Equal(1, (await Store.ReadStepsAsync(0, 100, Cancel)).Head);
    }

    [Fact]
    public async Task A_case_that_is_no_longer_as_it_was_read_is_not_written()
    {
        var opened = SampleCases.Opened(null, StepKind.Tax);
        await AddAsync(opened);
        var issued = SampleCases.Rules.Issue(opened, SampleCases.LicenseOf(opened), SampleCases.Now);
        await ChangeAsync(opened, issued);

        var error = await Assert.ThrowsAsync<EidException>(async () => await ChangeAsync(opened, SampleCases.Rules.Doubt(opened, new Finding("SAMPLE", "样例"), SampleCases.Now)));

        Assert.Equal(ErrorReason.VersionConflict, error.Reason);
        Same(issued, await Find(CaseKey.Of(opened.Id)));
        Assert.Equal(4, (await Store.ReadStepsAsync(0, 100, Cancel)).Head);
    }

    [Fact]
    public async Task Of_many_who_change_a_case_at_two_stores_at_once_one_does()
    {
        var other = Registers.Open();
        for (var round = 0; round < 8; round++)
        {
            var opened = SampleCases.Opened(null, StepKind.Tax);
            await AddAsync(opened);
            var issued = SampleCases.Rules.Issue(opened, SampleCases.LicenseOf(opened), SampleCases.Now);
            await ChangeAsync(opened, issued);

            var ends = await Task.WhenAll(Enumerable.Range(0, 10).Select(n => Task.Run(async () =>
            {
                try
                {
                    await (n % 2 == 0 ? Store : other).WriteCaseAsync(issued, Act(issued, StepKind.Tax, n % 3 == 0 ? StepAct.Return : StepAct.Accept), SampleSets.Request(), keepReply: true);
                    return "";
                }
                catch (EidException error)
                {
                    return error.Reason.WireName();
                }
            })));

            Assert.Equal(["", .. Enumerable.Repeat("VERSION_CONFLICT", 9)], ends.Order());
            Assert.Equal(issued.Events.Count + 1, (await Find(CaseKey.Of(opened.Id)))!.Events.Count);
        }
    }

    [Fact]
    public async Task A_company_has_one_case_that_goes_on_whoever_opens_it()
    {
        var other = Registers.Open();
        for (var round = 0; round < 8; round++)
        {
            var holder = SampleCases.Opened().Facts.CreditCode;
            var ends = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(async () =>
            {
                var opened = SampleCases.Opened(holder);
                try
                {
                    await (n % 2 == 0 ? Store : other).WriteCaseAsync(null, opened, SampleCases.RequestOf(opened), keepReply: true);
                    return (opened.Id.Value, "");
                }
                catch (EidException error)
                {
                    Assert.Equal(ErrorReason.CaseExists, error.Reason);
                    return ("", error.Metadata["case"]);
                }
            })));

            var winner = Assert.Single(ends, end => end.Item1.Length > 0).Item1;
            Assert.All(ends.Where(end => end.Item1.Length == 0), end => Assert.Equal("cases/" + winner, end.Item2));
        }
    }

    // Asked for again, a step of a case that was over would be a second one that goes on.
    [Fact]
    public async Task A_case_that_was_over_cannot_go_on_beside_another()
    {
        var first = await CompleteAsync(SampleCases.Opened());
        var second = SampleCases.Opened(first.Facts.CreditCode);
        await AddAsync(second);

        var error = await Assert.ThrowsAsync<EidException>(async () => await ChangeAsync(first, SampleCases.Rules.Add(first, [StepKind.Tax], "staff", SampleCases.Now)));

        Assert.Equal((ErrorReason.CaseExists, "cases/" + second.Id), (error.Reason, error.Metadata["case"]));
    }

    [Fact]
    public async Task Overdue_is_what_stands_past_its_deadline_and_has_not_ended()
    {
        var opened = SampleCases.Opened(null, StepKind.Tax, StepKind.HousingFund, StepKind.Employment, StepKind.SocialSecurity);
        await AddAsync(opened);
        var issued = SampleCases.Rules.Issue(opened, SampleCases.LicenseOf(opened), SampleCases.Now);
        await ChangeAsync(opened, issued);
        var taken = Act(issued, StepKind.Tax, StepAct.Accept);
        await ChangeAsync(issued, taken);
        var returned = Act(taken, StepKind.HousingFund, StepAct.Return);
        await ChangeAsync(taken, returned);
        var withdrawn = Act(returned, StepKind.Employment, StepAct.Withdraw);
        await ChangeAsync(returned, withdrawn);
        var deadline = issued.Find(StepKind.Tax)!.Deadline!.Value;

        Assert.Empty((await Store.ReadOverdueAsync(deadline, 0, 100, Cancel)).Changes);
        var overdue = await Store.ReadOverdueAsync(deadline.AddDays(1), 0, 100, Cancel);
        Assert.Equal([(StepKind.SocialSecurity, StepState.Open), (StepKind.Tax, StepState.Accepted)], overdue.Changes.Select(each => (each.Step.Kind, each.Event.Step.State)));
        Assert.Equal([StepKind.Tax], (await Store.ReadOverdueAsync(deadline.AddDays(1), overdue.Changes[0].Position, 100, Cancel)).Changes.Select(each => each.Step.Kind));
        Assert.All(overdue.Changes, each => Assert.True(withdrawn.Find(each.Step.Kind)!.IsOverdue(deadline.AddDays(1))));
    }

    private ValueTask<CaseFile?> Find(CaseKey key) => Store.FindCaseAsync(key, Cancel);

    private ValueTask<Committed> AddAsync(CaseFile opened, bool keepReply = true) => Store.WriteCaseAsync(null, opened, SampleCases.RequestOf(opened), keepReply);

    private ValueTask<Committed> ChangeAsync(CaseFile before, CaseFile after) => Store.WriteCaseAsync(before, after, SampleSets.Request(), keepReply: true);

    private async Task<CaseFile> CompleteAsync(CaseFile opened)
    {
        if (await Find(CaseKey.Of(opened.Id)) is null)
        {
            await AddAsync(opened);
        }

        var issued = SampleCases.Rules.Issue(opened, SampleCases.LicenseOf(opened), SampleCases.Now);
        await ChangeAsync(opened, issued);
        Assert.Equal(CaseState.Completed, issued.State);
        return issued;
    }

    private static CaseFile Act(CaseFile subject, StepKind kind, StepAct act) => SampleCases.Rules.Act(subject, kind, act, "sample", SampleCases.Now, "样例理由");

    private static void Same(CaseFile expected, CaseFile? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(expected.Events, actual.Events);
        Assert.Equal(expected.Steps, actual.Steps);
        Assert.Equal(expected.Findings, actual.Findings);
        Assert.Equal(expected.ContentDigest, actual.ContentDigest);
        Assert.Equal((expected.Id, expected.Progress, expected.OpenedBy, expected.OpenRequest, expected.Facts, expected.FactsRevision, expected.OpenTime, expected.License, expected.State),
            (actual.Id, actual.Progress, actual.OpenedBy, actual.OpenRequest, actual.Facts, actual.FactsRevision, actual.OpenTime, actual.License, actual.State));
    }
}
