using System.Diagnostics;
using ShantingEId.Server.Storage;

namespace ShantingEId.Server.Tests.Storage;

/// <summary>When a change of a register in a file may be acknowledged.</summary>
public sealed class SqliteFeedTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(1);
    private readonly string folder = Directory.CreateTempSubdirectory("eid-test-feed-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    // Each looks whether somebody holds the lock, and must not take another that looks for a holder.
    [Fact]
    public async Task Changes_that_settle_at_once_do_not_wait_for_each_other_where_nobody_caches()
    {
        using var store = SqliteStore.OpenFile(Path.Combine(folder, "register.db"), TimeProvider.System);
        // Who waits does so for longer than any machine is busy.
        using var feed = new SqliteFeed(store, Path.Combine(folder, "lock"), TimeSpan.FromMinutes(10));

        var writers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var change = 0; change < 5000; change++)
            {
                await feed.SettleAsync(1);
            }
        }));

        await Task.WhenAll(writers).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_change_waits_as_long_as_another_process_may_answer_from_before_it()
    {
        using var store = SqliteStore.OpenFile(Path.Combine(folder, "register.db"), TimeProvider.System);
        using var mine = new SqliteFeed(store, Path.Combine(folder, "lock"), Bound);
        using var other = new SqliteFeed(store, Path.Combine(folder, "lock"), Bound);
        Assert.NotNull(await other.JoinAsync(Bound, TestContext.Current.CancellationToken));

        var clock = Stopwatch.StartNew();
        await mine.SettleAsync(1);

        Assert.InRange(clock.Elapsed, Bound, TimeSpan.FromSeconds(20));
    }
}
