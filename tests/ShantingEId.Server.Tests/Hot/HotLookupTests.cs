using Microsoft.Extensions.Logging.Abstractions;
using ShantingEId.Issuing;
using ShantingEId.Server.Hot;

namespace ShantingEId.Server.Tests.Hot;

/// <summary>The rules at the head of <see cref="HotLookup"/>, each with the race that would break it (I21, I23, I24, I25).</summary>
public sealed class HotLookupTests : IAsyncDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromMilliseconds(400);
    private readonly MemoryRegister register = new();
    private readonly RecentChanges changes = new();
    private readonly FeedFollower follower;
    private readonly HotLookup lookup;

    public HotLookupTests()
    {
        var options = new EidServerOptions { CertificatesDirectory = "", DataDirectory = "", StateBound = Bound, CacheEntries = 100 };
        var clock = new RegisterClock(TimeProvider.System);
        follower = new FeedFollower(register, changes, clock, options, NullLogger<FeedFollower>.Instance);
        lookup = new HotLookup(register, follower, changes, null, clock, options);
    }

    public async ValueTask DisposeAsync()
    {
        await follower.StopAsync(CancellationToken.None);
        follower.Dispose();
    }

    [Fact]
    public async Task A_second_look_up_reads_nothing_and_says_as_of_when_it_holds()
    {
        var entry = register.Add(1);
        await FollowAsync();
        await AskAsync(entry);
        var before = TimeProvider.System.GetUtcNow();
        var reads = register.Reads;

        var reading = await AskAsync(entry);

        Assert.Equal(reads, register.Reads);
        Assert.Same(entry, reading.Entry);
        Assert.InRange(reading.AsOf, before - Bound, before);
    }

    // I23: the reader has the old state in hand when the revocation commits and is acknowledged; it must not put it back.
    [Fact]
    public async Task A_state_read_before_a_change_is_never_cached_after_it()
    {
        await FollowAsync();
        for (var company = 1; company <= 200; company++)
        {
            var entry = register.Add(company);
            var read = new TaskCompletionSource();
            var go = new TaskCompletionSource();
            register.AfterRead = async _ =>
            {
                read.TrySetResult();
                await go.Task;
            };
            var slow = AskAsync(entry);
            await read.Task;
            register.AfterRead = _ => Task.CompletedTask;

            var position = register.Revoke(entry, company);
            await register.SettleAsync(position); // acknowledged
            var late = AskAsync(entry); // came after the acknowledgement, while the old reading is still on its way
            go.SetResult();
            await slow;

            Assert.Equal(SetState.Revoked, (await late).Entry!.State.State);
            Assert.Equal(SetState.Revoked, (await AskAsync(entry)).Entry!.State.State);
        }
    }

    [Fact]
    public async Task Readers_who_hammer_a_licence_never_see_the_old_state_after_the_acknowledgement()
    {
        await FollowAsync();
        for (var company = 1; company <= 100; company++)
        {
            var entry = register.Add(company);
            var acknowledged = 0;
            var wrong = 0;
            using var stop = new CancellationTokenSource();
            var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
            {
                for (var turn = 1; !stop.IsCancellationRequested; turn++)
                {
                    var told = Volatile.Read(ref acknowledged);
                    if ((await AskAsync(entry)).Entry!.State.State == SetState.Active && told == 1)
                    {
                        Interlocked.Increment(ref wrong);
                    }

                    // Answers from the cache never wait: without this, four of them take every thread of a small machine, and all other tests stand still.
                    if (turn % 1000 == 0)
                    {
                        await Task.Yield();
                    }
                }
            })).ToArray();
            await register.SettleAsync(register.Revoke(entry, company));
            Volatile.Write(ref acknowledged, 1);
            await Task.Delay(2);
            await stop.CancelAsync();
            await Task.WhenAll(readers);
            Assert.Equal(0, wrong);
        }
    }

    [Fact]
    public async Task Without_the_feed_the_register_is_read_and_without_the_register_nobody_is_answered()
    {
        var entry = register.Add(1);
        await FollowAsync();
        await AskAsync(entry);

        register.IsFeedDown = true;
        await Until(() => !follower.IsFollowing);
        var reads = register.Reads;
        await AskAsync(entry);
        await AskAsync(entry);
        Assert.Equal(reads + 2, register.Reads);

        register.IsDown = true;
        var error = await Assert.ThrowsAsync<EidException>(() => AskAsync(entry));
        Assert.Equal(ErrorReason.StoreUnavailable, error.Reason);

        (register.IsDown, register.IsFeedDown) = (false, false);
        await Until(() => follower.IsFollowing);
        await AskAsync(entry);
        reads = register.Reads;
        await AskAsync(entry);
        Assert.Equal(reads, register.Reads);
    }

    // Writers no longer wait for a replica that was put out, so what it has cached counts for nothing until it has joined again.
    [Fact]
    public async Task A_replica_that_was_put_out_uses_no_cache_until_it_is_back()
    {
        var entry = register.Add(1);
        await FollowAsync();
        await AskAsync(entry);
        var joins = register.Joins;

        register.IsExpelling = true;
        await Until(() => !follower.IsFollowing);
        var reads = register.Reads;
        await AskAsync(entry);
        Assert.Equal(reads + 1, register.Reads);

        register.IsExpelling = false;
        await Until(() => follower.IsFollowing);
        Assert.True(register.Joins > joins);
    }

    [Fact]
    public async Task Many_who_ask_at_once_share_one_reading()
    {
        var entry = register.Add(1);
        await FollowAsync();
        var go = new TaskCompletionSource();
        register.AfterRead = _ => go.Task;
        var reads = register.Reads;

        var asking = Enumerable.Range(0, 50).Select(_ => AskAsync(entry)).ToArray();
        go.SetResult();
        await Task.WhenAll(asking);

        Assert.Equal(reads + 1, register.Reads);
    }

    [Fact]
    public async Task A_failed_reading_fails_those_who_shared_it_and_nobody_after()
    {
        var entry = register.Add(1);
        await FollowAsync();
        register.IsDown = true;
        await Assert.ThrowsAsync<EidException>(() => AskAsync(entry));
        register.IsDown = false;

        Assert.NotNull((await AskAsync(entry)).Entry);
    }

    // I25
    [Fact]
    public async Task What_is_missing_is_never_cached()
    {
        await FollowAsync();
        var key = RegisterKey.Of(Licenses.CreditCode.Parse(TestSupport.SampleCompanies.CreditCode(7)));
        Assert.Null((await lookup.FindAsync(key, Bound, default)).Entry);

        register.Add(7);

        Assert.NotNull((await lookup.FindAsync(key, Bound, default)).Entry);
    }

    [Fact]
    public async Task A_new_licence_of_a_company_replaces_the_cached_one()
    {
        var first = register.Add(3);
        await FollowAsync();
        var key = RegisterKey.Of(Licenses.CreditCode.Parse(TestSupport.SampleCompanies.CreditCode(3)));
        await register.SettleAsync(register.Revoke(first, 3));
        Assert.Equal(1, (await lookup.FindAsync(key, Bound, default)).Entry!.LicenseId.Version);

        var second = register.Add(3, version: 2);
        await register.SettleAsync(4 - 1);

        Assert.Equal(second.LicenseId, (await lookup.FindAsync(key, Bound, default)).Entry!.LicenseId);
    }

    [Fact]
    public async Task Who_wants_the_state_of_this_moment_gets_it_from_the_register()
    {
        var entry = register.Add(1);
        await FollowAsync();
        await AskAsync(entry);
        var reads = register.Reads;

        await lookup.FindAsync(RegisterKey.Of(entry.ManifestDigest), TimeSpan.Zero, default);

        Assert.Equal(reads + 1, register.Reads);
    }

    [Fact]
    public async Task Memory_is_bounded_and_what_was_dropped_is_no_longer_current()
    {
        await FollowAsync();
        var entries = Enumerable.Range(1, 500).Select(company => register.Add(company)).ToArray();
        var slots = new List<HotSlot>();
        foreach (var entry in entries)
        {
            await AskAsync(entry);
            slots.Add(lookup.SlotOf(RegisterKey.Of(entry.ManifestDigest))!);
        }

        Assert.InRange(slots.Count(slot => slot.Current is not null), 100, 201);
        Assert.Null(slots[0].Current);
        Assert.NotNull(slots[^1].Current);
    }

    // Somebody has an entry of the old generation in hand, to take it over into the young one, while another reads it anew: whoever
    // refers to the newer one must hear of the next change all the same.
    [Fact]
    public async Task An_entry_taken_over_from_the_old_generation_never_pushes_out_a_newer_one_unended()
    {
        await FollowAsync();
        for (var round = 0; round < 5; round++)
        {
            var company = 1 + (round * 200);
            var entry = register.Add(company);
            var key = RegisterKey.Of(entry.ManifestDigest);
            await lookup.FindAsync(key, Bound, CancellationToken.None);
            for (var other = 1; other <= 101; other++)
            {
                await lookup.FindAsync(RegisterKey.Of(register.Add(company + other).ManifestDigest), Bound, CancellationToken.None);
            }

            Task takingOver = Task.CompletedTask;
            HotSlot? newer = null;
            changes.InsertIfCurrent(RegisterKey.Of(entry.TypedCode), long.MaxValue, () =>
            {
                takingOver = Task.Run(() => lookup.SlotOf(key));
                Thread.Sleep(50); // It has found the entry and stands before the lock, which is ours.
                lookup.FindAsync(key, TimeSpan.Zero, CancellationToken.None).AsTask().GetAwaiter().GetResult();
                newer = lookup.SlotOf(key);
            });
            await takingOver;
            Assert.Same(entry, newer!.Current);

            await register.SettleAsync(register.Revoke(entry, company));

            Assert.Null(newer.Current);
        }
    }

    // What was forgotten may have been changed: a state from before that is read again, however it came here.
    [Fact]
    public void A_state_older_than_the_changes_that_are_remembered_cannot_be_judged()
    {
        var recent = new RecentChanges();
        var (early, late) = (register.Add(1), register.Add(2));
        var key = RegisterKey.Of(early.ManifestDigest);
        Assert.False(Takes(long.MaxValue - 1)); // Nobody has begun to follow the feed.

        recent.Begin(10);
        Assert.False(Takes(9));
        Assert.True(Takes(10));

        Change(11, early, 1);
        Assert.False(Takes(10));
        for (var position = 12; position < 12 + RecentChanges.Capacity; position++)
        {
            Change(position, late, 2);
        }

        Assert.False(Takes(10)); // Its own change is forgotten by now.
        Assert.True(Takes(11));

        bool Takes(long position) => recent.InsertIfCurrent(key, position, () => { });

        void Change(long position, RegisterEntry entry, int company) => recent.Apply(new FeedChange(position, entry.LicenseId,
            Licenses.CreditCode.Parse(TestSupport.SampleCompanies.CreditCode(company)), entry.ManifestDigest, entry.TypedCode, entry.State with { State = SetState.Revoked }, false));
    }

    private async Task FollowAsync()
    {
        await follower.StartAsync(CancellationToken.None);
        await Until(() => follower.IsFollowing);
    }

    private Task<Reading> AskAsync(RegisterEntry entry) => lookup.FindAsync(RegisterKey.Of(entry.ManifestDigest), Bound, CancellationToken.None).AsTask();

    private static async Task Until(Func<bool> condition)
    {
        for (var i = 0; !condition(); i++)
        {
            Assert.True(i < 5000, "did not happen within five seconds");
            await Task.Delay(1);
        }
    }
}
