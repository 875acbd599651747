using System.Globalization;
using System.Text;
using ShantingEId.Calendar;
using ShantingEId.Crypto;
using ShantingEId.Licenses;
using ShantingEId.Trades;

namespace ShantingEId.Issuing;

/// <summary>A request for a comprehensive licence.</summary>
/// <param name="Actor">Registered caller.</param>
/// <param name="RequestId">Makes a retry safe.</param>
/// <param name="Holder">The company; what its business licence says is taken from there.</param>
/// <param name="Trade">Trade, premises and permits, unchecked.</param>
/// <param name="EncodeReply">Turns the finished set into the answer's bytes.</param>
public sealed record IssueTradeCommand(string Actor, RequestId RequestId, CreditCode Holder, TradeInput Trade, Func<IssuedSet, StateRecord, byte[]> EncodeReply);

/// <summary>A request to change one: permits granted, renewed or dropped, the premises, or what the business licence says by now.</summary>
/// <param name="Actor">Registered caller.</param>
/// <param name="RequestId">Makes a retry safe.</param>
/// <param name="License">Which.</param>
/// <param name="Premises">New premises; empty: as before.</param>
/// <param name="Granted">Permits that come, or take the place of the one of the same kind.</param>
/// <param name="Dropped">Short names of permits that go.</param>
/// <param name="Reason">Legal reason, 2 to 200 characters.</param>
/// <param name="DecidedBy">Deciding authority, 2 to 60 characters.</param>
/// <param name="EffectiveTime">From when; null is now.</param>
/// <param name="EncodeReply">Turns the outcome into the answer's bytes.</param>
public sealed record ChangeTradeCommand(
    string Actor, RequestId RequestId, RegisterName License, string Premises, IReadOnlyList<PermitInput> Granted, IReadOnlyCollection<string> Dropped,
    string Reason, string DecidedBy, DateTimeOffset? EffectiveTime, Func<ChangedSet, byte[]> EncodeReply);

/// <summary>
/// 一业一证: issues and changes comprehensive licences. Only what is to stand on them is decided here; making, committing and replacing
/// are <see cref="Issuer"/>'s and <see cref="RegistrationChanger"/>'s.
/// </summary>
/// <param name="issuer">Issues.</param>
/// <param name="changer">Replaces.</param>
/// <param name="maker">Whose licences these are.</param>
/// <param name="store">The register.</param>
/// <param name="catalogue">Trades and permits.</param>
/// <param name="clock">The one clock.</param>
public sealed class TradeIssuer(Issuer issuer, RegistrationChanger changer, SetMaker maker, ILicenseStore store, TradeCatalogue catalogue, RegisterClock clock)
{
    /// <summary>Runs every check of an issue and returns the licence as it would be; writes nothing.</summary>
    public Task<License> ValidateAsync(CreditCode holder, TradeInput trade, CancellationToken cancel) => PrepareAsync(holder, trade, clock.GetUtcNow(), cancel);

    /// <summary>Issues.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.TradeUnknown"/>, <see cref="ErrorReason.PermitInvalid"/>, <see cref="ErrorReason.HolderNotInForce"/>, <see cref="ErrorReason.LicenseExists"/>; any reason for issuing.</exception>
    public Task<IssueOutcome> IssueAsync(IssueTradeCommand command, CancellationToken cancel)
    {
        TradeInput.Find(catalogue, command.Trade.Trade);
        var content = Digest("IssueTradeLicense", command.Holder.Value, command.Trade.Digestible());
        return issuer.RunAsync(command.Actor, command.RequestId, content, now => PrepareAsync(command.Holder, command.Trade, now, cancel), command.EncodeReply, cancel);
    }

    /// <summary>Runs every check of a change and returns the licence as it would be; writes nothing.</summary>
    public async Task<License> ValidateChangeAsync(ChangeTradeCommand command, CancellationToken cancel) =>
        (await PlanAsync(command, LicenseTime.Stored(clock.GetUtcNow()), cancel)).License;

