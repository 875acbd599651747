using ShantingEId.Codes;
using ShantingEId.Issuing;
using ShantingEId.Recognition;
using ShantingEId.StatusLists;
using ShantingEId.Verifying;

namespace ShantingEId.Server.Neighbours;

/// <summary>
/// Judges codes of neighbouring issuers: the signature by the list of neighbours, the state by the neighbour's own status lists. What
/// cannot be had is UNKNOWN and never VALID; nothing of it enters the caches of our own register.
/// </summary>
internal sealed class NeighbourDesk(NeighbourDirectory directory, IssuingAuthority authority, RegisterClock clock)
{
    /// <summary>The answer to a code at a neighbour's address; null for every other text.</summary>
    /// <param name="text">As scanned.</param>
    /// <param name="asOf">The instant asked about; null for now.</param>
    /// <param name="accepted">How old the state may be; null for what the neighbour's ttl allows.</param>
    /// <param name="cancel">Gives up.</param>
    public async ValueTask<Verification?> VerifyAsync(string text, DateTimeOffset? asOf, TimeSpan? accepted, CancellationToken cancel)
    {
        if (text.Length > LicenseCode.MaxTextLength || text.StartsWith(authority.CodePrefix, StringComparison.Ordinal))
        {
            return null;
        }

        // 1. Whose, and the signature.
        var (now, neighbours) = (clock.GetUtcNow(), directory.Current);
        if (neighbours.Codes.Read(text, now) is not { } read)
        {
            return null;
        }

        var answer = new Verification(read.Verdict, read.Reason, now) { AsOfTime = asOf, Neighbour = new NeighbourLicense(read.Neighbour, read.Claims, null) };
        if (read.Claims is not { } claims)
        {
            return answer;
        }

        // 2. The state. Lists say what is, and nothing of what was.
        answer = answer with { Verdict = Verdict.Unknown, Reason = VerdictReason.NeighbourStateUnknown };
        if (asOf is not null || claims.Status.List >= 1 << StatusReference.ListBits || !clock.IsSound)
        {
            return answer;
        }

        var source = neighbours.SourceOf(read.Neighbour);
        var (licenses, permits) = (source.FindAsync(claims.Status.List, accepted, cancel).AsTask(), source.FindAsync(claims.Status.OfPermits.List, accepted, cancel).AsTask());
        await Task.WhenAll(licenses, permits);
        if ((await licenses).Newest?.IssueTime is { } newest)
        {
            answer = answer with { StatusAsOf = newest, Neighbour = answer.Neighbour with { StateTime = newest } };
        }

        if ((await licenses).Token is not { } states || (await permits).Token is not { } granted)
        {
            return answer;
        }

        // 3. The verdict.
        var asOfBoth = states.IssueTime < granted.IssueTime ? states.IssueTime : granted.IssueTime;
        var (verdict, reason) = Judge(claims, states, granted);
        return answer with { Verdict = verdict, Reason = reason, StatusAsOf = asOfBoth, Neighbour = answer.Neighbour with { StateTime = asOfBoth } };
    }

    private static (Verdict, VerdictReason) Judge(LicenseCode claims, StatusToken states, StatusToken permits)
    {
        var index = claims.Status.Index;
        return (index < states.List.Count ? (LicenseStatus)states.List[index] : LicenseStatus.Invalid, index < permits.List.Count ? (LicenseStatus)permits.List[index] : LicenseStatus.Invalid) switch
        {
            (LicenseStatus.Invalid, _) when claims.IssueTime >= states.IssueTime - StatusAge.TimeToRegister => (Verdict.Unknown, VerdictReason.YoungerThanStates),
            // No permits: a business licence. With permits, all of them must be in force, for which they are is not in the code.
            (LicenseStatus.Valid, LicenseStatus.Invalid or LicenseStatus.Valid) => (Verdict.Valid, VerdictReason.None),
            (LicenseStatus.Valid, _) => (Verdict.Unknown, VerdictReason.PermitsNotListed),
            (LicenseStatus.Suspended, _) => (Verdict.Suspended, VerdictReason.Suspended),
            (LicenseStatus.Superseded, _) => (Verdict.Superseded, VerdictReason.Superseded),
            _ => (Verdict.Revoked, VerdictReason.ListedInvalid),
        };
    }
}
