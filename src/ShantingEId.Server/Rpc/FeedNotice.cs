using ShantingEId.Server.Hot;

namespace ShantingEId.Server.Rpc;

/// <summary>Tells all who wait for changes in this process that the feed has moved; the follower alone watches the register.</summary>
internal sealed class FeedNotice
{
    private TaskCompletionSource next = New();
    private long head;

    /// <summary>Listens to the follower.</summary>
    public FeedNotice(FeedFollower follower) => follower.Advanced += Advance;

    /// <summary>How far the feed has come.</summary>
    public long Head => Volatile.Read(ref head);

    /// <summary>The feed has come this far.</summary>
    public void Advance(long position)
    {
        Volatile.Write(ref head, position);
        Interlocked.Exchange(ref next, New()).TrySetResult();
    }

    /// <summary>Returns when there may be something after a position, or after this time: a hint and no more.</summary>
    public async Task WaitAsync(long after, TimeSpan atMost, CancellationToken cancel)
    {
        // Taken before the head is looked at: what comes in between is not slept over.
        var pulse = Volatile.Read(ref next).Task;
        if (Head <= after)
        {
            await pulse.WaitAsync(atMost, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancel.ThrowIfCancellationRequested();
        }
    }

    // Who waits runs on elsewhere: the follower must not be held up.
    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
