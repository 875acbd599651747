using System.Collections.Concurrent;
using System.Diagnostics;

namespace ShantingEId.Server.Storage;

/// <summary>
/// Lends connections for reading: as many exist as were ever needed at once, up to a limit; who comes then waits. Few are
/// opened at once: a crowd at the door makes every newcomer late, and meanwhile a used one may come back.
/// </summary>
internal sealed class SqlSessions(Func<CancellationToken, ValueTask<SqlSession>> open, int limit) : IAsyncDisposable
{
    private const int OpenedAtOnce = 8;
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StopBeat = TimeSpan.FromMilliseconds(5);
    private readonly ConcurrentBag<SqlSession> idle = [];
    private readonly SemaphoreSlim free = new(limit, limit);
    private readonly SemaphoreSlim opening = new(OpenedAtOnce, OpenedAtOnce);
    private volatile bool closed;
    private int lent;

    /// <summary>Runs something on a connection of its own.</summary>
    public async ValueTask<T> UseAsync<T>(Func<SqlSession, ValueTask<T>> use, CancellationToken cancel)
    {
        await free.WaitAsync(cancel);
        Interlocked.Increment(ref lent);
        try
        {
            if (!idle.TryTake(out var session))
            {
                session = await OpenAsync(cancel);
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
            Interlocked.Decrement(ref lent);
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

    /// <summary>Closes what is idle, and waits a moment for what is lent; what comes back later still is closed then.</summary>
    public async ValueTask DisposeAsync()
    {
        closed = true;
        await ClearAsync();
        for (var began = Stopwatch.GetTimestamp(); Volatile.Read(ref lent) > 0 && Stopwatch.GetElapsedTime(began) < StopPatience;)
        {
            await Task.Delay(StopBeat);
        }
    }

    private async ValueTask<SqlSession> OpenAsync(CancellationToken cancel)
    {
        await opening.WaitAsync(cancel);
        try
        {
            return closed ? throw new EidException(ErrorReason.StoreUnavailable, "服务正在停止")
                : idle.TryTake(out var session) ? session : await open(cancel);
        }
        finally
        {
            opening.Release();
        }
    }

    private async ValueTask ReturnAsync(SqlSession session)
    {
        if (!session.IsOpen)
        {
            await session.DisposeAsync();
            return;
        }

        idle.Add(session);
        if (closed)
        {
            await ClearAsync();
        }
    }
}
