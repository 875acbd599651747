using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Google.Type;
using ShantingEId.Issuing;
using ShantingEId.Trades;
using ShantingEId.V1;
using Domain = ShantingEId.Issuing;
using Permit = ShantingEId.Trades.Permit;

namespace ShantingEId.Server.Rpc;

/// <summary>The mapping between the messages of TradeService and the library's types.</summary>
internal static class TradeWire
{
    /// <summary>What is said about permits.</summary>
    public static IReadOnlyList<PermitInput> ToInput(IEnumerable<PermitGrant> grants) => [.. grants.Select(grant =>
        new PermitInput(grant.Code, grant.Number, ToText(grant.GrantDate), ToText(grant.ExpireDate), grant.OnCommitment, ToText(grant.CheckByDate)))];

    /// <summary>A comprehensive licence as a message, with the states of its permits at an instant.</summary>
    public static V1.IssuedSet ToMessage(Domain.IssuedSet set, StateRecord state, IReadOnlyList<PermitEvent> events, DateTimeOffset time, DateTimeOffset? until = null, IssuingAuthority? chain = null)
    {
        var message = Wire.ToMessage(set, state, chain, until);
        message.Permits.AddRange(States(set.License.Trade!, events, time));
        return message;
    }

    /// <summary>The same by its entry alone.</summary>
    public static V1.IssuedSet ToMessage(RegisterEntry entry, Manifest manifest, DateTimeOffset time)
    {
        var message = Wire.ToMessage(entry, manifest, entry.State);
        message.Permits.AddRange(States(manifest.License.Trade!, entry.PermitEvents, time));
        return message;
    }

    /// <summary>What a company's record says of it.</summary>
    public static CompanyTrade ToCompanyTrade(RegisterEntry entry, DateTimeOffset time)
    {
        var trade = Manifest.TryRead(entry.Manifest)?.License.Trade ?? throw new EidException(ErrorReason.InternalFault, "登记簿中的清单无法读取");
        return new CompanyTrade
        {
            IssuedSet = RegisterName.Of(entry.LicenseId), TradeName = trade.Name, Premises = trade.Premises, State = (V1.IssuedSet.Types.State)entry.State.State,
            StateEffectiveTime = entry.State.EffectiveTime.ToTimestamp(), Permits = { States(trade, entry.PermitEvents, time) },
        };
    }

    /// <summary>The licence as it would be.</summary>
    public static V1.IssuedSet ToPreview(Licenses.License license, DateTimeOffset time) =>
        new() { License = Wire.ToMessage(license), Permits = { States(license.Trade!, [], time) } };

    /// <summary>One permit.</summary>
    public static V1.Permit ToMessage(PermitStatus status) => new()
    {
        Code = status.Permit.Code, Name = status.Permit.Name, Number = status.Permit.Number, Department = status.Permit.Department, GrantDate = ToDate(status.Permit.GrantDate),
        ExpireDate = ToDate(status.Permit.ExpireDate), OnCommitment = status.Permit.OnCommitment, CheckByDate = ToDate(status.Permit.CheckBy),
        State = (V1.Permit.Types.State)status.State, IsInForce = status.IsInForce, StateEffectiveTime = status.Since.ToTimestamp(),
        StateUntilTime = status.Until?.ToTimestamp(), StateReason = status.Reason,
    };

    /// <summary>A trade of the catalogue.</summary>
    public static TradeKind ToMessage(Trades.Trade trade) => new()
    {
        Code = trade.Code, Name = trade.Name, IsPublished = trade.Source != TradeSource.Draft,
        Permits =
        {
            trade.Permits.Select(kind => new V1.PermitKind
            {
                Code = kind.Code, Name = kind.Name, Department = kind.Department, Basis = kind.Basis, TermYears = kind.TermYears ?? 0, MayBeOnCommitment = kind.OnCommitment,
            }),
        },
    };

    /// <summary>A permit that is due.</summary>
    public static V1.DuePermit ToMessage(Trades.DuePermit due) => new()
    {
        Place = due.Place, IssuedSet = RegisterName.Of(due.LicenseId), HolderName = due.HolderName, Number = due.Number, Code = due.Code,
        Department = due.Department, DueDate = ToDate(due.Due),
    };

    /// <summary>A date of a request as text; what is no date stays none, for the library to refuse.</summary>
    public static string ToText(Date? date) => date is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{date.Year:D4}-{date.Month:D2}-{date.Day:D2}");

    private static IEnumerable<V1.Permit> States(TradeFacts trade, IReadOnlyList<PermitEvent> events, DateTimeOffset time) =>
        trade.Permits.Select(permit => ToMessage(PermitStatus.At(permit, events, time, isNow: true)));

    private static Date? ToDate(DateOnly? day) => day is { } date ? new Date { Year = date.Year, Month = date.Month, Day = date.Day } : null;
}
