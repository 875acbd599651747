namespace ShantingEId.Server.Storage;

/// <summary>One write that waits to be committed with others.</summary>
/// <param name="order">
/// What it will hold: writes of a group are done in this order, so that two groups at two replicas never wait for each other.
/// </param>
/// <param name="request">Caller and request id; two writes of one request never stand in one group.</param>
internal abstract class QueuedWrite(string order, string? request)
{
    /// <summary>See the constructor.</summary>
    public string Order => order;

    /// <summary>See the constructor.</summary>
    public string? Request => request;

    /// <summary>Whether the register's journal tells of it; not of what stands in another journal already.</summary>
    public bool IsJournalled { get; init; } = true;

    /// <summary>What it does to the feed, once it was applied; null when nothing.</summary>
    public Deed? Deed { get; protected set; }

    /// <summary>Why it was refused, once it was applied; null when it was not.</summary>
    public EidException? Refusal { get; set; }

    /// <summary>Does it, inside a transaction. May be repeated in another transaction after a rollback.</summary>
    public abstract Task ApplyAsync(SqlSession session);

    /// <summary>Tells the caller that it is on disk, or why it was refused.</summary>
    /// <param name="position">Its last place in the feed; 0 when it has none.</param>
    public abstract void Acknowledge(long position);

    /// <summary>Tells the caller that the group failed.</summary>
    public abstract void Fail(EidException error);
}

/// <summary>A write with its result.</summary>
/// <param name="order">See <see cref="QueuedWrite"/>.</param>
/// <param name="request">See <see cref="QueuedWrite"/>.</param>
/// <param name="work">The statements; returns the deed, and the result when the place in the feed is known.</param>
internal sealed class QueuedWrite<T>(string order, string? request, Func<SqlSession, Task<(Deed? Deed, Func<long, T> Result)>> work) : QueuedWrite(order, request)
{
    private readonly TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Func<long, T>? result;

    /// <summary>Ends with the group.</summary>
    public Task<T> Done => done.Task;

    /// <inheritdoc/>
    public override async Task ApplyAsync(SqlSession session)
    {
        (Deed, result, Refusal) = (null, null, null);
        (Deed, result) = await work(session);
    }

    /// <inheritdoc/>
    public override void Acknowledge(long position)
    {
        if (Refusal is not null)
        {
            done.TrySetException(Refusal);
        }
        else
        {
            done.TrySetResult(result!(position));
        }
    }

    /// <inheritdoc/>
    public override void Fail(EidException error) => done.TrySetException(error);
}