    /// <summary>Replaces it by its next version. States of permits that stay go on as they are.</summary>
    /// <exception cref="EidException">As for an issue; <see cref="ErrorReason.TransitionNotAllowed"/>, <see cref="ErrorReason.ChangePending"/>, <see cref="ErrorReason.NothingChanged"/>, <see cref="ErrorReason.LicenseTypeMismatch"/>.</exception>
    public Task<IssueOutcome> ChangeAsync(ChangeTradeCommand command, CancellationToken cancel)
    {
        var asked = new TradeInput("", command.Premises, command.Granted).Digestible();
        var content = Digest("ChangeTradeLicense", command.License.ToString(), asked, string.Join(',', command.Dropped), command.Reason, command.DecidedBy, command.EffectiveTime?.UtcTicks.ToString(CultureInfo.InvariantCulture) ?? "");
        return changer.RunAsync(command.Actor, command.RequestId, content, async now => await PlanAsync(command, now, cancel), command.EncodeReply,
            command.Reason, command.DecidedBy, cancel);
    }

    /// <summary>Replaces it by a next version that says the same, signed anew.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.TransitionNotAllowed"/>, <see cref="ErrorReason.ChangePending"/>, <see cref="ErrorReason.LicenseTypeMismatch"/>; any reason for issuing.</exception>
    internal Task<IssueOutcome> ReissueAsync(
        string actor, RequestId requestId, RegisterName license, string reason, string decidedBy, Func<ChangedSet, byte[]> encodeReply, CancellationToken cancel) =>
        changer.RunAsync(actor, requestId, Digest("ReissueTradeLicense", license.ToString(), reason, decidedBy),
            async now => await PlanReissueAsync(license, reason, decidedBy, now, cancel), encodeReply, reason, decidedBy, cancel);

    /// <summary>Says what stands in the way of that; writes nothing.</summary>
    internal Task ValidateReissueAsync(RegisterName license, string reason, string decidedBy, CancellationToken cancel) =>
        PlanReissueAsync(license, reason, decidedBy, LicenseTime.Stored(clock.GetUtcNow()), cancel);

    private async Task<ReplacementPlan> PlanReissueAsync(RegisterName name, string reason, string decidedBy, DateTimeOffset now, CancellationToken cancel)
    {
        var basis = await changer.BasisAsync(name, reason, decidedBy, null, now, cancel);
        var before = basis.Before.License;
        if (before.Trade is null)
        {
            throw StoreErrors.NotATradeLicense();
        }

        return Next(basis, before.Facts, before.Trade);
    }

    private async Task<License> PrepareAsync(CreditCode holder, TradeInput trade, DateTimeOffset now, CancellationToken cancel)
    {
        // 1. The company, by its business licence.
        var company = await HolderAsync(holder, cancel);

        // 2. Trade and permits.
        var facts = trade.Parse(catalogue, company.Address, WorkCalendar.DayOf(now));

        // 3. One licence for one trade at one place.
        var existing = await store.FindTradeLicensesAsync(holder, cancel);
        if (existing.FirstOrDefault(one => one.State.State is SetState.Active or SetState.Suspended && Trade(one) is { } held && held.Code == facts.Code && held.Premises == facts.Premises) is { } twin)
        {
            throw StoreErrors.TradeExists(twin.LicenseId);
        }

        var number = existing.Select(one => one.LicenseId.TradeNumber).DefaultIfEmpty(0).Max() + 1;
        return new License(LicenseId.ForTradeLicense(maker.Authority.CreditCode, holder, number, 1), company, maker.Authority.Name, maker.Authority.CreditCode, LicenseTime.Whole(now), facts);
    }

