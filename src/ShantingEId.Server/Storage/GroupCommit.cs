using System.Threading.Channels;

namespace ShantingEId.Server.Storage;

/// <summary>
/// Gathers the writes of this process: what waits while one group is committed makes up the next, so that one flush to disk
/// acknowledges many. Nobody is made to wait for company: a write that comes alone is committed alone, at once.
/// </summary>
internal sealed class GroupCommit : IAsyncDisposable
{
    private const int Largest = 64;
    private readonly Channel<QueuedWrite> waiting = Channel.CreateUnbounded<QueuedWrite>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Func<IReadOnlyList<QueuedWrite>, Task> commit;
    private readonly Task loop;

    /// <summary>Starts the one writer.</summary>
    /// <param name="commit">Commits a group and tells every write how it ended; never throws.</param>
    public GroupCommit(Func<IReadOnlyList<QueuedWrite>, Task> commit)
    {
        this.commit = commit;
        loop = Task.Run(RunAsync);
    }

    /// <summary>Queues a write; ends when it is on disk. Not cancelled on purpose: a caller who gives up must not be able to make a commit ambiguous.</summary>
    public Task<T> WriteAsync<T>(QueuedWrite<T> write)
    {
        if (!waiting.Writer.TryWrite(write))
        {
            write.Fail(new EidException(ErrorReason.StoreUnavailable, "服务正在停止，未写入任何内容；请稍后用同一 request_id 重试"));
        }

        return write.Done;
    }

    /// <summary>Commits what waits, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        await loop;
    }

    private async Task RunAsync()
    {
        var next = new List<QueuedWrite>();
        while (next.Count > 0 || await waiting.Reader.WaitToReadAsync())
        {
            var group = new List<QueuedWrite>();
            var requests = new HashSet<string>();
            var later = new List<QueuedWrite>();
            while (group.Count < Largest && Take(next, out var write))
            {
                // The second of two equal requests must find the first one's reply, so it comes in the next group.
                (write.Request is null || requests.Add(write.Request) ? group : later).Add(write);
            }

            next.InsertRange(0, later);
            await commit([.. group.OrderBy(write => write.Order, StringComparer.Ordinal)]);
        }
    }

    private bool Take(List<QueuedWrite> next, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out QueuedWrite? write)
    {
        if (next.Count == 0)
        {
            return waiting.Reader.TryRead(out write);
        }

        write = next[0];
        next.RemoveAt(0);
        return true;
    }
}
