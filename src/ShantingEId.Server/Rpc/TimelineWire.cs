using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using ShantingEId.Companies;
using ShantingEId.Deregistering;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server.Callers;
using ShantingEId.V1;
using Kind = ShantingEId.V1.TimelineEntry.Types.Kind;
using License = ShantingEId.Licenses.License;

namespace ShantingEId.Server.Rpc;

/// <summary>Tells a company's life as one list, each entry with the names of what it concerns.</summary>
/// <param name="callers">Titles of who did what.</param>
internal sealed class TimelineWire(CallerDirectory callers)
{
    private const int MaxEntries = 1000;
    private const int MaxText = 200;

    // Together with eight filed items less than the 1 MiB of an answer.
    private const int EntryBytes = 500 * 1024;
    private const int SealBytes = 250 * 1024;
    private const int FieldBytes = 4; // Tag and length.
    private const int VersionBytes = 220 * 1024;

    private static readonly Dictionary<FaceItems, Func<EnterpriseFacts, string>> Values = new()
    {
        [FaceItems.Name] = face => face.Name, [FaceItems.Type] = face => face.Type, [FaceItems.Representative] = face => face.Representative,
        [FaceItems.Capital] = face => face.Capital?.Text ?? "", [FaceItems.Address] = face => face.Address, [FaceItems.BusinessScope] = face => face.BusinessScope,
    };

    /// <summary>The whole of it, as of an instant.</summary>
    public CompanyTimeline ToMessage(CreditCode holder, CompanyLife life, DateTimeOffset now)
    {
        var histories = life.States.GroupBy(one => one.LicenseId).ToDictionary(one => one.Key, one => one.ToArray());
        var versions = life.Versions.Select(license => (License: license, State: StateAt(histories[license.Id], now))).ToArray();
        var bearer = versions.LastOrDefault(one => one.State.State is not (SetState.Scheduled or SetState.Withdrawn));
        var message = new CompanyTimeline { Name = CompanyName.Of(holder), CompanyName = (bearer.License ?? life.Versions[^1]).Facts.Name };
        message.Versions.AddRange(Newest(versions.Select(one => ToMessage(one.License, histories[one.License.Id][0].State, one.State)), VersionBytes));
        message.Seals.AddRange(Newest(life.Seals.Select(one => ToMessage(one, histories)), SealBytes));
        message.FiledItems.AddRange(FiledRecord.Holding(life.Filed, now).Select(one => ChangeWire.ToMessage(new FiledChange(one.Item, null), one.EffectiveTime, one.RecordedTime)));

        var entries = Entries(life, histories).OrderBy(one => one.Mark).ToArray();
        message.Entries.AddRange(Newest(entries, EntryBytes));
        message.OmittedEntries = entries.Length - message.Entries.Count;
        return message;
    }

    // As many of the end of a list as fit, in its order.
    private static IEnumerable<T> Newest<T>(IEnumerable<T> list, int bytes) where T : IMessage =>
        list.Reverse().Take(MaxEntries).TakeWhile(one => (bytes -= one.CalculateSize() + FieldBytes) >= 0).Reverse();

    private IEnumerable<TimelineEntry> Entries(CompanyLife life, Dictionary<LicenseId, StatedEntry[]> histories)
    {
        var licenses = life.Versions.ToDictionary(license => license.Id);
        var earlier = life.States.Where(one => one.State.Successor is not null).GroupBy(one => one.State.Successor!).ToDictionary(one => one.Key, one => one.Last().LicenseId);
        var filed = Filed(life.Filed).ToLookup(one => one.Position, one => one.Message);
        foreach (var stated in life.States)
        {
            if (ToMessage(stated, histories[stated.LicenseId], earlier.GetValueOrDefault(stated.LicenseId), licenses) is { } entry)
            {
                if (entry.Kind is Kind.Issued or Kind.Changed)
                {
                    entry.SealsMade.AddRange(life.Seals.Where(seal => seal.MadeFor == stated.LicenseId).Select(seal => seal.Code.Value));
                    entry.SealsEnded.AddRange(life.Seals.Where(seal => seal.ReplacedBy == stated.LicenseId).Select(seal => seal.Code.Value));
                    entry.FiledItems.AddRange(filed[stated.Position]);
                }

                yield return entry;
            }
        }

        // What was filed with a licence stands in that entry.
        var places = life.States.Select(one => one.Position).ToHashSet();
        foreach (var filing in life.Filed.Where(one => !places.Contains(one.Position)).GroupBy(one => one.Position))
        {
            var first = filing.First();
            yield return new TimelineEntry
            {
                Mark = filing.Key, Kind = Kind.Filed, Subject = RegisterName.Of(first.License), IssuedSet = RegisterName.Of(first.License), EffectiveTime = first.EffectiveTime.ToTimestamp(),
                RecordedTime = first.RecordedTime.ToTimestamp(), Reason = first.Reason, Authority = first.DecidedBy, FiledItems = { filed[filing.Key] },
            };
        }

        foreach (var (position, step, _, happened) in life.Steps)
        {
            yield return new TimelineEntry
            {
                Mark = position, Kind = Kind.CaseStep, Subject = step.ToString(), EffectiveTime = happened.Step.StateTime.ToTimestamp(), RecordedTime = happened.Step.StateTime.ToTimestamp(),
                Reason = happened.Step.Reason.Length > 0 ? happened.Step.Reason : happened.Step.Evidence?.Text ?? "", Authority = Title(happened.Actor), StepState = (Step.Types.State)happened.Step.State,
            };
        }

        foreach (var (position, number, act) in life.Acts)
        {
            yield return new TimelineEntry
            {
                Mark = position, Kind = Kind.Deregistration, Subject = DeregistrationName.Of(number), EffectiveTime = act.Time.ToTimestamp(), RecordedTime = act.Time.ToTimestamp(),
                Reason = act.Remark, Authority = Title(act.Actor), Act = (Deregistration.Types.Event.Types.Act)act.Act,
            };
        }
    }

