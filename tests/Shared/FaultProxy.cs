using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ShantingEId.TestSupport;

/// <summary>Which way bytes flow through a <see cref="FaultProxy"/>.</summary>
public enum Flow
{
    /// <summary>From who connected to the proxy to the target.</summary>
    ToServer,

    /// <summary>From the target back.</summary>
    ToClient,
}

/// <summary>When a connection ends that carried the awaited bytes.</summary>
public enum CutMoment
{
    /// <summary>The bytes never arrive.</summary>
    BeforeForwarding,

    /// <summary>The bytes arrive, and what the other side says to them does not.</summary>
    BeforeReply,
}

/// <summary>
/// A TCP proxy on the loopback address that can spoil the way: delay, freeze, swallow, corrupt, half-close, reset, and reset at
/// the very bytes that matter. Everything can be changed while connections are open. It stands for what a kernel with netem
/// and packet filters would do, and needs no rights.
/// </summary>
public sealed class FaultProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<FaultLink, Task> links = new();
    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private TaskCompletionSource changed = New();
    private Task accepting = Task.CompletedTask;
    private CutTrigger? trigger;
    private long corruptAfter = -1;
    private Flow corruptFlow;
    private bool corruptAgain;
    private long corruptEvery;

    private FaultProxy(int target) => Target = target;

    /// <summary>Where clients connect.</summary>
    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Port that new connections lead to.</summary>
    public int Target { get; set; }

    /// <summary>Connections open now.</summary>
    public int Open => links.Count;

    /// <summary>Connections ever accepted.</summary>
    public int Accepted { get; private set; }

    /// <summary>Bytes flipped so far.</summary>
    public int Corrupted { get; private set; }

    internal FaultPlan Plan { get; private set; } = FaultPlan.Clear;

    /// <summary>Starts one in front of a port of this machine.</summary>
    public static FaultProxy Start(int target)
    {
        var proxy = new FaultProxy(target);
        proxy.listener.Start();
        proxy.accepting = proxy.AcceptAsync();
        return proxy;
    }

    /// <summary>
    /// Ends every fault. What was frozen flows on and nothing of it is lost; a connection that has lost bytes to a
    /// blackhole stays dead until it is cut, for it can make no sense any more.
    /// </summary>
    public void Pass()
    {
        lock (gate)
        {
            (corruptAfter, trigger) = (-1, null);
        }

        Set(FaultPlan.Clear);
    }

    /// <summary>Every byte arrives later, in order. The way gets longer, not narrower: bytes under way do not wait for each other.</summary>
    public void Delay(TimeSpan by, TimeSpan jitter = default) => Set(new FaultPlan(FaultKind.Delay, null, by, jitter));

    /// <summary>Nothing moves and nothing is lost: the cable is out, both ends wait. New connections are taken and hear nothing.</summary>
    public void Freeze(Flow? only = null) => Set(new FaultPlan(FaultKind.Freeze, only));

    /// <summary>Bytes are taken and thrown away, as by a filter that drops: nobody is told.</summary>
    public void Blackhole(Flow? only = null) => Set(new FaultPlan(FaultKind.Blackhole, only));

    /// <summary>Resets what is open, and from now on whatever connects.</summary>
    public void Refuse()
    {
        Set(new FaultPlan(FaultKind.Refuse, null));
        Cut();
    }

    /// <summary>Resets what is open, once (RST to both ends).</summary>
    /// <returns>How many connections that were.</returns>
    public int Cut()
    {
        var cut = 0;
        foreach (var link in links.Keys)
        {
            link.Reset();
            cut++;
        }

        return cut;
    }

    /// <summary>On every open connection this direction ends (FIN) while the other goes on.</summary>
    public void HalfClose(Flow flow)
    {
        foreach (var link in links.Keys)
        {
            link.HalfClose(flow);
        }
    }

    /// <summary>Flips one bit of the byte that comes after so many others, counted over all connections from now.</summary>
    /// <param name="flow">In which direction.</param>
    /// <param name="after">How many bytes pass first.</param>
    /// <param name="again">Whether it then starts over, until <see cref="Pass"/>.</param>
    public void Corrupt(Flow flow, long after, bool again = false)
    {
        lock (gate)
        {
            (corruptFlow, corruptAfter, corruptEvery, corruptAgain) = (flow, after, after, again);
        }
    }

    /// <summary>Cuts, once, the first connection on which these bytes appear.</summary>
    /// <param name="flow">In which direction they are awaited.</param>
    /// <param name="pattern">The bytes; they may come in pieces.</param>
    /// <param name="moment">Before they arrive, or after, in place of the reply.</param>
    /// <param name="first">Bytes that must have gone the same way on the same connection before; empty for none.</param>
    /// <returns>Ends when it has happened.</returns>
    public Task CutAt(Flow flow, ReadOnlySpan<byte> pattern, CutMoment moment, ReadOnlySpan<byte> first = default)
    {
        var armed = new CutTrigger(flow, pattern.ToArray(), moment, first.ToArray());
        lock (gate)
        {
            trigger = armed;
        }

        return armed.Fired.Task;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        Cut();
        await Task.WhenAll([accepting, .. links.Values]);
        stop.Dispose();
    }

    // The plan in force, and what ends when another is.
    internal (FaultPlan Plan, Task Changed) Now()
    {
        lock (gate)
        {
            return (Plan, changed.Task);
        }
    }

    internal CutTrigger? Armed(Flow flow)
    {
        lock (gate)
        {
            return trigger is { } armed && armed.Flow == flow ? armed : null;
        }
    }

    // Exactly one connection may take it.
    internal bool Take(CutTrigger armed)
    {
        lock (gate)
        {
            if (trigger != armed)
            {
                return false;
            }

            trigger = null;
            return true;
        }
    }

    internal void Spoil(Flow flow, Span<byte> bytes)
    {
        lock (gate)
        {
            while (flow == corruptFlow && corruptAfter >= 0)
            {
                if (corruptAfter >= bytes.Length)
                {
                    corruptAfter -= bytes.Length;
                    return;
                }

                bytes[(int)corruptAfter] ^= 0x10;
                bytes = bytes[((int)corruptAfter + 1)..];
                Corrupted++;
                corruptAfter = corruptAgain ? corruptEvery : -1;
            }
        }
    }

    private void Set(FaultPlan plan)
    {
        TaskCompletionSource before;
        lock (gate)
        {
            (Plan, before, changed) = (plan, changed, New());
        }

        before.SetResult();
    }

    private async Task AcceptAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await listener.AcceptSocketAsync(stop.Token);
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            Accepted++;
            var link = new FaultLink(this, client);
            links[link] = Task.CompletedTask;
            links[link] = RunAsync(link);
        }
    }

    private async Task RunAsync(FaultLink link)
    {
        await Task.Yield();
        try
        {
            await link.RunAsync(Target, stop.Token);
        }
        finally
        {
            links.TryRemove(link, out _);
            link.Dispose();
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

internal enum FaultKind
{
    Clear,
    Delay,
    Freeze,
    Blackhole,
    Refuse,
}

/// <summary>What happens to bytes now; <paramref name="Only"/> null is both ways.</summary>
internal sealed record FaultPlan(FaultKind Kind, Flow? Only, TimeSpan By = default, TimeSpan Jitter = default)
{
    public static FaultPlan Clear { get; } = new(FaultKind.Clear, null);

    public bool Does(FaultKind kind, Flow flow) => Kind == kind && (Only ?? flow) == flow;
}

internal sealed record CutTrigger(Flow Flow, byte[] Pattern, CutMoment Moment, byte[] First)
{
    public TaskCompletionSource Fired { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
