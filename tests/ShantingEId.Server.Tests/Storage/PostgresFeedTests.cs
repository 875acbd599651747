using System.Diagnostics;
using ShantingEId.Server.Storage;

namespace ShantingEId.Server.Tests.Storage;

/// <summary>The agreement between replicas over PostgreSQL: who is waited for, how long, and when not any more.</summary>
public sealed class PostgresFeedTests(SampleSets sets) : IClassFixture<SampleSets>, IAsyncLifetime
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(1);
    private readonly List<PostgresFeed> feeds = [];
    private PostgresRegisters registers = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => registers = await PostgresRegisters.CreateAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var feed in feeds)
        {
            await feed.DisposeAsync();
        }

        await (registers?.DisposeAsync() ?? default);
    }

    [Fact]
    public async Task Without_members_a_change_is_settled_at_once()
    {
        var writer = Open();
        Assert.True(await SettleAsync(writer, await ChangeAsync(writer)) < Bound / 2);
    }

    [Fact]
    public async Task Followers_are_woken_and_a_change_is_settled_when_the_last_of_them_has_seen_it()
    {
        var writer = Open();
        await using var first = await Follower.StartAsync(Open(), Bound);
        await using var second = await Follower.StartAsync(Open(), Bound);
        await SettleAsync(writer, await ChangeAsync(writer)); // connections open, statements prepared
        var took = new List<TimeSpan>();
        for (var i = 0; i < 10; i++)
        {
            var position = await ChangeAsync(writer);
            took.Add(await SettleAsync(writer, position));
            Assert.True(first.Position >= position && second.Position >= position, "settled before a member had seen it");
        }

        Assert.True(took.Order().ElementAt(5) < Bound / 2, string.Join(' ', took));
    }

    [Fact]
    public async Task Many_changes_that_wait_together_are_all_settled()
    {
        var writer = Open();
        await using var follower = await Follower.StartAsync(Open(), Bound);
        var positions = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => ChangeAsync(writer)));

        await Task.WhenAll(positions.Select(position => writer.Feed.SettleAsync(position).AsTask()));

        Assert.True(follower.Position >= positions.Max());
    }

    // The rule that no replica is off the list while it may still answer from its cache, step by step.
    [Fact]
    public async Task A_silent_member_is_waited_for_twice_and_then_no_more()
    {
        var writer = Open();
        var silent = Open();
        var id = await silent.Feed.JoinAsync(Bound, Cancel);
        var read = Stopwatch.GetTimestamp();
        Assert.True((await silent.Feed.ReadFeedAsync(id, 0, 10, Cancel)).IsMember);

        Assert.True(await SettleAsync(writer, await ChangeAsync(writer)) >= Bound);
        Assert.True(Stopwatch.GetElapsedTime(read) > Bound);
        Assert.Equal(1, await registers.NumberAsync("SELECT count(*) FROM member WHERE expelled = 1"));
        Assert.False((await silent.Feed.ReadFeedAsync(id, 0, 10, Cancel)).IsMember);

        // Its last reading as a member may have been just before it was marked.
        Assert.True(await SettleAsync(writer, await ChangeAsync(writer)) >= Bound);
        Assert.Equal(0, await registers.NumberAsync("SELECT count(*) FROM member"));
        Assert.True(await SettleAsync(writer, await ChangeAsync(writer)) < Bound / 2);

        // It comes back by joining again.
        id = await silent.Feed.JoinAsync(Bound, Cancel);
        Assert.True((await silent.Feed.ReadFeedAsync(id, 0, 10, Cancel)).IsMember);
        Assert.True(await SettleAsync(writer, await ChangeAsync(writer)) >= Bound);
    }

    [Fact]
    public async Task A_member_whose_mark_is_younger_than_the_waiting_is_not_taken_off()
    {
        var (one, other) = (Open(), Open());
        await Open().Feed.JoinAsync(Bound, Cancel);
        var first = SettleAsync(one, await ChangeAsync(one));
        await Task.Delay(Bound * 0.6, Cancel);

        // It begins before the mark, so it may only mark, although the mark is there when it ends.
        await SettleAsync(other, await ChangeAsync(other));
        await first;

        Assert.Equal(1, await registers.NumberAsync("SELECT count(*) FROM member WHERE expelled = 1"));
    }

    [Fact]
    public async Task A_marked_member_that_confirms_is_not_waited_for()
    {
        var (writer, slow) = (Open(), Open());
        var id = (await slow.Feed.JoinAsync(Bound, Cancel))!;
        await SettleAsync(writer, await ChangeAsync(writer));
        var position = await ChangeAsync(writer);

        var settling = SettleAsync(writer, position);
        await slow.Feed.ConfirmAsync(id, position, Cancel);

        Assert.True(await settling < Bound);
        Assert.Equal(1, await registers.NumberAsync("SELECT count(*) FROM member WHERE expelled = 1"));
    }

    [Fact]
    public async Task Each_member_is_waited_for_as_long_as_it_said()
    {
        var writer = Open();
        await Open().Feed.JoinAsync(Bound * 2, Cancel);

        Assert.True(await SettleAsync(writer, await ChangeAsync(writer)) >= Bound * 2);
    }

    [Fact]
    public async Task Who_joins_is_waited_for_from_the_next_change_on_and_who_leaves_no_more()
    {
        var (writer, replica) = (Open(), Open());
        var before = await ChangeAsync(writer);
        var id = (await replica.Feed.JoinAsync(Bound, Cancel))!;

        Assert.True(await SettleAsync(writer, before) < Bound / 2);
        Assert.True(await SettleAsync(writer, await ChangeAsync(writer)) >= Bound);
        await replica.Feed.LeaveAsync(id);
        Assert.True(await SettleAsync(writer, await ChangeAsync(writer)) < Bound / 2);
    }

    [Fact]
    public async Task The_servers_clock_comes_with_the_feed()
    {
        var page = await Open().Feed.ReadFeedAsync(null, 0, 1, Cancel);

        Assert.InRange((page.StoreTime!.Value - TimeProvider.System.GetUtcNow()).Duration(), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    private Replica Open()
    {
        var store = (PostgresStore)registers.Open();
        var feed = new PostgresFeed(store, Bound);
        feeds.Add(feed);
        return new Replica(store, feed);
    }

    private async Task<long> ChangeAsync(Replica replica) => (await replica.Store.AddSetAsync(sets.Next(), SampleSets.Started, SampleSets.Request())).Position;

    private static async Task<TimeSpan> SettleAsync(Replica replica, long position)
    {
        var began = Stopwatch.GetTimestamp();
        await replica.Feed.SettleAsync(position).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        return Stopwatch.GetElapsedTime(began);
    }

    private sealed record Replica(PostgresStore Store, PostgresFeed Feed);

    /// <summary>A replica that follows as the cache does: read, take in, confirm, wait.</summary>
    private sealed class Follower(PostgresFeed feed) : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private long position;
        private Task running = Task.CompletedTask;

        public long Position => Interlocked.Read(ref position);

        public static async Task<Follower> StartAsync(Replica replica, TimeSpan bound)
        {
            var follower = new Follower(replica.Feed);
            var id = (await replica.Feed.JoinAsync(bound, Cancel))!;
            follower.running = Task.Run(() => follower.RunAsync(id));
            return follower;
        }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stop.Dispose();
        }

        private async Task RunAsync(string id)
        {
            while (!stop.IsCancellationRequested)
            {
                var page = await feed.ReadFeedAsync(id, Position, 100, stop.Token);
                if (page.Changes.Count > 0)
                {
                    Interlocked.Exchange(ref position, page.Changes[^1].Position);
                    await feed.ConfirmAsync(id, Position, stop.Token);
                }

                // Far apart: what makes it quick are the notices.
                await feed.WaitForChangeAsync(TimeSpan.FromSeconds(20), stop.Token);
            }
        }
    }
}
