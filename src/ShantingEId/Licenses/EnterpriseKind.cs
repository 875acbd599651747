namespace ShantingEId.Licenses;

/// <summary>市场主体 by the form of licence each receives. Zero is "not said" and is never stored.</summary>
public enum EnterpriseKind
{
    /// <summary>Not said.</summary>
    Unspecified = 0,

    /// <summary>公司.</summary>
    Company = 1,

    /// <summary>非公司企业法人, for example 全民所有制 and 集体所有制 enterprises.</summary>
    NonCompanyLegalPerson = 2,

    /// <summary>个人独资企业.</summary>
    SoleProprietorship = 3,

    /// <summary>合伙企业.</summary>
    Partnership = 4,

    /// <summary>农民专业合作社.</summary>
    Cooperative = 5,

    /// <summary>个体工商户.</summary>
    IndividualBusiness = 6,

    /// <summary>分支机构: no capital of its own.</summary>
    Branch = 7,
}

/// <summary>
/// Labels of the face items for one kind (2019 form, 国市监注〔2018〕253号; 条例 9, 细则 23). A null label means the item
/// does not stand on this kind's face.
/// </summary>
/// <param name="Representative">Who stands for the enterprise, e.g. 法定代表人.</param>
/// <param name="Capital">Capital item, or null.</param>
/// <param name="Address">Place item, e.g. 住所.</param>
/// <param name="Established">Date item.</param>
public sealed record FaceLabels(string Representative, string? Capital, string Address, string Established)
{
    /// <summary>The labels of a kind.</summary>
    public static FaceLabels For(EnterpriseKind kind) => kind switch
    {
        EnterpriseKind.Company => new("法定代表人", "注册资本", "住所", "成立日期"),
        EnterpriseKind.NonCompanyLegalPerson => new("法定代表人", "注册资本", "住所", "成立日期"),
        EnterpriseKind.SoleProprietorship => new("投资人", "出资额", "住所", "成立日期"),
        EnterpriseKind.Partnership => new("执行事务合伙人", "出资额", "主要经营场所", "成立日期"),
        EnterpriseKind.Cooperative => new("法定代表人", "成员出资总额", "住所", "成立日期"),
        EnterpriseKind.IndividualBusiness => new("经营者", null, "经营场所", "注册日期"),
        EnterpriseKind.Branch => new("负责人", null, "营业场所", "成立日期"),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no face for this kind"),
    };
}

/// <summary>Finds the kind where a source gives only a code, a free-text type and a name.</summary>
public static class EnterpriseKinds
{
    /// <summary>
    /// The kind by GB 32100 category first (it is checked data), then by the registered type text, then by the name.
    /// </summary>
    public static EnterpriseKind Infer(CreditCode code, string type, string name)
    {
        bool Says(params ReadOnlySpan<string> words)
        {
            foreach (var word in words)
            {
                if (type.Contains(word, StringComparison.Ordinal))
                {
                    return true;
                }
            }

            return false;
        }

        return code.Category switch
        {
            '2' => EnterpriseKind.IndividualBusiness,
            '3' => Says("分支机构", "非法人") ? EnterpriseKind.Branch : EnterpriseKind.Cooperative,
            _ when Says("分支机构", "分公司", "非法人") => EnterpriseKind.Branch,
            _ when Says("个人独资") => EnterpriseKind.SoleProprietorship,
            _ when Says("合伙") => EnterpriseKind.Partnership,
            _ when Says("有限责任公司", "股份有限公司") => EnterpriseKind.Company,
            _ when Says("所有制", "国有", "股份合作") => EnterpriseKind.NonCompanyLegalPerson,
            _ when name.EndsWith("分公司", StringComparison.Ordinal) => EnterpriseKind.Branch,
            _ when name.EndsWith("有限公司", StringComparison.Ordinal) || name.EndsWith("有限责任公司", StringComparison.Ordinal) => EnterpriseKind.Company,
            _ => EnterpriseKind.NonCompanyLegalPerson,
        };
    }
}
