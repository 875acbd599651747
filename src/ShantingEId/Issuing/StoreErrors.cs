using System.Globalization;
using ShantingEId.Licenses;
using ShantingEId.Trades;

namespace ShantingEId.Issuing;

/// <summary>Errors that more than one place gives, so that they read the same everywhere.</summary>
public static class StoreErrors
{
    /// <summary>The company has a set in force.</summary>
    public static EidException Exists(LicenseId id) => new(ErrorReason.LicenseExists, "该企业已有有效的执照和印章，不能重复签发")
    {
        Metadata = new Dictionary<string, string> { ["license_id"] = id.ToString(), ["version"] = id.Version.ToString(CultureInfo.InvariantCulture) },
    };

    /// <summary>The register does not know it.</summary>
    public static EidException NotFound() => new(ErrorReason.LicenseNotFound, "登记簿中没有这张执照");

    /// <summary>It has ended already.</summary>
    public static EidException AlreadyRevoked(LicenseId id) => new(ErrorReason.AlreadyRevoked, "该执照已经终止，不能再次吊销")
    {
        Metadata = new Dictionary<string, string> { ["license_id"] = id.ToString() },
    };

    /// <summary>What is asked for does not follow from the state it is in.</summary>
    public static EidException TransitionNotAllowed(LicenseId id, SetState state) => new(ErrorReason.TransitionNotAllowed, $"该执照目前{SetStates.Name(state)}，不能这样办理{Possible(state)}")
    {
        Metadata = new Dictionary<string, string>
        {
            ["license_id"] = id.ToString(), ["state"] = WireNames<SetState>.Of(state),
            ["allowed"] = string.Join(",", SetTransitions.AllowedFrom(state).Select(WireNames<SetTransition>.Of)),
        },
    };

    /// <summary>A change was prepared for a later time; it must take effect or be taken back first.</summary>
    public static EidException ChangePending(LicenseId id, DateTimeOffset effective) => new(
        ErrorReason.ChangePending, $"该执照有一项定于 {effective.ToOffset(TimeSpan.FromHours(8)).ToString("yyyy年M月d日 HH:mm", CultureInfo.InvariantCulture)} 生效的变更；请先撤回该变更，或待其生效后再办")
    {
        Metadata = new Dictionary<string, string> { ["license_id"] = id.ToString(), ["effective_time"] = effective.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) },
    };

    /// <summary>Somebody else changed it meanwhile.</summary>
    public static EidException Changed() => new(ErrorReason.VersionConflict, "该企业的执照在此期间已有变化，未写入任何内容；请重新查看后再办");

    /// <summary>A number or code that was drawn for the set stands in the register already; another attempt draws another.</summary>
    public static EidException NumberTaken(Exception cause) => new(ErrorReason.VersionConflict, "为该企业选取的编号已被使用，未写入任何内容；请重试", cause);

    /// <summary>The company has a comprehensive licence for the same trade at the same place.</summary>
    public static EidException TradeExists(LicenseId id) => new(ErrorReason.LicenseExists, "该主体在同一场所已有同一行业的综合许可证；增减许可请办理变更")
    {
        Metadata = new Dictionary<string, string> { ["license_id"] = id.ToString(), ["version"] = id.Version.ToString(CultureInfo.InvariantCulture) },
    };

    /// <summary>A business licence was named where a comprehensive licence must be.</summary>
    public static EidException NotATradeLicense() => new(ErrorReason.LicenseTypeMismatch, "这不是行业综合许可证；请写综合许可证的证照标识");

    /// <summary>A comprehensive licence was named where a business licence must be.</summary>
    public static EidException NotABusinessLicense() => new(ErrorReason.LicenseTypeMismatch, "这是行业综合许可证，其许可和场所的变更请用 ChangeTradeLicense");

    /// <summary>The licence has no permit of this number.</summary>
    public static EidException PermitNotFound(string number) => new(ErrorReason.PermitNotFound, $"此证没有编号为 {number} 的许可");

    /// <summary>What is asked for does not follow from the permit's state.</summary>
    public static EidException PermitActNotAllowed(PermitStatus status, PermitAct act) => new(
        ErrorReason.TransitionNotAllowed, $"{status.Permit.Name}目前{status.State.Name()}，不能办理{act.Name()}")
    {
        Metadata = new Dictionary<string, string> { ["permit"] = status.Permit.Number, ["state"] = WireNames<PermitState>.Of(status.State) },
    };

    private static string Possible(SetState state)
    {
        var names = SetTransitions.AllowedFrom(state).Select(SetStates.Name).ToArray();
        return names.Length == 0 ? "" : "；可以办理：" + string.Join("、", names);
    }
}
