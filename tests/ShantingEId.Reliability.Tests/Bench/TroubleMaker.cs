using ShantingEId.TestSupport;

namespace ShantingEId.Reliability.Tests.Bench;

/// <summary>Makes trouble for a cluster, for as long as it lives, and then puts everything back.</summary>
public sealed class TroubleMaker : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly Func<Task> undo;
    private readonly Task constant;

    private TroubleMaker(Func<Task> undo, Func<CancellationToken, Task>? constantly)
    {
        this.undo = undo;
        constant = constantly is null ? Task.CompletedTask : Task.Run(() => constantly(stop.Token));
    }

    /// <summary>Starts it, and returns when it is felt.</summary>
    public static async Task<TroubleMaker> StartAsync(Cluster cluster, Trouble trouble)
    {
        var redis = cluster.Redis;
        switch (trouble)
        {
            case Trouble.RedisKilled:
                await redis.KillAsync();
                return new(redis.RestartAsync, null);
            case Trouble.RedisStopped:
                redis.Pause();
                return new(() => Do(redis.Resume), null);
            case Trouble.RedisFlushed:
                return new(() => Task.CompletedTask, async cancel =>
                {
                    while (!cancel.IsCancellationRequested)
                    {
                        await redis.FlushAsync();
                        await Task.Delay(100, CancellationToken.None);
                    }
                });
            case Trouble.RedisSmall:
                await redis.CommandAsync("CONFIG", "SET", "maxmemory", "2mb", "maxmemory-policy", "allkeys-lru");
                return new(() => redis.CommandAsync("CONFIG", "SET", "maxmemory", "0"), cancel => FillAsync(redis, cancel));
            case Trouble.RedisPartitioned:
                cluster[1].ToRedis!.Blackhole();
                return new(() => Do(() =>
                {
                    cluster[1].ToRedis!.Pass();
                    cluster[1].ToRedis!.Cut();
                }), null);
            case Trouble.ClockAhead or Trouble.ClockBehind:
                var skewed = cluster.Replicas[^1];
                await skewed.SetClockAsync(TimeSpan.FromMinutes(trouble == Trouble.ClockAhead ? 10 : -10));
                return new(() => skewed.SetClockAsync(TimeSpan.Zero), null);
            default:
                return new(() => Task.CompletedTask, null);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await constant;
        stop.Dispose();
        await undo();
    }

    // Others use the same memory, so that entries are thrown out all the time.
    private static async Task FillAsync(RedisServer redis, CancellationToken cancel)
    {
        using var wire = await redis.ConnectAsync();
        for (var i = 0; !cancel.IsCancellationRequested; i++)
        {
            try
            {
                await wire.SendAsync("SET", $"filler:{i % 1000}", new byte[5000]);
            }
            catch (InvalidOperationException)
            {
                // Out of memory altogether: that too is trouble.
            }

            await Task.Delay(2, CancellationToken.None);
        }
    }

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
