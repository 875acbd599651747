using ShantingEId.Cases;
using ShantingEId.Licenses;
using static ShantingEId.Tests.Cases.CaseWorld;

namespace ShantingEId.Tests.Cases;

/// <summary>即报即得: what passes without a person, and for each check something that does not.</summary>
public sealed class InstantGrantTests
{
    [Fact]
    public void An_ordinary_application_passes() => Assert.Empty(InstantGrant.Check(Facts(), Today));

    public static TheoryData<string, string, string> Unusual() => new()
    {
        { "NAME_ENDING", "name", "枣庄市山亭区样例食品店" },
        { "NAME_RESERVED_WORD", "name", "中国样例食品有限公司" },
        { "SCOPE_NEEDS_PERMIT", "scope", "食品销售；危险化学品经营" },
        { "CAPITAL_LARGE", "capital", "10001(万元人民币)" },
        { "ESTABLISH_DATE_OLD", "date", "2026-02-06" },
        { "REPRESENTATIVE_NAME", "representative", "John Sample" },
        { "FACTS_UNUSUAL", "code", "" },
    };

    [Theory]
    [MemberData(nameof(Unusual))]
    public void What_is_unusual_is_found_by_its_own_check_and_said_in_words(string check, string field, string value)
    {
        var input = field switch
        {
            "name" => Input with { Name = value }, "scope" => Input with { BusinessScope = value }, "capital" => Input with { Capital = value },
            "date" => Input with { EstablishDate = value }, "representative" => Input with { Representative = value },
            _ => Input with { CreditCode = OddCode() },
        };

        var finding = Assert.Single(InstantGrant.Check(Facts(input), Today));

        Assert.Equal(check, finding.Check);
        Assert.Matches(@"\p{IsCJKUnifiedIdeographs}{4}", finding.Text);
    }

    [Fact]
    public void Every_check_is_provoked_above() => Assert.Equal(InstantGrant.Names.Order(), Unusual().Select(row => row.Data.Item1).Order());

    [Fact]
    public void At_the_edge_it_still_passes()
    {
        Assert.Empty(InstantGrant.Check(Facts(Input with { Capital = "1(亿元人民币)", EstablishDate = "2026-02-07", Representative = "样例·样例" }), Today));
        Assert.Empty(InstantGrant.Check(Facts(Input with { Name = "枣庄市山亭区样例有限责任公司" }), Today));
    }

    [Fact]
    public void Several_findings_are_told_at_once() =>
        Assert.Equal(["NAME_RESERVED_WORD", "CAPITAL_LARGE"], InstantGrant.Check(Facts(Input with { Name = "国家样例有限公司", Capital = "9亿" }), Today).Select(finding => finding.Check));

    [Theory]
    [InlineData(EnterpriseKind.Branch, "枣庄样例有限公司山亭分公司", true)]
    [InlineData(EnterpriseKind.Partnership, "枣庄样例咨询中心（普通合伙）", true)]
    [InlineData(EnterpriseKind.Partnership, "枣庄样例咨询中心", false)]
    [InlineData(EnterpriseKind.SoleProprietorship, "枣庄样例食品厂", true)]
    [InlineData(EnterpriseKind.SoleProprietorship, "枣庄样例食品有限公司", false)]
    public void The_name_says_what_form_the_enterprise_has(EnterpriseKind kind, string name, bool fits) =>
        Assert.Equal(fits, !InstantGrant.Check(Facts(Input with { Kind = kind, Name = name, Type = "" }), Today).Any(finding => finding.Check == "NAME_ENDING"));

    // A credit code that is right as a whole, around an organisation code that is not.
    private static string OddCode()
    {
        const string Alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
        int[] weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
        var body = Company[..16] + (Company[16] == '1' ? '2' : '1');
        return body + Alphabet[(31 - (body.Select((c, i) => Alphabet.IndexOf(c) * weights[i]).Sum() % 31)) % 31];
    }
}
