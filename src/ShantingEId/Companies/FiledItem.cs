using ShantingEId.Licenses;

namespace ShantingEId.Companies;

/// <summary>备案事项: what a company files and no licence shows. Numbers follow the items of 条例 9.</summary>
public enum FiledItemKind
{
    /// <summary>Not said.</summary>
    Unspecified = 0,

    /// <summary>章程, 合伙协议: which one is on file.</summary>
    Articles = 1,

    /// <summary>经营期限, 合伙期限.</summary>
    OperatingTerm = 2,

    /// <summary>股东、发起人、合伙人 and what each has subscribed.</summary>
    Investors = 3,

    /// <summary>董事、监事、高级管理人员.</summary>
    Management = 4,

    /// <summary>农民专业合作社成员.</summary>
    CooperativeMembers = 5,

    /// <summary>参加经营的家庭成员 of an individual business.</summary>
    FamilyMembers = 6,

    /// <summary>登记联络员, 法律文件送达接受人.</summary>
    RegistryContact = 7,

    /// <summary>受益所有人.</summary>
    BeneficialOwners = 8,
}

/// <summary>What filed items are called, and who files them.</summary>
public static class FiledItemKinds
{
    /// <summary>Every kind, in order.</summary>
    public static IReadOnlyList<FiledItemKind> All { get; } = [.. Enum.GetValues<FiledItemKind>().Where(kind => kind != FiledItemKind.Unspecified)];

    /// <summary>Upper snake name, as on the wire.</summary>
    public static string WireName(this FiledItemKind kind) => WireNames<FiledItemKind>.Of(kind);

    /// <summary>Chinese name.</summary>
    public static string ChineseName(this FiledItemKind kind) => kind switch
    {
        FiledItemKind.Articles => "章程（合伙协议）",
        FiledItemKind.OperatingTerm => "经营期限",
        FiledItemKind.Investors => "股东（合伙人）及出资",
        FiledItemKind.Management => "董事监事高管",
        FiledItemKind.CooperativeMembers => "合作社成员",
        FiledItemKind.FamilyMembers => "参加经营的家庭成员",
        FiledItemKind.RegistryContact => "登记联络员",
        FiledItemKind.BeneficialOwners => "受益所有人",
        _ => "未知事项",
    };

    /// <summary>Whether an enterprise of this kind files it.</summary>
    public static bool IsFiledBy(this FiledItemKind item, EnterpriseKind kind) => item switch
    {
        FiledItemKind.Articles => kind is EnterpriseKind.Company or EnterpriseKind.NonCompanyLegalPerson or EnterpriseKind.Partnership or EnterpriseKind.Cooperative,
        FiledItemKind.OperatingTerm => kind != EnterpriseKind.IndividualBusiness,
        FiledItemKind.Investors or FiledItemKind.BeneficialOwners => kind is EnterpriseKind.Company or EnterpriseKind.NonCompanyLegalPerson or EnterpriseKind.Partnership,
        FiledItemKind.Management => kind == EnterpriseKind.Company,
        FiledItemKind.CooperativeMembers => kind == EnterpriseKind.Cooperative,
        FiledItemKind.FamilyMembers => kind == EnterpriseKind.IndividualBusiness,
        FiledItemKind.RegistryContact => true,
        _ => false,
    };
}

/// <summary>An item as a request has it, unchecked.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Text">What it is to say.</param>
public sealed record FiledInput(FiledItemKind Kind, string Text);

/// <summary>An item that may be recorded; can only be made by <see cref="ParseAll"/>.</summary>
public sealed record FiledItem
{
    // A board, or the partners with what each has paid in; eight of them fit into one request.
    private const int MaxText = 1500;

    private FiledItem(FiledItemKind kind, string text) => (Kind, Text) = (kind, text);

    /// <summary>Which.</summary>
    public FiledItemKind Kind { get; }

    /// <summary>What it says.</summary>
    public string Text { get; }

    /// <summary>Checks what an enterprise of this kind wants to file.</summary>
    /// <exception cref="EidException"><see cref="ErrorReason.EnumInvalid"/>, <see cref="ErrorReason.TextInvalid"/>; every violation at once.</exception>
    public static IReadOnlyList<FiledItem> ParseAll(IReadOnlyList<FiledInput> inputs, EnterpriseKind kind)
    {
        var violations = new List<FieldViolation>();
        var items = new List<FiledItem>();
        for (var i = 0; i < inputs.Count; i++)
        {
            var (item, text) = inputs[i];
            var problem = !FiledItemKinds.All.Contains(item) ? "取值无法识别"
                : items.Any(earlier => earlier.Kind == item) ? $"{item.ChineseName()}写了两次"
                : !item.IsFiledBy(kind) ? $"这类市场主体没有“{item.ChineseName()}”这项备案" : "";
            Add(problem, ErrorReason.EnumInvalid, $"filed_items[{i}].kind");
            Add(FaceText.Problem(text, 1, MaxText), ErrorReason.TextInvalid, $"filed_items[{i}].text");
            items.Add(new FiledItem(item, text));
        }

        return violations.Count == 0 ? items : throw new EidException(violations[0].Reason, $"{violations[0].Field} {violations[0].Message}", violations);

        void Add(string problem, ErrorReason reason, string field)
        {
            if (problem.Length > 0)
            {
                violations.Add(new FieldViolation(field, reason, problem));
            }
        }
    }

    /// <summary>An item that was checked when it was recorded.</summary>
    public static FiledItem Recorded(FiledItemKind kind, string text) => new(kind, text);
}
