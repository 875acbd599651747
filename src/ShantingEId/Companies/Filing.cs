using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Seals;

namespace ShantingEId.Companies;

/// <summary>An item that differs from what is on record.</summary>
/// <param name="Item">What it says from now on.</param>
/// <param name="Earlier">What it said; null when it was never filed.</param>
public sealed record FiledChange(FiledItem Item, string? Earlier);

/// <summary>Items to be recorded together.</summary>
/// <param name="License">With which licence: the one in force, or the one that a change brings with it.</param>
/// <param name="Holder">The company.</param>
/// <param name="Changes">What differs; never empty.</param>
/// <param name="EffectiveTime">Since when they hold in law.</param>
/// <param name="RecordedTime">When the register is told.</param>
/// <param name="Reason">Legal reason.</param>
/// <param name="DecidedBy">Who decided.</param>
/// <param name="Judged">Revision of the company's newest filing that was known when this one was judged; 0 for none.</param>
public sealed record Filing(
    LicenseId License, CreditCode Holder, IReadOnlyList<FiledChange> Changes, DateTimeOffset EffectiveTime, DateTimeOffset RecordedTime, string Reason, string DecidedBy, long Judged);

/// <summary>An item as it was once recorded; never changed afterwards.</summary>
/// <param name="License">With which licence.</param>
/// <param name="Item">What it says.</param>
/// <param name="EffectiveTime">Since when it holds in law.</param>
/// <param name="RecordedTime">When the register was told.</param>
/// <param name="Reason">Legal reason.</param>
/// <param name="DecidedBy">Who decided.</param>
/// <param name="IsWithdrawn">Whether it was prepared together with a licence that was taken back: it never held.</param>
/// <param name="Revision">Which filing of the company, from 1; what is filed together has one.</param>
/// <param name="Position">Its place in the feed.</param>
public sealed record FiledRecord(
    LicenseId License, FiledItem Item, DateTimeOffset EffectiveTime, DateTimeOffset RecordedTime, string Reason, string DecidedBy, bool IsWithdrawn, long Revision, long Position)
{
    /// <summary>What holds at an instant: of each kind, of what had taken effect by then, what was recorded last.</summary>
    /// <param name="records">A company's records, in order.</param>
    /// <param name="time">The instant; null counts also what lies ahead.</param>
    public static IReadOnlyList<FiledRecord> Holding(IEnumerable<FiledRecord> records, DateTimeOffset? time = null) =>
        [.. records.Where(one => !one.IsWithdrawn && (time is null || one.EffectiveTime <= time)).GroupBy(one => one.Item.Kind).Select(kind => kind.Last()).OrderBy(one => one.Item.Kind)];
}

/// <summary>A licence that takes another's place; see <see cref="ILicenseStore.ReplaceSetAsync"/>.</summary>
/// <param name="Set">The new set.</param>
/// <param name="Fresh">Kinds of seals that are new in it.</param>
/// <param name="Started">Its state.</param>
/// <param name="Ended">The state of the one it replaces.</param>
public sealed record Replacement(IssuedSet Set, IReadOnlyCollection<SealKind> Fresh, StateRecord Started, StateRecord Ended);
