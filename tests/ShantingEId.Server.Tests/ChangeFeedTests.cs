using System.Diagnostics;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ShantingEId.TestSupport;
using ShantingEId.V1;
using IssuedSet = ShantingEId.V1.IssuedSet;
using Kind = ShantingEId.V1.Change.Types.Kind;
using State = ShantingEId.V1.IssuedSet.Types.State;

namespace ShantingEId.Server.Tests;

/// <summary>ChangeService: every change, in the order of commits, from any mark on, through cuts and restarts.</summary>
public sealed class ChangeFeedTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private ChangeService.ChangeServiceClient Changes => new(server.Channel("tax-bureau"));

    [Fact]
    public async Task A_change_says_what_happened_to_whom_since_when_and_why()
    {
        var start = await Head();
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        var revoked = await Revoke(issued);

        var answer = await Changes.ListChangesAsync(new ListChangesRequest { AfterMark = start });

        var ours = answer.Changes.Where(change => change.IssuedSet == issued.Name).ToArray();
        Assert.Equal([Kind.Issued, Kind.Revoked], ours.Select(change => change.Kind));
        Assert.Equal([State.Active, State.Revoked], ours.Select(change => change.State));
        Assert.Equal(["", "样例理由"], ours.Select(change => change.Reason));
        Assert.All(ours, change => Assert.Equal((issued.License.Enterprise.CreditCode, 1, $"changes/{change.Mark}"), (change.CreditCode, change.Version, change.Name)));
        Assert.Equal(issued.StateEffectiveTime, ours[0].EffectiveTime);
        // The register keeps milliseconds.
        Assert.Equal(revoked.StateEffectiveTime.ToDateTimeOffset().ToUnixTimeMilliseconds(), ours[1].EffectiveTime.ToDateTimeOffset().ToUnixTimeMilliseconds());
        Assert.All(ours, change => Assert.InRange(change.RecordedTime.ToDateTimeOffset(), TimeProvider.System.GetUtcNow().AddMinutes(-1), TimeProvider.System.GetUtcNow()));
        Assert.True(answer.IsCurrent && answer.Mark >= ours[1].Mark);
        // Nothing of the company but its code: what else is known about it is asked under a purpose.
        Assert.DoesNotContain(issued.License.Enterprise.Name, answer.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(issued.License.Enterprise.Representative, answer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_join_without_gap_and_repetition_whatever_their_size()
    {
        var start = await Head();
        await Issue(7);
        var end = await Head();
        var whole = (await Changes.ListChangesAsync(new ListChangesRequest { AfterMark = start, PageSize = 500 })).Changes.TakeWhile(change => change.Mark <= end).ToArray();
        foreach (var size in (int[])[1, 2, 3, 7, 100])
        {
            var joined = new List<Change>();
            var mark = start;
            for (var isCurrent = false; !isCurrent && mark < end;)
            {
                var page = await Changes.ListChangesAsync(new ListChangesRequest { AfterMark = mark, PageSize = size });
                Assert.True(page.Changes.Count <= size);
                Assert.True(page.Mark > mark);
                joined.AddRange(page.Changes);
                (mark, isCurrent) = (page.Mark, page.IsCurrent);
            }

            Assert.Equal(whole, joined.TakeWhile(change => change.Mark <= end));
        }
    }

    // Four writers at once: watchers who began at different moments, the list and the register's own table tell one story.
    [Fact]
    public async Task Under_concurrent_writers_everyone_sees_the_order_of_the_register()
    {
        var start = await Head();
        using var early = Changes.WatchChanges(new WatchChangesRequest { AfterMark = start });
        var earlySeen = Take(early, change => change.Mark, 48);
        var writers = Enumerable.Range(0, 4).Select(async _ =>
        {
            for (var i = 0; i < 6; i++)
            {
                await Revoke(await server.Staff().IssueSetAsync(ServerFixture.ValidRequest()));
            }
        }).ToArray();
        await writers[0];
        using var late = Changes.WatchChanges(new WatchChangesRequest { AfterMark = start });
        var lateSeen = Take(late, change => change.Mark, 48);
        await Task.WhenAll(writers);
        var listed = (await Changes.ListChangesAsync(new ListChangesRequest { AfterMark = start, PageSize = 500 })).Changes.Take(48).Select(change => change.Mark).ToArray();
        using var register = new RegisterFile(server.RegisterPath);
        var stored = register.Rows("SELECT position FROM feed WHERE position > $start ORDER BY position LIMIT 48", ("$start", start)).Select(row => (long)row[0]).ToArray();

        Assert.Equal(48, stored.Length);
        Assert.Equal(stored, listed);
        Assert.Equal(stored, await earlySeen);
        Assert.Equal(stored, await lateSeen);
    }

    [Fact]
    public async Task A_watcher_hears_of_a_change_at_once()
    {
        using var call = Changes.WatchChanges(new WatchChangesRequest { AfterMark = await Head() });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None)); // The first sign of life: it listens.
        var waits = new List<TimeSpan>();
        for (var i = 0; i < 5; i++)
        {
            var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
            var told = Stopwatch.StartNew();
            do
            {
                Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
            }
            while (call.ResponseStream.Current.Change?.IssuedSet != issued.Name);
            waits.Add(told.Elapsed);
        }

        // Without the notice it would be the next sign of life.
        Assert.All(waits, wait => Assert.True(wait < TimeSpan.FromSeconds(1.5), wait.ToString()));
    }

    // Cut at any moment, also in the middle of a burst: what was seen, and from the last mark on the rest.
    [Fact]
    public async Task A_watcher_that_is_cut_again_and_again_loses_nothing()
    {
        var start = await Head();
        var writing = Issue(30);
        var seen = new List<Change>();
        var mark = start;
        for (var cut = 1; seen.Count < 30; cut++)
        {
            using var giveUp = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            using var call = Changes.WatchChanges(new WatchChangesRequest { AfterMark = mark }, cancellationToken: giveUp.Token);
            for (var i = 0; i < 1 + (cut % 4) && seen.Count < 30; i++)
            {
                Assert.True(await call.ResponseStream.MoveNext(giveUp.Token));
                var message = call.ResponseStream.Current;
                mark = message.Mark;
                if (message.Change is { } change)
                {
                    Assert.Equal(change.Mark, message.Mark);
                    seen.Add(change);
                }
            }
        }

        var names = (await writing).Select(set => set.Name).ToHashSet();
        Assert.Subset(seen.Select(change => change.IssuedSet).ToHashSet(), names);
        Assert.Equal(seen.Select(change => change.Mark).Order().Distinct(), seen.Select(change => change.Mark));
    }

    [Fact]
    public async Task Only_what_passes_the_filter_is_sent_and_the_mark_goes_on_over_the_rest()
    {
        var start = await Head();
        var there = ServerFixture.ValidRequest();
        there.Enterprise.CreditCode = SampleCompanies.CreditCode(SampleCompanies.Next(), "110101");
        await server.Staff().IssueSetAsync(there);
        var here = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        await Revoke(here);
        var end = await Head();

        Assert.Equal([here.License.Enterprise.CreditCode], await Listed(new() { Regions = { "3704", "52" }, Kinds = { Kind.Revoked } }));
        Assert.Equal([there.Enterprise.CreditCode], await Listed(new() { Regions = { "11" } }));
        Assert.Equal([there.Enterprise.CreditCode], await Listed(new() { Regions = { "110101" }, Kinds = { Kind.Issued, Kind.Revoked } }));
        Assert.Empty(await Listed(new() { Regions = { "110102" } }));
        Assert.Equal([there.Enterprise.CreditCode, here.License.Enterprise.CreditCode], await Listed(new() { Kinds = { Kind.Issued } }));

        // A watcher for whom nothing passes still learns how far it has come.
        using var call = Changes.WatchChanges(new WatchChangesRequest { AfterMark = start, Regions = { "52" } });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Null(call.ResponseStream.Current.Change);
        Assert.True(call.ResponseStream.Current.Mark >= end);

        async Task<string[]> Listed(ListChangesRequest request)
        {
            request.AfterMark = start;
            var answer = await Changes.ListChangesAsync(request);
            Assert.True(answer.Mark >= end);
            string[] ours = [there.Enterprise.CreditCode, here.License.Enterprise.CreditCode];
            return [.. answer.Changes.Select(change => change.CreditCode).Where(ours.Contains)];
        }
    }

    [Fact]
    public async Task A_quiet_stream_gives_a_sign_of_life_with_the_mark()
    {
        using var call = Changes.WatchChanges(new WatchChangesRequest { AfterMark = await Head(), Regions = { "52" } });
        var watch = Stopwatch.StartNew();
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));

        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(8));
        Assert.Null(call.ResponseStream.Current.Change);
    }

    public static TheoryData<string, string, string> BadRequests() => new()
    {
        { "negative", "MARK_INVALID", "after_mark" }, { "beyond", "MARK_INVALID", "after_mark" }, { "far beyond", "MARK_INVALID", "after_mark" },
        { "one digit", "FILTER_INVALID", "regions" }, { "seven digits", "FILTER_INVALID", "regions" }, { "letters", "FILTER_INVALID", "regions" }, { "51 regions", "FILTER_INVALID", "regions" },
        { "no kind", "FILTER_INVALID", "kinds" }, { "unknown kind", "FILTER_INVALID", "kinds" },
    };

    [Theory]
    [MemberData(nameof(BadRequests))]
    public async Task A_mark_or_filter_that_makes_no_sense_is_refused_by_both_methods(string what, string reason, string field)
    {
        var list = new ListChangesRequest();
        _ = what switch
        {
            "negative" => list.AfterMark = -1,
            "beyond" => list.AfterMark = await Head() + 1000,
            "far beyond" => list.AfterMark = long.MaxValue,
            _ => 0,
        };
        list.Regions.Add(what switch { "one digit" => ["3"], "seven digits" => ["3704061"], "letters" => ["37O4"], "51 regions" => Enumerable.Range(10, 51).Select(i => $"{i}"), _ => Array.Empty<string>() });
        list.Kinds.Add(what switch { "no kind" => [Kind.Unspecified], "unknown kind" => [Kind.Issued, (Kind)77], _ => Array.Empty<Kind>() });
        var watch = new WatchChangesRequest { AfterMark = list.AfterMark, Regions = { list.Regions }, Kinds = { list.Kinds } };
        using var call = Changes.WatchChanges(watch);

        (await Refusal.Of(Changes.ListChangesAsync(list))).IsField(StatusCode.InvalidArgument, reason, field);
        (await Refusal.Of(() => call.ResponseStream.MoveNext(CancellationToken.None))).IsField(StatusCode.InvalidArgument, reason, field);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(501)]
    [InlineData(int.MaxValue)]
    public async Task A_page_of_no_size_is_refused(int size) =>
        (await Refusal.Of(Changes.ListChangesAsync(new ListChangesRequest { PageSize = size }))).IsField(StatusCode.InvalidArgument, "PAGE_SIZE_INVALID", "page_size");

    // The head is told by the list itself, so marks are never guessed.
    private async Task<long> Head()
    {
        ListChangesResponse answer;
        long mark = 0;
        do
        {
            answer = await Changes.ListChangesAsync(new ListChangesRequest { AfterMark = mark, PageSize = 500 });
            mark = answer.Mark;
        }
        while (!answer.IsCurrent);
        return mark;
    }

    private async Task<IssuedSet[]> Issue(int count)
    {
        var sets = new IssuedSet[count];
        for (var i = 0; i < count; i++)
        {
            sets[i] = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        }

        return sets;
    }

    private async Task<IssuedSet> Revoke(IssuedSet set) =>
        await server.Staff().RevokeSetAsync(new RevokeSetRequest { RequestId = ServerFixture.NewRequestId(), Name = set.Name, Reason = "样例理由", Authority = "样例机关" });

    private static async Task<T[]> Take<T>(AsyncServerStreamingCall<WatchChangesResponse> call, Func<Change, T> what, int count)
    {
        using var giveUp = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var seen = new List<T>();
        while (seen.Count < count && await call.ResponseStream.MoveNext(giveUp.Token))
        {
            if (call.ResponseStream.Current.Change is { } change)
            {
                seen.Add(what(change));
            }
        }

        return [.. seen];
    }
}