    private async Task<ReplacementPlan> PlanAsync(ChangeTradeCommand command, DateTimeOffset now, CancellationToken cancel)
    {
        // 1. Which, whether it may be changed, from when.
        var basis = await changer.BasisAsync(command.License, command.Reason, command.DecidedBy, command.EffectiveTime, now, cancel);
        if (basis.Before.License.Trade is not { } before)
        {
            throw StoreErrors.NotATradeLicense();
        }

        // 2. What the business licence says by now.
        var company = await HolderAsync(basis.Before.License.Facts.CreditCode, cancel);

        // 3. The permits: those that stay keep number, term and state; a number that has ended does not come back.
        foreach (var code in command.Dropped.Where(code => before.Permits.All(permit => permit.Code != code)))
        {
            throw new EidException(ErrorReason.PermitNotFound, $"此证没有许可 {code}");
        }

        var stay = before.Permits.Where(permit => !command.Dropped.Contains(permit.Code) && command.Granted.All(one => one.Code != permit.Code)).ToArray();
        var granted = command.Granted.Count == 0 ? [] : ParseGranted(command, before, stay, WorkCalendar.DayOf(now));
        foreach (var permit in granted.Where(permit => basis.Old.PermitEvents.Any(one => one.Number == permit.Number && one.State is PermitState.Revoked or PermitState.Cancelled)))
        {
            throw new EidException(ErrorReason.PermitInvalid, $"许可证编号 {permit.Number} 已被吊销或注销，不能再次使用");
        }

        var facts = before with
        {
            Premises = command.Premises.Length == 0 ? before.Premises : command.Premises, Permits = TradeInput.Find(catalogue, before.Code).InOrder(stay.Concat(granted)),
        };
        if (facts.Permits.Count == 0)
        {
            throw new EidException(ErrorReason.PermitInvalid, "综合许可证至少应有一项许可；全部终止的，请注销此证");
        }

        if (facts == before && company == basis.Before.License.Facts)
        {
            throw new EidException(ErrorReason.NothingChanged, "所填事项与现证完全相同，没有需要变更的内容");
        }

        // 4. The next version.
        return Next(basis, company, facts);
    }

    private ReplacementPlan Next(ReplacementBasis basis, EnterpriseFacts company, TradeFacts trade) => new(basis, [],
        new License(basis.Before.License.Id.AtVersion(basis.Version), company, maker.Authority.Name, maker.Authority.CreditCode, LicenseTime.Whole(basis.Effective), trade),
        RegistrationChange.Nothing);

    // Checked like an issue, together with those that stay, so that the whole is what the trade may be.
    private IReadOnlyList<Permit> ParseGranted(ChangeTradeCommand command, TradeFacts before, Permit[] stay, DateOnly today)
    {
        if (command.Granted.FirstOrDefault(one => stay.Any(permit => permit.Number == one.Number)) is { } taken)
        {
            throw new EidException(ErrorReason.PermitInvalid, $"许可证编号 {taken.Number} 已用于此证的另一项许可");
        }

        var trade = TradeInput.Find(catalogue, before.Code);
        var lead = trade.Permits[0];
        var parsed = new TradeInput(before.Code, command.Premises.Length == 0 ? before.Premises : command.Premises, command.Granted)
            .Parse(catalogue, before.Premises, today, mustLead: !stay.Any(permit => permit.Code == lead.Code));
        return parsed.Permits;
    }

    private async Task<EnterpriseFacts> HolderAsync(CreditCode holder, CancellationToken cancel)
    {
        var entry = (await store.FindAsync(RegisterKey.Of(holder), TimeSpan.Zero, cancel)).Entry ?? throw StoreErrors.NotFound();
        return entry.State.State == SetState.Active && Manifest.TryRead(entry.Manifest) is { } manifest ? manifest.License.Facts
            : throw new EidException(ErrorReason.HolderNotInForce, $"该主体的营业执照{SetStates.Name(entry.State.State)}，不能办理综合许可证");
    }

    private static TradeFacts? Trade(RegisterEntry entry) => Manifest.TryRead(entry.Manifest)?.License.Trade;

    private static byte[] Digest(params string[] parts) => Sm3.Hash(Encoding.UTF8.GetBytes(string.Join('\u001F', parts)));
}
