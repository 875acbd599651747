using ShantingEId.Codes;
using ShantingEId.Licenses;
using ShantingEId.Seals;

namespace ShantingEId.Issuing;

/// <summary>一照四章: one licence version, its four seals, the manifest that binds them and the codes that lead to it.</summary>
/// <param name="License">The licence.</param>
/// <param name="Seals">The four seals.</param>
/// <param name="Manifest">Manifest envelope bytes.</param>
/// <param name="LicenseCode">Text of the licence code.</param>
/// <param name="TypedCode">校验短码.</param>
/// <param name="Status">Place in the status lists.</param>
public sealed record IssuedSet(License License, SealSet Seals, byte[] Manifest, string LicenseCode, TypedCode TypedCode, StatusReference Status)
{
    /// <summary>SM3 of the manifest envelope.</summary>
    public ManifestDigest ManifestDigest { get; } = ManifestDigest.Of(Manifest);
}

/// <summary>State of a set in the register.</summary>
public enum SetState
{
    /// <summary>Not known; never in force.</summary>
    Unspecified = 0,

    /// <summary>In force.</summary>
    Active = 1,

    /// <summary>吊销.</summary>
    Revoked = 2,
}

/// <summary>A state with its times and reason.</summary>
/// <param name="State">The state.</param>
/// <param name="EffectiveTime">Since when it holds in law.</param>
/// <param name="RecordedTime">When the register was told.</param>
/// <param name="Reason">Legal reason; empty while active.</param>
/// <param name="DecidedBy">Who decided; empty while active.</param>
public sealed record StateRecord(SetState State, DateTimeOffset EffectiveTime, DateTimeOffset RecordedTime, string Reason, string DecidedBy);

/// <summary>What the register says about one set: immutable bytes, and its state as read at one instant.</summary>
/// <param name="LicenseId">证照标识.</param>
/// <param name="Manifest">Manifest envelope bytes.</param>
/// <param name="ManifestDigest">Their digest.</param>
/// <param name="LicenseCode">Text of the licence code.</param>
/// <param name="TypedCode">校验短码.</param>
/// <param name="State">The state.</param>
public sealed record RegisterEntry(
    LicenseId LicenseId, byte[] Manifest, ManifestDigest ManifestDigest, string LicenseCode, TypedCode TypedCode, StateRecord State);
