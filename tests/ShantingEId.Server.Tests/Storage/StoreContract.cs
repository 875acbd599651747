using System.Collections.Concurrent;
using ShantingEId.Issuing;
using ShantingEId.Server.Storage;
using ShantingEId.TestSupport;

namespace ShantingEId.Server.Tests.Storage;

public sealed class SqliteStoreTests(SampleSets sets) : StoreContract(sets)
{
    protected override ValueTask<Registers> CreateAsync() => new(new SqliteRegisters());

    [Fact]
    public async Task Processes_that_open_a_new_register_at_once_migrate_once()
    {
        for (var round = 0; round < 5; round++)
        {
            var fresh = new SqliteRegisters();
            try
            {
                using var together = new Barrier(6);
                await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Factory.StartNew(() =>
                {
                    together.SignalAndWait(TimeSpan.FromSeconds(20));
                    fresh.Open();
                }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

                Assert.Equal(1, await fresh.NumberAsync("SELECT count(*) FROM feed_head"));
            }
            finally
            {
                await fresh.DisposeAsync();
            }
        }
    }
}

public sealed class PostgresStoreTests(SampleSets sets) : StoreContract(sets)
{
    protected override async ValueTask<Registers> CreateAsync() => await PostgresRegisters.CreateAsync();
}

/// <summary>What <see cref="ILicenseStore"/> and the feed promise, asked of both stores.</summary>
public abstract class StoreContract(SampleSets sets) : RegisterContract, IClassFixture<SampleSets>
{
    [Fact]
    public async Task A_set_is_found_by_every_key_with_its_state_and_the_newest_position()
    {
        var set = sets.Real;
        Assert.Equal(new Committed(null, 1), await Store.AddSetAsync(set, new StateRecord(SetState.Active, set.License.IssueTime, set.License.IssueTime, "", ""), SampleSets.Request()));
        await Store.AddSetAsync(sets.Next(), SampleSets.Started, SampleSets.Request());

        foreach (var key in new[] { RegisterKey.Of(set.ManifestDigest), RegisterKey.Of(set.TypedCode), RegisterKey.Of(set.License.Id), RegisterKey.Of(set.License.Facts.CreditCode) })
        {
            var reading = await Registers.Open().FindAsync(key, TimeSpan.Zero, Cancel);
            Assert.Equal(2, reading.Position);
            Assert.Equal(set.Manifest, reading.Entry!.Manifest);
            Assert.Equal((set.License.Id, set.ManifestDigest, set.LicenseCode, set.TypedCode), (reading.Entry.LicenseId, reading.Entry.ManifestDigest, reading.Entry.LicenseCode, reading.Entry.TypedCode));
            Assert.Equal(new StateRecord(SetState.Active, set.License.IssueTime, set.License.IssueTime, "", ""), reading.Entry.State);
        }

        var loaded = await Store.LoadSetAsync(set.License.Id, Cancel);
        Assert.Equal(set.License, loaded!.License);
        Assert.Equal(set.Status, loaded.Status);
        Assert.Equal(set.Seals.Seals.Select(seal => (seal.Code, Convert.ToHexString(seal.Digest))), loaded.Seals.Seals.Select(seal => (seal.Code, Convert.ToHexString(seal.Digest))));
        Assert.All(loaded.Seals.Seals, seal => Assert.Empty(seal.SealedKey));
        Assert.Null((await Store.FindAsync(RegisterKey.Of(sets.Next().License.Id), TimeSpan.Zero, Cancel)).Entry);
    }

    [Fact]
    public async Task The_same_request_again_gives_the_earlier_reply_and_its_position()
    {
        var (set, request) = (sets.Next(), SampleSets.Request());
        var first = await Store.AddSetAsync(set, SampleSets.Started, request);
        await Store.AddSetAsync(sets.Next(), SampleSets.Started, SampleSets.Request());

        var again = await Registers.Open().AddSetAsync(set, SampleSets.Started, request with { Reply = [1] });
        var other = await Store.AddSetAsync(sets.Next(), SampleSets.Started, request with { ContentDigest = [2] });

        Assert.Equal(request.Reply, again.Earlier!.Reply);
        Assert.Equal(request.ContentDigest, again.Earlier.ContentDigest);
        Assert.Equal(first.Position, again.Position);
        Assert.Equal(request.Reply, other.Earlier!.Reply);
        Assert.Equal(request.Reply, (await Store.FindReplyAsync("staff", request.RequestId, Cancel))!.Reply);
        Assert.Null(await Store.FindReplyAsync("other", request.RequestId, Cancel));
        Assert.Equal(2, await Registers.NumberAsync("SELECT count(*) FROM feed"));
    }

