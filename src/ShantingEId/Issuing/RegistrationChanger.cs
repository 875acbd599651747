using System.Text;
using ShantingEId.Calendar;
using ShantingEId.Companies;
using ShantingEId.Crypto;
using ShantingEId.Licenses;
using ShantingEId.Seals;

namespace ShantingEId.Issuing;

/// <summary>A request to change what stands on a licence, or to replace seals.</summary>
/// <param name="Actor">Registered caller.</param>
/// <param name="RequestId">Makes a retry safe.</param>
/// <param name="License">Which: a licence, or the company's newest.</param>
/// <param name="Items">Items that are to change.</param>
/// <param name="Face">What they are to say, unchecked; the rest of it counts for nothing.</param>
/// <param name="Lost">Seals that are lost or damaged.</param>
/// <param name="Reason">Legal reason, 2 to 200 characters.</param>
/// <param name="DecidedBy">Deciding authority, 2 to 60 characters.</param>
/// <param name="EffectiveTime">From when; null is now, else up to a year ahead.</param>
/// <param name="EncodeReply">Turns the outcome into the answer's bytes.</param>
public sealed record ChangeCommand(
    string Actor, RequestId RequestId, RegisterName License, FaceItems Items, EnterpriseInput Face, IReadOnlyCollection<SealKind> Lost,
    string Reason, string DecidedBy, DateTimeOffset? EffectiveTime, Func<ChangedSet, byte[]> EncodeReply)
{
    /// <summary>备案事项 that are to change, unchecked.</summary>
    public IReadOnlyList<FiledInput> Filed { get; init; } = [];

    /// <summary>Turns the outcome into the answer's bytes where nothing but <see cref="Filed"/> changes.</summary>
    public Func<FiledAlone, byte[]> EncodeFiled { get; init; } = _ => [];

    /// <summary>Whether nothing is asked for that a licence shows.</summary>
    public bool IsRecordOnly => Items == FaceItems.None && Lost.Count == 0 && Filed.Count > 0;
}

/// <summary>A set that takes the place of another.</summary>
/// <param name="Set">The new set.</param>
/// <param name="Started">Its state.</param>
/// <param name="Replaced">The entry of the set whose place it takes.</param>
/// <param name="Before">Its manifest.</param>
/// <param name="Ended">Its state.</param>
/// <param name="Change">What differs.</param>
public sealed record ChangedSet(IssuedSet Set, StateRecord Started, RegisterEntry Replaced, Manifest Before, StateRecord Ended, RegistrationChange Change)
{
    /// <summary>What is filed with it.</summary>
    public IReadOnlyList<FiledChange> Filed { get; init; } = [];
}

/// <summary>What a change would lead to.</summary>
/// <param name="License">The licence as it would be.</param>
/// <param name="Before">The manifest of the one it replaces; null when the licence stays as it is.</param>
/// <param name="Change">What differs on it.</param>
/// <param name="Filed">What would be filed.</param>
public sealed record ChangePreview(License License, Manifest? Before, RegistrationChange Change, IReadOnlyList<FiledChange> Filed);

/// <summary>What is to be replaced, by which version and from when.</summary>
/// <param name="Old">The entry.</param>
/// <param name="Before">Its manifest.</param>
/// <param name="Newest">The state it was judged by.</param>
/// <param name="Version">Number of the next version.</param>
/// <param name="Recorded">When the register is told.</param>
/// <param name="Effective">From when it holds.</param>
internal sealed record ReplacementBasis(RegisterEntry Old, Manifest Before, StatedEntry Newest, int Version, DateTimeOffset Recorded, DateTimeOffset Effective);

/// <summary>A replacement that was judged.</summary>
/// <param name="Basis">What is replaced.</param>
/// <param name="Carried">Seals that stay.</param>
/// <param name="License">The new version.</param>
/// <param name="Change">What differs.</param>
/// <param name="Filing">What is filed with it; null when nothing is.</param>
internal sealed record ReplacementPlan(ReplacementBasis Basis, IReadOnlyList<IssuedSeal> Carried, License License, RegistrationChange Change, Filing? Filing = null);

/// <summary>
/// 变更登记 and 换发: a new licence version with the seals it needs takes the place of the old one, all at one instant, now or
/// at a later time. Old codes and replaced seals answer SUPERSEDED from then on.
/// </summary>
/// <param name="maker">Makes the set.</param>
/// <param name="store">The register.</param>
/// <param name="feed">Tells when every replica has seen a change.</param>
/// <param name="clock">The one clock.</param>
/// <param name="companies">Items that stand on no licence.</param>
public sealed class RegistrationChanger(SetMaker maker, ILicenseStore store, IChangeFeed feed, RegisterClock clock, ICompanyStore companies)
{
    private static readonly TimeSpan Farthest = TimeSpan.FromDays(366);
    private readonly Filer filer = new(store, companies);

