using ShantingEId.Licenses;
using ShantingEId.V1;

namespace ShantingEId.Tool.Views;

/// <summary>The face of a licence, item by item, under the labels its kind carries in law.</summary>
internal static class FaceView
{
    // What a purpose does not grant is missing, also the kind; then the labels name every possibility.
    private static readonly FaceLabels AnyKind = new("法定代表人（负责人）", "注册资本（出资额）", "住所（经营场所）", "成立日期");

    /// <summary>The labels of a kind, or such as fit any.</summary>
    public static FaceLabels Labels(EnterpriseKind kind) => kind == EnterpriseKind.Unspecified ? AnyKind : FaceLabels.For(kind);

    /// <summary>All items that are present.</summary>
    public static IEnumerable<(string Label, string Value)> Of(V1.License license)
    {
        var face = license.Enterprise ?? new Enterprise();
        var kind = (EnterpriseKind)face.Kind;
        var labels = Labels(kind);
        return
        [
            ("统一社会信用代码", face.CreditCode),
            ("名称", face.Name),
            (face.Type.Length > 0 ? "类型" : "主体种类", face.Type.Length > 0 ? face.Type : kind == EnterpriseKind.Unspecified ? "" : Words.Of(kind)),
            (labels.Representative, face.Representative),
            (labels.Capital ?? "", labels.Capital is null ? "" : face.Capital),
            (labels.Established, Words.Of(face.EstablishDate)),
            (labels.Address, face.Address),
            ("经营范围", face.BusinessScope),
            ("行业", license.Trade?.Name ?? ""),
            ("许可的经营场所", license.Trade?.Premises ?? ""),
            ("登记机关", license.AuthorityName),
            ("签发时间", Words.Of(license.IssueTime)),
            ("证照标识", license.LicenseId),
            ("版本", license.Version > 0 ? $"第 {license.Version} 版" : ""),
        ];
    }
}
