using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Logging;
using ShantingEId.Server.Callers;

namespace ShantingEId.Server.Rpc;

/// <summary>Around every method: refuses unknown fields on writes, maps errors, and lets no internal text out.</summary>
internal sealed partial class ErrorInterceptor(ILogger<ErrorInterceptor> log) : Interceptor
{
    /// <inheritdoc/>
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
        Run(context, () =>
        {
            var rule = GatedCall.Of(context.GetHttpContext()).Rule;
            if (rule.IsBelowService && ((IMessage)request).CalculateSize() > rule.MaxRequestBytes)
            {
                throw FrameworkRefusal.TooLarge(rule.MaxRequestBytes);
            }

            if (rule.IsWrite)
            {
                StrictMessage.RefuseUnknownFields((IMessage)request);
            }

            return continuation(request, context);
        });

    /// <inheritdoc/>
    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        Run(context, async () =>
        {
            await continuation(new FrameworkRefusal.Reader<TRequest>(requestStream), responseStream, context);
            return true;
        });

    /// <inheritdoc/>
    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        Run(context, async () =>
        {
            await continuation(request, responseStream, context);
            return true;
        });

    private async Task<T> Run<T>(ServerCallContext context, Func<Task<T>> method)
    {
        var call = GatedCall.Of(context.GetHttpContext());
        call.Reached = true;
        try
        {
            return await method();
        }
        catch (EidException error) when (error.Reason.Kind() is not ErrorKind.Internal)
        {
            // A refusal is the caller's business; only a failing store is ours. To stop is no failure.
            if (error.Reason.Kind() == ErrorKind.Unavailable && error.Reason != ErrorReason.Draining)
            {
                StoreFailed(context.Method, error);
            }

            throw Refuse(error);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException && context.CancellationToken.IsCancellationRequested)
        {
            throw Refuse(ErrorWire.OutOfTime());
        }
        catch (Exception error) when (error is not RpcException)
        {
            Fault(context.Method, error);
            throw Refuse(new EidException(ErrorReason.InternalFault, "服务内部错误，已记录；请稍后用同一 request_id 重试") { Receipt = (error as EidException)?.Receipt });
        }

        RpcException Refuse(EidException error)
        {
            call.Refused = error.Reason;
            return ErrorWire.ToRpc(error);
        }
    }

    [LoggerMessage(EventName = "Fault", Level = LogLevel.Error, Message = "Fault in {Method}")]
    private partial void Fault(string method, Exception error);

    [LoggerMessage(EventName = "StoreFailed", Level = LogLevel.Warning, Message = "Store failed in {Method}")]
    private partial void StoreFailed(string method, Exception error);
}
