using System.Buffers.Text;
using System.Text;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ShantingEId.Companies;
using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server.Callers;
using ShantingEId.V1;
using Match = ShantingEId.V1.SearchCompaniesRequest.Types.Match;

namespace ShantingEId.Server.Rpc;

/// <summary>RegisterService: a company's whole record, and companies by name.</summary>
internal sealed class RegisterRpc(ICompanyStore companies, ILicenseStore register, TimelineWire wire, RegisterClock clock) : RegisterService.RegisterServiceBase
{
    private const int DefaultPage = 20;
    private const int LargestPage = 50;

    /// <inheritdoc/>
    public override async Task<CompanyTimeline> GetCompanyTimeline(GetCompanyTimelineRequest request, ServerCallContext context)
    {
        var (holder, caller) = (CompanyName.Parse(request.Name), CallerGate.CallerOf(context.GetHttpContext()));
        var now = clock.GetUtcNow();
        // Of a company outside its regions a caller learns nothing, not even whether it exists.
        var timeline = caller.Scope.Contains(holder) && await companies.ReadLifeAsync(holder, context.CancellationToken) is { Versions.Count: > 0 } life
            ? wire.ToMessage(holder, life, now) : throw StoreErrors.NotFound();
        timeline.TradeLicenses.AddRange((await register.FindTradeLicensesAsync(holder, context.CancellationToken)).Select(entry => TradeWire.ToCompanyTrade(entry, now)));
        return timeline;
    }

    /// <inheritdoc/>
    public override async Task<SearchCompaniesResponse> SearchCompanies(SearchCompaniesRequest request, ServerCallContext context)
    {
        // 1. What is searched, and from where on.
        if (!System.Enum.IsDefined(request.Match))
        {
            throw EidException.OfField(ErrorReason.EnumInvalid, "match", "取值无法识别");
        }

        var caller = CallerGate.CallerOf(context.GetHttpContext());
        var now = clock.GetUtcNow();
        var time = Wire.ToTime(request.AsOfTime, "as_of_time", ErrorReason.AsOfInvalid) is not { } asked ? (DateTimeOffset?)null
            : asked <= now ? asked : throw EidException.OfField(ErrorReason.AsOfInvalid, "as_of_time", "不能晚于现在");
        var isPrefix = request.Match == Match.Prefix;
        var name = NameSearch.Fold(request.Query, isPrefix);
        var search = new NameSearch(name, isPrefix, time ?? now, time is null, ReadPlace(request.PageToken, name), PageSize.Of(request.PageSize, DefaultPage, LargestPage));

        // 2. Names; companies outside the caller's regions are passed over.
        var page = await companies.SearchAsync(search, context.CancellationToken);

        // 3. With the licence that each has today, or had then.
        var answer = new SearchCompaniesResponse { NextPageToken = page.Last is { } last ? Base64Url.EncodeToString(Encoding.UTF8.GetBytes(last.Name + "\n" + last.Holder.Value)) : "" };
        foreach (var period in page.Periods.Where(period => caller.Scope.Contains(period.Holder)))
        {
            var key = RegisterKey.Of(period.Holder);
            var reading = time is { } at ? await register.FindAtAsync(key, at, context.CancellationToken) : await register.FindAsync(key, TimeSpan.Zero, context.CancellationToken);
            if (reading.Entry is { } entry)
            {
                answer.Hits.Add(ToMessage(period, entry));
            }
        }

        return answer;
    }

    private static CompanyHit ToMessage(NamePeriod period, RegisterEntry entry) => new()
    {
        Name = CompanyName.Of(period.Holder), CreditCode = period.Holder.Value, MatchedName = period.Name, FromTime = period.From.ToTimestamp(), UntilTime = period.Until?.ToTimestamp(),
        IsCurrent = period.Until is null, CurrentName = period.CurrentName, IssuedSet = RegisterName.Of(entry.LicenseId), Version = entry.LicenseId.Version,
        State = (V1.IssuedSet.Types.State)entry.State.State,
    };

    // A place tells nothing that was not shown; it must only be one of this list.
    private static NamePlace? ReadPlace(string token, string name)
    {
        if (token.Length == 0)
        {
            return null;
        }

        try
        {
            return Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token)).Split('\n') is [var at, var code] && at.StartsWith(name, StringComparison.Ordinal)
                && CreditCode.TryParse(code, out var holder, out _) ? new NamePlace(at, holder) : throw NotOfThisList();
        }
        catch (FormatException)
        {
            throw NotOfThisList();
        }
    }

    private static EidException NotOfThisList() =>
        new(ErrorReason.PageTokenInvalid, "page_token 不属于这份清单；请从第一页重新查询", [new FieldViolation("page_token", ErrorReason.PageTokenInvalid, "不属于这份清单")]);
}
