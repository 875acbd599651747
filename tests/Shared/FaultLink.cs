using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace ShantingEId.TestSupport;

/// <summary>One connection through a <see cref="FaultProxy"/>.</summary>
internal sealed class FaultLink(FaultProxy proxy, Socket client) : IDisposable
{
    private readonly Socket server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource ended = new();
    private readonly Lock gate = new();
    private bool swallowReply;
    private CutTrigger? fired;

    public async Task RunAsync(int target, CancellationToken stop)
    {
        using var registration = stop.Register(Reset);
        try
        {
            client.NoDelay = true;
            if (proxy.Plan.Kind == FaultKind.Refuse)
            {
                Reset();
                return;
            }

            await server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, target), ended.Token);
            await Task.WhenAll(PumpAsync(Flow.ToServer), PumpAsync(Flow.ToClient));
            Close(abortively: false);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            Reset();
        }
    }

    /// <summary>RST to both ends.</summary>
    public void Reset() => Close(abortively: true);

    public void Dispose()
    {
        Reset();
        ended.Dispose();
    }

    public void HalfClose(Flow flow)
    {
        try
        {
            Sink(flow).Shutdown(SocketShutdown.Send);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // It is gone altogether.
        }
    }

    private Socket Source(Flow flow) => flow == Flow.ToServer ? client : server;

    private Socket Sink(Flow flow) => flow == Flow.ToServer ? server : client;

    // Reading and writing are apart, so that a delay lengthens the way without narrowing it.
    private async Task PumpAsync(Flow flow)
    {
        var way = Channel.CreateBounded<(long Due, byte[] Bytes)>(256);
        var reading = ReadAsync(flow, way.Writer);
        var writing = WriteAsync(flow, way.Reader);
        try
        {
            await await Task.WhenAny(reading, writing);
            await Task.WhenAll(reading, writing);
        }
        catch
        {
            Reset();
            throw;
        }
    }

    private async Task ReadAsync(Flow flow, ChannelWriter<(long Due, byte[] Bytes)> way)
    {
        var buffer = new byte[64 * 1024];
        var dice = 0x9E3779B97F4A7C15UL ^ (ulong)client.Handle;
        var seen = new ByteWatch();
        var lost = false;
        while (true)
        {
            var count = await Source(flow).ReceiveAsync(buffer, ended.Token);

            // 1. A connection that has lost bytes loses all that follow, and its end.
            var plan = proxy.Plan;
            lost |= plan.Does(FaultKind.Blackhole, flow);
            if (lost && count == 0)
            {
                await Task.Delay(Timeout.Infinite, ended.Token);
            }

            if (lost)
            {
                continue;
            }

            if (count == 0)
            {
                way.Complete();
                return;
            }

            // 2. The reply to the awaited bytes proves that they were worked on; it is what must not arrive.
            if (flow == Flow.ToClient && Volatile.Read(ref swallowReply))
            {
                Reset();
                fired!.Fired.TrySetResult();
                return;
            }

            var bytes = buffer.AsSpan(0, count).ToArray();
            if (proxy.Armed(flow) is { } trigger && seen.Completes(trigger, bytes) && proxy.Take(trigger))
            {
                fired = trigger;
                if (trigger.Moment == CutMoment.BeforeForwarding)
                {
                    Reset();
                    trigger.Fired.TrySetResult();
                    return;
                }

                Volatile.Write(ref swallowReply, true);
            }

            // 3. On its way.
            proxy.Spoil(flow, bytes);
            dice = (dice * 6364136223846793005) + 1442695040888963407;
            var delay = plan.Does(FaultKind.Delay, flow) ? plan.By + (plan.Jitter * ((dice >> 40) / (double)(1 << 24))) : TimeSpan.Zero;
            await way.WriteAsync((Stopwatch.GetTimestamp() + (long)(delay.TotalSeconds * Stopwatch.Frequency), bytes), ended.Token);
        }
    }

    private async Task WriteAsync(Flow flow, ChannelReader<(long Due, byte[] Bytes)> way)
    {
        await foreach (var (due, bytes) in way.ReadAllAsync(ended.Token))
        {
            var wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, ended.Token);
            }

            await ThawAsync(flow);
            for (var sent = 0; sent < bytes.Length;)
            {
                sent += await Sink(flow).SendAsync(bytes.AsMemory(sent), ended.Token);
            }
        }

        await ThawAsync(flow);
        HalfClose(flow);
    }

    private async Task ThawAsync(Flow flow)
    {
        for (var (plan, changed) = proxy.Now(); plan.Does(FaultKind.Freeze, flow); (plan, changed) = proxy.Now())
        {
            await changed.WaitAsync(ended.Token);
        }
    }

    private void Close(bool abortively)
    {
        lock (gate)
        {
            if (ended.IsCancellationRequested)
            {
                return;
            }

            // Closing with a linger time of zero sends RST, as long as nothing was shut down politely before.
            foreach (var socket in new[] { client, server })
            {
                try
                {
                    socket.LingerState = new LingerOption(abortively, 0);
                }
                catch (SocketException)
                {
                    // Its other end was quicker.
                }

                socket.Dispose();
            }

            ended.Cancel();
        }
    }

    // Looks for bytes that may come in pieces, after others.
    private sealed class ByteWatch
    {
        private CutTrigger? trigger;
        private byte[] tail = [];
        private bool firstSeen;

        public bool Completes(CutTrigger armed, byte[] bytes)
        {
            if (trigger != armed)
            {
                (trigger, tail, firstSeen) = (armed, [], armed.First.Length == 0);
            }

            byte[] text = [.. tail, .. bytes];
            var start = 0;
            if (!firstSeen)
            {
                var at = text.AsSpan().IndexOf(armed.First);
                if (at < 0)
                {
                    tail = text[^Math.Min(text.Length, armed.First.Length - 1)..];
                    return false;
                }

                (firstSeen, start) = (true, at + armed.First.Length);
            }

            if (text.AsSpan(start).IndexOf(armed.Pattern) >= 0)
            {
                return true;
            }

            tail = text[^Math.Min(text.Length - start, armed.Pattern.Length - 1)..];
            return false;
        }
    }
}