/// <summary>The server stops under its watchers, and another one goes on where it ended.</summary>
public sealed class ChangeFeedStopTests : IAsyncLifetime
{
    private readonly ServerFixture server = new();

    public ValueTask InitializeAsync() => server.InitializeAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_stopping_server_sends_watchers_away_and_the_next_one_goes_on_from_their_mark()
    {
        var first = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        using var call = new ChangeService.ChangeServiceClient(server.Channel("bank")).WatchChanges(new WatchChangesRequest());
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        var seen = call.ResponseStream.Current;
        Assert.Equal(first.Name, seen.Change.IssuedSet);

        server.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        var refusal = await Refusal.Of(async () =>
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None))
            {
            }
        });
        Assert.Equal((StatusCode.Unavailable, "DRAINING"), (refusal.Status, refusal.Reason));
        await server.StopAsync();
        await server.StartAsync();

        var second = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        using var again = new ChangeService.ChangeServiceClient(server.Channel("bank")).WatchChanges(new WatchChangesRequest { AfterMark = seen.Mark });
        do
        {
            Assert.True(await again.ResponseStream.MoveNext(CancellationToken.None));
        }
        while (again.ResponseStream.Current.Change is null);
        Assert.Equal(second.Name, again.ResponseStream.Current.Change.IssuedSet);
        Assert.Empty(server.Log.Faults);
    }

    [Fact]
    public async Task Among_many_changes_a_rare_one_is_found_page_by_page()
    {
        // More than one call reads over.
        const int Many = 10_400;
        var issued = await server.Staff().IssueSetAsync(ServerFixture.ValidRequest());
        using (var register = new RegisterFile(server.RegisterPath))
        {
            register.Execute(
                """
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $many)
                INSERT INTO feed (set_id, state, recorded_time, state_effective, state_reason, state_decided_by)
                SELECT (SELECT max(id) FROM issued_set), CASE WHEN i = $many THEN 2 ELSE 1 END, 1700000000000, 1700000000000, '', '' FROM n
                """, ("$many", Many));
            register.Execute("UPDATE feed_head SET position = (SELECT max(position) FROM feed)");
        }

        var client = new ChangeService.ChangeServiceClient(server.Channel("bank"));
        var (calls, mark, found) = (0, 0L, new List<Change>());
        for (var isCurrent = false; !isCurrent; calls++)
        {
            var page = await client.ListChangesAsync(new ListChangesRequest { AfterMark = mark, Kinds = { Kind.Revoked } });
            found.AddRange(page.Changes);
            (mark, isCurrent) = (page.Mark, page.IsCurrent);
        }

        Assert.Equal((issued.Name, Many + 1L), (Assert.Single(found).IssuedSet, found[0].Mark));
        Assert.Equal(2, calls);
    }
}
