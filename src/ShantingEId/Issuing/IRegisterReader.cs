using ShantingEId.Codes;
using ShantingEId.Licenses;
using ShantingEId.Seals;

namespace ShantingEId.Issuing;

/// <summary>By what a register entry is asked for.</summary>
public enum RegisterKeyKind
{
    /// <summary>SM3 of the manifest, 64 hexadecimal digits: what a scanned code names.</summary>
    Manifest,

    /// <summary>校验短码, twelve characters.</summary>
    TypedCode,

    /// <summary>证照标识.</summary>
    License,

    /// <summary>流水号: of the versions of one licence the newest that has taken force. That of a business licence is its company's credit code.</summary>
    Serial,
}

/// <summary>A question to the register.</summary>
/// <param name="Kind">By what.</param>
/// <param name="Value">The one spelling of it.</param>
public readonly record struct RegisterKey(RegisterKeyKind Kind, string Value)
{
    /// <summary>The entry of a manifest.</summary>
    public static RegisterKey Of(ManifestDigest digest) => new(RegisterKeyKind.Manifest, digest.ToString());

    /// <summary>The entry of a typed code.</summary>
    public static RegisterKey Of(TypedCode code) => new(RegisterKeyKind.TypedCode, code.Value);

    /// <summary>The entry of a licence.</summary>
    public static RegisterKey Of(LicenseId id) => new(RegisterKeyKind.License, id.ToString());

    /// <summary>The company's newest business licence that has taken force.</summary>
    public static RegisterKey Of(CreditCode holder) => new(RegisterKeyKind.Serial, holder.Value);

    /// <summary>Of all versions of this licence the newest that has taken force.</summary>
    public static RegisterKey NewestOf(LicenseId version) => new(RegisterKeyKind.Serial, version.Serial);
}

/// <summary>What the register said, and as of when: a state is never without its age.</summary>
/// <param name="Entry">The entry; null when the register holds nothing under the key.</param>
/// <param name="AsOf">Every change committed before this instant is in it.</param>
/// <param name="Position">Every change up to this place of the feed is in it; 0 where nothing was found.</param>
public readonly record struct Reading(RegisterEntry? Entry, DateTimeOffset AsOf, long Position);

/// <summary>What the register knows of one seal.</summary>
/// <param name="Holder">Its company.</param>
/// <param name="MadeFor">The licence with which it was issued.</param>
/// <param name="Replaced">Since when another has its place, by which licence and why; null while none has.</param>
public sealed record SealEntry(CreditCode Holder, LicenseId MadeFor, StateRecord? Replaced);

/// <summary>Reads register entries: the store itself, or a cache in front of it that keeps the same promise.</summary>
public interface IRegisterReader
{
    /// <summary>
    /// The entry under a key, now. A change that was acknowledged before this is called is in the answer, whatever is cached
    /// anywhere: nobody is ever told VALID after a revocation was acknowledged.
    /// </summary>
    /// <param name="key">What is asked for.</param>
    /// <param name="maxAge">How old the state may be at most; zero reads the register itself.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.StoreUnavailable"/>.</exception>
    ValueTask<Reading> FindAsync(RegisterKey key, TimeSpan maxAge, CancellationToken cancel);

    /// <summary>
    /// The entry under a key as it was at an instant, by what the register knows today: of the changes that had taken effect
    /// by then, the one recorded last. A licence that had not taken force yet is <see cref="SetState.Scheduled"/>.
    /// </summary>
    /// <param name="key">What is asked for; a company's key means the licence that was its newest then.</param>
    /// <param name="time">The instant.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="EidException"><see cref="ErrorReason.StoreUnavailable"/>.</exception>
    ValueTask<Reading> FindAtAsync(RegisterKey key, DateTimeOffset time, CancellationToken cancel);

    /// <summary>What is known of a seal; null when the register never issued it.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.StoreUnavailable"/>.</exception>
    ValueTask<SealEntry?> FindSealAsync(SealCode code, CancellationToken cancel);
}
