using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using ShantingEId.Calendar;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server.Callers;
using ShantingEId.Trades;
using ShantingEId.V1;

namespace ShantingEId.Server.Rpc;

/// <summary>TradeService: maps messages, decides nothing.</summary>
internal sealed class TradeRpc(TradeIssuer issuer, PermitChanger permits, ILicenseStore store, TradeCatalogue catalogue, RegisterClock clock) : TradeService.TradeServiceBase
{
    private const int MostDue = 500;

    /// <inheritdoc/>
    public override Task<ListTradesResponse> ListTrades(ListTradesRequest request, ServerCallContext context) =>
        Task.FromResult(new ListTradesResponse { Trades = { catalogue.Trades.Select(TradeWire.ToMessage) } });

    /// <inheritdoc/>
    public override async Task<V1.IssuedSet> IssueTradeLicense(IssueTradeLicenseRequest request, ServerCallContext context)
    {
        var requestId = RequestId.Parse(request.RequestId);
        var (holder, trade) = (Holder(request.CreditCode), new TradeInput(request.Trade, request.Premises, TradeWire.ToInput(request.Permits)));
        if (request.ValidateOnly)
        {
            return TradeWire.ToPreview(await issuer.ValidateAsync(holder, trade, context.CancellationToken), clock.GetUtcNow());
        }

        var command = new IssueTradeCommand(Caller(context), requestId, holder, trade, (set, state) => TradeWire.ToMessage(set, state, [], state.RecordedTime).ToByteArray());
        return V1.IssuedSet.Parser.ParseFrom((await issuer.IssueAsync(command, context.CancellationToken)).Reply);
    }

    /// <inheritdoc/>
    public override async Task<V1.IssuedSet> ChangeTradeLicense(ChangeTradeLicenseRequest request, ServerCallContext context)
    {
        // The answer names the new version; the states of its permits are those of the old one, which the register alone knows.
        var command = new ChangeTradeCommand(Caller(context), RequestId.Parse(request.RequestId), RegisterName.Parse(request.Name), request.Premises,
            TradeWire.ToInput(request.Grants), [.. request.Drops.Distinct()], request.Reason, request.Authority, Wire.ToTime(request.EffectiveTime),
            changed => TradeWire.ToMessage(changed.Set, changed.Started, changed.Replaced.PermitEvents, changed.Started.EffectiveTime).ToByteArray());
        if (request.ValidateOnly)
        {
            return TradeWire.ToPreview(await issuer.ValidateChangeAsync(command, context.CancellationToken), clock.GetUtcNow());
        }

        return V1.IssuedSet.Parser.ParseFrom((await issuer.ChangeAsync(command, context.CancellationToken)).Reply);
    }

    /// <inheritdoc/>
    public override async Task<V1.IssuedSet> ChangePermit(ChangePermitRequest request, ServerCallContext context)
    {
        if (request.Act == ChangePermitRequest.Types.Act.Unspecified || !Enum.IsDefined(request.Act))
        {
            throw EidException.OfField(ErrorReason.EnumInvalid, "act", "取值无法识别");
        }

        var command = new ChangePermitCommand(Caller(context), RequestId.Parse(request.RequestId), RegisterName.Parse(request.Name), request.Number, (PermitAct)request.Act,
            request.Reason, request.Authority, Wire.ToTime(request.UntilTime, "until_time"),
            (set, entry, time) => TradeWire.ToMessage(set, entry.State, entry.PermitEvents, time, entry.Until).ToByteArray());
        return V1.IssuedSet.Parser.ParseFrom((await permits.ChangeAsync(command, context.CancellationToken)).Reply);
    }

    /// <inheritdoc/>
    public override async Task<ListTradeLicensesResponse> ListTradeLicenses(ListTradeLicensesRequest request, ServerCallContext context)
    {
        var entries = await store.FindTradeLicensesAsync(Holder(request.CreditCode), context.CancellationToken);
        return new ListTradeLicensesResponse
        {
            IssuedSets = { entries.Select(entry => TradeWire.ToMessage(entry, Manifest.TryRead(entry.Manifest) ?? throw StoreErrors.NotFound(), clock.GetUtcNow())) },
        };
    }

    /// <inheritdoc/>
    public override async Task<ListDuePermitsResponse> ListDuePermits(ListDuePermitsRequest request, ServerCallContext context)
    {
        if (request.Kind is not (ListDuePermitsRequest.Types.Kind.FollowUp or ListDuePermitsRequest.Types.Kind.Expiry))
        {
            throw EidException.OfField(ErrorReason.EnumInvalid, "kind", "取值无法识别");
        }

        if (request.PageSize is < 0 or > MostDue)
        {
            throw EidException.OfField(ErrorReason.PageSizeInvalid, "page_size", $"应为 1 至 {MostDue}");
        }

        var through = WorkCalendar.DayOf(clock.GetUtcNow());
        if (request.ThroughDate is { } date && !DateOnly.TryParseExact(TradeWire.ToText(date), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out through))
        {
            throw EidException.OfField(ErrorReason.DateInvalid, "through_date", "不是存在的日期");
        }

        var query = new DuePermitQuery(request.Kind == ListDuePermitsRequest.Types.Kind.FollowUp, through, request.Department, request.AfterPlace, request.PageSize == 0 ? 100 : request.PageSize);
        return new ListDuePermitsResponse { Permits = { (await store.ListDuePermitsAsync(query, context.CancellationToken)).Select(TradeWire.ToMessage) } };
    }

    private static CreditCode Holder(string text) => CreditCode.TryParse(text, out var holder, out var problem) ? holder : throw EidException.OfField(ErrorReason.UsccInvalid, "credit_code", problem);

    private static string Caller(ServerCallContext context) => CallerGate.CallerOf(context.GetHttpContext()).Name;
}
