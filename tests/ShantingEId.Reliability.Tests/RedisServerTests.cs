using ShantingEId.TestSupport;

namespace ShantingEId.Reliability.Tests;

/// <summary>The Redis of the fault tests can be stopped, killed, emptied and starved, and stays where it was.</summary>
public sealed class RedisServerTests
{
    [Fact]
    public async Task It_forgets_everything_when_killed_and_comes_back_on_its_port()
    {
        await using var redis = await RedisServer.StartAsync();
        var (port, id) = (redis.Port, redis.Id);
        await redis.CommandAsync("SET", "k", new byte[] { 0, 13, 10, 255 });
        Assert.Equal([0, 13, 10, 255], (await redis.CommandAsync("GET", "k")).Bytes);
        await redis.KillAsync();
        await redis.RestartAsync();
        Assert.Equal(port, redis.Port);
        Assert.NotEqual(id, redis.Id);
        Assert.Null((await redis.CommandAsync("GET", "k")).Bytes);
    }

    [Fact]
    public async Task It_stands_still_when_paused_and_can_be_emptied()
    {
        await using var redis = await RedisServer.StartAsync();
        await redis.CommandAsync("RPUSH", "list", 1, 2);
        redis.Pause();
        var waiting = redis.CommandAsync("LRANGE", "list", 0, -1);
        await Assert.ThrowsAsync<TimeoutException>(() => waiting.WaitAsync(TimeSpan.FromMilliseconds(200)));
        redis.Resume();
        Assert.Equal(["1", "2"], (await waiting).Items.Select(item => item.Text));
        await redis.FlushAsync();
        Assert.Equal(0, (await redis.CommandAsync("DBSIZE")).Number);
        // A paused one can be killed too.
        redis.Pause();
        await redis.KillAsync();
    }

    [Fact]
    public async Task It_asks_for_its_password_and_keeps_to_its_memory()
    {
        await using var redis = await RedisServer.StartAsync(password: "correct", maxMegabytes: 2);
        using (var stranger = await RedisWire.ConnectAsync(redis.Port))
        {
            Assert.StartsWith("NOAUTH", (await Assert.ThrowsAsync<InvalidOperationException>(() => stranger.SendAsync("GET", "k"))).Message, StringComparison.Ordinal);
        }

        using var wire = await redis.ConnectAsync();
        for (var i = 0; i < 100; i++)
        {
            await wire.SendAsync("SET", $"key{i}", new byte[50_000]);
        }

        Assert.InRange((await wire.KeysAsync()).Count, 0, 60);
    }
}