    /// <summary>Runs every check and says what would be reissued; writes nothing.</summary>
    public async Task<ChangePreview> ValidateAsync(ChangeCommand command, CancellationToken cancel)
    {
        var now = LicenseTime.Stored(clock.GetUtcNow());
        if (await PlanAsync(command, now, cancel) is not { } plan)
        {
            var (alone, _) = await filer.JudgeAsync(command, now, cancel);
            return new ChangePreview(alone.Manifest.License, null, RegistrationChange.Nothing, alone.Filing.Changes);
        }

        maker.RequireDrawable(plan.License.Facts, plan.Change.Reissued);
        return new ChangePreview(plan.License, plan.Basis.Before, plan.Change, plan.Filing?.Changes ?? []);
    }

    /// <summary>Changes. Once this returns, the new set is on disk and verifies from its time on; when it throws, nothing has changed.</summary>
    /// <exception cref="EidException">Any reason of the catalogue for issuing; <see cref="ErrorReason.TransitionNotAllowed"/>, <see cref="ErrorReason.ChangePending"/>, <see cref="ErrorReason.NothingChanged"/>.</exception>
    public async Task<IssueOutcome> ChangeAsync(ChangeCommand command, CancellationToken cancel)
    {
        var content = ContentDigest(command);
        return await RunAsync(command.Actor, command.RequestId, content, now => PlanAsync(command, now, cancel), command.EncodeReply, command.Reason, command.DecidedBy, cancel,
            otherwise: now => filer.FileAsync(command, content, now, cancel));
    }

    /// <summary>Replaces as <paramref name="plan"/> decides: a business licence, or a comprehensive one. What is to replace nothing, <paramref name="otherwise"/> does.</summary>
    internal async Task<IssueOutcome> RunAsync(
        string actor, RequestId requestId, byte[] content, Func<DateTimeOffset, Task<ReplacementPlan?>> plan, Func<ChangedSet, byte[]> encodeReply, string reason, string decidedBy, CancellationToken cancel,
        Func<DateTimeOffset, Task<Written>>? otherwise = null)
    {
        clock.RequireSound();
        var now = LicenseTime.Stored(clock.GetUtcNow());

        // 1. Once: the content is what was asked for, whatever the licence says by now.
        return await Once.RunAsync(store, feed, actor, requestId, content, async () =>
        {
            // 2. Policy: what changes, what must be reissued, from when. What no licence shows is recorded, and that is all.
            if (await plan(now) is not var (basis, carried, license, change, filing))
            {
                return await otherwise!(now);
            }

            // 3. New seals and the manifest that binds them to the new licence. All of it stays in memory until step 4.
            var set = await maker.MakeAsync(license, carried, now, cancel);

            // 4. The commit point: the new set begins, the old one ends and what is filed along is recorded in one transaction, never cancelled.
            var started = new StateRecord(SetState.Active, basis.Effective, basis.Recorded, reason, decidedBy);
            var ended = started with { State = SetState.Superseded, Successor = license.Id };
            var reply = encodeReply(new ChangedSet(set, started, basis.Old, basis.Before, ended, change) { Filed = filing?.Changes ?? [] });
            var request = new WriteRequest(actor, requestId, content, reply);
            return new Written(reply, await (filing is not null ? companies.FileAsync(filing, basis.Newest, new Replacement(set, change.Reissued, started, ended), request)
                : store.ReplaceSetAsync(set, change.Reissued, started, basis.Newest, ended, request)));
        }, cancel);
    }

