using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ShantingEId.Issuing;

namespace ShantingEId.Server.Hot;

/// <summary>
/// Follows the change feed for this replica: takes every change into the cache, then says how long cached states may be used
/// (<see cref="Current"/>), then tells writers so (<see cref="IChangeFeed.ConfirmAsync"/>). The order of the three is the whole point.
/// </summary>
internal sealed partial class FeedFollower : BackgroundService
{
    private const int PageSize = 1000;
    private readonly IChangeFeed feed;
    private readonly RecentChanges changes;
    private readonly RegisterClock clock;
    private readonly TimeSpan bound;
    private readonly ILogger<FeedFollower> log;
    private readonly long boundTicks;
    private volatile Freshness current = Freshness.None;
    private string? member;
    private long position = -1;

    /// <summary>Makes a follower; it starts with the host.</summary>
    public FeedFollower(IChangeFeed feed, RecentChanges changes, RegisterClock clock, EidServerOptions options, ILogger<FeedFollower> log)
    {
        (this.feed, this.changes, this.clock, this.log, bound) = (feed, changes, clock, log, options.StateBound);
        boundTicks = (long)(bound.TotalSeconds * clock.TimestampFrequency);
    }

    /// <summary>Raised after changes were taken in and the position moved; must not block.</summary>
    public event Action<long>? Advanced;

    /// <summary>The newest allowance. Read it BEFORE the cached state, and compare it with the time AFTER: see <see cref="IsFresh"/>.</summary>
    public Freshness Current => current;

    /// <summary>Whether an allowance still holds now.</summary>
    public bool IsFresh(Freshness allowance) => clock.GetTimestamp() < allowance.Until;

    /// <summary>Whether cached states may be used now; for health.</summary>
    public bool IsFollowing => IsFresh(current);

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        current = Freshness.None; // Nothing is answered from the cache once writers no longer wait for us.
        if (member is { } left)
        {
            await TryAsync(() => feed.LeaveAsync(left));
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
            }
            catch (EidException error)
            {
                // The allowance runs out by itself; the register is asked directly until the feed is back.
                Lost(error);
                await Task.Delay(bound / 10, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task FollowAsync(CancellationToken cancel)
    {
        // 1. Membership comes before the reading that relies on it.
        member ??= await feed.JoinAsync(bound, cancel);
        if (position < 0)
        {
            // Entries that other replicas left in Redis are judged by the changes since; so look back a window's length.
            var head = (await feed.ReadFeedAsync(member, long.MaxValue, 1, cancel)).Head;
            position = Math.Max(0, head - RecentChanges.Capacity);
            changes.Begin(position);
        }

        // 2. Read until there is nothing more. The clocks are read first: what is committed after that may be missing.
        FeedPage page;
        long began;
        DateTimeOffset asOf;
        var before = position;
        do
        {
            (began, asOf) = (clock.GetTimestamp(), clock.GetUtcNow());
            page = await feed.ReadFeedAsync(member, position, PageSize, cancel);
            if (page.StoreTime is { } storeTime)
            {
                clock.Observe(storeTime, began);
            }

            // 3. Take in, in order.
            foreach (var change in page.Changes)
            {
                changes.Apply(change);
                position = change.Position;
            }
        }
        while (page.Changes.Count == PageSize);

        // 4. Only a reading that still found us a member allows anything, for only then do writers wait for us.
        if (page.IsMember)
        {
            current = new Freshness(began + boundTicks, began, asOf, position);
        }
        else
        {
            (current, member) = (Freshness.None, null);
        }

        // 5. Tell writers, and everyone in this process who waits for changes.
        if (position != before)
        {
            if (member is not null)
            {
                await feed.ConfirmAsync(member, position, cancel);
            }

            Advanced?.Invoke(position);
        }

        await feed.WaitForChangeAsync(member is null ? bound / 10 : bound / 4, cancel);
    }

    private static async Task TryAsync(Func<ValueTask> work)
    {
        try
        {
            await work();
        }
        catch (EidException)
        {
            // The store is away; the membership ends by silence.
        }
    }

    [LoggerMessage(EventName = "FeedLost", Level = LogLevel.Warning, Message = "The change feed cannot be read; look-ups go to the register")]
    private partial void Lost(EidException error);
}
