using ShantingEId.Issuing;
using ShantingEId.Licenses;
using ShantingEId.Server.Callers;
using ShantingEId.V1;

namespace ShantingEId.Server.Rpc;

/// <summary>Which changes a caller wants and may see.</summary>
internal sealed class ChangeFilter
{
    private const int MaxRegions = 50;
    private readonly Regions regions;
    private readonly HashSet<Change.Types.Kind> kinds;

    private ChangeFilter(Regions regions, HashSet<Change.Types.Kind> kinds) => (this.regions, this.kinds) = (regions, kinds);

    /// <summary>The filter of a request, cut to the caller's own regions.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.FilterInvalid"/>.</exception>
    public static ChangeFilter Parse(IReadOnlyList<string> regions, IReadOnlyList<Change.Types.Kind> kinds, Caller caller)
    {
        if (regions.Count > MaxRegions || Regions.TryParse(regions) is not { } asked)
        {
            throw Invalid("regions", $"应为至多 {MaxRegions} 个 2 至 6 位数字的区划");
        }

        // A caller that would never hear of anything has got something wrong, and silence would not tell it.
        var seen = asked.Within(caller.Scope) ?? throw Invalid("regions", "不在贵单位登记的区划之内");
        return kinds.All(kind => kind != Change.Types.Kind.Unspecified && Enum.IsDefined(kind)) ? new ChangeFilter(seen, [.. kinds])
            : throw Invalid("kinds", "取值无法识别");
    }

    /// <summary>Whether the change is wanted.</summary>
    public bool Passes(FeedChange change) => (kinds.Count == 0 || kinds.Contains(Wire.KindOf(change))) && regions.Contains(change.Holder);

    /// <summary>Whether the company is of the regions asked for.</summary>
    public bool Covers(CreditCode holder) => regions.Contains(holder);

    private static EidException Invalid(string field, string problem) => new(ErrorReason.FilterInvalid, $"{field} {problem}", [new FieldViolation(field, ErrorReason.FilterInvalid, problem)]);
}
