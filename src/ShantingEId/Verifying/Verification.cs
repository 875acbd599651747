using ShantingEId.Issuing;

namespace ShantingEId.Verifying;

/// <summary>The answer to a verification.</summary>
/// <param name="Verdict">The verdict.</param>
/// <param name="Reason">Machine reason.</param>
/// <param name="StatusAsOf">When the register was read (or the code judged, where the register was not needed).</param>
/// <param name="Manifest">The licence and its seals, when genuine.</param>
/// <param name="Entry">The register's entry with the state, when genuine.</param>
public sealed record Verification(Verdict Verdict, VerdictReason Reason, DateTimeOffset StatusAsOf, Manifest? Manifest = null, RegisterEntry? Entry = null)
{
    /// <summary>Whether the licence may be relied on.</summary>
    public bool IsValid => Verdict == Verdict.Valid;
}