    /// <summary>Finds what is to be replaced and says from when; refuses where it may not be.</summary>
    internal async Task<ReplacementBasis> BasisAsync(RegisterName name, string reason, string decidedBy, DateTimeOffset? effectiveTime, DateTimeOffset now, CancellationToken cancel)
    {
        // 1. Which set, and whether it may be changed.
        ChangeRules.RequireGrounds(reason, decidedBy);
        var entry = await name.FindAsync(store, cancel) ?? throw StoreErrors.NotFound();
        var old = Manifest.TryRead(entry.Manifest) ?? throw new EidException(ErrorReason.InternalFault, "登记簿中的清单无法读取");
        var history = await store.HistoryAsync(entry.LicenseId.Serial, cancel);
        var newest = history.Last(one => one.LicenseId == entry.LicenseId);
        ChangeRules.RequireAllowed(SetTransition.Supersede, newest, now);

        // 2. From when: strictly later than what it follows, so that every instant belongs to one version.
        var last = newest.State;
        var recorded = now > last.RecordedTime ? now : last.RecordedTime.AddMilliseconds(1);
        var effective = effectiveTime is { } asked ? LicenseTime.Stored(asked) : recorded;
        if (effective < recorded || effective > recorded + Farthest)
        {
            throw EidException.OfField(ErrorReason.EffectiveTimeInvalid, "effective_time", "变更的生效时间不能早于现在，也不能晚于一年之后");
        }

        return new ReplacementBasis(entry, old, newest, history.Max(one => one.LicenseId.Version) + 1, recorded, effective);
    }

    // Null when nothing but filed items is to change: the licence stays.
    private async Task<ReplacementPlan?> PlanAsync(ChangeCommand command, DateTimeOffset now, CancellationToken cancel)
    {
        if (command.IsRecordOnly)
        {
            return null;
        }

        // 1. Which, whether it may be changed, from when.
        var basis = await BasisAsync(command.License, command.Reason, command.DecidedBy, command.EffectiveTime, now, cancel);
        var (entry, old, effective) = (basis.Old, basis.Before, basis.Effective);
        if (old.License.Trade is not null)
        {
            throw StoreErrors.NotABusinessLicense();
        }

        // 2. What is to stand on the licence, checked as at an issue, and what follows for the seals.
        var before = old.License.Facts;
        var facts = EnterpriseFacts.Parse(Merge(before.ToInput(), command.Items, command.Face), WorkCalendar.DayOf(now));
        var change = RegistrationChange.Between(before, facts, command.Lost);
        IReadOnlyList<IssuedSeal> carried = [];
        if (change.Carried.Any())
        {
            // Seals that stay are read whole: the new set is checked with them. One that would not outlast the change is made anew.
            var seals = (await store.LoadSetAsync(entry.LicenseId, cancel) ?? throw StoreErrors.NotFound()).Seals.Seals;
            change = RegistrationChange.Between(before, facts, [.. command.Lost.Union(seals.Where(seal => seal.Certificate.NotAfter <= effective).Select(seal => seal.Kind))]);
            carried = [.. seals.Where(seal => !change.Reissued.Contains(seal.Kind))];
        }

        if (change.Items == FaceItems.None && change.Reissued.Count == 0)
        {
            return command.Filed.Count > 0 ? null : throw new EidException(ErrorReason.NothingChanged, "所填事项与现执照完全相同，没有需要变更的内容");
        }

        // 3. The licence, and what is filed with it.
        var id = LicenseId.ForBusinessLicense(maker.Authority.CreditCode, facts.CreditCode, basis.Version);
        var filing = await filer.BesideAsync(command, id, facts, basis.Recorded, effective, cancel);
        return new ReplacementPlan(basis, carried, new License(id, facts, maker.Authority.Name, maker.Authority.CreditCode, LicenseTime.Whole(effective)), change, filing);
    }

    private static EnterpriseInput Merge(EnterpriseInput before, FaceItems items, EnterpriseInput said) => before with
    {
        Name = items.HasFlag(FaceItems.Name) ? said.Name : before.Name,
        Type = items.HasFlag(FaceItems.Type) ? said.Type : before.Type,
        Representative = items.HasFlag(FaceItems.Representative) ? said.Representative : before.Representative,
        Capital = items.HasFlag(FaceItems.Capital) ? said.Capital : before.Capital,
        Address = items.HasFlag(FaceItems.Address) ? said.Address : before.Address,
        BusinessScope = items.HasFlag(FaceItems.BusinessScope) ? said.BusinessScope : before.BusinessScope,
    };

    private static byte[] ContentDigest(ChangeCommand command)
    {
        // U+001F cannot occur in texts that pass the check, and what does not pass is never stored.
        var said = Merge(new EnterpriseInput(), command.Items, command.Face);
        return Sm3.Hash(Encoding.UTF8.GetBytes(string.Join('\u001F',
            (object?[])["ChangeRegistration", command.License, (int)command.Items, said.Name, said.Type, said.Representative, said.Capital, said.Address, said.BusinessScope,
            string.Join(',', command.Lost.Order().Select(kind => (int)kind)), command.Reason, command.DecidedBy, command.EffectiveTime?.UtcTicks,
            .. command.Filed.SelectMany(item => (object[])[(int)item.Kind, item.Text])])));
    }
}
