using System.Collections.Concurrent;

namespace ShantingEId.Server.Storage;

/// <summary>Lends connections for reading: as many exist as were ever needed at once, up to a limit; who comes then waits.</summary>
internal sealed class SqlSessions(Func<CancellationToken, ValueTask<SqlSession>> open, int limit) : IAsyncDisposable
{
    private readonly ConcurrentBag<SqlSession> idle = [];
    private readonly SemaphoreSlim free = new(limit, limit);

    /// <summary>Runs something on a connection of its own.</summary>
    public async ValueTask<T> UseAsync<T>(Func<SqlSession, ValueTask<T>> use, CancellationToken cancel)
    {
        await free.WaitAsync(cancel);
        try
        {
            if (!idle.TryTake(out var session))
            {
                session = await open(cancel);
            }

            try
            {
                return await use(session);
            }
            finally
            {
                await ReturnAsync(session);
            }
        }
        finally
        {
            free.Release();
        }
    }

    /// <summary>Closes what is idle: after a lost connection the others are seldom better.</summary>
    public async ValueTask ClearAsync()
    {
        while (idle.TryTake(out var session))
        {
            await session.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ClearAsync();
        free.Dispose();
    }

    private ValueTask ReturnAsync(SqlSession session)
    {
        if (!session.IsOpen)
        {
            return session.DisposeAsync();
        }

        idle.Add(session);
        return ValueTask.CompletedTask;
    }
}
