using ShantingEId.Licenses;

namespace ShantingEId.Tests.Licenses;

/// <summary>Kinds of enterprise: found from what a register says, and what each shows on its face.</summary>
public sealed class EnterpriseKindTests
{
    private const string Company = "91370406MA3ABC127Q";
    private const string Individual = "92370406MA3DEF343B";
    private const string Cooperative = "93370406MA3GHJ5627";

    [Theory]
    [InlineData(Individual, "", "山亭区某饭店", EnterpriseKind.IndividualBusiness)]
    [InlineData(Individual, "有限责任公司", "某有限公司", EnterpriseKind.IndividualBusiness)] // the code is checked data and comes first
    [InlineData(Cooperative, "", "某农民专业合作社", EnterpriseKind.Cooperative)]
    [InlineData(Cooperative, "农民专业合作社", "某合作社", EnterpriseKind.Cooperative)]
    [InlineData(Cooperative, "农民专业合作社分支机构", "某合作社第一分社", EnterpriseKind.Branch)] // branches keep the category of the code
    [InlineData(Company, "有限责任公司分公司", "某有限公司山亭分公司", EnterpriseKind.Branch)]
    [InlineData(Company, "全民所有制分支机构(非法人)", "某公司门市部", EnterpriseKind.Branch)]
    [InlineData(Company, "个人独资企业", "某厂", EnterpriseKind.SoleProprietorship)]
    [InlineData(Company, "普通合伙企业", "某中心", EnterpriseKind.Partnership)]
    [InlineData(Company, "有限责任公司(自然人投资或控股)", "某有限公司", EnterpriseKind.Company)]
    [InlineData(Company, "股份有限公司(非上市)", "某公司", EnterpriseKind.Company)]
    [InlineData(Company, "有限责任公司(国有独资)", "某公司", EnterpriseKind.Company)]
    [InlineData(Company, "全民所有制", "某公司", EnterpriseKind.NonCompanyLegalPerson)]
    [InlineData(Company, "集体所有制", "某厂", EnterpriseKind.NonCompanyLegalPerson)]
    [InlineData(Company, "股份合作制", "某厂", EnterpriseKind.NonCompanyLegalPerson)]
    [InlineData(Company, "", "某有限公司山亭分公司", EnterpriseKind.Branch)] // no type: by the name
    [InlineData(Company, "", "某有限公司", EnterpriseKind.Company)]
    [InlineData(Company, "", "某有限责任公司", EnterpriseKind.Company)]
    [InlineData(Company, "", "枣庄市某总厂", EnterpriseKind.NonCompanyLegalPerson)]
    public void Infer_finds_the_kind(string code, string type, string name, EnterpriseKind kind) =>
        Assert.Equal(kind, EnterpriseKinds.Infer(CreditCode.Parse(code), type, name));

    [Theory]
    [InlineData(EnterpriseKind.Company, "法定代表人", "注册资本", "住所", "成立日期")]
    [InlineData(EnterpriseKind.NonCompanyLegalPerson, "法定代表人", "注册资本", "住所", "成立日期")]
    [InlineData(EnterpriseKind.SoleProprietorship, "投资人", "出资额", "住所", "成立日期")]
    [InlineData(EnterpriseKind.Partnership, "执行事务合伙人", "出资额", "主要经营场所", "成立日期")]
    [InlineData(EnterpriseKind.Cooperative, "法定代表人", "成员出资总额", "住所", "成立日期")]
    [InlineData(EnterpriseKind.IndividualBusiness, "经营者", null, "经营场所", "注册日期")]
    [InlineData(EnterpriseKind.Branch, "负责人", null, "营业场所", "成立日期")]
    public void FaceLabels_are_those_of_the_form(EnterpriseKind kind, string representative, string? capital, string address, string established) =>
        Assert.Equal(new FaceLabels(representative, capital, address, established), FaceLabels.For(kind));

    [Theory]
    [InlineData(EnterpriseKind.Unspecified)]
    [InlineData((EnterpriseKind)8)]
    [InlineData((EnterpriseKind)(-1))]
    public void FaceLabels_of_no_kind_do_not_exist(EnterpriseKind kind) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => FaceLabels.For(kind));

    // A new kind without labels would fail when the first licence of it is drawn; it shall fail here.
    [Fact]
    public void Every_kind_has_labels() =>
        Assert.All(Enum.GetValues<EnterpriseKind>().Where(kind => kind != EnterpriseKind.Unspecified), kind => Assert.NotNull(FaceLabels.For(kind)));
}