    [Fact]
    public async Task One_request_at_two_stores_at_once_is_written_once()
    {
        var other = Registers.Open();
        for (var i = 0; i < 10; i++)
        {
            var (set, request) = (sets.Next(), SampleSets.Request());
            var ends = await Task.WhenAll(Enumerable.Range(0, 12).Select(n => Task.Run(() =>
                (n % 2 == 0 ? Store : other).AddSetAsync(set, SampleSets.Started, request with { Reply = [(byte)n] }).AsTask())));

            var written = Array.FindIndex(ends, end => end.Earlier is null);
            Assert.Equal(1, ends.Count(end => end.Earlier is null));
            Assert.All(ends.Where(end => end.Earlier is not null), end => Assert.Equal([(byte)written], end.Earlier!.Reply));
            Assert.Single(ends.Select(end => end.Position).Distinct());
        }
    }

    // The same id for two companies at two stores: nothing but the reply is common to them.
    [Fact]
    public async Task One_id_for_two_companies_at_two_stores_at_once_is_written_once()
    {
        var other = Registers.Open();
        for (var i = 0; i < 20; i++)
        {
            var request = SampleSets.Request();
            var ends = await Task.WhenAll(new[] { Store, other }.Select(one => Task.Run(() =>
                one.AddSetAsync(sets.Next(), SampleSets.Started, request with { Reply = [(byte)(one == Store ? 1 : 2)] }).AsTask())));

            var written = Assert.Single(ends, end => end.Earlier is null);
            Assert.Equal([(byte)(ends[0] == written ? 1 : 2)], Assert.Single(ends, end => end.Earlier is not null).Earlier!.Reply);
        }
    }

    [Fact]
    public async Task Two_clerks_at_two_stores_give_a_company_one_set_and_the_loser_hears_which()
    {
        var other = Registers.Open();
        for (var i = 0; i < 20; i++)
        {
            var set = sets.Next();
            var ends = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => EndOf(() =>
                (n % 2 == 0 ? Store : other).AddSetAsync(sets.Next(set.License.Facts.CreditCode), SampleSets.Started, SampleSets.Request()))));

