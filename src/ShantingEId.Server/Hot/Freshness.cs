using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using ShantingEId.V1;

namespace ShantingEId.Server.Hot;

/// <summary>
/// What one complete reading of the feed allows: until when cached states may be used, and as of when they hold then. One
/// immutable object, so that a hit reads a single reference.
/// </summary>
/// <param name="Until">Monotonic timestamp after which nothing cached may be used.</param>
/// <param name="Began">Monotonic timestamp of the reading's begin.</param>
/// <param name="AsOf">Wall clock at the reading's begin: every change committed before it has been taken in.</param>
/// <param name="Position">Feed position up to which changes have been taken in.</param>
internal sealed record Freshness(long Until, long Began, DateTimeOffset AsOf, long Position)
{
    /// <summary>Nothing cached may be used.</summary>
    public static Freshness None { get; } = new(long.MinValue, long.MinValue, DateTimeOffset.UnixEpoch, 0);

    /// <summary><see cref="AsOf"/> as the field of a <c>Verification</c>: a few readings a second serve very many answers.</summary>
    public byte[] AsOfField { get; } = new Verification { StatusAsOfTime = AsOf.ToTimestamp() }.ToByteArray();
}
