using ShantingEId.Codes;
using ShantingEId.Crypto;
using ShantingEId.StatusLists;
using ShantingEId.Verifying;

namespace ShantingEId.Recognition;

/// <summary>A code at one of the neighbours' addresses.</summary>
/// <param name="Neighbour">Whose address it bears.</param>
/// <param name="Claims">What it says, signed; null unless the signature is good and the neighbour may vouch for it now.</param>
/// <param name="Verdict">What is wrong with it; unspecified when nothing is, and its state is to be asked for.</param>
/// <param name="Reason">Machine reason.</param>
public sealed record NeighbourCode(Neighbour Neighbour, LicenseCode? Claims, Verdict Verdict, VerdictReason Reason);

/// <summary>
/// Reads codes of neighbouring issuers: whose they are, whether the signature is good with a key of that very neighbour, and whether it
/// may vouch for that company then. Says nothing of states. A neighbour's key counts behind its own address alone, and for its own
/// divisions alone, so that one that is stolen harms nobody else's.
/// </summary>
/// <param name="list">The opened list.</param>
public sealed class NeighbourCodes(NeighbourList list)
{
    private readonly IReadOnlyList<(Neighbour Neighbour, Verifier Reader)> readers =
    [
        .. list.Neighbours.Select(one => (one, new Verifier(
            new KeyRing(one.CodeSigners.Select(id => one.Certificates.First(certificate => certificate.PublicKey.KeyId == id)).Select(signer => new TrustedKey(signer.PublicKey, ContentType.LicenseCode, signer))),
            one.CodePrefix, "", NoRegister.Instance, TimeProvider.System))),
    ];

    /// <summary>The list.</summary>
    public NeighbourList List => list;

    /// <summary>Reads a code; null for one at nobody's address.</summary>
    /// <param name="text">As scanned.</param>
    /// <param name="now">When: list and recognition have terms.</param>
    public NeighbourCode? Read(string text, DateTimeOffset now)
    {
        var (neighbour, reader) = readers.FirstOrDefault(one => text.StartsWith(one.Neighbour.CodePrefix, StringComparison.Ordinal));
        if (neighbour is null)
        {
            return null;
        }

        // 1. Whether anybody is recognised at all: neither by a list of yesterday, nor by one that a wrong clock makes young.
        if (now >= list.NextUpdate || now < list.IssueTime - StatusAge.ClockTolerance)
        {
            return new NeighbourCode(neighbour, null, Verdict.Unknown, VerdictReason.NeighbourListExpired);
        }

        // 2. A good signature of this neighbour.
        var (claims, verdict, reason) = reader.ReadCode(text);
        if (claims is null)
        {
            return new NeighbourCode(neighbour, null, verdict, reason);
        }

        // 3. Within the time and for the divisions of its recognition.
        return now < neighbour.From || now > neighbour.To ? new NeighbourCode(neighbour, null, Verdict.NotOurs, VerdictReason.NeighbourPeriod)
            : !neighbour.Regions.Any(region => claims.Holder.Value.AsSpan(2).StartsWith(region, StringComparison.Ordinal)) ? new NeighbourCode(neighbour, null, Verdict.NotOurs, VerdictReason.NeighbourRegion)
            : new NeighbourCode(neighbour, claims, Verdict.Unspecified, VerdictReason.None);
    }
}
