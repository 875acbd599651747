using ShantingEId.Cases;

namespace ShantingEId.Tests.Cases;

public sealed class CaseNameTests
{
    [Fact]
    public void Names_of_cases_and_steps_go_round()
    {
        var id = CaseId.New();
        Assert.Equal((id, null), (CaseName.Parse(CaseName.Of(id)).Id, CaseName.Parse(CaseName.Of(id)).Holder));
        Assert.Equal(CaseWorld.Company, CaseName.Parse("cases/" + CaseWorld.Company).Holder!.Value);
        Assert.Equal(new StepName(id, StepKind.MedicalInsurance), StepName.Parse($"cases/{id}/steps/MEDICAL_INSURANCE"));
        Assert.All(StepKinds.All, kind => Assert.Equal(kind, StepName.Parse(new StepName(id, kind).ToString()).Kind));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("cases/")]
    [InlineData("cases/abc")]
    [InlineData("cases/ABCDEFGHIJKLMNOPQRST")]
    [InlineData("Cases/abcdefghijklmnopqrst")]
    [InlineData("cases/abcdefghijklmnopqrst/")]
    [InlineData("cases/abcdefghijklmnopqrst/steps/TAX")]
    public void What_names_no_case_is_refused(string? text) => Assert.Equal(ErrorReason.CaseIdInvalid, Assert.Throws<EidException>(() => CaseName.Parse(text)).Reason);

    [Theory]
    [InlineData(null)]
    [InlineData("cases/abcdefghijklmnopqrst")]
    [InlineData("cases/abcdefghijklmnopqrst/steps/")]
    [InlineData("cases/abcdefghijklmnopqrst/steps/tax")]
    [InlineData("cases/abcdefghijklmnopqrst/steps/UNSPECIFIED")]
    [InlineData("cases/91370406MA00DEM06N/steps/TAX")]
    public void What_names_no_step_is_refused(string? text) => Assert.Equal(ErrorReason.CaseIdInvalid, Assert.Throws<EidException>(() => StepName.Parse(text)).Reason);

    [Fact]
    public void A_credit_code_that_cannot_be_one_is_named_as_such() =>
        Assert.Equal(ErrorReason.UsccInvalid, Assert.Throws<EidException>(() => CaseName.Parse("cases/91370406MA00DEM06X")).Reason);
}
