using Grpc.Core;

namespace ShantingEId.Tool.Bench.Hot;

/// <summary>
/// The floor that a hit is measured against: methods of the same gRPC library on the same Kestrel that look at nothing and
/// answer with bytes prepared beforehand, as many as our answer without and with a receipt has.
/// </summary>
[BindServiceMethod(typeof(EchoBase), nameof(Bind))]
internal abstract class EchoBase
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static (byte[] reply) => reply, static request => request);

    /// <summary>What <see cref="Plain"/> and <see cref="Receipt"/> answer; set before the first call.</summary>
    public static byte[][] Replies { get; set; } = [[], []];

    public static string PathOf(string method) => "/shanting.bench.Echo/" + method;

    // Called by the gRPC library through the attribute.
    public static void Bind(ServiceBinderBase binder, EchoBase? service)
    {
        foreach (var name in (string[])[nameof(Plain), nameof(Receipt)])
        {
            binder.AddMethod(new Method<byte[], byte[]>(MethodType.Unary, "shanting.bench.Echo", name, Bytes, Bytes), (UnaryServerMethod<byte[], byte[]>?)null);
        }
    }

    public abstract Task<byte[]> Plain(byte[] request, ServerCallContext context);

    public abstract Task<byte[]> Receipt(byte[] request, ServerCallContext context);
}

/// <inheritdoc/>
internal sealed class EchoService : EchoBase
{
    public override Task<byte[]> Plain(byte[] request, ServerCallContext context) => Task.FromResult(Replies[0]);

    public override Task<byte[]> Receipt(byte[] request, ServerCallContext context) => Task.FromResult(Replies[1]);
}
