using Google.Protobuf;
using Grpc.Core;

namespace ShantingEId.Server.Rpc;

/// <summary>The framework's own refusals of what a caller sent, as errors of ours: it answers UNKNOWN to bytes that are no message and gives no reasons.</summary>
internal static class FrameworkRefusal
{
    /// <summary>Our error for a status the framework gave before the method saw a message; null where it says enough itself.</summary>
    /// <param name="code">The status.</param>
    /// <param name="most">Size of the largest request, bytes.</param>
    public static EidException? Of(StatusCode code, int most = EidServer.MaxMessageBytes) => code switch
    {
        StatusCode.ResourceExhausted => TooLarge(most),
        StatusCode.Unknown => NoMessage(),
        StatusCode.Internal => new EidException(ErrorReason.MalformedFrame, "请求的 gRPC 帧残缺或多余"),
        _ => null,
    };

    /// <summary>The request is larger than any of this method.</summary>
    public static EidException TooLarge(int most) => new(ErrorReason.MessageTooLarge, $"请求超过 {most / 1024} KiB 的限制");

    private static EidException NoMessage() => new(ErrorReason.MalformedRequest, "请求不是合规的 protobuf 消息");

    /// <summary>A stream of requests whose reading fails with errors of ours.</summary>
    internal sealed class Reader<T>(IAsyncStreamReader<T> inner) : IAsyncStreamReader<T>
    {
        /// <inheritdoc/>
        public T Current => inner.Current;

        /// <inheritdoc/>
        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            try
            {
                return await inner.MoveNext(cancellationToken);
            }
            catch (InvalidProtocolBufferException)
            {
                throw NoMessage();
            }
            catch (RpcException error) when (Of(error.StatusCode, EidServer.MaxMessageBytes) is { } refusal)
            {
                throw refusal;
            }
            catch (IOException)
            {
                // The caller reset the stream or its connection broke; the call's own token may hear of it only later.
                throw new RpcException(new Status(StatusCode.Cancelled, "调用方已离开"));
            }
        }
    }
}
