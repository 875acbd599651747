using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ShantingEId.TestSupport;

namespace ShantingEId.Reliability.Tests;

/// <summary>The fault proxy does what its faults are called: a proxy that does nothing would let every fault test pass.</summary>
public sealed class FaultProxyTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(150);
    private readonly TcpListener target = new(IPAddress.Loopback, 0);
    private FaultProxy proxy = null!;

    public ValueTask InitializeAsync()
    {
        target.Start();
        proxy = FaultProxy.Start(((IPEndPoint)target.LocalEndpoint).Port);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await proxy.DisposeAsync();
        target.Dispose();
    }

    [Fact]
    public async Task It_passes_large_and_small_both_ways_and_ends_when_both_have_ended()
    {
        using var pair = await ConnectAsync();
        var sent = Enumerable.Range(0, 3_000_000).Select(i => (byte)(i * 31 >> 3)).ToArray();
        var (received, back) = (new byte[sent.Length], new byte[sent.Length]);
        await Task.WhenAll(
            pair.Client.GetStream().WriteAsync(sent).AsTask(), pair.Server.GetStream().ReadExactlyAsync(received).AsTask(),
            pair.Server.GetStream().WriteAsync(sent).AsTask(), pair.Client.GetStream().ReadExactlyAsync(back).AsTask()).WaitAsync(Patience);
        Assert.Equal(sent, received);
        Assert.Equal(sent, back);
        pair.Client.Client.Shutdown(SocketShutdown.Send);
        Assert.Equal("", await pair.Server.HearAsync(Patience));
        await pair.Server.SayAsync("still");
        Assert.Equal("still", await pair.Client.HearAsync(Patience));
        pair.Server.Client.Shutdown(SocketShutdown.Send);
        Assert.Equal("", await pair.Client.HearAsync(Patience));
        await UntilAsync(() => proxy.Open == 0);
    }

    [Fact]
    public async Task It_delays_every_byte_but_not_one_behind_the_other()
    {
        using var pair = await ConnectAsync();
        var (by, jitter) = (TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(100));
        proxy.Delay(by, jitter);
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 10; i++)
        {
            await pair.Client.SayAsync($"{i}");
            await Task.Delay(5);
        }

        var heard = "";
        while (heard.Length < 10)
        {
            heard += await pair.Server.HearAsync(Patience);
            Assert.True(watch.Elapsed >= by, $"the first came after {watch.Elapsed}");
        }

        Assert.Equal("0123456789", heard);
        Assert.True(watch.Elapsed < by * 10 * 0.9, $"they waited for each other: {watch.Elapsed}");
        proxy.Pass();
        watch.Restart();
        await pair.Server.SayAsync("quick");
        Assert.Equal("quick", await pair.Client.HearAsync(Patience));
        Assert.True(watch.Elapsed < by);
    }

    [Fact]
    public async Task Frozen_bytes_arrive_after_the_thaw_and_none_is_lost()
    {
        using var pair = await ConnectAsync();
        proxy.Freeze();
        await pair.Client.SayAsync("up");
        await pair.Server.SayAsync("down");
        Assert.Null(await pair.Server.HearAsync(Silence));
        Assert.Null(await pair.Client.HearAsync(Silence));
        proxy.Pass();
        Assert.Equal("up", await pair.Server.HearAsync(Patience));
        Assert.Equal("down", await pair.Client.HearAsync(Patience));

        proxy.Freeze(Flow.ToClient);
        await pair.Client.SayAsync("one way");
        Assert.Equal("one way", await pair.Server.HearAsync(Patience));
        await pair.Server.SayAsync("no answer");
        Assert.Null(await pair.Client.HearAsync(Silence));
    }

    [Theory, InlineData(null), InlineData(Flow.ToServer), InlineData(Flow.ToClient)]
    public async Task A_blackhole_swallows_and_tells_nobody(Flow? only)
    {
        using var pair = await ConnectAsync();
        proxy.Blackhole(only);
        await pair.Client.SayAsync("up");
        await pair.Server.SayAsync("down");
        Assert.Equal(only == Flow.ToClient ? "up" : null, await pair.Server.HearAsync(Silence));
        Assert.Equal(only == Flow.ToServer ? "down" : null, await pair.Client.HearAsync(Silence));

        // A connection with a hole in it stays dead, a new one lives.
        proxy.Pass();
        await pair.Client.SayAsync("later");
        Assert.Equal(only == Flow.ToClient ? "later" : null, await pair.Server.HearAsync(Silence));
        using var other = await ConnectAsync();
        await other.Client.SayAsync("new");
        Assert.Equal("new", await other.Server.HearAsync(Patience));
    }

    [Fact]
    public async Task A_new_connection_into_the_blackhole_is_taken_and_hears_nothing()
    {
        proxy.Blackhole();
        using var pair = await ConnectAsync();
        await pair.Client.SayAsync("anybody");
        Assert.Null(await pair.Server.HearAsync(Silence));
    }

    [Fact]
    public async Task A_cut_resets_both_ends_and_the_next_connection_works()
    {
        using var pair = await ConnectAsync();
        await pair.Client.SayAsync("x");
        Assert.Equal("x", await pair.Server.HearAsync(Patience));
        Assert.Equal(1, proxy.Cut());
        await AssertResetAsync(pair.Client);
        await AssertResetAsync(pair.Server);
        using var other = await ConnectAsync();
        await other.Client.SayAsync("y");
        Assert.Equal("y", await other.Server.HearAsync(Patience));
    }

    [Fact]
    public async Task Refusing_resets_what_is_open_and_what_comes()
    {
        using var pair = await ConnectAsync();
        proxy.Refuse();
        await AssertResetAsync(pair.Client);
        using var late = new TcpClient();
        await AssertResetAsync(late, connect: true);
        proxy.Pass();
        using var other = await ConnectAsync();
        await other.Client.SayAsync("again");
        Assert.Equal("again", await other.Server.HearAsync(Patience));
    }

    [Fact]
    public async Task A_half_closed_connection_ends_one_way_only()
    {
        using var pair = await ConnectAsync();
        proxy.HalfClose(Flow.ToServer);
        Assert.Equal("", await pair.Server.HearAsync(Patience));
        await pair.Server.SayAsync("down");
        Assert.Equal("down", await pair.Client.HearAsync(Patience));
    }

    [Fact]
    public async Task One_bit_is_flipped_where_it_was_ordered_and_again_if_so()
    {
        using var pair = await ConnectAsync();
        proxy.Corrupt(Flow.ToServer, after: 2);
        await pair.Server.SayAsync("aaaaa");
        Assert.Equal("aaaaa", await pair.Client.HearAsync(Patience));
        await pair.Client.SayAsync("a");
        await UntilAsync(async () => await pair.Server.HearAsync(Patience) == "a");
        await pair.Client.SayAsync("aaaaaa");
        Assert.Equal("aqaaaa", await pair.Server.HearAsync(Patience));
        proxy.Corrupt(Flow.ToServer, after: 2, again: true);
        await pair.Client.SayAsync("aaaaaaaa");
        Assert.Equal("aaqaaqaa", await pair.Server.HearAsync(Patience));
        Assert.Equal(3, proxy.Corrupted);
    }

    [Theory, InlineData(CutMoment.BeforeForwarding), InlineData(CutMoment.BeforeReply)]
    public async Task It_cuts_at_the_awaited_bytes_also_when_they_come_in_pieces(CutMoment moment)
    {
        using var pair = await ConnectAsync();
        using var bystander = await ConnectAsync();
        var cut = proxy.CutAt(Flow.ToServer, "COMMIT"u8, moment, first: "now"u8);
        await pair.Client.SayAsync("COMMIT is not it, n");
        Assert.Equal("COMMIT is not it, n", await pair.Server.HearAsync(Patience));
        await pair.Server.SayAsync("fine");
        Assert.Equal("fine", await pair.Client.HearAsync(Patience));
        await pair.Client.SayAsync("ow comes COM");
        Assert.Equal("ow comes COM", await pair.Server.HearAsync(Patience));
        Assert.False(cut.IsCompleted);
        await pair.Client.SayAsync("MIT;");
        if (moment == CutMoment.BeforeReply)
        {
            Assert.Equal("MIT;", await pair.Server.HearAsync(Patience));
            Assert.False(cut.IsCompleted);
            await pair.Server.SayAsync("done");
        }

        await cut.WaitAsync(Patience);
        await AssertResetAsync(pair.Client);
        await AssertResetAsync(pair.Server);

        // Once only, and nobody else.
        await bystander.Client.SayAsync("now COMMIT");
        Assert.Equal("now COMMIT", await bystander.Server.HearAsync(Patience));
        await bystander.Server.SayAsync("done");
        Assert.Equal("done", await bystander.Client.HearAsync(Patience));
    }

    [Fact]
    public async Task It_leads_to_another_target_when_told_and_resets_where_nobody_listens()
    {
        using var second = new TcpListener(IPAddress.Loopback, 0);
        second.Start();
        var port = ((IPEndPoint)second.LocalEndpoint).Port;
        proxy.Target = port;
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, proxy.Port);
        using var server = await second.AcceptTcpClientAsync().WaitAsync(Patience);
        await client.SayAsync("here");
        Assert.Equal("here", await server.HearAsync(Patience));
        second.Stop();
        using var late = new TcpClient();
        await AssertResetAsync(late, connect: true);
    }

    // A polite end would be a read of no bytes.
    private async Task AssertResetAsync(TcpClient end, bool connect = false)
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            if (connect)
            {
                await end.ConnectAsync(IPAddress.Loopback, proxy.Port);
            }

            await end.HearAsync(Patience);
        });
        Assert.Equal(SocketError.ConnectionReset, (error as SocketException)?.SocketErrorCode);
    }

    private async Task<Pair> ConnectAsync()
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, proxy.Port);
        return new Pair(client, await target.AcceptTcpClientAsync().WaitAsync(Patience));
    }

    private static Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var watch = Stopwatch.StartNew(); !await holds(); await Task.Delay(5))
        {
            Assert.True(watch.Elapsed < Patience, "it did not come to that");
        }
    }

    private sealed record Pair(TcpClient Client, TcpClient Server) : IDisposable
    {
        public void Dispose()
        {
            Client.Dispose();
            Server.Dispose();
        }
    }
}

internal static class Talk
{
    public static async Task SayAsync(this TcpClient from, string text) => await from.Client.SendAsync(Encoding.ASCII.GetBytes(text));

    /// <summary>What arrives next; "" at the end, null when nothing comes in time.</summary>
    public static async Task<string?> HearAsync(this TcpClient to, TimeSpan patience)
    {
        using var late = new CancellationTokenSource(patience);
        var buffer = new byte[100];
        try
        {
            return Encoding.ASCII.GetString(buffer, 0, await to.Client.ReceiveAsync(buffer, late.Token));
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}
