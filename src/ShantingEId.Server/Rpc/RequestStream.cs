using System.Runtime.CompilerServices;
using Grpc.Core;

namespace ShantingEId.Server.Rpc;

/// <summary>Long streams of requests in a server that may have to stop.</summary>
internal static class RequestStream
{
    /// <summary>The messages until the caller ends, or until the server is to stop: then no further one is taken, and those taken are finished and answered.</summary>
    public static async IAsyncEnumerable<T> UntilStopAsync<T>(this IAsyncStreamReader<T> messages, CancellationToken stopping, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, stopping);
        while (await NextAsync())
        {
            yield return messages.Current;
        }

        async Task<bool> NextAsync()
        {
            try
            {
                return !either.IsCancellationRequested && await messages.MoveNext(either.Token);
            }
            catch (Exception error) when (error is OperationCanceledException or RpcException && stopping.IsCancellationRequested)
            {
                return false;
            }
        }
    }
}
