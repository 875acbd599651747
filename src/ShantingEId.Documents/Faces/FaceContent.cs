using ShantingEId.Codes;
using ShantingEId.Issuing;
using ShantingEId.Licenses;

namespace ShantingEId.Documents.Faces;

/// <summary>正本 or 副本, equal in effect (条例 22); sizes of 国市监注〔2018〕253号, both landscape: the notice gives height before width.</summary>
public enum FaceForm
{
    /// <summary>正本, 420 mm wide and 297 high.</summary>
    Original,

    /// <summary>副本, 297 mm wide and 210 high, with the reminder of the annual report.</summary>
    Duplicate,
}

/// <summary>What stands on a face.</summary>
/// <param name="License">The licence; with a trade it is a 行业综合许可证.</param>
/// <param name="LicenseCode">Text of the licence code, drawn as QR symbol.</param>
/// <param name="TypedCode">校验短码 under it.</param>
public sealed record FaceContent(License License, string LicenseCode, TypedCode TypedCode)
{
    /// <summary>The face of a set as issued.</summary>
    public static FaceContent Of(IssuedSet set) => new(set.License, set.LicenseCode, set.TypedCode);
}
