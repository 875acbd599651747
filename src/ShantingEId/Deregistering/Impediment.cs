namespace ShantingEId.Deregistering;

/// <summary>
/// What keeps an enterprise from simple deregistration (细则 48, 条例 33, 企业注销指引). What the register knows is checked; the rest is
/// declared absent by the applicant and contradicted by departments and creditors. Zero is "not said".
/// </summary>
public enum Impediment
{
    /// <summary>Not said.</summary>
    Unspecified = 0,

    /// <summary>被吊销营业执照、责令关闭、撤销.</summary>
    RevokedOrClosed = 1,

    /// <summary>在经营异常名录中.</summary>
    AbnormalOperations = 2,

    /// <summary>在市场监督管理严重违法失信名单中.</summary>
    SeriousBreach = 3,

    /// <summary>股权（财产份额）被冻结、出质.</summary>
    EquityFrozenOrPledged = 4,

    /// <summary>动产抵押.</summary>
    ChattelMortgaged = 5,

    /// <summary>对其他市场主体存在投资.</summary>
    HoldsInvestments = 6,

    /// <summary>正在被立案调查或者采取行政强制措施.</summary>
    UnderInvestigation = 7,

    /// <summary>正在诉讼或者仲裁程序中.</summary>
    InLitigation = 8,

    /// <summary>罚款等行政处罚尚未执行完毕.</summary>
    PenaltyOutstanding = 9,

    /// <summary>债权债务未清偿完结.</summary>
    DebtsOutstanding = 10,

    /// <summary>职工工资、社会保险费用、法定补偿金未结清.</summary>
    WagesOutstanding = 11,

    /// <summary>应缴纳税款（滞纳金、罚款）未结清.</summary>
    TaxesOutstanding = 12,

    /// <summary>注销依法须经批准.</summary>
    ApprovalRequired = 13,

    /// <summary>分支机构未办理注销登记.</summary>
    BranchesRemain = 14,

    /// <summary>上市股份有限公司.</summary>
    ListedCompany = 15,

    /// <summary>不符合《条例》第三十三条的其他情形.</summary>
    Other = 16,

    /// <summary>执照不在有效状态, by the register.</summary>
    NotInForce = 17,

    /// <summary>有尚未生效的变更, by the register.</summary>
    ChangePending = 18,

    /// <summary>此前简易注销中的异议尚未撤回, by the register.</summary>
    EarlierObjection = 19,

    /// <summary>公示后名称已变更, by the register.</summary>
    NoticeOutdated = 20,
}

/// <summary>Who knows of an impediment, and how a person reads it.</summary>
public static class Impediments
{
    /// <summary>What an applicant declares absent, every one of them.</summary>
    public static IReadOnlyList<Impediment> Declared { get; } =
    [
        Impediment.AbnormalOperations, Impediment.SeriousBreach, Impediment.EquityFrozenOrPledged, Impediment.ChattelMortgaged, Impediment.HoldsInvestments,
        Impediment.UnderInvestigation, Impediment.InLitigation, Impediment.PenaltyOutstanding, Impediment.DebtsOutstanding, Impediment.WagesOutstanding,
        Impediment.TaxesOutstanding, Impediment.ApprovalRequired, Impediment.BranchesRemain, Impediment.ListedCompany,
    ];

    /// <summary>Whether departments and creditors may object on this ground: whatever the register does not know by itself.</summary>
    public static bool IsGround(this Impediment impediment) => impediment is Impediment.RevokedOrClosed or Impediment.Other || Declared.Contains(impediment);

    /// <summary>The text for a person, with its source.</summary>
    public static string ChineseName(this Impediment impediment) => impediment switch
    {
        Impediment.RevokedOrClosed => "被吊销营业执照、责令关闭或者撤销（细则第四十八条）",
        Impediment.AbnormalOperations => "在经营异常名录中（细则第四十八条）",
        Impediment.SeriousBreach => "在市场监督管理严重违法失信名单中（细则第四十八条）",
        Impediment.EquityFrozenOrPledged => "股权（财产份额）被冻结或者出质（细则第四十八条）",
        Impediment.ChattelMortgaged => "存在动产抵押（细则第四十八条）",
        Impediment.HoldsInvestments => "对其他市场主体存在投资（细则第四十八条）",
        Impediment.UnderInvestigation => "正在被立案调查或者采取行政强制措施（细则第四十八条）",
        Impediment.InLitigation => "正在诉讼或者仲裁程序中（细则第四十八条）",
        Impediment.PenaltyOutstanding => "罚款等行政处罚尚未执行完毕（细则第四十八条）",
        Impediment.DebtsOutstanding => "债权债务尚未清偿完结（条例第三十三条）",
        Impediment.WagesOutstanding => "职工工资、社会保险费用或者法定补偿金尚未结清（条例第三十三条）",
        Impediment.TaxesOutstanding => "应缴纳税款、滞纳金或者罚款尚未结清（条例第三十三条）",
        Impediment.ApprovalRequired => "注销依法须经批准（条例第三十三条）",
        Impediment.BranchesRemain => "分支机构尚未办理注销登记（企业注销指引）",
        Impediment.ListedCompany => "上市股份有限公司（企业注销指引）",
        Impediment.Other => "不符合条例第三十三条的其他情形（细则第四十八条）",
        Impediment.NotInForce => "执照不在有效状态",
        Impediment.ChangePending => "有尚未生效的变更登记",
        Impediment.EarlierObjection => "此前简易注销中的异议尚未撤回",
        Impediment.NoticeOutdated => "公示之后名称已经变更，须以新名称重新公示",
        _ => throw new ArgumentOutOfRangeException(nameof(impediment)),
    };
}
