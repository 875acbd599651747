using ShantingEId.Calendar;
using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Companies;

/// <summary>Items that were filed while the licence stays as it is.</summary>
/// <param name="Entry">The set in force.</param>
/// <param name="Manifest">Its manifest.</param>
/// <param name="Filing">What was recorded.</param>
public sealed record FiledAlone(RegisterEntry Entry, Manifest Manifest, Filing Filing);

/// <summary>备案: judges and records what stands on no licence. Nothing is reissued by it, and every code and seal stays good.</summary>
/// <param name="store">The register.</param>
/// <param name="companies">Its filed items.</param>
internal sealed class Filer(ILicenseStore store, ICompanyStore companies)
{
    /// <summary>What a change of the licence files along with it; null when all of it is on record already.</summary>
    public async Task<Filing?> BesideAsync(ChangeCommand command, LicenseId license, EnterpriseFacts facts, DateTimeOffset recorded, DateTimeOffset effective, CancellationToken cancel)
    {
        if (command.Filed.Count == 0)
        {
            return null;
        }

        var items = FiledItem.ParseAll(command.Filed, facts.Kind);
        var records = await companies.ReadFiledAsync(facts.CreditCode, cancel);
        var changes = Differing(items, records);
        return changes.Count == 0 ? null : new Filing(license, facts.CreditCode, changes, effective, Later(recorded, records), command.Reason, command.DecidedBy, Newest(records));
    }

    /// <summary>What is filed by itself.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.NothingChanged"/>, <see cref="ErrorReason.EffectiveTimeInvalid"/>, <see cref="ErrorReason.ChangePending"/>, <see cref="ErrorReason.TransitionNotAllowed"/>; field errors.</exception>
    public async Task<(FiledAlone Alone, StatedEntry Judged)> JudgeAsync(ChangeCommand command, DateTimeOffset now, CancellationToken cancel)
    {
        // 1. Which company, and whether it may still file anything.
        ChangeRules.RequireGrounds(command.Reason, command.DecidedBy);
        var entry = await command.License.FindAsync(store, cancel) ?? throw StoreErrors.NotFound();
        var manifest = Manifest.TryRead(entry.Manifest) ?? throw new EidException(ErrorReason.InternalFault, "登记簿中的清单无法读取");
        if (manifest.License.Trade is not null)
        {
            throw StoreErrors.NotABusinessLicense();
        }

        var facts = manifest.License.Facts;
        var judged = (await store.HistoryAsync(facts.CreditCode.Value, cancel)).Last(one => one.LicenseId == entry.LicenseId);
        ChangeRules.RequireFileable(judged, now);

        // 2. What differs from the record.
        var items = FiledItem.ParseAll(command.Filed, facts.Kind);
        var records = await companies.ReadFiledAsync(facts.CreditCode, cancel);
        var changes = Differing(items, records);
        if (changes.Count == 0)
        {
            throw new EidException(ErrorReason.NothingChanged, "所填备案事项与登记簿所载完全相同，没有需要备案的内容");
        }

        // 3. Since when: what was decided earlier may be filed later, but not before what it follows, or nobody could say what held in between.
        var recorded = Later(now, records);
        var effective = command.EffectiveTime is { } asked ? LicenseTime.Stored(asked) : recorded;
        var follows = FiledRecord.Holding(records).Where(one => changes.Any(change => change.Item.Kind == one.Item.Kind)).Select(one => one.EffectiveTime).DefaultIfEmpty().Max();
        return effective > recorded ? throw Untimely("只变更备案事项时，生效时间不能晚于现在；须与照面事项的变更一并预先办理")
            : WorkCalendar.DayOf(effective) < facts.EstablishDate || effective < follows ? throw Untimely("备案事项的生效时间不能早于成立日期，也不能早于同一事项的上次备案")
            : (new FiledAlone(entry, manifest, new Filing(entry.LicenseId, facts.CreditCode, changes, effective, recorded, command.Reason, command.DecidedBy, Newest(records))), judged);
    }

    /// <summary>Records it by itself. No cache knows filed items, so nobody is waited for.</summary>
    public async Task<Written> FileAsync(ChangeCommand command, byte[] content, DateTimeOffset now, CancellationToken cancel)
    {
        var (alone, judged) = await JudgeAsync(command, now, cancel);
        var reply = command.EncodeFiled(alone);
        return new Written(reply, await companies.FileAsync(alone.Filing, judged, null, new WriteRequest(command.Actor, command.RequestId, content, reply)), IsCached: false);
    }

    private static IReadOnlyList<FiledChange> Differing(IReadOnlyList<FiledItem> items, IReadOnlyList<FiledRecord> records)
    {
        var holding = FiledRecord.Holding(records).ToDictionary(one => one.Item.Kind, one => one.Item.Text);
        return [.. items.Select(item => new FiledChange(item, holding.GetValueOrDefault(item.Kind))).Where(change => change.Item.Text != change.Earlier)];
    }

    // Times recorded for one company never go back, whatever the clocks of two replicas differ by.
    private static DateTimeOffset Later(DateTimeOffset time, IReadOnlyList<FiledRecord> records) => records.Count > 0 && records[^1].RecordedTime > time ? records[^1].RecordedTime : time;

    private static long Newest(IReadOnlyList<FiledRecord> records) => records.Count == 0 ? 0 : records[^1].Revision;

    private static EidException Untimely(string problem) => EidException.OfField(ErrorReason.EffectiveTimeInvalid, "effective_time", problem);
}