            Assert.Single(ends, end => end.Done is not null);
            Assert.All(ends.Where(end => end.Done is null), end => Assert.Equal((ErrorReason.LicenseExists, set.License.Id.ToString()), (end.Error!.Reason, end.Error.Metadata["license_id"])));
        }
    }

    [Fact]
    public async Task A_refusal_in_a_group_undoes_only_itself()
    {
        var known = sets.Next();
        await Store.AddSetAsync(known, SampleSets.Started, SampleSets.Request());
        var all = Enumerable.Range(0, 60).Select(i => (Refused: i % 3 == 0, Set: i % 3 == 0 ? sets.Next(known.License.Facts.CreditCode) : sets.Next())).ToArray();

        var ends = await Task.WhenAll(all.Select(item => EndOf(() => Store.AddSetAsync(item.Set, SampleSets.Started, SampleSets.Request()))));

        Assert.All(all.Zip(ends), pair => Assert.Equal(pair.First.Refused, pair.Second.Error?.Reason == ErrorReason.LicenseExists));
        Assert.Equal(Enumerable.Range(2, 40).Select(i => (long)i), ends.Where(end => end.Done is not null).Select(end => end.Done!.Position).Order());
        Assert.Equal(41, await Registers.NumberAsync("SELECT count(*) FROM issued_set"));
        Assert.Equal(41 * 4, await Registers.NumberAsync("SELECT count(*) FROM seal"));
        Assert.Equal(41, await Registers.NumberAsync("SELECT count(*) FROM reply"));
    }

    [Fact]
    public async Task A_number_that_is_in_use_refuses_its_set_alone()
    {
        var taken = sets.Next();
        await Store.AddSetAsync(taken, SampleSets.Started, SampleSets.Request());
        // The one is found at its first row, the other when half of it is written.
        var (code, seal, sound) = (sets.Next() with { TypedCode = taken.TypedCode }, sets.Next() with { Seals = taken.Seals }, sets.Next());

        var ends = await Task.WhenAll(new[] { code, seal, sound }.Select(set => EndOf(() => Store.AddSetAsync(set, SampleSets.Started, SampleSets.Request()))));

        Assert.Equal([ErrorReason.VersionConflict, ErrorReason.VersionConflict], ends[..2].Select(end => end.Error!.Reason));
        Assert.Equal(2, ends[2].Done!.Position);
        Assert.Equal(2, await Registers.NumberAsync("SELECT count(*) FROM issued_set"));
        Assert.Equal(8, await Registers.NumberAsync("SELECT count(*) FROM seal"));
    }

    [Fact]
    public async Task A_set_ends_once_and_a_later_version_follows()
    {
        var set = sets.Next();
        var holder = set.License.Facts.CreditCode;
        await Store.AddSetAsync(set, SampleSets.Started, SampleSets.Request());
        var state = SampleSets.Revoked();
        var ends = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => EndOf(() => Store.ChangeStatesAsync("RevokeSet", [(SampleSets.Judged(set), state)], SampleSets.Request()))));

        Assert.Equal(2, Assert.Single(ends, end => end.Done is not null).Done!.Position);
        Assert.All(ends.Where(end => end.Done is null), end => Assert.Equal(ErrorReason.VersionConflict, end.Error!.Reason));
        Assert.Equal(state, (await Store.FindAsync(RegisterKey.Of(holder), TimeSpan.Zero, Cancel)).Entry!.State);
        Assert.Equal(ErrorReason.VersionConflict, (await EndOf(() => Store.ChangeStatesAsync("RevokeSet", [(SampleSets.Judged(sets.Next()), state)], SampleSets.Request()))).Error!.Reason);

        Assert.Equal(ErrorReason.VersionConflict, (await EndOf(() => Store.AddSetAsync(sets.Next(holder, 3), SampleSets.Started, SampleSets.Request()))).Error!.Reason);
        Assert.Equal(ErrorReason.VersionConflict, (await EndOf(() => Store.AddSetAsync(sets.Next(holder), SampleSets.Started, SampleSets.Request()))).Error!.Reason);
        await Store.AddSetAsync(sets.Next(holder, 2), SampleSets.Started, SampleSets.Request());
        Assert.Equal(2, (await Store.FindAsync(RegisterKey.Of(holder), TimeSpan.Zero, Cancel)).Entry!.LicenseId.Version);
    }

    [Fact]
    public async Task Numbers_set_aside_at_two_stores_never_meet()
    {
        var other = Registers.Open();
        var blocks = await Task.WhenAll(Enumerable.Range(0, 80).Select(n => (n % 2 == 0 ? Store : other).ReserveAsync("seal", 10, Cancel).AsTask()));

        Assert.Equal(Enumerable.Range(0, 80).Select(i => (i * 10L) + 1), blocks.Order());
        Assert.Equal(1, await Store.ReserveAsync("status", 5, Cancel));
        Assert.Equal(801, await Registers.Open().ReserveAsync("seal", 1, Cancel));
    }

    [Fact]
    public async Task The_feed_rises_in_commit_order_and_shows_no_gap_that_is_filled_later()
    {
        const int Writers = 16, Each = 12;
        SqlStore[] stores = [Store, Registers.Open()];
        var seen = new ConcurrentDictionary<long, FeedChange>();
        using var stop = new CancellationTokenSource();
        var readers = stores.Select(one => Task.Run(async () =>
        {
            var rounds = 0;
            for (long position = 0; !stop.IsCancellationRequested; rounds++)
            {
                // All from the beginning at times: what was read once never reads otherwise.
                var after = rounds % 5 == 4 ? 0 : position;
                var page = await one.ReadFeedAsync(null, after, 1000, Cancel);
                Assert.Equal(Enumerable.Range(1, page.Changes.Count).Select(i => after + i), page.Changes.Select(change => change.Position));
                Assert.Equal(page.Head, after + page.Changes.Count);
                Assert.All(page.Changes, change => Assert.Equal(change, seen.GetOrAdd(change.Position, change)));
                position = page.Head;
            }
        })).ToArray();

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(n => Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++)
            {
                var set = sets.Next();
                var added = await stores[n % 2].AddSetAsync(set, SampleSets.Started, SampleSets.Request());
                Assert.True(added.Position <= (await stores[1 - (n % 2)].ReadFeedAsync(null, long.MaxValue, 1, Cancel)).Head);
                if (i % 3 == 0)
                {
                    await stores[1 - (n % 2)].ChangeStatesAsync("RevokeSet", [(SampleSets.Judged(set), SampleSets.Revoked())], SampleSets.Request());
                }
            }
        })));
        await Task.Delay(50, Cancel);
        await stop.CancelAsync();
        await Task.WhenAll(readers);

        var all = (await Store.ReadFeedAsync(null, 0, 1000, Cancel)).Changes;
        Assert.Equal(Writers * (Each + (Each / 3)), all.Count);
        Assert.Equal(2, (await Store.ReadFeedAsync(null, 3, 2, Cancel)).Changes.Count);
        Assert.Equal(await Registers.NumberAsync("SELECT count(*) FROM issued_set"), all.Count(change => change.State.State == SetState.Active));
        // Each change carries the state it made, and replies know their place.
        Assert.All(all.Where(change => change.State.State == SetState.Revoked), change => Assert.Equal("样例：违法经营", change.State.Reason));
        Assert.Equal(all.Count, await Registers.NumberAsync("SELECT count(*) FROM reply r JOIN act a ON a.request_id = r.request_id JOIN feed f ON f.position = r.position AND f.set_id = a.set_id"));
    }

    [Fact]
    public async Task A_register_newer_than_the_program_is_refused()
    {
        await Registers.RunAsync(Store is SqliteStore ? "PRAGMA user_version = 99" : "UPDATE schema_version SET version = 99");

        var error = Assert.Throws<EidException>(Registers.Open);

        Assert.Contains("99", error.Message, StringComparison.Ordinal);
    }

    private static async Task<(Committed? Done, EidException? Error)> EndOf(Func<ValueTask<Committed>> write)
    {
        try
        {
            return (await Task.Run(async () => await write()), null);
        }
        catch (EidException error)
        {
            return (null, error);
        }
    }
}
