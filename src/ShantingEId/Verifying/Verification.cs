using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;
using ShantingEId.Trades;

namespace ShantingEId.Verifying;

/// <summary>The answer to a verification.</summary>
/// <param name="Verdict">The verdict.</param>
/// <param name="Reason">Machine reason.</param>
/// <param name="StatusAsOf">AskedTime the register was read (or the code judged, where the register was not needed).</param>
/// <param name="Manifest">The licence and its seals, when genuine.</param>
/// <param name="Entry">The register's entry with the state, when genuine.</param>
public sealed record Verification(Verdict Verdict, VerdictReason Reason, DateTimeOffset StatusAsOf, Manifest? Manifest = null, RegisterEntry? Entry = null)
{
    /// <summary>The instant asked about; null when it was now.</summary>
    public DateTimeOffset? AsOfTime { get; init; }

    /// <summary>The one seal asked about; null when the licence was.</summary>
    public SealCode? Seal { get; init; }

    /// <summary>What took its place; present when superseded.</summary>
    public Succession? Succession { get; init; }

    /// <summary>The permits of a comprehensive licence, each with its state; empty for a business licence.</summary>
    public IReadOnlyList<PermitStatus> Permits { get; init; } = [];

    /// <summary>The business licence of the company, with a comprehensive licence: by it, and not by the words on this one, the company is called.</summary>
    public License? Holder { get; init; }

    /// <summary>Whose code it is, when a neighbouring issuer's: then there is neither manifest nor entry, and only what the code itself says.</summary>
    public NeighbourLicense? Neighbour { get; init; }

    /// <summary>Whether the licence may be relied on; of a comprehensive licence each permit must be looked at besides.</summary>
    public bool IsValid => Verdict == Verdict.Valid;
}

/// <summary>换发: what took the place of a licence or seal.</summary>
/// <param name="Successor">The licence that took its place.</param>
/// <param name="EffectiveTime">Since when.</param>
/// <param name="Current">The company's licence by now.</param>
public sealed record Succession(LicenseId Successor, DateTimeOffset EffectiveTime, License Current);

/// <summary>What is known of a licence of a neighbouring issuer.</summary>
/// <param name="Issuer">The issuer.</param>
/// <param name="Claims">What the code says; null unless its signature is good and the issuer may vouch for it.</param>
/// <param name="StateTime">As of when the issuer's status list holds that was used, or the newest there is; null where there is none.</param>
public sealed record NeighbourLicense(Recognition.Neighbour Issuer, Codes.LicenseCode? Claims, DateTimeOffset? StateTime);
