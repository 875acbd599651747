using ShantingEId.Crypto;
using ShantingEId.Seals;

namespace ShantingEId.Recognition;

/// <summary>What is known of a certificate or seal apart from its own bytes.</summary>
public enum KnownState
{
    /// <summary>Nothing is known: never taken for good.</summary>
    Unknown = 0,

    /// <summary>In force.</summary>
    Good = 1,

    /// <summary>Revoked or otherwise ended, since <see cref="KnownStatus.Since"/>.</summary>
    Ended = 2,
}

/// <summary>A state and who says so.</summary>
/// <param name="State">What is known.</param>
/// <param name="Since">When it ended; null for the other states, and when an end has no known time.</param>
/// <param name="Source">Who says so or why nothing is known, in Chinese, for people.</param>
public sealed record KnownStatus(KnownState State, DateTimeOffset? Since, string Source)
{
    /// <summary>Why nothing is known; says nothing for the other states.</summary>
    public SealProblem Problem { get; init; } = SealProblem.StatusUnknown;
}

/// <summary>
/// Answers for revocation of certificates and for the state of seals: the register in the service, what was handed over or
/// nothing at all on a machine without network.
/// </summary>
public interface IStatusSource
{
    /// <summary>Whether a certificate has been revoked, and when.</summary>
    ValueTask<KnownStatus> OfCertificateAsync(Sm2Certificate certificate, CancellationToken cancel);

    /// <summary>The state of a seal at an instant.</summary>
    ValueTask<KnownStatus> OfSealAsync(SesSeal seal, DateTimeOffset at, CancellationToken cancel);
}

/// <summary>Without register or pack: nothing is known of anything.</summary>
public sealed class NoStatus : IStatusSource
{
    private static readonly KnownStatus Nothing = new(KnownState.Unknown, null, "离线核验，没有状态信息");

    /// <summary>The one instance.</summary>
    public static NoStatus Instance { get; } = new();

    /// <inheritdoc/>
    public ValueTask<KnownStatus> OfCertificateAsync(Sm2Certificate certificate, CancellationToken cancel) => ValueTask.FromResult(Nothing);

    /// <inheritdoc/>
    public ValueTask<KnownStatus> OfSealAsync(SesSeal seal, DateTimeOffset at, CancellationToken cancel) => ValueTask.FromResult(Nothing);
}
