using System.Globalization;
using ShantingEId.Issuing;
using ShantingEId.Seals;

namespace ShantingEId.Stamping;

/// <summary>Errors about the use of seals that more than one place gives.</summary>
public static class SealErrors
{
    /// <summary>No grant covers it. The same text whether the company exists, has such a seal, or gave the grant to somebody else.</summary>
    public static EidException NotGranted() => new(ErrorReason.SealUseNotGranted, "该单位没有授权贵方为此用途使用此印章，或授权已到期、已撤回");

    /// <summary>There is no such grant for the caller.</summary>
    public static EidException GrantNotFound() => new(ErrorReason.SealGrantNotFound, "没有这项用印授权");

    /// <summary>This seal does not stand on documents of this use.</summary>
    public static EidException NotAllowed(SealPurpose use, SealKind kind) => EidException.OfField(
        ErrorReason.SealUseNotAllowed, "seal", $"{kind.ChineseName()}不能用于{use.Name}；可用：{string.Join("、", use.Seals.Select(each => each.ChineseName()))}");

    /// <summary>The company's set is not in force.</summary>
    public static EidException NotInForce(SetState state) => new(ErrorReason.SealNotInForce, $"该单位的执照和印章目前{SetStates.Name(state)}，不能用印")
    {
        Metadata = new Dictionary<string, string> { ["state"] = WireNames<SetState>.Of(state) },
    };

    /// <summary>Another seal has taken its place.</summary>
    public static EidException Replaced(SealCode code, DateTimeOffset since) => new(ErrorReason.SealNotInForce, $"印章 {code} 已被新印章替换，不能用印")
    {
        Metadata = new Dictionary<string, string> { ["state"] = "REPLACED", ["since"] = since.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) },
    };
}
