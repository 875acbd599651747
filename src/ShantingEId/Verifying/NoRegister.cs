using ShantingEId.Issuing;
using ShantingEId.Seals;

namespace ShantingEId.Verifying;

/// <summary>Where no register is at hand: whatever is asked of it ends in <see cref="ErrorReason.StoreUnavailable"/>.</summary>
public sealed class NoRegister : IRegisterReader
{
    /// <summary>The one instance.</summary>
    public static NoRegister Instance { get; } = new();

    /// <inheritdoc/>
    public ValueTask<Reading> FindAsync(RegisterKey key, TimeSpan maxAge, CancellationToken cancel) => throw Offline();

    /// <inheritdoc/>
    public ValueTask<Reading> FindAtAsync(RegisterKey key, DateTimeOffset time, CancellationToken cancel) => throw Offline();

    /// <inheritdoc/>
    public ValueTask<SealEntry?> FindSealAsync(SealCode code, CancellationToken cancel) => throw Offline();

    private static EidException Offline() => new(ErrorReason.StoreUnavailable, "离线核验不查询登记簿");
}
