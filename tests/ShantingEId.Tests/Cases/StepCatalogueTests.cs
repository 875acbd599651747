using ShantingEId.Cases;

namespace ShantingEId.Tests.Cases;

/// <summary>The catalogue of steps is data: what is brought along makes sense, and what does not make sense is refused by name.</summary>
public sealed class StepCatalogueTests
{
    private const string License = """{"kind":"LICENSE","title":"营业执照","department":"","purpose":"","working_days":3,"after":[]}""";
    private const string Tax = """{"kind":"TAX","title":"税务登记","department":"tax","purpose":"TAX","working_days":1,"after":["LICENSE"]}""";

    [Fact]
    public void What_is_brought_along_has_every_kind_once_with_a_department_and_a_term()
    {
        Assert.Equal(StepKinds.All, StepCatalogue.BuiltIn.Plans.Select(plan => plan.Kind));
        Assert.All(StepCatalogue.BuiltIn.Plans.Skip(1), plan => Assert.True(plan.Department.Length > 0 && plan.Purpose.Length > 0 && plan.After.Contains(StepKind.License)));
        Assert.Equal(["税务登记", "tax-bureau"], [StepCatalogue.BuiltIn.TitleOf(StepKind.Tax), StepCatalogue.BuiltIn.DepartmentOf(StepKind.Tax)]);
    }

    [Fact]
    public void A_catalogue_of_ones_own_is_read_whole()
    {
        var own = StepCatalogue.Parse($"// ours\n[{License},{Tax}]");

        Assert.Equal([StepKind.License, StepKind.Tax], own.Plans.Select(plan => plan.Kind));
        Assert.Null(own.Find(StepKind.HousingFund));
        Assert.Equal(("", "HOUSING_FUND"), (own.DepartmentOf(StepKind.HousingFund), own.TitleOf(StepKind.HousingFund)));
        Assert.Equal([StepKind.License], own.Without(_ => true).Plans.Select(plan => plan.Kind));
    }

    [Theory]
    [InlineData("[]", "缺少 LICENSE")]
    [InlineData($"[{Tax}]", "缺少 LICENSE")]
    [InlineData($"[{License},{License}]", "出现两次")]
    [InlineData($"[{License},{Tax}", "")]
    [InlineData("""[{"kind":"LICENSE","title":"营业执照","department":"","purpose":"","working_days":3,"after":[],"note":""}]""", "note")]
    [InlineData("""[{"kind":"LICENSE","title":"营业执照","department":"","purpose":"","working_days":0,"after":[]}]""", "working_days")]
    [InlineData("""[{"kind":"LICENSE","title":"营业执照","department":"staff","purpose":"","working_days":3,"after":[]}]""", "登记机关")]
    [InlineData("""[{"kind":"LICENSE","title":"照","department":"","purpose":"","working_days":3,"after":[]}]""", "title")]
    [InlineData("""[{"kind":"license","title":"营业执照","department":"","purpose":"","working_days":3,"after":[]}]""", "不认识")]
    public void What_makes_no_sense_is_refused(string json, string says) =>
        Assert.Contains(says, Assert.Throws<FormatException>(() => StepCatalogue.Parse(json)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("\"department\":\"tax\"", "\"department\":\"\"", "应写明 department")]
    [InlineData("[\"LICENSE\"]", "[]", "after 应含 LICENSE")]
    [InlineData("[\"LICENSE\"]", "[\"LICENSE\",\"BANK_APPOINTMENT\"]", "不在清单中")]
    [InlineData("[\"LICENSE\"]", "[\"LICENSE\",\"TAX\"]", "等待它自己")]
    public void So_is_a_step_that_nobody_holds_or_that_can_never_begin(string part, string instead, string says) =>
        Assert.Contains(says, Assert.Throws<FormatException>(() => StepCatalogue.Parse($"[{License},{Tax.Replace(part, instead, StringComparison.Ordinal)}]")).Message, StringComparison.Ordinal);

    [Fact]
    public void Two_steps_that_wait_for_each_other_are_found()
    {
        var fund = Tax.Replace("TAX\",\"title", "HOUSING_FUND\",\"title", StringComparison.Ordinal).Replace("[\"LICENSE\"]", "[\"LICENSE\",\"TAX\"]", StringComparison.Ordinal);
        var tax = Tax.Replace("[\"LICENSE\"]", "[\"LICENSE\",\"HOUSING_FUND\"]", StringComparison.Ordinal);

        Assert.Contains("等待它自己", Assert.Throws<FormatException>(() => StepCatalogue.Parse($"[{License},{tax},{fund}]")).Message, StringComparison.Ordinal);
    }
}
