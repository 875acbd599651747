using ShantingEId.Codes;
using ShantingEId.Seals;
using ShantingEId.Verifying;

namespace ShantingEId.StatusLists;

/// <summary>What a pack says of one licence.</summary>
/// <param name="Verdict">The verdict.</param>
/// <param name="Reason">Machine reason.</param>
/// <param name="Permits">The permits of a comprehensive licence, each with its state; empty for a business licence.</param>
/// <param name="Successor">What the company had by then; null unless superseded.</param>
public sealed record PackedAnswer(Verdict Verdict, VerdictReason Reason, IReadOnlyList<PackedPermit> Permits, PackedSuccession? Successor);

/// <summary>The states of a pack, arranged to be looked up. From its end on it says nothing.</summary>
public sealed class PackStates
{
    private readonly Dictionary<int, StatusList> lists;
    private readonly HashSet<StatusReference> comprehensive;
    private readonly Dictionary<StatusReference, PackedSuccession> successions;
    private readonly Dictionary<StatusReference, PackedPermits> permits;
    private readonly Dictionary<StatusReference, PackedSeals>? seals;

    /// <summary>Arranges an opened pack.</summary>
    public PackStates(StatusPack pack)
    {
        Pack = pack;
        lists = pack.Lists.ToDictionary(list => list.Number, list => list.States);
        comprehensive = [.. pack.Lists.SelectMany(list => list.Comprehensive.Select(index => new StatusReference(list.Number, index)))];
        successions = pack.Successions.ToDictionary(one => one.Old);
        permits = pack.Permits.ToDictionary(one => one.Place);
        seals = pack.Seals?.ToDictionary(one => one.Place);
    }

    /// <summary>The pack.</summary>
    public StatusPack Pack { get; }

    /// <summary>Why nothing may be asked of it at this time; <see cref="VerdictReason.None"/> when it may.</summary>
    public VerdictReason Problem(DateTimeOffset now) =>
        now >= Pack.ExpireTime ? VerdictReason.StateTooOld : now < Pack.ProducedAt - StatusAge.ClockTolerance ? VerdictReason.ClocksApart : VerdictReason.None;

    /// <summary>What it says of a licence.</summary>
    public PackedAnswer Of(LicenseCode code)
    {
        var granted = permits.GetValueOrDefault(code.Status);
        var (verdict, reason) = At(code.Status) switch
        {
            // What was issued when the pack was made, or later, stands in it as never issued.
            LicenseStatus.Invalid when code.IssueTime >= Pack.ProducedAt - StatusAge.TimeToRegister => (Verdict.Unknown, VerdictReason.YoungerThanStates),
            LicenseStatus.Valid when granted is null && comprehensive.Contains(code.Status) => (Verdict.Unknown, VerdictReason.PermitsNotListed),
            LicenseStatus.Valid => (Verdict.Valid, VerdictReason.None),
            LicenseStatus.Suspended => (Verdict.Suspended, VerdictReason.Suspended),
            LicenseStatus.Superseded => (Verdict.Superseded, VerdictReason.Superseded),
            _ => (Verdict.Revoked, VerdictReason.ListedInvalid),
        };
        return new PackedAnswer(verdict, reason, granted?.Permits ?? [], verdict == Verdict.Superseded ? successions.GetValueOrDefault(code.Status) : null);
    }

    /// <summary>State of the seal whose certificate names this entry; null when the pack does not tell.</summary>
    public LicenseStatus? OfSeal(Crypto.StatusEntry entry)
    {
        // The address is ours, or somebody else's list is meant.
        var number = entry.Address.LastIndexOf('/') is > 0 and var slash && int.TryParse(entry.Address.AsSpan(slash + 1), System.Globalization.NumberStyles.None, null, out var said) ? said : -1;
        var kind = (SealKind)(number >> StatusReference.ListBits);
        if (seals is null || !SealKinds.All.Contains(kind) || entry.Address != StatusReference.AddressOf(Pack.CodePrefix, number))
        {
            return null;
        }

        var place = new StatusReference(number & ((1 << StatusReference.ListBits) - 1), entry.Index);
        return comprehensive.Contains(place) ? LicenseStatus.Invalid : seals.TryGetValue(place, out var states) ? states[kind] : At(place);
    }

    private LicenseStatus At(StatusReference place) => lists.TryGetValue(place.List, out var list) && place.Index < list.Count ? (LicenseStatus)list[place.Index] : LicenseStatus.Invalid;
}
