using System.Security.Cryptography;
using Grpc.Core;

namespace ShantingEId.Client;

/// <summary>
/// Repeats what failed for a moment: the same message, so the same request_id, with growing waits that differ from caller to
/// caller, never sooner than the service asked for, and never beyond the time the caller gave.
/// </summary>
internal sealed class Retries(TimeProvider clock, Action<EidError, TimeSpan>? onRetry)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    // The service refuses a call with less than 20 ms left; an answer over a slow line takes more.
    private static readonly TimeSpan ShortestAttempt = TimeSpan.FromMilliseconds(50);

    /// <summary>One unary call until it is answered, refused for good, or out of time.</summary>
    /// <param name="call">Makes one attempt.</param>
    /// <param name="within">Time for all attempts.</param>
    /// <param name="ceiling">Time for one attempt: the service's own ceiling, so that a silent server does not use up everything.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<(T Answer, Metadata Headers)> RunAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> call, TimeSpan within, TimeSpan ceiling, CancellationToken cancel)
    {
        var started = clock.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            var left = within - clock.GetElapsedTime(started);
            try
            {
                using var running = call(Ending(left < ceiling ? left : ceiling, cancel));
                var answer = await running.ResponseAsync.ConfigureAwait(false);
                return (answer, await running.ResponseHeadersAsync.ConfigureAwait(false));
            }
            catch (RpcException error)
            {
                cancel.ThrowIfCancellationRequested();
                var failure = EidError.From(error);
                var wait = Wait(failure, attempt);
                if (!MayRepeat(failure) || clock.GetElapsedTime(started) + wait + ShortestAttempt > within)
                {
                    throw new EidCallException(failure, error);
                }

                await PauseAsync(failure, wait, cancel).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Whether waiting can help. A full quota only where the service says how long.</summary>
    public static bool MayRepeat(EidError error) => error.IsTransient || error is { Reason: EidError.RateLimited, RetryAfter: not null };

    /// <summary>Options of a call that ends after this time. The transport has no clock but the machine's.</summary>
    public static CallOptions Ending(TimeSpan time, CancellationToken cancel) => new(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + time, cancellationToken: cancel);

    /// <summary>
    /// How long to wait before the next attempt. Half of the backoff and a fifth of what the service asked for are left to
    /// chance: a thousand callers thrown off at once must not come back at once.
    /// </summary>
    public static TimeSpan Wait(EidError error, int attempt)
    {
        var chance = RandomNumberGenerator.GetInt32(1001) / 1000.0;
        var backoff = FirstWait * Math.Pow(2, Math.Min(attempt - 1, 16));
        var wait = (backoff < LongestWait ? backoff : LongestWait) * (0.5 + chance / 2);
        var asked = error.RetryAfter * (1 + chance / 5) ?? TimeSpan.Zero;
        return asked > wait ? asked : wait;
    }

    /// <summary>Says so and waits.</summary>
    public Task PauseAsync(EidError error, TimeSpan wait, CancellationToken cancel)
    {
        onRetry?.Invoke(error, wait);
        return Task.Delay(wait, clock, cancel);
    }
}
