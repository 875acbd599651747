using System.Globalization;
using ShantingEId.Licenses;

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

    /// <summary>A number or code that was drawn for the set stands in the register already; another attempt draws another.</summary>
    public static EidException NumberTaken(Exception cause) => new(ErrorReason.VersionConflict, "为该企业选取的编号已被使用，未写入任何内容；请重试", cause);
}
