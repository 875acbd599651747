using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ShantingEId.Issuing;
using ShantingEId.Server.Hot;
using ShantingEId.Server.Tests.Ledger;
using ShantingEId.TestSupport;

namespace ShantingEId.Server.Tests.Hot;

/// <summary>
/// How long a cached state may be used, by a clock that only the test moves: from the begin of a reading of the feed, and asked
/// once more after the state was taken (I21, I24). Writers wait exactly that long for a replica that says nothing.
/// </summary>
public sealed class AllowanceTests : IAsyncDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(1);
    private readonly MemoryRegister register = new();
    private readonly RecentChanges changes = new();
    private readonly FakeTimeProvider time = new(TimeProvider.System.GetUtcNow());
    private readonly FeedFollower follower;
    private readonly HotLookup lookup;

    public AllowanceTests()
    {
        var options = new EidServerOptions { CertificatesDirectory = "", DataDirectory = "", StateBound = Bound, CacheEntries = 100 };
        var clock = new RegisterClock(time);
        follower = new FeedFollower(register, changes, clock, options, NullLogger<FeedFollower>.Instance);
        lookup = new HotLookup(register, follower, changes, null, clock, options);
    }

    public async ValueTask DisposeAsync()
    {
        await follower.StopAsync(CancellationToken.None);
        follower.Dispose();
    }

    // What is committed while the feed is on its way is not in it, and its writer waits a bound from then on: the allowance must
    // not begin any later than that.
    [Fact]
    public async Task The_time_that_a_reading_of_the_feed_takes_is_part_of_its_allowance()
    {
        var entry = register.Add(1);
        await FollowAsync();
        await AskAsync(entry);

        register.AfterFeedRead = () =>
        {
            register.IsFeedDown = true; // This reading is the last one that succeeds.
            register.AfterFeedRead = () => { };
            register.Revoke(entry, 1);
            time.Advance(Bound * 0.7);
        };
        await Until(() => register.FeedFailures > 0);

        time.Advance(Bound * 0.4); // By now the writer has waited its bound, and was answered.

        Assert.False(follower.IsFollowing);
        Assert.Equal(SetState.Revoked, (await AskAsync(entry)).Entry!.State.State);
    }

    // The process is stopped for half a minute between taking an entry and answering with it; meanwhile it is revoked and
    // everybody who waited for this replica has given it up.
    [Fact]
    public async Task An_allowance_that_ran_out_while_the_entry_was_being_taken_counts_for_nothing()
    {
        await FollowAsync();
        var entry = register.Add(1);
        await AskAsync(entry);
        for (var other = 2; other <= 102; other++)
        {
            await AskAsync(register.Add(other)); // The entry is of the old generation now: taking it goes through the lock.
        }

        Task<Reading>? asking = null;
        changes.InsertIfCurrent(RegisterKey.Of(entry.TypedCode), long.MaxValue, () =>
        {
            asking = Task.Run(() => AskAsync(entry));
            Thread.Sleep(100); // It has its allowance and stands before the lock, which is ours.
            register.IsFeedDown = true;
            register.Revoke(entry, 1);
            time.Advance(TimeSpan.FromSeconds(30));
        });

        Assert.Equal(SetState.Revoked, (await asking!).Entry!.State.State);
    }

    // Redis answers late: what it says was true when the allowance was taken, and nobody waits for this replica any more.
    [Fact]
    public async Task An_allowance_that_ran_out_while_redis_was_asked_counts_for_nothing()
    {
        if (Environment.GetEnvironmentVariable("CI") is null)
        {
            Assert.SkipWhen(RedisServer.Obstacle.Length > 0, RedisServer.Obstacle);
        }

        await using var redis = await RedisServer.StartAsync();
        // Its clock stands still, so its own patience does not end the question.
        await using var tier = RedisTier.Open(redis.Address, LedgerCase.Authority, new FakeTimeProvider(), NullLogger<RedisTier>.Instance);
        var options = new EidServerOptions { CertificatesDirectory = "", DataDirectory = "", StateBound = Bound };
        var shared = new HotLookup(register, follower, changes, tier, new RegisterClock(time), options);
        await FollowAsync();
        foreach (var isLate in new[] { false, true })
        {
            var entry = register.Add(isLate ? 2 : 1);
            var key = RegisterKey.Of(entry.ManifestDigest);
            await Until(() => follower.Current.Position == (isLate ? 2 : 1));
            var position = follower.Current.Position;
            await UntilAsync(async () =>
            {
                tier.Set(key, new Reading(entry, default, position));
                return await tier.GetAsync(key) is not null;
            });
            var reads = register.Reads;
            redis.Pause();
            var asking = shared.FindAsync(key, Bound, CancellationToken.None).AsTask();
            if (isLate)
            {
                register.IsFeedDown = true;
                await Until(() => register.FeedFailures > 0);
                register.Revoke(entry, 2);
                time.Advance(Bound);
            }

            redis.Resume();

            var reading = await asking;
            Assert.Equal((isLate ? SetState.Revoked : SetState.Active, isLate ? 1 : 0), (reading.Entry!.State.State, register.Reads - reads));
        }
    }

    private async Task FollowAsync()
    {
        await follower.StartAsync(CancellationToken.None);
        await Until(() => follower.IsFollowing);
    }

    private Task<Reading> AskAsync(RegisterEntry entry) => lookup.FindAsync(RegisterKey.Of(entry.ManifestDigest), Bound, CancellationToken.None).AsTask();

    private static Task Until(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (var i = 0; !await condition(); i++)
        {
            Assert.True(i < 5000, "did not happen within five seconds");
            await Task.Delay(1);
        }
    }
}
