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
    private long confirmed = -1;
    private long announced = -1;

    /// <summary>Makes a follower; it starts with the host.</summary>
    public FeedFollower(IChangeFeed feed, RecentChanges changes, RegisterClock clock, EidServerOptions options, ILogger<FeedFollower> log)
    {
        (this.feed, this.changes, this.clock, this.log, bound) = (feed, changes, clock, log, options.StateBound);
        boundTicks = (long)(bound.TotalSeconds * clock.TimestampFrequency);
        clock.SkewChanged += skew => ClocksDiffer(skew.TotalSeconds);
    }

    /// <summary>Raised after changes were taken in and the position moved; must not block.</summary>
    public event Action<long>? Advanced;

    /// <summary>The newest allowance. Read it BEFORE the cached state, and compare it with the time AFTER: see <see cref="IsFresh"/>.</summary>
    public Freshness Current => current;

    /// <summary>Whether an allowance still holds now.</summary>
    public bool IsFresh(Freshness allowance) => clock.GetTimestamp() < allowance.Until;

    /// <summary>Whether cached states may be used now; for health.</summary>
    public bool IsFollowing => IsFresh(current);

    /// <summary>Compares the clocks before the first call can come, so that nothing is ever signed by a clock nobody has looked at.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await TryAsync(async () => await ReadAsync(null, long.MaxValue, 1, cancellationToken));
        await base.StartAsync(cancellationToken);
    }

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
            var head = (await ReadAsync(member, long.MaxValue, 1, cancel)).Head;
            position = Math.Max(0, head - RecentChanges.Capacity);
            changes.Begin(position);
            announced = confirmed = position;
        }

        // 2. Read until there is nothing more. The clock is read first: what is committed after that may be missing.
        FeedPage page;
        long began;
        do
        {
            began = clock.GetTimestamp();
            page = await ReadAsync(member, position, PageSize, cancel);

            // 3. Take in, in order.
            foreach (var change in page.Changes)
            {
                changes.Apply(change);
                position = change.Position;
            }
        }
        while (page.Changes.Count == PageSize);
        // Places may hold what is no change of a set; writers wait for those too.
        position = Math.Max(position, page.Head);

        // 4. Only a reading that still found us a member allows anything, for only then do writers wait for us.
        if (page.IsMember)
        {
            // By the wall clock as it is known now: this very reading may have set it right.
            current = new Freshness(began + boundTicks, began, clock.GetUtcNow() - clock.GetElapsedTime(began), position);
        }
        else
        {
            (current, member) = (Freshness.None, null);
        }

        // 5. Tell everyone in this process who waits for changes, and writers; what they could not be told is told next time.
        if (position != announced)
        {
            announced = position;
            Advanced?.Invoke(position);
        }

        if (member is not null && position != confirmed)
        {
            await feed.ConfirmAsync(member, position, cancel);
            confirmed = position;
        }

        await feed.WaitForChangeAsync(member is null ? bound / 10 : bound / 4, cancel);
    }

    private async ValueTask<FeedPage> ReadAsync(string? asMember, long after, int limit, CancellationToken cancel)
    {
        var asked = clock.GetTimestamp();
        var page = await feed.ReadFeedAsync(asMember, after, limit, cancel);
        if (page.StoreTime is { } storeTime)
        {
            clock.Observe(storeTime, asked);
        }

        return page;
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

    [LoggerMessage(EventName = "ClockSkew", Level = LogLevel.Warning, Message = "The register's clock is {Seconds:0} s ahead of the clock of this machine; its time is used, and beyond 60 s nothing is signed (0: they agree again)")]
    private partial void ClocksDiffer(double seconds);

    [LoggerMessage(EventName = "FeedLost", Level = LogLevel.Warning, Message = "The change feed cannot be read; look-ups go to the register")]
    private partial void Lost(EidException error);
}
