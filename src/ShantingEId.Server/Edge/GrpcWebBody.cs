using Microsoft.AspNetCore.Http;

namespace ShantingEId.Server.Edge;

/// <summary>
/// The body of a gRPC-Web call before it is unwrapped. It cannot be looked at first, so it is stopped at the method's limit; what gRPC makes of
/// that says nothing, therefore it is noted here. The limit is kept here and not by the web server, because that would close an HTTP/1.1
/// connection under a caller who is still sending, and the caller would see a broken pipe instead of the answer; so the web server takes the
/// rest of the body, and drops it, up to its own limits.
/// </summary>
internal sealed class GrpcWebBody(Stream inner) : Stream
{
    private long taken;

    /// <summary>The most that the method takes, in bytes as sent; none where the service's own limit is enough.</summary>
    public long? Most { get; set; }

    /// <summary>Whether the body was longer than the method takes, as far as it was read.</summary>
    public bool IsTooLarge => taken > Most;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        taken += read;
        return IsTooLarge ? throw new BadHttpRequestException("Longer than the method takes.", StatusCodes.Status413PayloadTooLarge) : read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