    // Null where the entry of another set tells it: one change is one entry, made or taken back.
    private static TimelineEntry? ToMessage(StatedEntry stated, StatedEntry[] history, LicenseId? earlier, Dictionary<LicenseId, License> licenses)
    {
        var (id, state) = (stated.LicenseId, stated.State);
        var at = Array.IndexOf(history, stated);
        var isTakenBack = state.State == SetState.Active && at > 0 && history[at - 1].State.State == SetState.Superseded;
        if (state.State == SetState.Superseded || isTakenBack)
        {
            return null;
        }

        var kind = state.State == SetState.Withdrawn ? Kind.Withdrawn : at > 0 ? Kind.StateChanged : earlier is null ? Kind.Issued : Kind.Changed;
        var entry = new TimelineEntry
        {
            Mark = stated.Position, Kind = kind, Subject = RegisterName.Of(id), IssuedSet = RegisterName.Of(id), EffectiveTime = state.EffectiveTime.ToTimestamp(),
            EarlierSet = kind is Kind.Changed or Kind.Withdrawn && earlier is not null ? RegisterName.Of(earlier) : "", RecordedTime = state.RecordedTime.ToTimestamp(),
            Reason = state.Reason, Authority = state.DecidedBy.Length > 0 ? state.DecidedBy : licenses[id].AuthorityName,
            State = kind == Kind.StateChanged ? (V1.IssuedSet.Types.State)state.State : V1.IssuedSet.Types.State.Unspecified,
        };
        if (kind == Kind.Changed)
        {
            var (before, after) = (licenses[earlier!].Facts, licenses[id].Facts);
            var items = RegistrationChange.Between(before, after, []).Items;
            entry.FaceChanges.AddRange(ChangeWire.Items.Where(item => items.HasFlag(item.Value))
                .Select(item => new FaceChange { Item = item.Key, Before = Cut(Values[item.Value](before)), After = Cut(Values[item.Value](after)) }));
        }

        return entry;
    }

    private static CompanyVersion ToMessage(License license, StateRecord started, StateRecord state) => new()
    {
        IssuedSet = RegisterName.Of(license.Id), Version = license.Id.Version, CompanyName = license.Facts.Name, StartTime = started.EffectiveTime.ToTimestamp(),
        State = (V1.IssuedSet.Types.State)state.State,
        EndTime = state.State is SetState.Active or SetState.Suspended or SetState.Scheduled ? null : state.EffectiveTime.ToTimestamp(),
    };

    private static CompanySeal ToMessage(SealLife seal, Dictionary<LicenseId, StatedEntry[]> histories)
    {
        var (made, replaced) = (histories[seal.MadeFor], seal.ReplacedBy is { } by ? histories[by][0].State : null);
        return new CompanySeal
        {
            SealCode = seal.Code.Value, Kind = (V1.Seal.Types.Kind)seal.Kind, MadeWith = RegisterName.Of(seal.MadeFor), StartTime = made[0].State.EffectiveTime.ToTimestamp(),
            ReplacedBy = seal.ReplacedBy is { } successor ? RegisterName.Of(successor) : "", ReplacedTime = replaced?.EffectiveTime.ToTimestamp(), ReplacedReason = replaced?.Reason ?? "",
            Withdrawn = made[^1].State.State == SetState.Withdrawn,
        };
    }

    // Each with what the item said before, by what was recorded then.
    private static IEnumerable<(long Position, V1.FiledItem Message)> Filed(IReadOnlyList<FiledRecord> records)
    {
        var said = new Dictionary<FiledItemKind, string>();
        foreach (var record in records)
        {
            yield return (record.Position, ChangeWire.ToMessage(new FiledChange(record.Item, said.GetValueOrDefault(record.Item.Kind)), record.EffectiveTime, record.RecordedTime));
            if (!record.IsWithdrawn)
            {
                said[record.Item.Kind] = record.Item.Text;
            }
        }
    }

    // As the register itself answers: of what has taken effect the state recorded last.
    private static StateRecord StateAt(StatedEntry[] history, DateTimeOffset now) =>
        history.LastOrDefault(one => one.State.EffectiveTime <= now || one.State.EffectiveTime <= one.State.RecordedTime)?.State ?? history[0].State with { State = SetState.Scheduled };

    private string Title(string actor) => actor == SimpleDeregistration.Clock ? "登记系统" : callers.TitleOf(actor) is { Length: > 0 } title ? title : actor;

    private static string Cut(string text) => text.Length <= MaxText ? text : text[..(char.IsHighSurrogate(text[MaxText - 1]) ? MaxText - 1 : MaxText)] + "…";
}
